//! Wycheproof's and NIST's vectors, lengths and tampering.

use std::path::PathBuf;
use std::prelude::v1::*;
use std::println;

use fips204::ml_dsa_65;
use fips204::traits::{KeyGen as _, SerDes as _, Signer as _};
use serde_json::Value;

use super::{KeyError, PublicKey, SIGNATURE_BYTES, VerifyError};

fn hexed(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn signed() -> (PublicKey, [u8; SIGNATURE_BYTES]) {
    let (public, secret) = ml_dsa_65::KG::keygen_from_seed(&[4; 32]);
    let signature = secret.try_sign_with_seed(&[5; 32], b"message", b"").unwrap();
    (PublicKey::parse(&public.into_bytes()).unwrap(), signature)
}

#[test]
fn lengths() {
    let (key, signature) = signed();
    assert_eq!(PublicKey::parse(&[]).err(), Some(KeyError::Length { got: 0 }));
    assert_eq!(PublicKey::parse(&[0; 1951]).err(), Some(KeyError::Length { got: 1951 }));
    assert_eq!(PublicKey::parse(&[0; 1953]).err(), Some(KeyError::Length { got: 1953 }));
    for wrong in [0, SIGNATURE_BYTES - 1] {
        assert_eq!(
            key.verify(b"message", &signature[..wrong]),
            Err(VerifyError::Length { got: wrong })
        );
    }
    let long = [&signature[..], &[0]].concat();
    assert_eq!(key.verify(b"message", &long), Err(VerifyError::Length { got: 3310 }));
}

#[test]
fn tampering_is_refused() {
    let (key, good) = signed();
    key.verify(b"message", &good).unwrap();
    assert_eq!(key.verify(b"massage", &good), Err(VerifyError::Refused));
    // every 37th octet, and each one of the hint's encoding at the end
    for at in (0..SIGNATURE_BYTES).step_by(37).chain(SIGNATURE_BYTES - 61..SIGNATURE_BYTES) {
        let mut bad = good;
        bad[at] ^= 1;
        assert_eq!(key.verify(b"message", &bad), Err(VerifyError::Refused), "octet {at}");
    }
    let mut other = *key.as_bytes();
    other[1951] ^= 1;
    let other = PublicKey::parse(&other).unwrap();
    assert_eq!(other.verify(b"message", &good), Err(VerifyError::Refused));
}

#[test]
fn a_context_is_refused() {
    let (public, secret) = ml_dsa_65::KG::keygen_from_seed(&[4; 32]);
    let key = PublicKey::parse(&public.into_bytes()).unwrap();
    let signature = secret.try_sign_with_seed(&[5; 32], b"message", b"context").unwrap();
    assert_eq!(key.verify(b"message", &signature), Err(VerifyError::Refused));
}

#[test]
fn wycheproof() {
    let Some(file) = vectors("wycheproof-mldsa-65-verify.json") else { return };
    let mut seen = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let key = PublicKey::parse(&hexed(&group["publicKey"]));
        for test in group["tests"].as_array().unwrap() {
            let context = test.get("ctx").map(hexed).unwrap_or_default();
            let accepted = key.as_ref().is_ok_and(|key| {
                let (message, signature) = (hexed(&test["msg"]), hexed(&test["sig"]));
                key.verify_in_context(&message, &signature, &context).is_ok()
            });
            assert_eq!(accepted, test["result"] == "valid", "test {}", test["tcId"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 210);
}

#[test]
fn acvp_key_generation() {
    let Some(file) = vectors("ml-dsa-65-acvp.json") else { return };
    let tests = file["key_gen"]["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 6);
    for test in tests {
        let seed: [u8; 32] = hexed(&test["seed"]).try_into().unwrap();
        let (public, secret) = ml_dsa_65::KG::keygen_from_seed(&seed);
        assert_eq!(public.into_bytes()[..], hexed(&test["pk"]), "{}", test["tcId"]);
        assert_eq!(secret.into_bytes()[..], hexed(&test["sk"]), "{}", test["tcId"]);
    }
}

#[test]
#[expect(deprecated, reason = "the library's entry for NIST's vectors of the internal interface")]
fn acvp_signing() {
    let Some(file) = vectors("ml-dsa-65-acvp.json") else { return };
    let mut seen = 0;
    for (group, hedged) in [("sig_gen_deterministic", false), ("sig_gen_hedged", true)] {
        for test in file[group]["tests"].as_array().unwrap() {
            let secret: [u8; ml_dsa_65::SK_LEN] = hexed(&test["sk"]).try_into().unwrap();
            let secret = ml_dsa_65::PrivateKey::try_from_bytes(secret).unwrap();
            let mut rnd = Rnd(test.get("rnd").map(hexed).unwrap_or_default());
            let signature = secret.sign_internal(&mut rnd, &hexed(&test["message"]), hedged);
            assert_eq!(signature.unwrap()[..], hexed(&test["signature"]), "{}", test["tcId"]);
            seen += 1;
        }
    }
    assert_eq!(seen, 10);
}

#[test]
#[expect(deprecated, reason = "the library's entry for NIST's vectors of the internal interface")]
fn acvp_verification() {
    let Some(file) = vectors("ml-dsa-65-acvp.json") else { return };
    let key = PublicKey::parse(&hexed(&file["sig_ver"]["pk"])).unwrap();
    let tests = file["sig_ver"]["tests"].as_array().unwrap();
    assert_eq!(tests.len(), 6);
    for test in tests {
        let signature = hexed(&test["signature"]).try_into().unwrap();
        let accepted = key.expanded.verify_internal(&hexed(&test["message"]), &signature);
        assert_eq!(accepted, test["testPassed"].as_bool().unwrap(), "{}", test["tcId"]);
    }
}

/// Gives out the vector's 32 octets as if they were random.
struct Rnd(Vec<u8>);

impl fips204::RngCore for Rnd {
    fn next_u32(&mut self) -> u32 {
        unreachable!("signing asks for octets")
    }
    fn next_u64(&mut self) -> u64 {
        unreachable!("signing asks for octets")
    }
    fn fill_bytes(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.0);
    }
    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), fips204::RngError> {
        self.fill_bytes(out);
        Ok(())
    }
}

impl fips204::CryptoRng for Rnd {}

#[expect(clippy::disallowed_methods, reason = "the folder of vectors, in tests alone")]
fn vectors(file: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("R4_VECTORS").map(PathBuf::from) else {
        println!("skipped: R4_VECTORS is not set");
        return None;
    };
    Some(serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap())
}
