//! What this crate says of every case of the file.

use std::collections::BTreeSet;
use std::string::{String, ToString as _};
use std::vec;

use r4_sign::Address;
use serde_json::Value;

use super::{ACCEPTED, REFUSED, Stage};
use crate::testing::own_vectors;
use crate::{Document, KeyHash, KeysDocument, Pin, Policy, Require, Schemes, Verdict, verify};

fn pin(trusted: &Value, kind: &str) -> Pin {
    let text = |name: &str| trusted[name].as_str().unwrap();
    match kind {
        "none" => Pin::None,
        "key_hash" => Pin::KeyHashes(vec![KeyHash::parse(text("key_hash")).unwrap()]),
        "keys" => {
            let keys = KeysDocument::parse(trusted["keys"].to_string().as_bytes()).unwrap();
            Pin::KeyHashes(keys.key_hashes().collect())
        }
        "signer" => Pin::Signer(Address::parse(text("signer")).unwrap()),
        _ => panic!("unknown pin {kind}"),
    }
}

fn require(name: &str) -> Require {
    match name {
        "dual" => Require::Dual,
        "ecdsa" => Require::Ecdsa,
        "mldsa65" => Require::Mldsa,
        _ => panic!("unknown demand {name}"),
    }
}

/// Says of a text what this crate says of it: verdict, failed check, field at fault.
fn judged(text: &str, policy: &Policy) -> (&'static str, Option<&'static str>, Option<String>) {
    let document = match Document::parse(text.as_bytes()) {
        Ok(document) => document,
        Err(error) => return ("malformed", None, error.field().map(Into::into)),
    };
    match verify(&document, policy).verdict() {
        Verdict::Valid => ("valid", None, None),
        Verdict::SelfConsistent => ("self-consistent", None, None),
        Verdict::Failed(check) => ("failed", Some(check), None),
    }
}

/// What `verifyFull` has to answer: it is given the receipt's fields, with `vrf.evm_proof` where
/// there is one, knows the active epoch and its own domain, and computes the digest itself. What is
/// not in the call it cannot check.
fn contract_says(stage: &Stage, text: &str) -> Option<&'static str> {
    let Ok(Document::Vrf(receipt)) = Document::parse(text.as_bytes()) else { return None };
    let envelope = &receipt.envelope;
    if envelope.domain != stage.contract {
        return None;
    }
    let keys = &stage.node.keys;
    let digest = receipt.digest(envelope.key_hash, envelope.schemes());
    let signer = envelope.signatures.ecdsa().and_then(|fields| {
        fields.signature().ok()?.recover(&digest).ok().map(|key| key.to_bytes())
    });
    let output = r4_ecvrf::PublicKey::from_bytes(&receipt.vrf_public_key).ok().and_then(|key| {
        let proof = r4_ecvrf::Proof::parse(&receipt.proof).ok()?;
        key.verify(&receipt.alpha, &proof).ok()
    });
    let proof_is_whole = receipt.evm.as_ref().is_none_or(|evm| {
        let right = receipt.clone().with_evm().ok().and_then(|right| right.evm);
        right.is_some_and(|right| right.proof == evm.proof)
    });
    let accepted = proof_is_whole
        && envelope.key_hash == keys.key_set().key_hash()
        && signer == Some(keys.ecdsa)
        && receipt.vrf_public_key == keys.ecvrf
        && output.is_some_and(|beta| beta.to_bytes() == receipt.random);
    if accepted { ACCEPTED } else { REFUSED }
}

#[test]
fn every_case() {
    let file = own_vectors("receipts.json");
    let stage = Stage::new();
    for case in file["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str();
        let name = text("name").unwrap();
        let document = text("document").unwrap();
        let kind = text("pin").unwrap();
        let policy = Policy {
            pin: pin(&file["trusted"], kind),
            require: require(text("require").unwrap()),
            log: (kind == "keys").then(|| stage.log.keys.clone()),
            ..Policy::default()
        };
        let (verdict, failed, field) = judged(document, &policy);
        assert_eq!(
            (Some(verdict), failed, field.as_deref()),
            (text("verdict"), text("failed"), text("field")),
            "{name}"
        );
        assert_eq!(contract_says(&stage, document), text("evm"), "{name}: evm");
    }
}

#[test]
fn every_check_and_every_answer_has_a_case() {
    let file = own_vectors("receipts.json");
    let cases = file["cases"].as_array().unwrap();
    let found = |name: &str| -> BTreeSet<&str> {
        cases.iter().filter_map(|case| case[name].as_str()).collect()
    };
    assert_eq!(found("name").len(), cases.len(), "names are unique");
    assert_eq!(found("verdict").len(), 4);
    assert_eq!(found("pin").len(), 4);
    assert_eq!(found("require").len(), 3);
    assert_eq!(found("evm").len(), 2);
    let stage = Stage::new();
    let document = Document::Vrf(stage.bound(Schemes::Dual, None).with_evm().unwrap());
    let log = stage.log.part(&document, u64::MAX);
    let document = document.with_log(Some(log));
    let report = verify(&document, &Policy::default());
    let checks: BTreeSet<&str> = report.checks.iter().map(|check| check.name).collect();
    assert_eq!(found("failed"), checks);
}
