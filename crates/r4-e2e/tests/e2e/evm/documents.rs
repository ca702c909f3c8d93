//! Receipts as JSON, brought to the chain: those of vectors/receipts.json, and fresh ones of a node.

use alloy_primitives::B256;
use r4_ecvrf::evm::evm_proof;
use r4_ecvrf::{Proof, PublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::abi::verifyFullCall;
use super::chain::Chain;
use super::ecvrf::Input;
use super::issuer::{CHAIN_ID, Keys, NOW, Signed};
use crate::harness::target::Target;
use crate::interop::Read;

/// What a caller of `verifyFull` makes of a receipt, believing all of it.
pub(super) fn signed(document: &Read) -> Signed {
    let receipt = document.receipt(document.word("/key_hash"));
    let signature = match document.0["v"].as_u64() {
        Some(v) => {
            let v = u8::try_from(v).unwrap();
            [document.bytes("/r"), document.bytes("/s"), vec![v]].concat()
        }
        None => vec![],
    };
    let (key, alpha) = (document.bytes("/vrf/public_key"), document.bytes("/alpha"));
    let pi = document.bytes("/vrf/proof");
    let stated = document.0["vrf"].get("evm_proof").map(|_| document.bytes("/vrf/evm_proof"));
    let proof = stated.or_else(|| {
        let (key, proof) = (PublicKey::from_bytes(&key).ok()?, Proof::parse(&pi).ok()?);
        evm_proof(&key, &alpha, &proof).ok()
    });
    let proof = proof.unwrap_or_else(|| [pi, vec![0; 224]].concat());
    Signed { receipt, signature, vrf: Input { key, alpha, proof } }
}

/// Reads the keys of the active epoch of a `/keys` document.
pub(super) fn keys(document: &Value) -> Keys {
    let epochs = document["epochs"].as_array().unwrap();
    let active = epochs.iter().find(|epoch| epoch["key_hash"] == document["active"]).unwrap();
    let key = |r#use: &str| {
        let keys = active["keys"].as_array().unwrap();
        let text =
            keys.iter().find(|key| key["use"] == r#use).unwrap()["public_key"].as_str().unwrap();
        text.strip_prefix("0x").map_or_else(|| base64(text), |digits| hex::decode(digits).unwrap())
    };
    Keys {
        ecvrf: key("ecvrf"),
        ecdsa: secp256k1::PublicKey::from_slice(&key("ecdsa")).unwrap(),
        mldsa65_sha256: B256::from_slice(&Sha256::digest(key("mldsa65"))),
        ecvrf_evm_sha256: B256::from_slice(&Sha256::digest(key("ecvrf-evm"))),
    }
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn receipts_of_the_vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/receipts.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut chain = Chain { id: CHAIN_ID, timestamp: NOW, ..Chain::default() };
    let keys = keys(&file["trusted"]["keys"]);
    let verifier = keys.deploy(&mut chain);
    assert_eq!(file["contract"]["address"], verifier.to_checksum(None));
    assert_eq!(file["contract"]["chain_id"], CHAIN_ID.to_string());
    assert_eq!(file["trusted"]["key_hash"], keys.key_hash().to_string());
    let mut seen = [0, 0];
    for case in file["cases"].as_array().unwrap() {
        let Some(expected) = case["evm"].as_str() else { continue };
        let name = &case["name"];
        let document = Read(serde_json::from_str(case["document"].as_str().unwrap()).unwrap());
        let signed = signed(&document);
        let outcome = chain.view(verifier, &signed.full());
        let accepted = outcome.output.is_ok();
        assert_eq!(accepted, expected == "accepted", "{name}: {outcome:?}");
        // What the whole check finds valid, the chain does not refuse, if it can check it at all.
        let schemes = signed.receipt.schemes;
        assert!(accepted || case["verdict"] != "valid" || schemes == 2, "{name}");
        seen[usize::from(accepted)] += 1;
    }
    assert!(seen[0] > 50 && seen[1] > 20, "{seen:?}");
}

/// A running node's answers pass on chain, by the call that it encoded itself.
#[test]
fn fresh_receipts_of_a_node() {
    let node = Target::get();
    let keys = keys(&node.get_keyed("/v1/keys").expect(200).json());
    let mut chain = Chain { id: CHAIN_ID, ..Chain::default() };
    // Deployed before the receipts are made, and called after.
    let verifier = keys.deploy(&mut chain);
    let bound = format!("format=evm&chain_id={CHAIN_ID}&contract={}", verifier.to_checksum(None));
    let (word, long) = (&"61".repeat(32), "61".repeat(1024));
    for alpha in ["", "&alpha=00", &format!("&alpha={word}"), &format!("&alpha={long}")] {
        for sig in ["dual", "ecdsa"] {
            let query = format!("sig={sig}{alpha}");
            let answer = node.get_keyed(&format!("/v1/vrf?{query}&{bound}")).expect(200);
            let document = Read(answer.json());
            chain.timestamp = document.timestamp();
            let call = document.bytes("/evm_call");
            let outcome = chain.view_bytes(verifier, call.clone());
            assert_eq!(outcome.returned::<verifyFullCall>(), document.word("/random"));
            // The same call, encoded by alloy.
            let signed = signed(&document);
            assert_eq!(signed.vrf.proof, document.bytes("/vrf/evm_proof"));
            assert_eq!(alloy_sol_types::SolCall::abi_encode(&signed.full()), call);
            // Elsewhere it does not count.
            let elsewhere = keys.deploy(&mut chain);
            assert!(chain.view_bytes(elsewhere, call).output.is_err());
        }
    }
}
