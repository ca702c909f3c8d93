//! `r4 evm-proof`, against the vectors of the second implementation.

use std::path::Path;

use serde_json::Value;

use crate::ecvrf::{PROOF, SAMPLE, public_key};
use crate::run::{Folder, Said, r4};

fn evm_proof(key: &str, alpha: &str, proof: &str) -> Said {
    r4(&[&"evm-proof", &"--public-key", &key, &"--alpha", &alpha, &"--proof", &proof])
}

#[test]
fn the_vectors_of_our_second_implementation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/ecvrf.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for case in file["cases"].as_array().unwrap() {
        let [key, alpha, proof, want] =
            ["public_key", "alpha", "proof", "evm_proof"].map(|name| case[name].as_str().unwrap());
        assert_eq!(evm_proof(key, alpha, proof).exits(0).out, format!("0x{want}\n"));
    }
}

#[test]
fn prefix_and_case_do_not_matter() {
    let key = public_key(&Folder::new());
    let plain = evm_proof(&key, SAMPLE, PROOF).exits(0).out;
    assert!(plain.starts_with(&format!("0x{PROOF}")), "{plain}");
    let (key, alpha) = (key.trim_start_matches("0x").to_uppercase(), format!("0x{SAMPLE}"));
    assert_eq!(evm_proof(&key, &alpha, &format!("0x{PROOF}")).exits(0).out, plain);
}

#[test]
fn a_wrong_proof_is_refused() {
    let key = public_key(&Folder::new());
    for (key, alpha, proof, words) in [
        (key.as_str(), "00", PROOF, "does not verify"),
        (key.as_str(), SAMPLE, &PROOF.replace("c5b", "c5a"), "does not verify"),
        (key.as_str(), SAMPLE, &PROOF.replacen("03", "04", 1), "gamma"),
        (&format!("02{}", "00".repeat(32)), SAMPLE, PROOF, "not a compressed point"),
    ] {
        assert!(evm_proof(key, alpha, proof).exits(1).says(words).out.is_empty(), "{words}");
    }
}

#[test]
fn malformed_values_exit_2() {
    let key = public_key(&Folder::new());
    for (key, alpha, proof, words) in [
        (key.as_str(), "zz", PROOF, "r4: --alpha: only the digits"),
        (key.as_str(), "abc", PROOF, "in pairs"),
        (key.as_str(), SAMPLE, &PROOF[2..], "r4: --proof: a proof has 81 bytes"),
        (&key[..64], SAMPLE, PROOF, "33 bytes"),
    ] {
        assert!(evm_proof(key, alpha, proof).exits(2).says(words).out.is_empty(), "{words}");
    }
    r4(&[&"evm-proof", &"--alpha", &SAMPLE]).exits(2).says("--public-key");
}
