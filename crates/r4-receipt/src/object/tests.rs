//! Inputs that are no document, and values in forms other than the accepted one.

use std::string::ToString as _;
use std::{format, vec};

use super::{MAX_DOCUMENT_BYTES, ParseError};
use crate::testing::{Node, documents};
use crate::{Document, Schemes};

fn refused(input: &[u8]) -> ParseError {
    Document::parse(input).unwrap_err()
}

#[test]
fn inputs_that_are_no_document() {
    for empty in [&b""[..], b" ", b"\r\n\t "] {
        assert_eq!(refused(empty), ParseError::Empty);
    }
    for other in [&b"[]"[..], b"1", b"\"text\"", b"null", b"true"] {
        assert_eq!(refused(other), ParseError::NotObject);
    }
    for broken in [&b"{"[..], b"not JSON", b"{\"a\":1}x", b"{'a':1}", b"\xff\xfe", b"{\"a\":1,}"] {
        assert!(matches!(refused(broken), ParseError::Json { .. }));
    }
    assert_eq!(refused(b"{}"), ParseError::Missing { field: "version".into() });
    let long = vec![b' '; MAX_DOCUMENT_BYTES + 1];
    let got = MAX_DOCUMENT_BYTES + 1;
    assert_eq!(refused(&long), ParseError::TooLarge { got, limit: MAX_DOCUMENT_BYTES });
}

#[test]
fn deep_nesting_is_refused_without_harm() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let message = refused(&deep.as_bytes()[..deep.len().min(MAX_DOCUMENT_BYTES)]).to_string();
        assert!(message.contains("recursion limit"), "{message}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let node = Node::new(1);
    for (kind, document) in documents(&node) {
        let text = document.to_json();
        for end in (0..text.len()).step_by(11) {
            assert!(Document::parse(&text.as_bytes()[..end]).is_err(), "{kind}: {end}");
        }
    }
}

#[test]
fn white_space_and_order_do_not_matter() {
    let node = Node::new(1);
    let receipt = Document::Vrf(node.sign(node.unsigned(Schemes::Dual, None)));
    let sorted: serde_json::Value = serde_json::from_str(&receipt.to_json()).unwrap();
    let pretty = format!("\n{}\n", serde_json::to_string_pretty(&sorted).unwrap());
    assert_eq!(Document::parse(pretty.as_bytes()), Ok(receipt));
}

#[test]
fn values_in_other_forms_are_refused() {
    let node = Node::new(1);
    let mut unsigned = node.unsigned(Schemes::Dual, Some(b"\xab\xcd"));
    unsigned.head.domain = crate::testing::contract();
    unsigned.head.index = 7;
    let good = node.sign(unsigned).to_json();
    for (field, right, wrongs) in [
        (
            "version",
            "\"version\":1,",
            &["\"version\":1.0,", "\"version\":\"1\",", "\"version\":2,"][..],
        ),
        (
            "index",
            "\"index\":\"7\"",
            &[
                "\"index\":7",
                "\"index\":\"07\"",
                "\"index\":\"+7\"",
                "\"index\":\"\"",
                "\"index\":\"-7\"",
                "\"index\":\"18446744073709551616\"",
                "\"index\":\"7 \"",
            ],
        ),
        (
            "alpha",
            "\"alpha\":\"0xabcd\"",
            &[
                "\"alpha\":\"abcd\"",
                "\"alpha\":\"0xABCD\"",
                "\"alpha\":\"0Xabcd\"",
                "\"alpha\":\"0xabc\"",
                "\"alpha\":\"0x\"",
                "\"alpha\":\"0xabcg\"",
            ],
        ),
        (
            "domain.contract",
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            &[
                "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                "5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
                "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
            ],
        ),
        ("timestamp", "\"2026-08-21T", &["\"2026-08-21 ", "\"2026-8-21T"]),
        ("domain.chain_id", "\"chain_id\":\"11155111\"", &["\"chain_id\":11155111"]),
        ("public_key", "=\",\"verified\"", &["\",\"verified\"", "==\",\"verified\""]),
        ("v", "\"v\":2", &["\"v\":-2", "\"v\":2.", "\"v\":2e0", "\"v\":1002"]),
    ] {
        assert!(good.contains(right), "{field}");
        for wrong in wrongs {
            let bad = good.replacen(right, wrong, 1);
            assert_eq!(refused(bad.as_bytes()).field(), Some(field), "{wrong}");
        }
    }
}

#[test]
fn a_contract_needs_its_chain() {
    let node = Node::new(1);
    let mut unsigned = node.unsigned(Schemes::Dual, None);
    unsigned.head.domain = crate::testing::contract();
    let text = node.sign(unsigned).to_json().replace("\"chain_id\":\"11155111\",", "");
    assert_eq!(refused(text.as_bytes()).field(), Some("domain.chain_id"));
}

#[test]
fn a_strangers_field_name_is_shortened_and_escaped() {
    let node = Node::new(1);
    let [.., (_, attested)] = documents(&node);
    let long = format!("{{\"\\u001b[31m{}\":1,", "x".repeat(500));
    let text = attested.to_json().replacen('{', &long, 1);
    let error = refused(text.as_bytes());
    assert!(matches!(error, ParseError::Unknown { .. }), "{error}");
    let field = error.field().unwrap();
    assert!(field.starts_with("\\u{1b}[31mxx") && field.len() < 80, "{field}");
}

#[test]
fn numbers_below_zero_and_lists_of_them() {
    let fields = |json: &str| super::Fields::parse(json.as_bytes(), MAX_DOCUMENT_BYTES).unwrap();
    assert_eq!(fields(r#"{"n":-9007199254740991}"#).signed("n"), Ok(-9_007_199_254_740_991));
    assert_eq!(fields(r#"{"n":7}"#).signed("n"), Ok(7));
    assert_eq!(fields(r#"{"n":[1,-2,0]}"#).numbers("n"), Ok(vec![1, -2, 0]));
    assert_eq!(fields(r#"{"n":[]}"#).numbers("n"), Ok(vec![]));
    for other in ["1.0", "-1e0", "-0", "\"1\"", "null", "9223372036854775808", "true"] {
        assert!(fields(&format!(r#"{{"n":{other}}}"#)).signed("n").is_err(), "{other}");
        assert!(fields(&format!(r#"{{"n":[1,{other}]}}"#)).numbers("n").is_err(), "{other}");
    }
    assert!(fields(r#"{"n":-1}"#).integer("n").is_err());
}

#[test]
fn a_few_bytes_never_become_many_values() {
    let parse = |json: &str| super::Fields::parse(json.as_bytes(), 1 << 20).map(drop);
    let list = |values: usize| format!(r#"{{"n":[{}0]}}"#, "0,".repeat(values));
    assert_eq!(parse(&list(super::MAX_VALUES - 3)), Ok(()));
    assert!(matches!(parse(&list(super::MAX_VALUES - 2)), Err(ParseError::Json { .. })));
    // What stands in a text counts as nothing.
    let text = format!(r#"{{"n":"\"{}"}}"#, ",[{".repeat(100_000));
    assert_eq!(parse(&text), Ok(()));
}

#[test]
fn hexadecimal_has_one_form() {
    let read = |text: &str| {
        let json = format!(r#"{{"n":"{text}"}}"#);
        super::Fields::parse(json.as_bytes(), MAX_DOCUMENT_BYTES).unwrap().hex_bytes("n")
    };
    assert_eq!(read("0x"), Ok(vec![]));
    assert_eq!(read("0x09af"), Ok(vec![9, 0xaf]));
    assert_eq!(super::to_hex(&[9, 0xaf]), "0x09af");
    for other in ["", "09af", "0X09af", "0x09AF", "0x9af", "0x0x09af", "0x09a ", "0x09ag", "0x09é"]
    {
        assert!(read(other).is_err(), "{other}");
    }
}
