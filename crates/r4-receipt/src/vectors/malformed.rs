//! Texts that are no documents: not JSON, fields missing, null, repeated or unknown, and values in
//! forms other than the accepted one. Each has one fault.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::Value;

use super::{ALPHA, Case, Stage};
use crate::object::{to_base64, to_hex};
use crate::tamper::{parent, paths, with_entry};
use crate::{Document, MAX_DOCUMENT_BYTES, Schemes};

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    let receipt = Document::Vrf(stage.bound(Schemes::Ecdsa, Some(&ALPHA))).to_json();
    let attested = stage.node.attestation(Schemes::Ecdsa, stage.contract).to_json();
    let mut cases = texts(&receipt);
    cases.extend(fields("receipt", &receipt, &[]));
    let of_attestations = ["unique", "bytes", "n", "core_sha256", "mode"];
    cases.extend(fields("attestation", &attested, &of_attestations));
    cases.extend(smuggled(&receipt));
    cases.extend(forms(&receipt, RECEIPT_FORMS));
    cases.extend(forms(&attested, ATTESTATION_FORMS));
    cases.extend(lengths(&receipt, &attested));
    cases.extend(base64(stage, &receipt));
    cases
}

/// Inputs that are no JSON object, or too long.
fn texts(good: &str) -> Vec<Case> {
    let whole = [
        ("empty", String::new()),
        ("white space", " \r\n\t".into()),
        ("a list", "[]".into()),
        ("the document in a list", format!("[{good}]")),
        ("a number", "1".into()),
        ("a text", "\"text\"".into()),
        ("null", "null".into()),
        ("not JSON", "not JSON".into()),
        ("a web page", "<!doctype html><title>receipt</title>".into()),
        ("cut off", good[..good.len() / 2].into()),
        ("last brace missing", good[..good.len() - 1].into()),
        ("trailing byte", format!("{good}x")),
        ("trailing zero byte", format!("{good}\0")),
        ("twice", format!("{good}{good}")),
        ("trailing comma", format!("{},}}", &good[..good.len() - 1])),
        ("single quotes", good.replace('"', "'")),
        ("a comment", format!("/* receipt */{good}")),
        ("byte order mark", format!("\u{feff}{good}")),
        ("line break in a text", good.replacen("keccak256", "keccak\n256", 1)),
        ("half a surrogate pair", good.replacen("keccak256", "keccak256\\ud800", 1)),
        ("not a number", good.replacen("\"version\":1", "\"version\":NaN", 1)),
        ("leading zero", good.replacen("\"version\":1", "\"version\":01", 1)),
        ("deep nesting", "[".repeat(10_000) + &"]".repeat(10_000)),
        ("65537 bytes", good.to_string() + &" ".repeat(MAX_DOCUMENT_BYTES + 1 - good.len())),
    ];
    let mut cases: Vec<Case> = whole
        .into_iter()
        .map(|(name, text)| Case::malformed(format!("no document: {name}"), text, None))
        .collect();
    cases.push(Case::malformed("no document: an object without fields", "{}", Some("version")));
    cases
}

/// Each field missing, null and repeated, and an unknown one in each object. Of the fields in
/// `only`, if there are any.
fn fields(kind: &str, good: &str, only: &[&str]) -> Vec<Case> {
    let value: Value = serde_json::from_str(good).unwrap();
    let mut cases = vec![];
    for path in paths(&value) {
        let name = path.join(".");
        if !only.is_empty() && !only.contains(&name.as_str()) {
            continue;
        }
        let (last, parents) = path.split_last().unwrap();
        let mut push = |what: &str, text: String| {
            let case = Case::malformed(format!("{kind}: {what}: {name}"), text, Some(&name));
            cases.push(case);
        };
        let mut bad = value.clone();
        let field = parent(&mut bad, &path).insert(last.clone(), Value::Null).unwrap();
        push("null", bad.to_string());
        push("repeated", with_entry(good, parents, &format!("\"{last}\":{field}")));
        // Without its contract a receipt is another's; without `unique` it is no attestation.
        if !["domain.contract", "unique"].contains(&name.as_str()) {
            parent(&mut bad, &path).remove(last);
            push("missing", bad.to_string());
        }
    }
    for parents in [&[][..], &["keys".to_string()], &["domain".to_string()]] {
        let name = [parents, &["extra".to_string()]].concat().join(".");
        let text = with_entry(good, parents, "\"extra\":{}");
        cases.push(Case::malformed(format!("{kind}: unknown: {name}"), text, Some(&name)));
    }
    cases
}

/// A second value for a field, for readers that take the first or the last.
fn smuggled(good: &str) -> Vec<Case> {
    let zeros = to_hex(&[0; 32]);
    let before = with_entry(good, &[], &format!("\"random\":\"{zeros}\""));
    let after = format!("{},\"random\":\"{zeros}\"}}", &good[..good.len() - 1]);
    let escaped = with_entry(good, &[], &format!("\"\\u0072andom\":\"{zeros}\""));
    vec![
        Case::malformed("smuggled: another random before", before, Some("random")),
        Case::malformed("smuggled: another random after", after, Some("random")),
        Case::malformed("smuggled: another random, escaped", escaped, Some("random")),
        Case::malformed(
            "smuggled: a field of JavaScript's objects",
            with_entry(good, &[], "\"__proto__\":{}"),
            Some("__proto__"),
        ),
    ]
}

/// A field, its text in the good document, and texts to put there instead.
type Forms = [(&'static str, &'static str, &'static [&'static str])];

const RECEIPT_FORMS: &Forms = &[
    (
        "version",
        "\"version\":1,",
        &["\"version\":1.0,", "\"version\":\"1\",", "\"version\":true,", "\"version\":2,"],
    ),
    (
        "index",
        "\"index\":\"9007199254740993\"",
        &[
            "\"index\":9007199254740993",
            "\"index\":\"09007199254740993\"",
            "\"index\":\"+9007199254740993\"",
            "\"index\":\"-1\"",
            "\"index\":\"\"",
            "\"index\":\" 1\"",
            "\"index\":\"1e3\"",
            "\"index\":\"0x1\"",
            "\"index\":\"18446744073709551616\"",
        ],
    ),
    (
        "timestamp",
        "\"2026-08-21T12:34:56Z\"",
        &[
            "1787315696",
            "\"2026-08-21 12:34:56Z\"",
            "\"2026-08-21t12:34:56z\"",
            "\"2026-08-21T12:34:56\"",
            "\"2026-08-21T12:34:56+00:00\"",
            "\"2026-08-21T12:34:56.0Z\"",
            "\"2026-08-21T12:34:60Z\"",
            "\"2026-08-21T24:00:00Z\"",
            "\"2026-02-29T00:00:00Z\"",
            "\"2026-13-01T00:00:00Z\"",
            "\"2026-8-21T12:34:56Z\"",
            "\"1969-12-31T23:59:59Z\"",
            "\"12026-08-21T12:34:56Z\"",
            "\" 2026-08-21T12:34:56Z\"",
        ],
    ),
    ("alpha_source", "\"alpha_source\":\"client\"", &["\"alpha_source\":\"Client\""]),
    ("vrf.suite", "ECVRF-SECP256K1-SHA256-TAI", &["ECVRF-P256-SHA256-TAI"]),
    ("hash_alg", "\"keccak256\"", &["\"sha3-256\""]),
    ("signature_type", "\"ECDSA(secp256k1)\"", &["\"ECDSA\"", "\"ML-DSA-44\"", "\"\""]),
    ("domain.name", "\"name\":\"Re4ctoR\"", &["\"name\":\"Re4ctor\""]),
    ("domain.version", "\"version\":\"1\"", &["\"version\":\"2\"", "\"version\":1"]),
    (
        "domain.chain_id",
        "\"chain_id\":\"11155111\"",
        &["\"chain_id\":11155111", "\"chain_id\":\"011155111\"", "\"chain_id\":\"0xaa36a7\""],
    ),
    (
        "domain.contract",
        "0x23D93d09D2eC9B304b37a774c9b80c5503c03f0d",
        &[
            "0x23d93d09d2ec9b304b37a774c9b80c5503c03f0d",
            "0x23D93D09D2EC9B304B37A774C9B80C5503C03F0D",
            "0x23d93d09D2eC9B304b37a774c9b80c5503c03f0d",
            "23D93d09D2eC9B304b37a774c9b80c5503c03f0d",
            "0x23D93d09D2eC9B304b37a774c9b80c5503c03f",
        ],
    ),
    ("v", "\"v\":2", &["\"v\":-2", "\"v\":2.", "\"v\":2e0", "\"v\":1002"]),
    (
        "verified",
        "\"verified\":true",
        &["\"verified\":false", "\"verified\":\"true\"", "\"verified\":1"],
    ),
];

const ATTESTATION_FORMS: &Forms = &[
    ("unique", "\"unique\":false", &["\"unique\":true", "\"unique\":\"false\"", "\"unique\":0"]),
    ("n", "\"n\":40", &["\"n\":41", "\"n\":\"40\"", "\"n\":40.0"]),
    ("mode", "\"mode\":\"sealed\"", &["\"mode\":\"blocked\"", "\"mode\":0"]),
];

fn forms(good: &str, forms: &Forms) -> Vec<Case> {
    let mut cases = vec![];
    for (field, right, wrongs) in forms {
        assert!(good.contains(right), "{field}");
        for wrong in *wrongs {
            let name = format!("form: {field}: {wrong}");
            cases.push(Case::malformed(name, good.replacen(right, wrong, 1), Some(field)));
        }
    }
    cases
}

/// Hexadecimal digits in other forms and of other lengths.
fn lengths(receipt: &str, attested: &str) -> Vec<Case> {
    let value: Value = serde_json::from_str(receipt).unwrap();
    let mut cases = vec![];
    for path in paths(&value) {
        let name = path.join(".");
        let field = path.iter().fold(&value, |value, name| &value[name]);
        let Some(text) = field.as_str().filter(|text| text.starts_with("0x")) else { continue };
        if ["signer_addr", "domain.contract"].contains(&name.as_str()) {
            continue;
        }
        for (what, wrong) in [
            ("upper-case digits", format!("0x{}", text[2..].to_uppercase())),
            ("a byte less", text[..text.len() - 2].into()),
            ("a byte more", format!("{text}00")),
            ("half a byte more", format!("{text}0")),
            ("without 0x", text[2..].into()),
            ("no digit", format!("{}g", &text[..text.len() - 1])),
        ] {
            // Alphas of other lengths are alphas, and of all fields two are enough for some forms.
            let common = ["upper-case digits", "a byte less"].contains(&what);
            let all = ["random", "vrf.proof"].contains(&name.as_str());
            if name == "alpha" && what.starts_with("a byte") || !(common || all || name == "alpha")
            {
                continue;
            }
            let mut bad = value.clone();
            parent(&mut bad, &path)[path.last().unwrap()] = wrong.into();
            let name = (format!("length: {name}: {what}"), name.clone());
            cases.push(Case::malformed(name.0, bad.to_string(), Some(&name.1)));
        }
    }
    let alpha = format!("\"alpha\":\"{}\"", to_hex(&ALPHA));
    for bytes in [0, 1025] {
        let text =
            receipt.replacen(&alpha, &format!("\"alpha\":\"{}\"", to_hex(&vec![1; bytes])), 1);
        cases.push(Case::malformed(format!("length: alpha: {bytes} bytes"), text, Some("alpha")));
    }
    let right = format!("\"bytes\":\"{}\",\"n\":40", to_hex(&[0xa5; 40]));
    assert!(attested.contains(&right));
    for bytes in [0, 15, 1001] {
        let wrong = format!("\"bytes\":\"{}\",\"n\":{bytes}", to_hex(&vec![1; bytes]));
        let text = attested.replacen(&right, &wrong, 1);
        cases.push(Case::malformed(format!("length: bytes: {bytes}"), text, Some("bytes")));
    }
    cases
}

/// Base64 that is not the one form of its bytes, or not of the right length.
fn base64(stage: &Stage, receipt: &str) -> Vec<Case> {
    let mut cases = vec![];
    let dual = stage.bound(Schemes::Dual, Some(&ALPHA)).to_json();
    for (kind, good, names) in
        [("ecdsa", receipt, &["signature", "public_key"][..]), ("dual", &dual, &["public_key"])]
    {
        let value: Value = serde_json::from_str(good).unwrap();
        for name in names {
            let text = value[name].as_str().unwrap();
            for (what, wrong) in base64_forms(text) {
                let mut bad = value.clone();
                bad[name] = wrong.into();
                let name_of_case = format!("base64: {kind}: {name}: {what}");
                cases.push(Case::malformed(name_of_case, bad.to_string(), Some(name)));
            }
        }
    }
    let mut short: Value = serde_json::from_str(&dual).unwrap();
    short["signature"] = to_base64(&[1; 3308]).into();
    let name = "base64: dual: signature: 3308 bytes";
    cases.push(Case::malformed(name, short.to_string(), Some("signature")));
    cases
}

/// The text, which ends with padding or with a whole group, in other forms.
fn base64_forms(text: &str) -> Vec<(&'static str, String)> {
    let body = text.trim_end_matches('=');
    let padding = &text[body.len()..];
    let mut forms = vec![
        ("white space", format!("{} {}", &text[..8], &text[8..])),
        ("a group less", text[4..].into()),
        ("a group more", format!("AAAA{text}")),
        ("hexadecimal", to_hex(text.as_bytes())),
        ("too much padding", format!("{text}=")),
    ];
    if !padding.is_empty() {
        let last = body.as_bytes()[body.len() - 1];
        let stray = char::from(last + 1);
        forms.push(("no padding", body.into()));
        forms.push(("stray bits", format!("{}{stray}{padding}", &body[..body.len() - 1])));
    }
    if text.contains(['+', '/']) {
        forms.push(("alphabet of URLs", text.replace('+', "-").replace('/', "_")));
    }
    forms
}
