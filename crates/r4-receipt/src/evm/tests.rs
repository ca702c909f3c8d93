//! The call read back by the ABI's rules, what is there when, and what a receipt is without it.

use std::borrow::ToOwned as _;
use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{format, vec};

use serde_json::{Value, json};

use super::*;
use crate::object::to_hex;
use crate::testing::{Node, documents};
use crate::{Document, Outcome, Policy, verify};

/// The receipts among [`documents`], with what a contract takes.
pub(crate) fn evm_documents(node: &Node) -> Vec<(&'static str, Document)> {
    let kinds = ["dual, index, evm", "dual, client, contract, evm", "ecdsa, evm", "dilithium, evm"];
    let receipts = documents(node).into_iter().filter_map(|(_, document)| match document {
        Document::Vrf(receipt) => Some(Document::Vrf(receipt.with_evm().unwrap())),
        Document::Attested(_) => None,
    });
    let named: Vec<_> = kinds.into_iter().zip(receipts).collect();
    assert_eq!(named.len(), kinds.len());
    named
}

fn receipt(document: &Document) -> &Receipt {
    match document {
        Document::Vrf(receipt) => receipt,
        Document::Attested(_) => panic!("an attestation"),
    }
}

/// The verdict's failed check, or the field that does not parse.
fn refusal(value: &Value) -> Option<String> {
    match Document::parse(value.to_string().as_bytes()) {
        Ok(document) => verify(&document, &Policy::default()).failed().map(Into::into),
        Err(error) => Some(format!("{}!", error.field().unwrap())),
    }
}

#[test]
fn both_fields_stand_in_their_places_and_round_trip() {
    for (kind, document) in evm_documents(&Node::new(1)) {
        let text = document.to_json();
        assert_eq!(Document::parse(text.as_bytes()), Ok(document.clone()), "{kind}");
        let evm = receipt(&document).evm.as_ref().unwrap();
        let proof = format!("\",\"evm_proof\":\"{}\"}},", to_hex(&evm.proof));
        let (_, after) = text.split_once(&proof).unwrap_or_else(|| panic!("{kind}: {text}"));
        let next = evm.call.as_ref().map_or_else(
            || "\"hash_alg\":".to_owned(),
            |call| format!("\"evm_call\":\"{}\",\"hash_alg\":", to_hex(call)),
        );
        assert!(after.starts_with(&next), "{kind}");
    }
}

#[test]
fn a_call_needs_a_contract_and_an_ecdsa_signature() {
    let node = Node::new(1);
    let called = |(kind, document): &(&'static str, Document)| {
        let call = &receipt(document).evm.as_ref().unwrap().call;
        call.is_some().then_some(*kind)
    };
    let kinds: Vec<_> = evm_documents(&node).iter().filter_map(called).collect();
    assert_eq!(kinds, ["dual, client, contract, evm", "ecdsa, evm"]);

    let mut unsigned = node.unsigned(crate::Schemes::Mldsa, None);
    unsigned.head.domain = crate::testing::contract();
    assert_eq!(node.sign(unsigned).with_evm().unwrap().evm.unwrap().call, None);
}

#[test]
fn the_check_stands_after_random_and_only_where_there_is_something_to_check() {
    let node = Node::new(1);
    for (kind, document) in evm_documents(&node) {
        let report = verify(&document, &Policy::default());
        assert_eq!(report.failed(), None, "{kind}");
        let names: Vec<_> = report.checks.iter().map(|check| check.name).collect();
        assert_eq!(names[3..7], ["vrf", "random", "evm", "digest"], "{kind}");
        assert!(report.checks[5].outcome == Outcome::Passed && names.len() == 13, "{kind}");
    }
    for (kind, document) in documents(&node) {
        let report = verify(&document, &Policy::default());
        assert!(report.checks.iter().all(|check| check.name != "evm"), "{kind}");
    }
}

#[test]
fn superfluous_missing_and_foreign_fields() {
    let node = Node::new(1);
    let json = |(_, document): (_, Document)| -> Value {
        serde_json::from_str(&document.to_json()).unwrap()
    };
    let [plain_index, plain_called, .., mut attested] = documents(&node).map(json);
    let evm = <[_; 4]>::try_from(evm_documents(&node)).unwrap();
    let [index, called, _, dilithium] = evm.map(json);
    for good in [&index, &called, &dilithium] {
        assert_eq!(refusal(good), None);
    }
    let with = |value: &Value, call: &Value| {
        let mut value = value.clone();
        value["evm_call"] = call.clone();
        refusal(&value)
    };
    let call = &called["evm_call"];
    assert_eq!(with(&plain_called, call).as_deref(), Some("evm_call!"), "no proof");
    assert_eq!(with(&plain_index, call).as_deref(), Some("evm_call!"), "no proof, no contract");
    assert_eq!(with(&index, call).as_deref(), Some("evm"), "no contract");
    assert_eq!(with(&dilithium, call).as_deref(), Some("evm"), "no ECDSA signature");
    let longer = json!(format!("{}00", call.as_str().unwrap()));
    assert_eq!(with(&called, &longer).as_deref(), Some("evm"));
    assert_eq!(with(&called, &json!("0x")).as_deref(), Some("evm"));
    let upper = json!(call.as_str().unwrap().to_uppercase());
    assert_eq!(with(&called, &upper).as_deref(), Some("evm_call!"));

    let mut other = called.clone();
    other["vrf"]["evm_proof"] = index["vrf"]["evm_proof"].clone();
    assert_eq!(refusal(&other).as_deref(), Some("evm"), "another proof's");
    attested["evm_call"] = call.clone();
    assert_eq!(refusal(&attested).as_deref(), Some("evm_call!"));
}

#[test]
fn what_is_wrong_is_said() {
    let node = Node::new(1);
    let detail = |at: usize, change: fn(&mut Evm)| {
        let mut receipt = receipt(&evm_documents(&node)[at].1).clone();
        change(receipt.evm.as_mut().unwrap());
        let report = verify(&Document::Vrf(receipt), &Policy::default());
        report.checks.into_iter().find(|check| check.name == "evm").unwrap().detail
    };
    assert!(detail(1, |evm| evm.call = None).contains("missing"));
    assert!(detail(0, |evm| evm.call = Some(vec![])).contains("needs a contract in domain"));
    assert!(detail(1, |evm| evm.call = Some(vec![])).contains("not the call for this receipt"));
    assert!(detail(1, |evm| evm.proof.clear()).contains("not the form of this proof"));
}

/// A proof that does not verify fails its own check first, and nothing panics.
#[test]
fn a_wrong_proof_has_no_form() {
    let node = Node::new(1);
    let mut receipt = receipt(&evm_documents(&node)[1].1).clone();
    receipt.proof = node.sign(node.unsigned(crate::Schemes::Dual, None)).proof;
    let refused = EvmError::Form(EvmProofError::Proof(r4_ecvrf::VerifyError::Refused));
    assert_eq!(receipt.clone().with_evm(), Err(refused));
    let report = verify(&Document::Vrf(receipt.clone()), &Policy::default());
    assert_eq!(report.failed(), Some("vrf"));
    let evm = report.checks.iter().find(|check| check.name == "evm").unwrap();
    assert_eq!(evm.outcome, Outcome::Failed);
    assert!(evm.detail.contains("does not verify"), "{}", evm.detail);
    receipt.proof = [0; 81];
    assert!(matches!(receipt.clone().with_evm(), Err(EvmError::Proof(_))));
    receipt.vrf_public_key = [0; 33];
    assert!(matches!(receipt.with_evm(), Err(EvmError::Key(_))));
}

/// Reads a word that holds a number.
fn number(call: &[u8], at: usize) -> usize {
    let word = &call[at..][..32];
    assert_eq!(word[..28], [0; 28]);
    usize::try_from(u32::from_be_bytes(word[28..].try_into().unwrap())).unwrap()
}

#[test]
fn the_call_read_back() {
    let node = Node::new(1);
    for length in [1, 31, 32, 33, 64, 1024] {
        let alpha = vec![0xa1; length];
        let mut unsigned = node.unsigned(crate::Schemes::Ecdsa, Some(&alpha));
        unsigned.head.domain = crate::testing::contract();
        let receipt = node.sign(unsigned).with_evm().unwrap();
        let evm = receipt.evm.clone().unwrap();
        let call = evm.call.unwrap();
        let name =
            "verifyFull((bytes32,uint64,bytes32,bytes32,uint64,uint8),bytes,bytes,bytes,bytes)";
        assert_eq!(call[..4], keccak256(name.as_bytes())[..4]);
        let body = &call[4..];
        let key_hash = receipt.envelope.key_hash;
        let fields = receipt.signed_fields(key_hash, crate::Schemes::Ecdsa);
        let typed = [
            &keccak256(
                b"R4Receipt(bytes32 keyHash,uint64 index,bytes32 alphaHash,bytes32 random,\
                uint64 timestamp,uint8 schemes)",
            ),
            &body[..192],
        ]
        .concat();
        assert_eq!(keccak256(&typed), fields.struct_hash(), "the words are those that are signed");

        let ecdsa = receipt.envelope.signatures.ecdsa().unwrap();
        let signature = ecdsa.signature().unwrap().to_bytes();
        let wanted = [&signature[..], &node.keys.ecvrf, &alpha, &evm.proof];
        let mut end = 320;
        for (at, want) in wanted.into_iter().enumerate() {
            let offset = number(body, 192 + 32 * at);
            assert_eq!(offset, end, "one behind the other");
            let (length, from) = (number(body, offset), offset + 32);
            assert_eq!(&body[from..from + length], want);
            end = from + length.div_ceil(32) * 32;
            assert!(body[from + length..end].iter().all(|octet| *octet == 0));
        }
        assert_eq!(body.len(), end);
    }
}

#[test]
fn the_longest_document_is_far_from_the_limit() {
    let node = Node::new(1);
    let mut unsigned = node.unsigned(crate::Schemes::Dual, Some(&[7; 1024]));
    unsigned.head.domain = crate::testing::contract();
    let mut receipt = node.sign(unsigned).with_evm().unwrap();
    // As if twenty counters led to no point, which has a chance of one in a million.
    let evm = receipt.evm.as_mut().unwrap();
    evm.proof.resize(305 + 20 * 32, 0xff);
    evm.call.as_mut().unwrap().resize(4 + 320 + 128 + 96 + 1056 + 32 + 960, 0xff);
    let bytes = receipt.to_json().len();
    assert!(bytes < 20 * 1024, "{bytes}");
}
