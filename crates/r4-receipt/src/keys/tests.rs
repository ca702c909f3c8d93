//! Key hashes against the second implementation's, with ML-DSA-65 keys by fips204 from its seeds.

use std::prelude::v1::*;

use fips204::ml_dsa_65;
use fips204::traits::{KeyGen as _, SerDes as _};
use r4_sign::ecdsa;
use sha2::{Digest as _, Sha256};

use super::{KeyHash, KeyHashError, PublicKeys};
use crate::testing::{Node, array, own_vectors};

#[test]
fn vectors_of_our_second_implementation() {
    let file = own_vectors("keys.json");
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let (mldsa65, _) = ml_dsa_65::KG::keygen_from_seed(&array(&case["mldsa65"]["seed"]));
        let keys = PublicKeys {
            ecvrf: array(&case["ecvrf"]["public_key"]),
            ecdsa: array(&case["ecdsa"]["public_key"]),
            mldsa65: mldsa65.into_bytes(),
            ecvrf_evm: array(&case["ecvrf_evm"]["public_key"]),
        };
        let digest: [u8; 32] = Sha256::digest(keys.mldsa65).into();
        assert_eq!(digest, array(&case["mldsa65"]["public_key_sha256"]));
        let key_hash = keys.key_set().key_hash();
        assert_eq!(*key_hash.as_bytes(), array(&case["key_hash"]));
        assert_eq!(*key_hash.key_id().as_bytes(), array(&case["key_id"]));

        for name in ["ecvrf", "ecvrf_evm"] {
            let secret = r4_ecvrf::SecretKey::from_bytes(&array(&case[name]["secret_key"]));
            let public = secret.unwrap().public_key().to_bytes();
            assert_eq!(public, array(&case[name]["public_key"]));
        }
        let signer = ecdsa::SigningKey::from_bytes(&array(&case["ecdsa"]["secret_key"])).unwrap();
        assert_eq!(signer.verifying_key().to_bytes(), keys.ecdsa);
        assert_eq!(signer.verifying_key().address().to_string(), case["ecdsa"]["address"]);
    }
}

#[test]
fn every_key_counts() {
    let keys = Node::new(1).keys;
    let mut seen = Vec::from([keys.key_set().key_hash()]);
    for change in [
        |keys: &mut PublicKeys| keys.ecvrf[1] ^= 1,
        |keys: &mut PublicKeys| keys.ecdsa[32] ^= 1,
        |keys: &mut PublicKeys| keys.mldsa65[1951] ^= 1,
        |keys: &mut PublicKeys| keys.ecvrf_evm[0] ^= 1,
        |keys: &mut PublicKeys| core::mem::swap(&mut keys.ecvrf, &mut keys.ecdsa),
    ] {
        let mut other = keys.clone();
        change(&mut other);
        let hash = other.key_set().key_hash();
        assert!(!seen.contains(&hash));
        seen.push(hash);
    }
}

#[test]
fn one_form() {
    let hash = Node::new(1).keys.key_set().key_hash();
    let text = hash.to_string();
    assert_eq!(KeyHash::parse(&text), Ok(hash));
    assert!(text.starts_with(&hash.key_id().to_string()));
    for bad in [&text[2..], &text[..65], &text.to_uppercase(), &(text.clone() + "00"), ""] {
        assert_eq!(KeyHash::parse(bad), Err(KeyHashError));
    }
}
