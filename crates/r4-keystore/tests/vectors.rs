//! The derivation of keys against `vectors/keys.json`, which a second implementation made.

use std::fs;

use r4_keystore::keys::NodeKeys;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::seed::RootSeed;
use r4_sign::ecdsa;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/keys.json");

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer}"))
}

#[test]
fn every_vector_of_the_derivation() {
    let vectors: Value = serde_json::from_slice(&fs::read(VECTORS).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 4, "{} cases", cases.len());
    for case in cases {
        let root = text(case, "/root_seed");
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(root, &mut *bytes).unwrap();
        let keys = NodeKeys::derive(&RootSeed::from_bytes(bytes.clone())).unwrap();
        let public = keys.public_keys();
        let key_hash = public.key_set().key_hash();
        let address = ecdsa::VerifyingKey::from_bytes(&public.ecdsa).unwrap().address();
        for (got, pointer) in [
            (hex::encode(public.ecvrf), "/ecvrf/public_key"),
            (hex::encode(public.ecvrf_evm), "/ecvrf_evm/public_key"),
            (hex::encode(public.ecdsa), "/ecdsa/public_key"),
            (address.to_string(), "/ecdsa/address"),
            (hex::encode(Sha256::digest(public.mldsa65)), "/mldsa65/public_key_sha256"),
            (hex::encode(key_hash.as_bytes()), "/key_hash"),
            (hex::encode(key_hash.key_id().as_bytes()), "/key_id"),
        ] {
            assert_eq!(got, text(case, pointer), "{pointer} of root seed {root}");
        }
        let (seed, name) = (RootSeed::from_bytes(bytes), text(&vectors, "/name"));
        for (what, keys) in
            [("log", NoteKeys::log(&seed, name)), ("witness", NoteKeys::witness(&seed, name))]
        {
            let [ed25519, mldsa44] =
                keys.unwrap().verifier_keys().each_ref().map(ToString::to_string);
            assert_eq!(ed25519, text(case, &format!("/{what}/ed25519")), "{root}");
            let hash = hex::encode(Sha256::digest(mldsa44));
            assert_eq!(hash, text(case, &format!("/{what}/mldsa44_sha256")), "{root}");
        }
    }
}
