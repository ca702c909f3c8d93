//! Documents with a part `log`: right, wrong in one place, and not of its form.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use r4_tlog::{Checkpoint, SignatureLine, SignedCheckpoint};
use serde_json::{Value, json};

use super::{ACCEPTED, ALPHA, Case, Stage};
use crate::testing::log::TestLog;
use crate::{Document, Log, Schemes};

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    [sound(stage), inclusions(stage), checkpoints(stage), forms(stage)].concat()
}

/// A receipt with the index, in a tree of the size.
fn logged(stage: &Stage, schemes: Schemes, index: u64, size: u64) -> Document {
    let receipt = stage.receipt(schemes, Some(&ALPHA), |unsigned| unsigned.head.index = index);
    in_log(&stage.log, Document::Vrf(receipt), size)
}

fn in_log(log: &TestLog, document: Document, size: u64) -> Document {
    let part = log.part(&document, size);
    document.with_log(Some(part))
}

fn sound(stage: &Stage) -> Vec<Case> {
    let mut cases = vec![];
    for (index, size) in
        [(0, 1), (0, 2), (1, 2), (6, 7), (3, 8), (7, 8), (255, 256), (256, 257), (70_000, 100_000)]
    {
        let document = logged(stage, Schemes::Ecdsa, index, size);
        let name = format!("log: index {index} of {size}");
        cases.push(Case::valid(name, &document).pinned("keys"));
    }
    let far = logged(stage, Schemes::Ecdsa, 9_007_199_254_740_993, 9_007_199_254_741_017);
    cases.push(Case::valid("log: index past 2^53", &far).pinned("keys"));
    let dual = logged(stage, Schemes::Dual, 11, 20);
    cases.push(Case::valid("log: dual, pinned by keys", &dual).pinned("keys"));
    cases.push(Case::valid("log: dual, pinned by key_hash: no key of the log", &dual));
    cases.push(Case::consistent("log: dual, unpinned", &dual));
    let bound = Document::Vrf(stage.receipt(Schemes::Dual, Some(&ALPHA), |unsigned| {
        (unsigned.head.domain, unsigned.head.index) = (stage.contract, 5);
    }));
    let bound = in_log(&stage.log, bound, 6);
    cases.push(Case::valid("log: on the contract", &bound).pinned("keys").on_chain(ACCEPTED));
    let attested = stage.node.attestation(Schemes::Dual, crate::Domain::default());
    let attested = in_log(&stage.log, Document::Attested(attested), 9);
    cases.push(Case::valid("log: attestation", &attested).pinned("keys"));
    cases
}

/// The proof is not of this receipt, or proves nothing.
fn inclusions(stage: &Stage) -> Vec<Case> {
    type Change = fn(&mut Log);
    let changes: [(&str, Change); 12] = [
        ("another index", |log| log.index = 10),
        ("leaf_hash flipped", |log| log.leaf_hash[7] ^= 1),
        ("tree_size one less", |log| log.tree_size = 19),
        ("root flipped", |log| log.root[31] ^= 0x80),
        ("another origin than the checkpoint's", |log| log.origin.push('x')),
        ("first hash flipped", |log| log.inclusion[0][0] ^= 1),
        ("last hash flipped", |log| log.inclusion.last_mut().unwrap()[31] ^= 1),
        ("a hash dropped", |log| log.inclusion.truncate(4)),
        ("a hash added", |log| log.inclusion.push([0; 32])),
        ("no hashes", |log| log.inclusion.clear()),
        ("checkpoint is no note", |log| log.checkpoint = "none".into()),
        ("checkpoint is empty", |log| log.checkpoint.clear()),
    ];
    let good = logged(stage, Schemes::Ecdsa, 11, 20);
    let mut cases = vec![];
    let mut push = |what: &str, document: &Document| {
        cases.push(Case::failed(format!("log: inclusion: {what}"), document, "inclusion"));
    };
    for (what, change) in changes {
        let mut log = good.envelope().log.clone().unwrap();
        change(&mut log);
        push(what, &good.clone().with_log(Some(log)));
    }
    let part = |checkpoint: &dyn Fn(&Checkpoint) -> String| {
        let mut log = good.envelope().log.clone().unwrap();
        let signed = SignedCheckpoint::parse(&log.checkpoint).unwrap();
        log.checkpoint = checkpoint(&signed.checkpoint);
        good.clone().with_log(Some(log))
    };
    let larger = |at: &Checkpoint| stage.log.signed(Checkpoint { size: 21, ..at.clone() });
    push("the checkpoint is of another size", &part(&larger));
    let other = |at: &Checkpoint| stage.log.signed(Checkpoint { root: [1; 32], ..at.clone() });
    push("the checkpoint has another root", &part(&other));
    let extended =
        |at: &Checkpoint| stage.log.signed(at.clone()).replacen("=\n\n", "=\nan extension\n\n", 1);
    push("the checkpoint has a line more", &part(&extended));
    let zeros = |at: &Checkpoint| stage.log.signed(at.clone()).replacen("\n20\n", "\n020\n", 1);
    push("the checkpoint's size has a leading zero", &part(&zeros));
    let same_index = stage.receipt(Schemes::Ecdsa, Some(b"another alpha"), |unsigned| {
        unsigned.head.index = 11;
    });
    let another = in_log(&stage.log, Document::Vrf(same_index), 20);
    push("the part of another receipt", &good.clone().with_log(another.envelope().log.clone()));
    cases
}

/// The checkpoint is not signed by the pinned log; who pins no log cannot tell.
fn checkpoints(stage: &Stage) -> Vec<Case> {
    let origin = stage.log.keys.origin();
    let good = logged(stage, Schemes::Ecdsa, 11, 20);
    let log = good.envelope().log.clone().unwrap();
    let checkpoint = SignedCheckpoint::parse(&log.checkpoint).unwrap().checkpoint;
    let with = |lines: Vec<SignatureLine>| {
        let note = SignedCheckpoint::new(checkpoint.clone(), lines).to_string();
        good.clone().with_log(Some(Log { checkpoint: note, ..log.clone() }))
    };
    let [ed25519, mldsa] = stage.log.lines(&checkpoint);
    let impostor = TestLog::new(origin, 201);
    let [other_ed25519, other_mldsa] = impostor.lines(&checkpoint);
    let older = stage.log.lines(&Checkpoint { size: 19, ..checkpoint.clone() });
    let broken = |line: &SignatureLine, at: usize| {
        let mut line = line.clone();
        line.bytes[at] ^= 1;
        line
    };
    let last = mldsa.bytes.len() - 1;
    let mut cases = vec![];
    for (what, lines) in [
        ("no Ed25519 line", vec![mldsa.clone()]),
        ("no ML-DSA-44 line", vec![ed25519.clone()]),
        ("other keys of the same name", vec![other_ed25519.clone(), other_mldsa.clone()]),
        ("Ed25519 signature flipped", vec![broken(&ed25519, 20), mldsa.clone()]),
        ("ML-DSA-44 signature flipped", vec![ed25519.clone(), broken(&mldsa, last)]),
        ("ML-DSA-44 timestamp flipped", vec![ed25519.clone(), broken(&mldsa, 7)]),
        ("lines of another checkpoint", older.to_vec()),
        (
            "a broken line beside a good one",
            vec![broken(&ed25519, 20), ed25519.clone(), mldsa.clone()],
        ),
    ] {
        let document = with(lines);
        let name = format!("log: checkpoint: {what}");
        cases.push(Case::failed(name, &document, "checkpoint").pinned("keys"));
        let name = format!("log: checkpoint: {what}, no key of the log");
        cases.push(Case::valid(name, &document));
    }
    let foreign = with(vec![other_ed25519, ed25519, other_mldsa, mldsa]);
    let name = "log: checkpoint: lines of others beside the log's";
    cases.push(Case::valid(name, &foreign).pinned("keys"));
    let elsewhere = TestLog::new("elsewhere.example/v1/log", 200);
    let elsewhere = in_log(&elsewhere, good.clone().with_log(None), 20);
    let name = "log: checkpoint: of another log";
    cases.push(Case::failed(name, &elsewhere, "checkpoint").pinned("keys"));
    cases
}

/// Parts that have not the one form.
fn forms(stage: &Stage) -> Vec<Case> {
    let good: Value =
        serde_json::from_str(&logged(stage, Schemes::Ecdsa, 11, 20).to_json()).unwrap();
    let hash = good["log"]["root"].as_str().unwrap();
    let mut cases = vec![];
    let mut push = |what: &str, change: &dyn Fn(&mut Value), field: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        let name = format!("log: malformed: {what}");
        cases.push(Case::malformed(name, bad.to_string(), Some(field)));
    };
    for (field, _) in good["log"].as_object().unwrap() {
        let path = format!("log.{field}");
        push(&format!("no {field}"), &|at| drop(parts(at).remove(field)), &path);
        push(&format!("{field} is null"), &|at| at["log"][field] = Value::Null, &path);
        push(&format!("{field} is a number"), &|at| at["log"][field] = json!(11), &path);
    }
    push("null", &|at| at["log"] = Value::Null, "log");
    push("a list", &|at| at["log"] = json!([]), "log");
    push("a field more", &|at| at["log"]["extra"] = json!(1), "log.extra");
    let many = vec![hash; 65];
    for (what, field, value) in [
        ("an empty origin", "origin", json!("")),
        ("an origin of 256 bytes", "origin", json!("o".repeat(256))),
        ("a leading zero", "index", json!("011")),
        ("an index past 64 bits", "tree_size", json!("18446744073709551616")),
        ("a short hash", "leaf_hash", json!(&hash[..64])),
        ("a hash without 0x", "root", json!(&hash[2..])),
        ("a hash in capitals", "inclusion", json!([format!("0x{}", "AB".repeat(32))])),
        ("a number among the hashes", "inclusion", json!([hash, 1])),
        ("an object for the hashes", "inclusion", json!({})),
        ("65 hashes", "inclusion", json!(many)),
    ] {
        push(what, &|at| at["log"][field] = value.clone(), &format!("log.{field}"));
    }
    cases
}

fn parts(document: &mut Value) -> &mut serde_json::Map<String, Value> {
    document["log"].as_object_mut().unwrap()
}
