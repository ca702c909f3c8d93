//! Documents and bare receipts, right, tampered with and forged, and what a verifier has to say of
//! each.

mod malformed;
mod tampered;

use std::prelude::v1::*;
use std::{format, vec};

use r4_receipt::{KeysDocument, Pin, Policy, Report, Require, Schemes, Verdict};
use serde_json::{Value, json};

use super::own_vectors;
use crate::testing::{Node, logged, ordered};
use crate::{Document, Evidence, Lists};

/// One text and what is to be said of it.
#[derive(Clone)]
struct Case {
    name: String,
    text: String,
    /// Lists that the verifier is given beside the text.
    given: Lists,
    pin: &'static str,
    verdict: &'static str,
    failed: Option<&'static str>,
}

impl Case {
    fn valid(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            given: Lists::default(),
            pin: "key_hash",
            verdict: "valid",
            failed: None,
        }
    }

    fn failed(name: impl Into<String>, text: impl Into<String>, check: &'static str) -> Self {
        Self { verdict: "failed", failed: Some(check), ..Self::valid(name, text) }
    }

    fn malformed(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { verdict: "malformed", ..Self::valid(name, text) }
    }

    fn pinned(self, pin: &'static str) -> Self {
        let verdict = match (pin, self.verdict) {
            ("none", "valid") => "self-consistent",
            (_, verdict) => verdict,
        };
        Self { pin, verdict, ..self }
    }

    fn with(self, given: Lists) -> Self {
        Self { given, ..self }
    }

    fn json(&self) -> Value {
        let mut case = json!({
            "name": self.name,
            "document": self.text,
            "policy": {"pin": self.pin, "require": "dual"},
            "verdict": self.verdict,
            "failed_check": self.failed,
        });
        let mut put = |name: &str, value: Value| case[name] = value;
        if let Some(participants) = &self.given.participants {
            put("participants", json!(participants));
        }
        if let Some(weights) = &self.given.weights {
            put("weights", json!(weights));
        }
        case
    }
}

pub(super) fn cases() -> Vec<Value> {
    all().iter().map(Case::json).collect()
}

const ORDERS: [&str; 10] = [
    r#"{"kind":"integers","count":6,"min":1,"max":49,"unique":true,"label":"6 of 49"}"#,
    r#"{"kind":"integers","count":3,"min":-10,"max":10}"#,
    r#"{"kind":"shuffle","participants":["Ada","Grace","Katherine"],"label":"running order"}"#,
    WINNERS,
    WEIGHTED,
    r#"{"kind":"winners","k":1,"n":3,"weights":[1,2,3]}"#,
    r#"{"kind":"dice","count":5,"label":"table 3, round 12"}"#,
    r#"{"kind":"cards","count":5,"label":"hand 1"}"#,
    r#"{"kind":"decimals","count":2,"digits":8}"#,
    r#"{"kind":"uuids","count":2,"label":"two ids"}"#,
];

const WINNERS: &str = r#"{"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"label":"giveaway 2026-11"}"#;
const FOUR_WEIGHTS: &str = r#"{"kind":"winners","k":2,"n":4,"weights":[1,5,2,2],"label":"x"}"#;
const WEIGHTED: &str = r#"{"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"weights":[1,5,2,2],"label":"by tickets"}"#;

fn all() -> Vec<Case> {
    let node = Node::new(1);
    let mut cases = honest(&node);
    cases.extend(lists_elsewhere(&node));
    cases.extend(bare(&node));
    cases.extend(tampered::changed(&node));
    cases.extend(tampered::forged(&node));
    cases.extend(malformed::cases(&node));
    cases
}

fn honest(node: &Node) -> Vec<Case> {
    let mut cases = vec![];
    for order in ORDERS {
        let document = node.draw(order);
        cases.push(Case::valid(
            format!("{}: {order}", document.spec.kind().name()),
            document.to_json(),
        ));
    }
    let mut document = node.draw(WINNERS);
    document.receipt = logged(document.receipt);
    let text = document.to_json();
    cases.push(Case::valid("in the log", &text));
    cases.push(Case::valid("in the log, checkpoint checked", &text).pinned("keys"));
    cases.push(Case::valid("nothing pinned", &text).pinned("none"));
    let sorted: Value = serde_json::from_str(&text).unwrap();
    cases.push(Case::valid(
        "white space",
        format!("\n{}\n", serde_json::to_string_pretty(&sorted).unwrap()),
    ));
    let stranger = Node::new(80).draw(WINNERS).to_json();
    cases.push(Case::failed("a stranger's", stranger.clone(), "pin"));
    cases.push(Case::valid("a stranger's, nothing pinned", stranger).pinned("none"));
    let (spec, lists) = ordered(WINNERS);
    let receipt = node.receipt(&spec.alpha(), Schemes::Ecdsa);
    let ecdsa = Document::of(spec, lists, receipt).unwrap().to_json();
    cases.push(Case::failed("one signature alone", ecdsa, "require"));
    cases
}

fn lists_of(participants: &[&str], weights: &[u64]) -> Lists {
    let texts: Vec<String> = participants.iter().map(ToString::to_string).collect();
    Lists {
        participants: (!texts.is_empty()).then_some(texts),
        weights: (!weights.is_empty()).then(|| weights.to_vec()),
    }
}

/// A name, a document, the lists beside it (none where it is empty), and the check that fails.
type Given<'a> = (&'a str, &'a str, &'a [&'a str], &'a [u64], Option<&'static str>);

/// Lists that the document leaves out, and lists beside it.
fn lists_elsewhere(node: &Node) -> Vec<Case> {
    let names = &["alice", "bob", "carol", "dave"];
    let swapped = &["bob", "alice", "carol", "dave"];
    let whole = node.draw(WEIGHTED);
    let mut private = whole.clone();
    private.lists.participants = None;
    let private = private.to_json();
    let mut bare = whole.clone();
    bare.lists = Lists::default();
    let bare = bare.to_json();
    let whole = whole.to_json();
    let unweighted = node.draw(WINNERS).to_json();
    let dice = node.draw(ORDERS[6]).to_json();
    let right = &[1, 5, 2, 2][..];
    let other = &[5, 1, 2, 2][..];
    let cases: [Given<'_>; 14] = [
        ("participants left out", &private, &[], &[], None),
        ("participants left out, given", &private, names, &[], None),
        ("participants left out, others given", &private, swapped, &[], Some("participants")),
        ("participants left out, fewer given", &private, &names[..3], &[], Some("participants")),
        ("weights left out", &bare, &[], &[], Some("weights")),
        ("weights left out, given", &bare, &[], right, None),
        ("both left out, given", &bare, names, right, None),
        ("weights left out, others given", &bare, &[], other, Some("weights")),
        ("weights left out, fewer given", &bare, &[], &right[..3], Some("weights")),
        ("lists given again", &whole, names, right, None),
        ("other participants beside the right ones", &whole, swapped, &[], Some("participants")),
        ("other weights beside the right ones", &whole, &[], other, Some("weights")),
        ("weights for a draw without", &unweighted, &[], right, Some("weights")),
        ("participants for dice", &dice, names, &[], Some("participants")),
    ];
    let case = |(name, text, names, weights, failed): Given<'_>| {
        let case = match failed {
            None => Case::valid(name, text),
            Some(check) => Case::failed(name, text, check),
        };
        case.with(lists_of(names, weights))
    };
    cases.map(case).to_vec()
}

/// Receipts without a document around them.
fn bare(node: &Node) -> Vec<Case> {
    let receipt = |order: &str| node.draw(order).receipt;
    let of = |alpha: &[u8]| node.receipt(alpha, Schemes::Dual).to_json();
    let names = &["alice", "bob", "carol", "dave"];
    let weighted = receipt(WEIGHTED).to_json();
    let mut cases = vec![
        Case::valid("bare receipt: dice", receipt(ORDERS[6]).to_json()),
        Case::valid("bare receipt: dice, nothing pinned", receipt(ORDERS[6]).to_json())
            .pinned("none"),
        Case::valid("bare receipt: in the log", logged(receipt(WINNERS)).to_json()).pinned("keys"),
        Case::valid("bare receipt: participants given", receipt(WINNERS).to_json())
            .with(lists_of(names, &[])),
        Case::failed("bare receipt: others given", receipt(WINNERS).to_json(), "participants")
            .with(lists_of(&["alice"], &[])),
        Case::failed("bare receipt: weights needed", &weighted, "weights"),
        Case::valid("bare receipt: weights given", &weighted).with(lists_of(&[], &[1, 5, 2, 2])),
        Case::failed("bare receipt: of no draw", of(b"alpha"), "draw"),
        Case::failed("bare receipt: of a later version", of(b"r4-draw/v2\nkind=dice\n"), "draw"),
        Case::failed(
            "bare receipt: alpha goes on",
            of(&[&ordered(ORDERS[6]).0.alpha()[..], b"x=1\n"].concat()),
            "draw",
        ),
    ];
    // The weights are those of the hash, but not one for each entry.
    let four = String::from_utf8(ordered(FOUR_WEIGHTS).0.alpha()).unwrap();
    cases.extend(["n=3\n", "n=5\n"].map(|n| {
        let text = of(four.replace("n=4\n", n).as_bytes());
        Case::failed(format!("bare receipt: four weights, {}", n.trim()), text, "weights")
            .with(lists_of(&[], &[1, 5, 2, 2]))
    }));
    cases
}

/// Judges a text as a verifier does.
fn judge(case: &Case, keys: &KeysDocument) -> Result<Report, String> {
    let pin = match case.pin {
        "none" => Pin::None,
        "keys" => Pin::KeyHashes(keys.key_hashes().collect()),
        _ => Pin::KeyHashes(vec![Node::new(1).key_hash()]),
    };
    let log = keys.log().filter(|_| case.pin == "keys").cloned();
    let policy = Policy { pin, require: Require::Dual, log, witnesses: None };
    let evidence = Evidence::parse(case.text.as_bytes()).map_err(|error| error.to_string())?;
    assert_eq!(evidence.document().is_none(), case.name.starts_with("bare receipt"));
    Ok(evidence.verify(&case.given, &policy))
}

#[test]
fn each_gets_what_is_written_beside_it() {
    let keys = own_vectors("receipts.json")["trusted"]["keys"].to_string();
    let keys = KeysDocument::parse(keys.as_bytes()).unwrap();
    for case in all() {
        let said = match judge(&case, &keys).map(|report| report.verdict()) {
            Ok(Verdict::Valid) => ("valid", None),
            Ok(Verdict::SelfConsistent) => ("self-consistent", None),
            Ok(Verdict::Failed(check)) => ("failed", Some(check)),
            Err(_) => ("malformed", None),
        };
        assert_eq!(said, (case.verdict, case.failed), "{}", case.name);
    }
}
