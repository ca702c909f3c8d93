//! Known answers, Wycheproof and tampering.
#![expect(clippy::arithmetic_side_effects, reason = "numbers of one octet, in tests alone")]

use std::path::PathBuf;
use std::prelude::v1::*;
use std::println;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{KeyError, Signature, SignatureError, SigningKey, VerifyError, VerifyingKey};
use crate::keccak::keccak256;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// The group's order minus `k`, big-endian.
fn order_minus(k: u8) -> [u8; 32] {
    let mut n: [u8; 32] = bytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    n[31] -= k;
    n
}

fn negated(s: &[u8; 32]) -> [u8; 32] {
    let mut borrow = 0_i16;
    let mut out = order_minus(0);
    for at in (0..32).rev() {
        let difference = i16::from(out[at]) - i16::from(s[at]) - borrow;
        borrow = i16::from(difference < 0);
        out[at] = u8::try_from(difference + 256 * borrow).unwrap();
    }
    out
}

#[test]
fn ethereum_transaction() {
    // The example of web3.js eth.accounts.signTransaction, also used by k256.
    let key = SigningKey::from_bytes(&bytes(
        "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318",
    ))
    .unwrap();
    let message = hex::decode(
        "e9808504e3b29200831e848094f0109fc8df283027b6285cc889f5aa624eac1f55843b9aca0080018080",
    )
    .unwrap();
    let digest = keccak256(&message);
    let signature = key.sign_digest(&digest).unwrap();
    assert_eq!(
        hex::encode(signature.to_bytes()),
        "c9cf86333bcb065d140032ecaab5d9281bde80f21b9687b3e94161de42d51895\
         727a108a0b8d101465414033c3f705a9c7b826e596766046ee1183dbc8aeaa681b"
    );
    let public = key.verifying_key();
    assert_eq!(public.address().to_string(), "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23");
    public.verify_digest(&digest, &signature).unwrap();
    assert_eq!(signature.recover(&digest).unwrap(), public);
}

#[test]
fn secret_scalars() {
    assert_eq!(SigningKey::from_bytes(&[0; 32]).unwrap_err(), KeyError::Scalar);
    assert_eq!(SigningKey::from_bytes(&order_minus(0)).unwrap_err(), KeyError::Scalar);
    assert_eq!(SigningKey::from_bytes(&[0xff; 32]).unwrap_err(), KeyError::Scalar);
    SigningKey::from_bytes(&order_minus(1)).unwrap();
}

#[test]
fn public_keys() {
    let key = SigningKey::from_bytes(&[3; 32]).unwrap().verifying_key();
    let good = key.to_bytes();
    assert_eq!(VerifyingKey::from_bytes(&good), Ok(key));
    assert_eq!(VerifyingKey::from_bytes(&[]), Err(KeyError::Length { got: 0 }));
    assert_eq!(VerifyingKey::from_bytes(&[0]), Err(KeyError::Length { got: 1 }));
    assert_eq!(VerifyingKey::from_bytes(&good[..32]), Err(KeyError::Length { got: 32 }));
    assert_eq!(VerifyingKey::from_bytes(&[0; 33]), Err(KeyError::Point));
    // x not below the field's prime, x without a point, the compact and the hybrid tags
    for (tag, x) in [(2, [0xff; 32]), (2, x_without_a_point()), (5, tail(&good)), (4, tail(&good))]
    {
        let mut bad = [tag; 33];
        bad[1..].copy_from_slice(&x);
        assert_eq!(VerifyingKey::from_bytes(&bad), Err(KeyError::Point), "{tag}");
    }
}

fn tail(key: &[u8; 33]) -> [u8; 32] {
    key[1..].try_into().unwrap()
}

/// x = 5: 5³ + 7 = 132 is no square modulo the field's prime.
fn x_without_a_point() -> [u8; 32] {
    let mut x = [0; 32];
    x[31] = 5;
    x
}

#[test]
fn ranges() {
    let one = x_without_a_point();
    assert_eq!(Signature::parse([0; 32], one, 27), Err(SignatureError::Range));
    assert_eq!(Signature::parse(one, [0; 32], 27), Err(SignatureError::Range));
    assert_eq!(Signature::parse(order_minus(0), one, 27), Err(SignatureError::Range));
    assert_eq!(Signature::parse(one, order_minus(1), 27), Err(SignatureError::HighS));
    for v in [0, 1, 26, 29, 37] {
        assert_eq!(Signature::parse(one, one, v), Err(SignatureError::V { got: v }));
    }
    assert_eq!(Signature::from_bytes(&[1; 64]), Err(SignatureError::Length { got: 64 }));
    assert_eq!(Signature::from_bytes(&[1; 66]), Err(SignatureError::Length { got: 66 }));
    let good = Signature::parse(one, one, 28).unwrap();
    assert_eq!(Signature::from_bytes(&good.to_bytes()), Ok(good));
}

#[test]
fn tampering_is_refused() {
    let key = SigningKey::from_bytes(&[9; 32]).unwrap();
    let public = key.verifying_key();
    let digest = [0x5a; 32];
    let good = key.sign_digest(&digest).unwrap();
    for bit in 0..512 {
        let mut bad = good.to_bytes();
        bad[bit / 8] ^= 1 << (bit % 8);
        let refused = Signature::from_bytes(&bad).is_err_and(|_| true) || {
            let signature = Signature::from_bytes(&bad).unwrap();
            public.verify_digest(&digest, &signature) == Err(VerifyError::Refused)
                && signature.recover(&digest) != Ok(public)
        };
        assert!(refused, "bit {bit}");
    }
    let other_v = Signature { v: 55 - good.v, ..good };
    assert_ne!(other_v.recover(&digest), Ok(public));
    let high = Signature { s: negated(&good.s), v: 55 - good.v, ..good };
    assert_eq!(public.verify_digest(&digest, &high), Err(SignatureError::HighS.into()));
    assert_eq!(high.recover(&digest), Err(SignatureError::HighS.into()));
    let mut other = digest;
    other[0] ^= 1;
    assert_eq!(public.verify_digest(&other, &good), Err(VerifyError::Refused));
}

#[test]
fn wycheproof() {
    let Some(folder) = vectors() else { return };
    let file = folder.join("wycheproof-ecdsa-secp256k1-sha256-bitcoin.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let point = hex::decode(group["publicKey"]["uncompressed"].as_str().unwrap()).unwrap();
        let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
        let key = VerifyingKey::from_bytes(key.to_sec1_point(true).as_bytes()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let message = hex::decode(test["msg"].as_str().unwrap()).unwrap();
            let der = hex::decode(test["sig"].as_str().unwrap()).unwrap();
            let digest: [u8; 32] = Sha256::digest(&message).into();
            // The vectors are in DER; ours are r, s. What DER refuses never gets this far.
            let accepted = k256::ecdsa::Signature::from_der(&der).is_ok_and(|signature| {
                let (r, s) = signature.split_bytes();
                Signature::parse(r.into(), s.into(), 27)
                    .is_ok_and(|signature| key.verify_digest(&digest, &signature).is_ok())
            });
            assert_eq!(accepted, test["result"] == "valid", "test {}", test["tcId"]);
            if accepted { valid += 1 } else { invalid += 1 }
        }
    }
    assert_eq!((valid, invalid), (162, 301));
}

#[expect(clippy::disallowed_methods, reason = "the folder of vectors, in tests alone")]
fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("R4_VECTORS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: R4_VECTORS is not set");
    }
    folder
}
