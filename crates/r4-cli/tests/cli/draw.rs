//! `r4 draw verify`: what is drawn, which check failed, lists beside the document.

use r4_draw::{Document, Order};
use r4_keystore::keys::NodeKeys;
use r4_receipt::{Receipt, Schemes};
use serde_json::{Value, json};

use crate::run::{Folder, r4, r4_with_input};
use crate::sample::{attestation, client_receipt, key_hash, keys_json, node, receipt, signer};

const WINNERS: &str = r#"{"kind":"winners","k":2,"label":"giveaway 2026-11",
    "participants":["alice","bob","carol","dave"]}"#;
const WEIGHTED: &str = r#"{"kind":"winners","k":2,"n":4,"weights":[1,5,2,2],"label":"tickets"}"#;
const CARDS: &str = r#"{"kind":"cards","count":52}"#;
const FOUR: &str = "alice\nbob\ncarol\ndave\n";

/// The answer to a request.
fn draw(node: &NodeKeys, request: &str) -> Document {
    let (spec, lists) = Order::parse(request.as_bytes()).unwrap().into_spec([7; 16]);
    let receipt = client_receipt(node, &spec.alpha());
    Document::of(spec, lists, Receipt::parse(receipt.as_bytes()).unwrap()).unwrap()
}

/// The document with one value changed.
fn changed(document: &Document, pointer: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(&document.to_json()).unwrap();
    *json.pointer_mut(pointer).unwrap() = value;
    json.to_string()
}

#[test]
fn a_draw_is_shown_and_checked_like_a_receipt() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let document = draw(&node, WINNERS);
    let file = folder.write("draw.json", document.to_json());
    let said = r4(&[&"draw", &"verify", &"--keys", &keys, &file]).exits(0);
    assert!(said.err.is_empty() && !said.out.contains('✗'), "{said:?}");
    let winners: Value = serde_json::from_str(&document.to_json()).unwrap();
    let first = winners["result"][0].as_u64().unwrap();
    let name = winners["participants"][usize::try_from(first).unwrap()].as_str().unwrap();
    let said = said.says(&format!("    1.  position {first}: {name}\n"));
    let said = said.says("draw of 2 winners of 4, receipt 0x").says("label   giveaway 2026-11");
    let said = said.says("✓ vrf ").says("✓ draw ").says("✓ participants ").says("✓ result ");
    said.says("valid; pinned by the keys in");
    r4(&[&"draw", &"verify", &"--key-hash", &key_hash(&node), &file]).exits(0);
    r4(&[&"draw", &"verify", &"--signer", &signer(&node), &file]).exits(0);
    r4(&[&"draw", &"verify", &file]).exits(3).says("signer NOT checked");
    let text = document.to_json();
    r4_with_input(&[&"draw", &"verify", &"--keys", &keys, &"-"], text.as_bytes()).exits(0);
    r4_with_input(&[&"draw", &"verify", &"--keys", &"-", &"-"], b"").exits(2).says("only one of");
}

#[test]
fn json_has_the_draw_and_its_result() {
    let (folder, node) = (Folder::new(), node(1));
    let document = draw(&node, WINNERS);
    let file = folder.write("draw.json", document.to_json());
    let hash = key_hash(&node);
    let said = r4(&[&"draw", &"verify", &"--json", &"--key-hash", &hash, &file]).exits(0).json();
    assert_eq!((&said["valid"], &said["verdict"]), (&json!(true), &json!("valid")));
    assert_eq!(said["draw"]["label"], json!("giveaway 2026-11"));
    assert_eq!(said["result"].as_array().map(Vec::len), Some(2));
    let names: Vec<&Value> =
        said["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect();
    assert_eq!(
        names[names.len() - 3..],
        [&json!("draw"), &json!("participants"), &json!("result")]
    );
    let bad = folder.write("bad.json", changed(&document, "/draw/k", json!(1)));
    let said = r4(&[&"draw", &"verify", &"--json", &"--key-hash", &hash, &bad]).exits(1).json();
    assert_eq!((&said["valid"], &said["failed"]), (&json!(false), &json!("draw")));
}

#[test]
fn every_changed_value_exits_1_and_names_the_check() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let document = draw(&node, WINNERS);
    let zeros = json!(format!("0x{}", "0".repeat(64)));
    for (pointer, value, check) in [
        ("/id", zeros.clone(), "draw"),
        ("/draw/label", json!("giveaway 2026-12"), "draw"),
        ("/draw/participants_sha256", zeros.clone(), "draw"),
        ("/participants/0", json!("mallory"), "participants"),
        ("/result/1", json!(4), "result"),
        ("/result", json!([]), "result"),
        ("/receipt/random", zeros, "random"),
    ] {
        let file = folder.write("draw.json", changed(&document, pointer, value));
        let said = r4(&[&"draw", &"verify", &"--keys", &keys, &file]).exits(1);
        assert_eq!(said.err, format!("r4: first failed check: \"{check}\"\n"), "{pointer}");
        assert!(said.out.contains(&format!("✗ {check} ")), "{pointer}: {}", said.out);
    }
    let keys = folder.write("others.json", keys_json(&crate::sample::node(2)));
    let file = folder.write("draw.json", document.to_json());
    r4(&[&"draw", &"verify", &"--keys", &keys, &file]).exits(1).says("check: \"pin\"");
}

#[test]
fn a_receipt_alone_says_what_was_drawn() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let receipt = folder.write("receipt.json", draw(&node, CARDS).receipt.to_json());
    let said = r4(&[&"draw", &"verify", &"--keys", &keys, &receipt]).exits(0);
    let said = said.says("52 cards of 1 deck,").says("and 32 more").says("chosen by the node");
    said.says("the receipt alone states none");
    let hash = key_hash(&node);
    let said = r4(&[&"draw", &"verify", &"--json", &"--key-hash", &hash, &receipt]).exits(0).json();
    assert_eq!(said["result"].as_array().map(Vec::len), Some(52));
    let other = folder.write("receipt.json", client_receipt(&node, b"alpha"));
    r4(&[&"draw", &"verify", &"--keys", &keys, &other]).exits(1).says("check: \"draw\"");
}

#[test]
fn lists_come_as_files() {
    let (folder, node) = (Folder::new(), node(1));
    let keys = folder.write("keys.json", keys_json(&node));
    let verify = |list: &str, path: &std::path::Path, file: &std::path::Path| {
        r4(&[&"draw", &"verify", &"--keys", &keys, &list, &path, &file])
    };
    let mut private = draw(&node, WINNERS);
    private.lists.participants = None;
    let file = folder.write("draw.json", private.to_json());
    r4(&[&"draw", &"verify", &"--keys", &keys, &file])
        .exits(0)
        .says("- participants")
        .says(": line ");
    let right = folder.write("participants.txt", FOUR);
    verify("--participants", &right, &file).exits(0).says("✓ participants").says(": carol");
    for (text, code, words) in [
        ("alice\nbob\ncarol\nmallory\n", 1, "check: \"participants\""),
        ("alice\nbob\ncarol\n", 1, "the list has 3 entries, and the draw is of 4"),
        ("alice\nbob\ncarol\ndave", 2, "does not end with a line feed; add one"),
        ("alice\r\nbob\r\ncarol\r\ndave\r\n", 2, "tr -d"),
        ("alice\n\ncarol\ndave\n", 2, "line 2 of the list must be 1 to 200 bytes"),
        ("", 2, "it is empty"),
    ] {
        let wrong = folder.write("wrong.txt", text);
        verify("--participants", &wrong, &file).exits(code).says(words);
    }
    let mut weighted = draw(&node, WEIGHTED);
    weighted.lists.weights = None;
    let file = folder.write("weighted.json", weighted.to_json());
    r4(&[&"draw", &"verify", &"--keys", &keys, &file]).exits(1).says("the weights are needed");
    let right = folder.write("weights.txt", "1\n5\n2\n2\n");
    verify("--weights", &right, &file).exits(0).says("✓ weights");
    let wrong = folder.write("wrong.txt", "1\n5\n2\n02\n");
    verify("--weights", &wrong, &file).exits(2).says("line 4 of the list must be a whole number");
}

#[test]
fn what_is_no_draw() {
    let node = node(1);
    let refused = |input: &str, words: &str| {
        r4_with_input(&[&"draw", &"verify", &"-"], input.as_bytes()).exits(2).says(words);
        let said = r4_with_input(&[&"draw", &"verify", &"--json", &"-"], input.as_bytes()).exits(2);
        assert_eq!(said.json()["verdict"], json!("malformed"));
    };
    let document = draw(&node, WINNERS);
    refused("", "it is empty");
    refused("hello", "this is not a draw");
    refused("{}", "this is not a draw: the field version is missing");
    refused(&keys_json(&node), "give it with --keys");
    refused(&attestation(&node), "attested random bytes, not a draw");
    refused(&changed(&document, "/draw/k", json!(5)), "draw.k must be a whole number from 1 to n");
    refused(
        r#"{"type":"/errors/unknown-draw","status":404,"detail":"no such draw"}"#,
        "no such draw",
    );
    let text = document.to_json();
    r4_with_input(&[&"verify", &"-"], text.as_bytes()).exits(2).says("`r4 draw verify` checks it");
    let index = receipt(&node, Schemes::Dual);
    r4_with_input(&[&"draw", &"verify", &"-"], index.as_bytes()).exits(1).says("is of no draw");
}
