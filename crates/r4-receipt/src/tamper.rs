//! Every field of every kind of document, flipped, removed and repeated.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::collections::BTreeSet;
use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{format, vec};

use serde_json::{Map, Value, json};

use crate::evm::tests::evm_documents;
use crate::object::{to_base64, to_hex};
use crate::testing::{Node, documents};
use crate::{Document, ParseError, Pin, Policy, Receipt, Require, Verdict, verify};

/// How a document was refused.
#[derive(Debug, PartialEq)]
enum Refusal {
    Parse(ParseError),
    Check(&'static str),
}

/// Judges a text with the node's key pinned and no demand on the signatures present.
fn judge(node: &Node, text: &str) -> Result<(), Refusal> {
    let document = Document::parse(text.as_bytes()).map_err(Refusal::Parse)?;
    let require =
        if document.envelope().schemes().has_ecdsa() { Require::Ecdsa } else { Require::Mldsa };
    let pin = Pin::KeyHashes(vec![node.keys.key_set().key_hash()]);
    match verify(&document, &Policy { pin, require, ..Policy::default() }).verdict() {
        Verdict::Valid => Ok(()),
        Verdict::Failed(name) => Err(Refusal::Check(name)),
        Verdict::SelfConsistent => unreachable!("a key was pinned"),
    }
}

/// Every kind of document, without and with what a contract takes.
fn all(node: &Node) -> Vec<(&'static str, Document)> {
    documents(node).into_iter().chain(evm_documents(node)).collect()
}

/// The paths of all fields, those of objects included.
pub(crate) fn paths(value: &Value) -> Vec<Vec<String>> {
    let mut found = vec![];
    for (name, inner) in value.as_object().into_iter().flatten() {
        found.push(vec![name.clone()]);
        found.extend(paths(inner).into_iter().map(|path| [vec![name.clone()], path].concat()));
    }
    found
}

/// The object that holds the field of a path.
pub(crate) fn parent<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Map<String, Value> {
    let parents = &path[..path.len() - 1];
    parents.iter().fold(value, |value, name| &mut value[name]).as_object_mut().unwrap()
}

/// Puts an entry at the beginning of a document's outermost or of a named object.
pub(crate) fn with_entry(document: &str, parents: &[String], entry: &str) -> String {
    let at = match parents.first() {
        Some(name) => document.find(&format!("\"{name}\":{{")).unwrap() + name.len() + 4,
        None => 1,
    };
    format!("{}{entry},{}", &document[..at], &document[at..])
}

/// A value as like the field's as can be, but another.
pub(crate) fn flipped(path: &str, value: &Value) -> Value {
    let text = match value {
        Value::Bool(value) => return json!(!value),
        // 27 and 28 are a bit apart, but not the lowest
        Value::Number(number) if path == "v" => return json!(55 - number.as_u64().unwrap()),
        Value::Number(number) => return json!(number.as_u64().unwrap() ^ 1),
        Value::Object(_) => return json!("an object before"),
        Value::String(text) => text.clone(),
        _ => unreachable!("no field is null or a list"),
    };
    json!(match path {
        "signer_addr" | "domain.contract" => "0x52908400098527886E0F7030069857D2E4169EE7".into(),
        "alpha_source" if text == "index" => "client".into(),
        "alpha_source" => "index".into(),
        "mode" => "fallback".into(),
        "timestamp" => text.replace("56Z", "57Z"),
        "index" | "domain.chain_id" => (text.parse::<u64>().unwrap() + 1).to_string(),
        "signature_type" if text == "ML-DSA-65" => "ECDSA(secp256k1)".into(),
        "signature_type" => "ML-DSA-65".into(),
        _ => {
            // One bit of a character in the middle, where neither a prefix nor padding is.
            let mut bytes = text.clone().into_bytes();
            let at = bytes.len() / 2;
            bytes[at] = match bytes[at] {
                b'0' => b'1',
                b'/' | b'+' => b'A',
                letter if letter.is_ascii_digit() => letter - 1,
                b'a' | b'A' => bytes[at] + 1,
                letter => letter - 1,
            };
            String::from_utf8(bytes).unwrap()
        }
    })
}

/// The kinds whose fields are also in the call of a contract.
const CALLED: [&str; 2] = ["dual, client, contract, evm", "ecdsa, evm"];

/// Which check refuses a flipped field; `None` when it cannot even be parsed.
pub(crate) fn refusing_check(kind: &str, path: &str) -> Option<&'static str> {
    let base = kind.trim_end_matches(", evm");
    let (index, called) = (base == "dual, index", CALLED.contains(&kind));
    Some(match path {
        "vrf.evm_proof" | "evm_call" => "evm",
        "alpha_source" => "alpha",
        "index" | "alpha" if index => "alpha",
        "index" | "timestamp" | "v" | "r" | "s" if called => "evm",
        "alpha" | "vrf.proof" => "vrf",
        "random" => "random",
        "id" | "index" | "timestamp" | "msg_hash" | "domain.chain_id" | "domain.contract"
        | "bytes" | "core_sha256" | "mode" => "digest",
        "key_id" => "key_id",
        "key_hash"
        | "keys.ecvrf"
        | "keys.ecdsa"
        | "keys.mldsa65_sha256"
        | "keys.ecvrf_evm_sha256"
        | "vrf.public_key"
        | "public_key" => "key_hash",
        // With ECDSA alone, r, s and v are there twice, and the two must agree.
        "v" | "signature" if base == "ecdsa" => "ecdsa",
        "r" | "s" => "ecdsa",
        "v" | "signer_addr" => "signer",
        "signature" => "mldsa65",
        _ => return None,
    })
}

#[test]
fn flipped_fields() {
    let node = Node::new(1);
    for (kind, document) in all(&node) {
        let good: Value = serde_json::from_str(&document.to_json()).unwrap();
        for path in paths(&good) {
            let name = path.join(".");
            let mut bad = good.clone();
            let field = parent(&mut bad, &path).get_mut(path.last().unwrap()).unwrap();
            *field = flipped(&name, field);
            match (judge(&node, &bad.to_string()), refusing_check(kind, &name)) {
                (Err(Refusal::Check(check)), Some(expected)) => {
                    assert_eq!(check, expected, "{kind}: {name}");
                }
                (Err(Refusal::Parse(error)), None) => {
                    // Another signature type or kind makes other fields wrong.
                    let elsewhere = ["signature_type", "unique"].contains(&name.as_str());
                    assert!(elsewhere || error.field() == Some(&name), "{kind}: {name}: {error}");
                }
                (other, _) => panic!("{kind}: {name}: {other:?}"),
            }
        }
    }
}

#[test]
fn removed_fields() {
    let node = Node::new(1);
    let optional = BTreeSet::from(["domain.chain_id", "domain.contract", "unique"]);
    for (kind, document) in all(&node) {
        let good: Value = serde_json::from_str(&document.to_json()).unwrap();
        for path in paths(&good) {
            let name = path.join(".");
            let mut bad = good.clone();
            parent(&mut bad, &path).remove(path.last().unwrap());
            let judged = judge(&node, &bad.to_string());
            let called = CALLED.contains(&kind);
            if name == "vrf.evm_proof" && !called {
                assert_eq!(judged, Ok(()), "{kind}: optional, and nothing else needs it");
                continue;
            }
            let refusal = judged.unwrap_err();
            if name == "vrf.evm_proof" {
                let unknown = ParseError::Unknown { field: "evm_call".into() };
                assert_eq!(refusal, Refusal::Parse(unknown), "{kind}: a call without its proof");
            } else if name == "evm_call" || name == "domain.contract" && called {
                assert_eq!(refusal, Refusal::Check("evm"), "{kind}: {name}");
            } else if name == "domain.contract" {
                assert_eq!(refusal, Refusal::Check("digest"), "{kind}");
            } else if !optional.contains(name.as_str()) {
                let missing = ParseError::Missing { field: name };
                assert_eq!(refusal, Refusal::Parse(missing), "{kind}");
            }
        }
    }
}

#[test]
fn repeated_and_unknown_fields() {
    let node = Node::new(1);
    for (kind, document) in all(&node) {
        let good = document.to_json();
        let value: Value = serde_json::from_str(&good).unwrap();
        for path in paths(&value) {
            let name = path.join(".");
            let field = path.iter().fold(&value, |value, name| &value[name]);
            let entry = format!("\"{}\":{field}", path.last().unwrap());
            let parents = &path[..path.len() - 1];
            let repeated = with_entry(&good, parents, &entry);
            let twice = ParseError::Duplicate { field: name };
            assert_eq!(judge(&node, &repeated), Err(Refusal::Parse(twice)), "{kind}");
            let unknown = with_entry(&good, parents, "\"extra\":1");
            let field = [parents, &["extra".into()]].concat().join(".");
            let unknown = judge(&node, &unknown);
            assert_eq!(unknown, Err(Refusal::Parse(ParseError::Unknown { field })), "{kind}");
        }
    }
}

#[test]
fn null_is_no_value() {
    let node = Node::new(1);
    for (kind, document) in all(&node) {
        let good: Value = serde_json::from_str(&document.to_json()).unwrap();
        for path in paths(&good) {
            let mut bad = good.clone();
            parent(&mut bad, &path).insert(path.last().unwrap().clone(), Value::Null);
            let name = path.join(".");
            match judge(&node, &bad.to_string()) {
                Err(Refusal::Parse(ParseError::Field { field, .. })) => {
                    assert_eq!(field, name, "{kind}");
                }
                other => panic!("{kind}: {name}: {other:?}"),
            }
        }
    }
}

/// Takes one signature out of a dual receipt, as a forger would: types and pairs are made to fit.
/// What is left is ML-DSA-65 in the first, ECDSA in the second.
pub(crate) fn stripped(node: &Node, dual: &Receipt) -> [Value; 2] {
    let good: Value = serde_json::from_str(&dual.to_json()).unwrap();
    let mut mldsa = good.clone();
    mldsa["signature_type"] = json!("ML-DSA-65");
    for name in ["v", "r", "s", "signer_addr"] {
        mldsa.as_object_mut().unwrap().remove(name);
    }
    let mut ecdsa = good;
    ecdsa["signature_type"] = json!("ECDSA(secp256k1)");
    ecdsa.as_object_mut().unwrap().remove("pq_scheme");
    let signature = dual.envelope.signatures.ecdsa().unwrap().signature().unwrap();
    ecdsa["signature"] = json!(to_base64(&signature.to_bytes()));
    ecdsa["public_key"] = json!(to_base64(&node.keys.ecdsa));
    [mldsa, ecdsa]
}

/// Makes the digest that a document states the one of its fields.
pub(crate) fn with_its_digest(mut value: Value) -> Value {
    let parsed = Document::parse(value.to_string().as_bytes()).unwrap();
    let digest = parsed.digest(parsed.envelope().keys.key_hash(), parsed.envelope().schemes());
    value["id"] = json!(to_hex(&digest));
    value["msg_hash"] = value["id"].clone();
    value
}

#[test]
fn a_stripped_signature_is_refused() {
    let node = Node::new(1);
    let dual = node.sign(node.unsigned(crate::Schemes::Dual, None));
    for (bad, check) in stripped(&node, &dual).into_iter().zip(["mldsa65", "ecdsa"]) {
        assert_eq!(judge(&node, &bad.to_string()), Err(Refusal::Check("schemes")));
        // With the digest made to fit, the signatures do not.
        let fitted = with_its_digest(bad).to_string();
        assert_eq!(judge(&node, &fitted), Err(Refusal::Check(check)));
    }
}
