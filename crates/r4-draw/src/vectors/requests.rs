//! Requests, right and wrong. Where there is no label, the nonce is 0x000102030405060708090a0b0c0d0e0f.

use std::format;
use std::prelude::v1::*;

use serde_json::{Value, json};

use crate::Order;
use crate::testing::NONCE;

/// A name, the body, and the field at fault if it is refused.
type Case = (&'static str, &'static str, Option<&'static str>);

const CASES: &[Case] = &[
    ("dice, as little as can be", r#"{"kind":"dice","count":1}"#, None),
    ("white space, other order", " {\n\"label\" : \"x\",\t\"count\":2, \"kind\":\"dice\"}\n", None),
    ("integers", r#"{"kind":"integers","count":1,"min":-6,"max":6,"label":"x"}"#, None),
    ("shuffle of a list", r#"{"kind":"shuffle","participants":["a","b"]}"#, None),
    ("shuffle, n agrees", r#"{"kind":"shuffle","participants":["a","b"],"n":2}"#, None),
    (
        "winners by hash",
        r#"{"kind":"winners","k":1,"n":2,"participants_sha256":"0x64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b","label":"x"}"#,
        None,
    ),
    (
        "winners by weight",
        r#"{"kind":"winners","k":1,"n":2,"weights":[1,4294967295],"label":"x"}"#,
        None,
    ),
    ("cards", r#"{"kind":"cards","count":52}"#, None),
    ("decimals", r#"{"kind":"decimals","count":1}"#, None),
    ("uuids", r#"{"kind":"uuids","count":1,"label":"a b"}"#, None),
    ("empty", "", Some("")),
    ("a list", "[]", Some("")),
    ("no kind", "{}", Some("kind")),
    ("kind null", r#"{"kind":null}"#, Some("kind")),
    ("unknown kind", r#"{"kind":"lottery","count":1}"#, Some("kind")),
    ("unknown field", r#"{"kind":"dice","count":1,"seed":1}"#, Some("seed")),
    ("another kind's field", r#"{"kind":"uuids","count":1,"sides":6}"#, Some("sides")),
    (
        "participants of dice",
        r#"{"kind":"dice","count":1,"participants":["a"]}"#,
        Some("participants"),
    ),
    ("weights of a shuffle", r#"{"kind":"shuffle","n":2,"weights":[1,1]}"#, Some("weights")),
    ("repeated field", r#"{"kind":"dice","count":1,"count":1}"#, Some("count")),
    ("count missing", r#"{"kind":"dice"}"#, Some("count")),
    ("count 0", r#"{"kind":"dice","count":0}"#, Some("count")),
    ("count 10001", r#"{"kind":"dice","count":10001}"#, Some("count")),
    ("count below zero", r#"{"kind":"dice","count":-1}"#, Some("count")),
    ("count as a fraction", r#"{"kind":"dice","count":1.0}"#, Some("count")),
    ("count with an exponent", r#"{"kind":"dice","count":1e1}"#, Some("count")),
    ("count as a text", r#"{"kind":"dice","count":"1"}"#, Some("count")),
    ("count -0", r#"{"kind":"dice","count":-0}"#, Some("count")),
    ("count null", r#"{"kind":"dice","count":null}"#, Some("count")),
    ("default null", r#"{"kind":"dice","count":1,"sides":null}"#, Some("sides")),
    ("sides 1", r#"{"kind":"dice","count":1,"sides":1}"#, Some("sides")),
    ("sides 1001", r#"{"kind":"dice","count":1,"sides":1001}"#, Some("sides")),
    ("max below min", r#"{"kind":"integers","count":1,"min":2,"max":1}"#, Some("max")),
    ("min missing", r#"{"kind":"integers","count":1,"max":1}"#, Some("min")),
    (
        "max too large",
        r#"{"kind":"integers","count":1,"min":0,"max":9007199254740992}"#,
        Some("max"),
    ),
    (
        "min too small",
        r#"{"kind":"integers","count":1,"min":-9007199254740992,"max":0}"#,
        Some("min"),
    ),
    (
        "range too wide",
        r#"{"kind":"integers","count":1,"min":-1,"max":9007199254740991}"#,
        Some("max"),
    ),
    (
        "unique, too many",
        r#"{"kind":"integers","count":7,"min":1,"max":6,"unique":true}"#,
        Some("count"),
    ),
    (
        "unique as a number",
        r#"{"kind":"integers","count":1,"min":1,"max":6,"unique":1}"#,
        Some("unique"),
    ),
    ("k 0", r#"{"kind":"winners","k":0,"n":2}"#, Some("k")),
    ("k above n", r#"{"kind":"winners","k":3,"n":2}"#, Some("k")),
    ("neither list nor n", r#"{"kind":"winners","k":1}"#, Some("n")),
    ("n disagrees", r#"{"kind":"winners","k":1,"n":3,"participants":["a","b"]}"#, Some("n")),
    (
        "hash without n",
        r#"{"kind":"shuffle","participants_sha256":"0x64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b"}"#,
        Some("n"),
    ),
    (
        "list and hash",
        r#"{"kind":"shuffle","participants":["a"],"participants_sha256":"0x64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b"}"#,
        Some("participants_sha256"),
    ),
    (
        "hash without 0x",
        r#"{"kind":"shuffle","n":1,"participants_sha256":"64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b"}"#,
        Some("participants_sha256"),
    ),
    ("nobody", r#"{"kind":"shuffle","participants":[]}"#, Some("participants")),
    ("an empty name", r#"{"kind":"shuffle","participants":["a",""]}"#, Some("participants[1]")),
    (
        "a line feed in a name",
        r#"{"kind":"shuffle","participants":["a\nb"]}"#,
        Some("participants[0]"),
    ),
    (
        "a C1 control character in a name",
        r#"{"kind":"shuffle","participants":["a\u0085b"]}"#,
        Some("participants[0]"),
    ),
    ("a number as a name", r#"{"kind":"shuffle","participants":["a",1]}"#, Some("participants")),
    ("weights missing", r#"{"kind":"winners","k":1,"n":2,"weights":[1]}"#, Some("weights")),
    ("weight 0", r#"{"kind":"winners","k":1,"n":2,"weights":[1,0]}"#, Some("weights[1]")),
    (
        "weight too large",
        r#"{"kind":"winners","k":1,"n":2,"weights":[4294967296,1]}"#,
        Some("weights[0]"),
    ),
    (
        "weight as a fraction",
        r#"{"kind":"winners","k":1,"n":2,"weights":[1,1.5]}"#,
        Some("weights"),
    ),
    ("decks 0", r#"{"kind":"cards","count":1,"decks":0}"#, Some("decks")),
    ("more cards than there are", r#"{"kind":"cards","count":53}"#, Some("count")),
    ("digits 16", r#"{"kind":"decimals","count":1,"digits":16}"#, Some("digits")),
    ("empty label", r#"{"kind":"dice","count":1,"label":""}"#, Some("label")),
    ("label after a space", r#"{"kind":"dice","count":1,"label":" x"}"#, Some("label")),
    ("label of two lines", r#"{"kind":"dice","count":1,"label":"a\nb"}"#, Some("label")),
    ("label that is not ASCII", r#"{"kind":"dice","count":1,"label":"caf\u00e9"}"#, Some("label")),
    (
        "a nonce is the node's",
        r#"{"kind":"dice","count":1,"nonce":"0x000102030405060708090a0b0c0d0e0f"}"#,
        Some("nonce"),
    ),
];

pub(super) fn cases() -> Vec<Value> {
    let long = format!(r#"{{"kind":"dice","count":1,"label":"{}"}}"#, "x".repeat(129));
    let name = format!(r#"{{"kind":"shuffle","participants":["{}"]}}"#, "é".repeat(101));
    let others = [
        ("label of 129 characters", &*long, Some("label")),
        ("a name of 202 bytes", &*name, Some("participants[0]")),
    ];
    CASES.iter().copied().chain(others).map(|(name, body, field)| case(name, body, field)).collect()
}

fn case(name: &str, body: &str, field: Option<&str>) -> Value {
    match (Order::parse(body.as_bytes()), field) {
        (Ok(order), None) => {
            json!({"name": name, "body": body, "draw": order.into_spec(NONCE).0})
        }
        (Err(error), Some(field)) => {
            assert_eq!(error.field().unwrap_or_default(), field, "{name}: {error}");
            json!({"name": name, "body": body, "error": error.to_string()})
        }
        (parsed, _) => std::panic!("{name}: {parsed:?}"),
    }
}
