//! `r4 ecvrf prove` and `verify`, against the pinned vector.

use serde_json::json;

use crate::run::{Folder, r4};

const SECRET: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
pub(crate) const SAMPLE: &str = "73616d706c65";
pub(crate) const PROOF: &str = "0338ec99b5d0f94ebcc2c704c04af3de8b4289df8798e5fb9f920d7f5d77ac03d7718b9677d1c9\
    348649ac2ec4f7ecbe519b30dd10c4eb5efc21dd5944709f2f3b7e97a25f6f095334593502d05103bc5b";
const BETA: &str = "d466c22e14dc3b7fd169668dd3ee9ac6351429a24aebc5e8af61a0f0de89b65a";

pub(crate) fn public_key(folder: &Folder) -> String {
    let file = folder.write_with_mode("secret.hex", SECRET, 0o600);
    let args: [&dyn AsRef<std::ffi::OsStr>; 7] =
        [&"ecvrf", &"prove", &"--json", &"--secret-key-file", &file, &"--alpha", &SAMPLE];
    r4(&args).exits(0).json()["public_key"].as_str().unwrap().to_owned()
}

#[test]
fn the_pinned_vector_comes_out_labelled() {
    let folder = Folder::new();
    let key = public_key(&folder);
    let contents = [SECRET.to_owned(), format!("0x{SECRET}\n"), SECRET.to_uppercase()];
    for (mode, content) in [0o600, 0o400].into_iter().zip(contents) {
        let file = folder.write_with_mode(&format!("secret-{mode:o}"), &content, mode);
        let said = r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &SAMPLE]);
        let want = format!("public_key: {key}\nproof: 0x{PROOF}\nbeta: 0x{BETA}\n");
        assert_eq!(said.exits(0).out, want);
    }
}

#[test]
fn a_right_proof_prints_beta() {
    let key = public_key(&Folder::new());
    let verify = |key: &str, alpha: &str, proof: &str| {
        r4(&[&"ecvrf", &"verify", &"--public-key", &key, &"--alpha", &alpha, &"--proof", &proof])
    };
    assert_eq!(verify(&key, SAMPLE, PROOF).exits(0).out, format!("0x{BETA}\n"));
    assert_eq!(
        verify(key.trim_start_matches("0x"), "0x73616D706C65", &format!("0x{PROOF}")).exits(0).out,
        format!("0x{BETA}\n")
    );
    verify(&key, "73616d706c66", PROOF).exits(1).says("does not verify");
    verify(&key, "", PROOF).exits(1);
    for at in 0..PROOF.len() {
        let mut bad = PROOF.to_owned();
        let digit = if &PROOF[at..=at] == "0" { "1" } else { "0" };
        bad.replace_range(at..=at, digit);
        let said = verify(&key, SAMPLE, &bad).exits(1);
        assert!(said.out.is_empty(), "digit {at}: {}", said.out);
    }
    let other = format!("02{}", "00".repeat(32));
    verify(&other, SAMPLE, PROOF).exits(1);
}

#[test]
fn malformed_values_exit_2() {
    let key = public_key(&Folder::new());
    let verify = |key: &str, alpha: &str, proof: &str| {
        r4(&[&"ecvrf", &"verify", &"--public-key", &key, &"--alpha", &alpha, &"--proof", &proof])
            .exits(2)
    };
    verify(&key, "xyz", PROOF).says("--alpha");
    verify(&key, "abc", PROOF).says("in pairs");
    verify(&key, SAMPLE, &PROOF[2..]).says("81 bytes");
    verify(&key, SAMPLE, &format!("{PROOF}ff")).says("81 bytes");
    verify(&key, SAMPLE, "").says("81 bytes");
    verify(&key[..64], SAMPLE, PROOF).says("33 bytes");
    verify("zz", SAMPLE, PROOF).says("r4: --public-key: only the digits");
    verify(&key, SAMPLE, "zz").says("r4: --proof: only the digits");
    let file = Folder::new().path("none");
    r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &"zz"])
        .exits(2)
        .says("r4: --alpha: only the digits");
    r4(&[&"ecvrf", &"verify", &"--alpha", &SAMPLE]).exits(2).says("--public-key");
}

#[test]
fn json_says_valid_or_why_not() {
    let key = public_key(&Folder::new());
    let verify = |alpha: &str| {
        let head: [&dyn AsRef<std::ffi::OsStr>; 4] = [&"ecvrf", &"verify", &"--json", &"--alpha"];
        r4(&[&head[..], &[&alpha, &"--public-key", &key, &"--proof", &PROOF]].concat())
    };
    let good = verify(SAMPLE).exits(0).json();
    assert_eq!(good, json!({ "valid": true, "beta": format!("0x{BETA}"), "error": null }));
    let bad = verify("00").exits(1).json();
    assert_eq!((&bad["valid"], &bad["beta"]), (&json!(false), &json!(null)));
    assert!(bad["error"].as_str().unwrap().contains("does not verify"));
    let malformed = verify("zz").exits(2).json();
    assert_eq!((&malformed["valid"], &malformed["beta"]), (&json!(false), &json!(null)));
    assert!(malformed["error"].as_str().unwrap().starts_with("--alpha: only the digits"));
}

#[test]
fn secret_keys_that_others_can_read_are_refused() {
    let folder = Folder::new();
    for mode in [0o644, 0o640, 0o604, 0o700, 0o666] {
        let file = folder.write_with_mode("secret.hex", SECRET, mode);
        let said = r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &SAMPLE]);
        let said = said.exits(2).says(&format!("its mode is {mode:04o}")).says("chmod 600");
        assert!(!said.err.contains(SECRET) && said.out.is_empty(), "{said:?}");
    }
}

#[test]
fn secret_keys_that_are_none_are_refused() {
    let folder = Folder::new();
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let refused = |content: &str, words: &str| {
        let file = folder.write_with_mode("secret.hex", content, 0o600);
        let said = r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &SAMPLE]);
        let said = said.exits(2).says(words);
        assert!(content.is_empty() || !said.err.contains(content), "{said:?}");
    };
    refused("", "64 hexadecimal digits");
    refused(&SECRET[1..], "64 hexadecimal digits");
    refused(&format!("{SECRET}00"), "64 hexadecimal digits");
    refused(&"a".repeat(100_000), "64 hexadecimal digits");
    refused(&"zz".repeat(32), "64 hexadecimal digits");
    refused(&"00".repeat(32), "between 1 and n - 1");
    refused(order, "between 1 and n - 1");
    let raw = "a seed's \u{1}raw bytes, all of them";
    let cases = [(&raw[..32], true), (&raw[..31], false), (&SECRET[..32], false)];
    for (content, looks_raw) in cases {
        let file = folder.write_with_mode("secret.hex", content, 0o600);
        let said = r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &SAMPLE]);
        let said = said.exits(2).says("it must hold 64 hexadecimal digits and nothing else");
        assert_eq!(said.err.contains("; this looks like 32 raw bytes"), looks_raw, "{said:?}");
    }
    let none = folder.path("none");
    r4(&[&"ecvrf", &"prove", &"--secret-key-file", &none, &"--alpha", &SAMPLE]).exits(2);
    let whole = folder.path("");
    r4(&[&"ecvrf", &"prove", &"--secret-key-file", &whole, &"--alpha", &SAMPLE])
        .exits(2)
        .says("not a plain file");
}

#[test]
fn the_shared_vectors() {
    #[expect(clippy::disallowed_methods, reason = "the folder of the vectors, in tests alone")]
    let Some(folder) = std::env::var_os("R4_VECTORS") else {
        println!("skipped: R4_VECTORS is not set");
        return;
    };
    let path = std::path::Path::new(&folder).join("ecvrf-secp256k1-sha256-tai.json");
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let files = Folder::new();
    let text = |case: &serde_json::Value, field: &str| case[field].as_str().unwrap().to_owned();
    for case in all["vectors"].as_array().unwrap() {
        let file = files.write_with_mode("secret.hex", &text(case, "sk"), 0o600);
        let alpha = text(case, "alpha");
        let said = r4(&[&"ecvrf", &"prove", &"--secret-key-file", &file, &"--alpha", &alpha]);
        said.exits(0).says(&text(case, "pi")).says(&text(case, "beta")).says(&text(case, "pk"));
    }
    for case in all["negative_vectors"].as_array().unwrap() {
        let (key, alpha, proof) = (text(case, "pk"), text(case, "alpha"), text(case, "pi"));
        let said = r4(&[
            &"ecvrf",
            &"verify",
            &"--public-key",
            &key,
            &"--alpha",
            &alpha,
            &"--proof",
            &proof,
        ]);
        let code = if proof.len() == 162 { 1 } else { 2 };
        assert!(said.exits(code).out.is_empty(), "{case}");
    }
}
