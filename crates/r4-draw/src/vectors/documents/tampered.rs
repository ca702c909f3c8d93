//! Documents that somebody changed, and documents put together of receipts that the node did give.

use std::prelude::v1::*;
use std::{format, vec};

use r4_receipt::Schemes;
use r4_receipt::object::to_hex;
use serde_json::{Value, json};

use super::{Case, ORDERS, WEIGHTED, WINNERS};
use crate::testing::Node;
use crate::{Document, Outcome, Spec, lists};

/// One value of a document after another, changed.
pub(super) fn changed(node: &Node) -> Vec<Case> {
    let weighted = node.draw(WEIGHTED).to_json();
    let integers = node.draw(ORDERS[0]).to_json();
    let uuids = node.draw(ORDERS[9]).to_json();
    let nonce = node.draw(ORDERS[8]).to_json();
    let zeros = to_hex(&[0; 32]);
    let changes: [(&str, &str, Value, &str); 26] = [
        (&weighted, "/id", json!(zeros), "draw"),
        (&weighted, "/draw/n", json!(5), "draw"),
        (&weighted, "/draw/k", json!(1), "draw"),
        (&weighted, "/draw/participants_sha256", json!(zeros), "draw"),
        (&weighted, "/draw/weights_sha256", json!(zeros), "draw"),
        (&weighted, "/draw/label", json!("by tickets."), "draw"),
        (&integers, "/draw/count", json!(5), "draw"),
        (&integers, "/draw/min", json!(0), "draw"),
        (&integers, "/draw/max", json!(50), "draw"),
        (&integers, "/draw/unique", json!(false), "draw"),
        (&nonce, "/draw/digits", json!(7), "draw"),
        (&nonce, "/draw/nonce", json!("0x000102030405060708090a0b0c0d0e0e"), "draw"),
        (&uuids, "/draw/count", json!(1), "draw"),
        (&integers, "/result/0", json!(0), "result"),
        (&integers, "/result/5", json!(0), "result"),
        (&uuids, "/result/1", json!("00000000-0000-4000-8000-000000000000"), "result"),
        (&nonce, "/result/0", json!("0.00000000"), "result"),
        (&weighted, "/result", json!([]), "result"),
        (&weighted, "/participants/3", json!("mallory"), "participants"),
        (&weighted, "/weights/0", json!(100), "weights"),
        (&weighted, "/receipt/random", json!(zeros), "random"),
        (&weighted, "/receipt/alpha", json!("0x00"), "vrf"),
        (&weighted, "/receipt/index", json!("1"), "digest"),
        (&weighted, "/receipt/timestamp", json!("2026-08-21T12:34:57Z"), "digest"),
        (&weighted, "/receipt/id", json!(zeros), "digest"),
        (&weighted, "/receipt/key_hash", json!(zeros), "key_hash"),
    ];
    let mut cases = vec![];
    for (text, pointer, value, check) in changes {
        let mut document: Value = serde_json::from_str(text).unwrap();
        let kind = document["draw"]["kind"].as_str().unwrap().to_string();
        let field = document.pointer_mut(pointer).unwrap();
        assert_ne!(*field, value);
        *field = value;
        cases.push(Case::failed(
            format!("changed: {kind}: {pointer}"),
            document.to_string(),
            check,
        ));
    }
    cases.extend(entries(&weighted));
    cases
}

/// Entries of the lists, swapped, left out and added.
fn entries(weighted: &str) -> Vec<Case> {
    let mut cases = vec![];
    let mut lists: Value = serde_json::from_str(weighted).unwrap();
    for (name, check) in
        [("result", "result"), ("participants", "participants"), ("weights", "weights")]
    {
        let good = lists[name].clone();
        lists[name].as_array_mut().unwrap().swap(0, 1);
        cases.push(Case::failed(format!("changed: two swapped: {name}"), lists.to_string(), check));
        lists[name] = good.clone();
        lists[name].as_array_mut().unwrap().pop();
        cases.push(Case::failed(format!("changed: one less: {name}"), lists.to_string(), check));
        lists[name] = good.clone();
        let first = good[0].clone();
        lists[name].as_array_mut().unwrap().push(first);
        cases.push(Case::failed(format!("changed: one more: {name}"), lists.to_string(), check));
        lists[name] = good;
    }
    cases
}

/// What an organiser could put together of receipts that the node did give.
pub(super) fn forged(node: &Node) -> Vec<Case> {
    let good = node.draw(WINNERS);
    let of = |document: &Document| document.to_json();
    let mut other_label = good.clone();
    other_label.receipt = node.draw(&WINNERS.replace("2026-11", "2026-12")).receipt;
    other_label.id = other_label.receipt.envelope.id;
    other_label.outcome = other_label.spec.run(&other_label.receipt.random, None).unwrap();
    let mut result_of_another = good.clone();
    let another = node.draw(&WINNERS.replace("2026-11", "2026-12"));
    result_of_another.outcome = match (&another.outcome, &good.outcome) {
        (Outcome::Numbers(other), Outcome::Numbers(numbers)) if other == numbers => {
            Outcome::Numbers(numbers.iter().rev().copied().collect())
        }
        (other, _) => other.clone(),
    };
    let mut unweighted = node.draw(WEIGHTED);
    unweighted.spec = good.spec.clone();
    unweighted.lists.weights = None;
    let forged =
        |alpha: &[u8]| Document { receipt: node.receipt(alpha, Schemes::Dual), ..good.clone() };
    let with_id = |mut document: Document| {
        document.id = document.receipt.envelope.id;
        document
    };
    // The hash is of the four participants, and n is 3: anybody can ask for that.
    let hash = hex::encode(lists::hash(&["alice", "bob", "carol", "dave"]));
    let alpha = format!("r4-draw/v1\nkind=winners\nn=3\nk=2\nparticipants={hash}\nlabel=x\n");
    let mut short = with_id(forged(alpha.as_bytes()));
    short.spec = Spec::from_alpha(alpha.as_bytes()).unwrap();
    short.outcome = short.spec.run(&short.receipt.random, None).unwrap();
    let no_draw = with_id(forged(b"giveaway 2026-11"));
    let cr_lf = String::from_utf8(good.spec.alpha()).unwrap().replace('\n', "\r\n");
    vec![
        Case::failed("forged: the receipt of another label", of(&other_label), "draw"),
        Case::failed("forged: the result of another label", of(&result_of_another), "result"),
        Case::failed("forged: weights concealed", of(&unweighted), "draw"),
        Case::failed("forged: n is less than the list", of(&short), "participants"),
        Case::failed("forged: the receipt of no draw", of(&no_draw), "draw"),
        Case::failed(
            "forged: lines of alpha end with CR LF",
            of(&with_id(forged(cr_lf.as_bytes()))),
            "draw",
        ),
    ]
}
