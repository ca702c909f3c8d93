//! Results of every kind, at the edges of its numbers, and where words are thrown away.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::format;
use std::prelude::v1::*;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::testing::ordered;
use crate::{Lists, Outcome, Spec, Stream};

/// Results that are written down whole; longer ones by their hash.
const LONGEST: usize = 100;

/// A name, a number that the VRF's output is made of, and the request.
type Case = (&'static str, u32, &'static str);

const INTEGERS: &[Case] = &[
    ("integers: one of one", 1, r#"{"kind":"integers","count":1,"min":7,"max":7,"label":"a"}"#),
    (
        "integers: ten of 1 to 6",
        2,
        r#"{"kind":"integers","count":10,"min":1,"max":6,"label":"ten throws"}"#,
    ),
    (
        "integers: below and above zero, with a nonce",
        3,
        r#"{"kind":"integers","count":20,"min":-5,"max":5}"#,
    ),
    (
        "integers: all 2^53 values",
        4,
        r#"{"kind":"integers","count":5,"min":-1,"max":9007199254740990,"label":"wide"}"#,
    ),
    (
        "integers: the largest numbers",
        5,
        r#"{"kind":"integers","count":5,"min":9007199254740990,"max":9007199254740991,"label":"b"}"#,
    ),
    (
        "integers: the smallest numbers",
        6,
        r#"{"kind":"integers","count":5,"min":-9007199254740991,"max":-9007199254740990}"#,
    ),
    (
        "integers: six of 49, unique",
        8,
        r#"{"kind":"integers","count":6,"min":1,"max":49,"unique":true,"label":"6 of 49"}"#,
    ),
    (
        "integers: ten of ten, unique",
        9,
        r#"{"kind":"integers","count":10,"min":-4,"max":5,"unique":true,"label":"all"}"#,
    ),
    (
        "integers: unique of 2^53 values",
        10,
        r#"{"kind":"integers","count":5,"min":0,"max":9007199254740991,"unique":true}"#,
    ),
    ("integers: 10000", 12, r#"{"kind":"integers","count":10000,"min":0,"max":255,"label":"d"}"#),
    (
        "integers: 10000 of 10000, unique",
        13,
        r#"{"kind":"integers","count":10000,"min":1,"max":10000,"unique":true,"label":"e"}"#,
    ),
];

const LISTS: &[Case] = &[
    ("shuffle: one", 20, r#"{"kind":"shuffle","n":1,"label":"one"}"#),
    ("shuffle: two", 21, r#"{"kind":"shuffle","n":2,"label":"two"}"#),
    (
        "shuffle: the running order of five",
        22,
        r#"{"kind":"shuffle","participants":["Ada","Grace","Katherine","Mary","Sophie"],"label":"order"}"#,
    ),
    ("shuffle: 10000", 23, r#"{"kind":"shuffle","n":10000}"#),
    ("winners: one of one", 30, r#"{"kind":"winners","k":1,"n":1,"label":"sure"}"#),
    ("winners: three of 1000", 31, r#"{"kind":"winners","k":3,"n":1000,"label":"raffle 7"}"#),
    (
        "winners: two of four",
        32,
        r#"{"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"label":"giveaway 2026-11"}"#,
    ),
    (
        "winners: participants of all sorts",
        33,
        r#"{"kind":"winners","k":3,"participants":["Zo\u00eb","\u674e\u56db","a \"b\" \\ c"," ","\ud83c\udfb2","Zo\u00eb"],"label":"= x ~"}"#,
    ),
    (
        "winners: the hash of a list",
        34,
        r#"{"kind":"winners","k":2,"n":4,"participants_sha256":"0x64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b","label":"private"}"#,
    ),
    (
        "winners: weighted, two of four",
        35,
        r#"{"kind":"winners","k":2,"participants":["alice","bob","carol","dave"],"weights":[1,5,2,2],"label":"by tickets"}"#,
    ),
    (
        "winners: weighted, all, very unlike",
        36,
        r#"{"kind":"winners","k":6,"n":6,"weights":[1,4294967295,1,1000000,4294967295,3]}"#,
    ),
    ("winners: weighted, one of one", 37, r#"{"kind":"winners","k":1,"n":1,"weights":[9]}"#),
    ("winners: 10000 of 10000", 38, r#"{"kind":"winners","k":10000,"n":10000,"label":"f"}"#),
];

const OTHERS: &[Case] = &[
    ("dice: one", 40, r#"{"kind":"dice","count":1}"#),
    ("dice: five of six sides", 41, r#"{"kind":"dice","count":5,"label":"table 3, round 12"}"#),
    ("dice: coins", 42, r#"{"kind":"dice","count":12,"sides":2,"label":"coins"}"#),
    ("dice: 10000 of 1000 sides", 43, r#"{"kind":"dice","count":10000,"sides":1000,"label":"g"}"#),
    ("cards: one", 50, r#"{"kind":"cards","count":1,"label":"cut"}"#),
    ("cards: a hand of five", 51, r#"{"kind":"cards","count":5,"label":"hand 1"}"#),
    ("cards: a deck", 52, r#"{"kind":"cards","count":52}"#),
    ("cards: all of eight decks", 53, r#"{"kind":"cards","count":416,"decks":8,"label":"shoe"}"#),
    ("decimals: one of one digit", 60, r#"{"kind":"decimals","count":1,"digits":1,"label":"h"}"#),
    ("decimals: three", 61, r#"{"kind":"decimals","count":3,"label":"fractions"}"#),
    ("decimals: 10000", 63, r#"{"kind":"decimals","count":10000,"digits":2}"#),
    ("uuids: one", 70, r#"{"kind":"uuids","count":1,"label":"j"}"#),
    ("uuids: two", 71, r#"{"kind":"uuids","count":2,"label":"two ids"}"#),
    ("uuids: 10000", 72, r#"{"kind":"uuids","count":10000}"#),
];

/// Draws whose numbers below `m` need more words than there are numbers. 2^64 mod m is nearly m for
/// the first two (and for the second's m − 1, m − 2, …), so that one word of 2049 is thrown away.
const REJECTED: &[(&str, u64, &str)] = &[
    (
        "integers: words are thrown away",
        9_002_803_354_665_472,
        r#"{"kind":"integers","count":20,"min":0,"max":9002803354665471,"label":"rejected"}"#,
    ),
    (
        "integers: unique, words are thrown away",
        9_002_803_354_666_472,
        r#"{"kind":"integers","count":20,"min":0,"max":9002803354666471,"unique":true,"label":"c"}"#,
    ),
    (
        "decimals: words are thrown away",
        1_000_000_000_000_000,
        r#"{"kind":"decimals","count":20,"digits":15,"label":"i"}"#,
    ),
];

/// The VRF's output of a case.
pub(super) fn random(number: u32) -> [u8; 32] {
    Sha256::digest(format!("r4-draw vectors {number}")).into()
}

pub(super) fn cases() -> Vec<Value> {
    let fixed = [INTEGERS, LISTS, OTHERS].concat();
    let mut cases: Vec<Value> =
        fixed.iter().map(|(name, number, request)| case(name, *number, ordered(request))).collect();
    for (name, m, request) in REJECTED {
        let number = (1000..10_000).find(|number| thrown_away(*number, *m) > 0).unwrap();
        cases.push(case(name, number, ordered(request)));
    }
    let weights: Vec<u64> = (0..10_000).map(|at: u64| at.pow(2) % 97 + 1).collect();
    let request = json!({"kind": "winners", "k": 10_000, "n": 10_000, "weights": weights});
    cases.push(case("winners: weighted, 10000 of 10000", 39, ordered(&request.to_string())));
    cases
}

fn case(name: &str, number: u32, (spec, lists): (Spec, Lists)) -> Value {
    let random = random(number);
    let outcome = spec.run(&random, lists.weights.as_deref()).unwrap();
    let mut case = json!({
        "name": name,
        "random": hex::encode(random),
        "draw": spec,
        "alpha": hex::encode(spec.alpha()),
    });
    let mut put =
        |name: &str, value: Value| drop(case.as_object_mut().unwrap().insert(name.into(), value));
    if let Some(participants) = &lists.participants {
        put("participants", json!(participants));
    }
    if let Some(weights) = &lists.weights {
        put("weights", json!(weights));
    }
    if outcome.count() > LONGEST {
        put("result_sha256", hash(&outcome).into());
    } else {
        put("result", json!(outcome));
    }
    case
}

/// The hash of the result's JSON text without white space.
fn hash(outcome: &Outcome) -> String {
    hex::encode(Sha256::digest(serde_json::to_string(outcome).unwrap()))
}

/// Counts the words among the first 20 that are thrown away for numbers below `m`.
fn thrown_away(number: u32, m: u64) -> usize {
    let all = 1_u128 << 64;
    let whole_rounds = all - all % u128::from(m);
    let mut stream = Stream::new(&random(number));
    (0..20).filter(|_| u128::from(stream.word()) >= whole_rounds).count()
}
