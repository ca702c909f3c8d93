//! Writing, reading, and how much is read.

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::{Value, json};

use super::*;
use crate::testing::{Node, logged, ordered};

#[test]
fn what_is_written_is_read() {
    let node = Node::new(1);
    for order in [
        r#"{"kind":"integers","count":3,"min":-10,"max":-8}"#,
        r#"{"kind":"winners","k":1,"participants":["a","\"\\é"],"weights":[1,2],"label":"x \"y\""}"#,
        r#"{"kind":"uuids","count":2,"label":"x"}"#,
    ] {
        let document = node.draw(order);
        assert_eq!(Document::parse(document.to_json().as_bytes()), Ok(document.clone()));
        let logged = Document { receipt: logged(document.receipt.clone()), ..document };
        assert_eq!(Document::parse(logged.to_json().as_bytes()), Ok(logged));
    }
}

#[test]
fn the_fields_are_in_this_order() {
    let text = Node::new(1)
        .draw(r#"{"kind":"winners","k":1,"participants":["a","b"],"weights":[1,2],"label":"x"}"#)
        .to_json();
    let mut rest = &*text;
    for field in [
        "{\"version\":1,\"id\":\"0x",
        "\"draw\":{\"kind\":\"winners\",\"n\":2,\"k\":1,",
        "\"participants_sha256\":\"0x",
        "\"weights_sha256\":\"0x",
        "\"label\":\"x\"},",
        "\"result\":[",
        "\"participants\":[\"a\",\"b\"],",
        "\"weights\":[1,2],",
        "\"receipt\":{\"version\":1,",
    ] {
        let at = rest.find(field);
        assert!(at.is_some(), "{field} in {text}");
        rest = &rest[at.unwrap_or_default()..];
    }
}

/// The longest lists there can be, and each text escaped as far as JSON allows.
#[test]
fn the_largest_draw_is_read() {
    let names: Vec<String> = (0..10_000).map(|at| format!("{at:\"<200}")).collect();
    let weights = vec![4_294_967_295_u64; 10_000];
    let order = json!({"kind": "winners", "k": 10_000, "participants": names, "weights": weights});
    let document = Node::new(1).draw(&order.to_string());
    let text = document.to_json();
    assert!(text.len() < MAX_DRAW_BYTES, "{}", text.len());
    assert_eq!(Document::parse(text.as_bytes()), Ok(document));
}

#[test]
fn more_is_refused_before_it_is_read() {
    let many = format!(r#"{{"kind":"shuffle","participants":[{}""]}}"#, r#""","#.repeat(70_000));
    let refused = Document::parse(many.as_bytes()).unwrap_err().to_string();
    assert!(refused.contains("more than 65536 values"), "{refused}");
    let long = " ".repeat(MAX_DRAW_BYTES + 1);
    assert!(matches!(Document::parse(long.as_bytes()), Err(ParseError::TooLarge { .. })));
}

#[test]
fn weights_are_those_of_the_draw() {
    let order = r#"{"kind":"winners","k":1,"n":3,"weights":[1,2,3],"label":"x"}"#;
    let (spec, _) = ordered(order);
    let run = |weights: Option<&[u64]>| spec.run(&[1; 32], weights);
    assert!(run(Some(&[1, 2, 3])).is_ok());
    assert_eq!(run(None), Err(DrawError::WeightsNeeded));
    assert_eq!(run(Some(&[1, 2])), Err(DrawError::WeightsCount { got: 2, want: 3 }));
    assert_eq!(run(Some(&[3, 2, 1])), Err(DrawError::OtherWeights));
    let (spec, _) = ordered(r#"{"kind":"dice","count":1,"label":"x"}"#);
    assert_eq!(spec.run(&[1; 32], Some(&[1])), Err(DrawError::Unweighted));
}

#[test]
fn a_receipt_is_evidence_as_json_and_as_a_proof() {
    let document = Node::new(1).draw(r#"{"kind":"dice","count":1}"#);
    let receipt = logged(document.receipt.clone());
    let proof = r4_receipt::Document::Vrf(receipt.clone()).to_tlog_proof().unwrap();
    for text in [receipt.to_json(), proof] {
        let evidence = Evidence::parse(text.as_bytes()).unwrap();
        assert_eq!(evidence.receipt(), &receipt);
        assert_eq!(evidence.spec(), Ok(document.spec.clone()));
        assert_eq!(evidence.outcome(&Lists::default()), Some(document.outcome.clone()));
    }
    let evidence = Evidence::parse(document.to_json().as_bytes()).unwrap();
    assert_eq!(evidence.document(), Some(&document));
    let without: Value = serde_json::from_str(&document.to_json()).unwrap();
    assert!(
        Evidence::parse(json!({"receipt": without["receipt"]}).to_string().as_bytes()).is_err()
    );
}
