//! Receipts as JSON, brought to the chain: those of vectors/receipts.json, and fresh ones of a node.

use alloy_primitives::B256;
use r4_ecvrf::evm::evm_proof;
use r4_ecvrf::{Proof, PublicKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::abi::{R4Receipt, verifyFullCall};
use super::chain::Chain;
use super::ecvrf::Input;
use super::issuer::{CHAIN_ID, Keys, NOW, Signed};
use crate::harness::target::Target;

/// A receipt's JSON.
pub(super) struct Document(pub(super) Value);

impl Document {
    fn text(&self, field: &str) -> Option<&str> {
        self.0.pointer(field)?.as_str()
    }

    fn bytes(&self, field: &str) -> Option<Vec<u8>> {
        hex::decode(self.text(field)?.strip_prefix("0x")?).ok()
    }

    fn word(&self, field: &str) -> Option<B256> {
        B256::try_from(&self.bytes(field)?[..]).ok()
    }

    pub(super) fn timestamp(&self) -> Option<u64> {
        let time = OffsetDateTime::parse(self.text("/timestamp")?, &Rfc3339).ok()?;
        time.unix_timestamp().try_into().ok()
    }

    /// What a caller of `verifyFull` makes of the document, believing all of it.
    pub(super) fn signed(&self) -> Option<Signed> {
        let has = |field: &str| self.0.get(field).is_some();
        let receipt = R4Receipt {
            keyHash: self.word("/key_hash")?,
            index: self.text("/index")?.parse().ok()?,
            alphaHash: alloy_primitives::keccak256(self.bytes("/alpha")?),
            random: self.word("/random")?,
            timestamp: self.timestamp()?,
            schemes: u8::from(has("r")) + 2 * u8::from(has("pq_scheme")),
        };
        let v = u8::try_from(self.0["v"].as_u64().unwrap_or(0)).ok()?;
        let half = |field| self.bytes(field).unwrap_or_default();
        let signature = [half("/r"), half("/s"), if has("v") { vec![v] } else { vec![] }].concat();
        let (key, alpha) = (self.bytes("/vrf/public_key")?, self.bytes("/alpha")?);
        let pi = self.bytes("/vrf/proof")?;
        let evm_proof = self.bytes("/vrf/evm_proof").or_else(|| {
            let (key, proof) = (PublicKey::from_bytes(&key).ok()?, Proof::parse(&pi).ok()?);
            evm_proof(&key, &alpha, &proof).ok()
        });
        let proof = evm_proof.unwrap_or_else(|| [pi, vec![0; 224]].concat());
        Some(Signed { receipt, signature, vrf: Input { key, alpha, proof } })
    }
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
        let document = Document(serde_json::from_str(case["document"].as_str().unwrap()).unwrap());
        let signed = document.signed().unwrap_or_else(|| panic!("{name}: no call"));
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
            let document = Document(answer.json());
            chain.timestamp = document.timestamp().unwrap();
            let call = document.bytes("/evm_call").unwrap();
            let outcome = chain.view_bytes(verifier, call.clone());
            assert_eq!(outcome.returned::<verifyFullCall>(), document.word("/random").unwrap());
            // The same call, encoded by alloy.
            let signed = document.signed().unwrap();
            assert_eq!(signed.vrf.proof, document.bytes("/vrf/evm_proof").unwrap());
            assert_eq!(alloy_sol_types::SolCall::abi_encode(&signed.full()), call);
            // Elsewhere it does not count.
            let elsewhere = keys.deploy(&mut chain);
            assert!(chain.view_bytes(elsewhere, call).output.is_err());
        }
    }
}
