//! `r4 verify` given something else than a receipt: exit 2, and a sentence that helps.

use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use r4_receipt::{MAX_DOCUMENT_BYTES, Schemes};
use serde_json::json;

use crate::run::{Folder, r4, r4_with_input};
use crate::sample::{flip, key_hash, keys_json, node, receipt, signer};

fn refused(input: &[u8], words: &str) {
    let said = r4_with_input(&[&"verify", &"-"], input).exits(2).says(words);
    assert!(said.out.is_empty() && said.err.starts_with("r4: standard input: "), "{said:?}");
    let json = r4_with_input(&[&"verify", &"--json", &"-"], input).exits(2).json();
    assert_eq!(json["verdict"], json!("malformed"));
    assert_eq!(json["valid"], json!(false));
    assert!(json["error"].as_str().unwrap().contains(words), "{json}");
}

#[test]
fn what_is_no_receipt() {
    refused(b"", "it is empty");
    refused(b" \n", "empty");
    refused(b"hello", "not valid JSON");
    refused(b"[]", "not an object");
    refused(b"{}", "is missing");
    refused(b"\xff\x00", "not valid JSON");
    refused("[".repeat(60_000).as_bytes(), "not valid JSON");
    refused(format!("{{\"a\":{}", "{\"a\":".repeat(9_000)).as_bytes(), "not valid JSON");
    refused(b"<!doctype html><html></html>", "web page");
    refused(keys_json(&node(1)).as_bytes(), "give it with --keys");
    refused(" ".repeat(MAX_DOCUMENT_BYTES + 1).as_bytes(), "bytes; at most ");
    refused(" ".repeat(2 * MAX_DOCUMENT_BYTES + 1).as_bytes(), "larger than ");
}

#[test]
fn other_encodings_are_recognised() {
    let (folder, node) = (Folder::new(), node(1));
    let text = receipt(&node, Schemes::Dual);
    let utf_16 = |order: fn(u16) -> [u8; 2]| {
        format!("\u{feff}{text}").encode_utf16().flat_map(order).collect::<Vec<_>>()
    };
    for bytes in [utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes)] {
        refused(&bytes, "this is UTF-16");
        refused(&bytes[2..], "this is UTF-16");
    }
    let marked = format!("\u{feff}{text}");
    refused(marked.as_bytes(), "save it as UTF-8 without a byte order mark");
    let keys = folder.write("keys.json", format!("\u{feff}{}", keys_json(&node)));
    let file = folder.write("receipt.json", text);
    r4(&[&"verify", &"--keys", &keys, &file]).exits(2).says("without a byte order mark");
}

#[test]
fn an_error_answer_is_recognised() {
    let problem = r#"{"type":"/errors/unauthorized","title":"Unauthorized","status":401,
        "detail":"invalid api key"}"#;
    refused(problem.as_bytes(), "this is an error answer, not a receipt: invalid api key");
    let hostile = r#"{"status":500,"detail":"\u001b[2Jcleared"}"#;
    let said = r4_with_input(&[&"verify", &"-"], hostile.as_bytes()).exits(2);
    assert!(!said.err.contains('\u{1b}'), "{:?}", said.err);
}

#[test]
fn a_receipt_cut_short_anywhere_or_with_a_field_too_many() {
    let good = receipt(&node(1), Schemes::Dual);
    for end in [1, 20, good.len() / 2, good.len() - 1] {
        refused(&good.as_bytes()[..end], "not valid JSON");
    }
    refused(good.replacen('{', "{\"x\":1,", 1).as_bytes(), "unknown");
    refused(good.replacen('{', "{\"version\":1,", 1).as_bytes(), "twice");
    refused(good.replacen("0x", "0X", 1).as_bytes(), "must be");
    refused(format!("{good}{good}").as_bytes(), "not valid JSON");
    r4_with_input(&[&"verify", &"-"], format!("\n{good}\n").as_bytes()).exits(3);
}

#[test]
fn every_field_removed_is_named() {
    let good: serde_json::Value = serde_json::from_str(&receipt(&node(1), Schemes::Dual)).unwrap();
    for field in good.as_object().unwrap().keys() {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(field);
        refused(bad.to_string().as_bytes(), &format!("the field {field} is missing"));
    }
}

#[test]
fn a_100_mb_file_is_refused_without_reading_it() {
    let folder = Folder::new();
    let path = folder.path("large.json");
    File::create(&path).unwrap().set_len(100_000_000).unwrap();
    let start = Instant::now();
    r4(&[&"verify", &path]).exits(2).says("KiB, too large for a receipt");
    assert!(start.elapsed() < Duration::from_secs(5));
    r4(&[&"verify", &"/dev/zero"]).exits(2).says("KiB, too large for a receipt");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    r4(&[&"verify", &folder.path("none.json")]).exits(2).says("there is no such file");
    r4(&[&"verify", &folder.path("")]).exits(2).says("this is a folder");
    r4(&[&"verify"]).exits(2).says("Usage:");
    let name = std::ffi::OsStr::from_bytes(b"\xff.json");
    r4(&[&"verify", &"--keys", &name, &"-"]).exits(2).says(".json: there is no such file");
    r4(&[&"verify", &name]).exits(2).says(".json: there is no such file");
}

#[test]
fn pins_that_cannot_be_used() {
    let (folder, node) = (Folder::new(), node(1));
    let text = receipt(&node, Schemes::Dual);
    let file = folder.write("receipt.json", &text);
    let says = |keys: &str, words: &str| {
        let keys = folder.write("keys.json", keys);
        r4(&[&"verify", &"--keys", &keys, &file]).exits(2).says(words);
    };
    says("", "it is empty");
    says("{}", "not an answer of /v1/keys");
    says(&text, "not an answer of /v1/keys");
    says(&flip(&keys_json(&node), "active"), "active");
    says(&keys_json(&node).replace("\"active\",", "\"revoked\","), "active");
    let (hash, signer) = (key_hash(&node), signer(&node));
    for (option, value, words) in [
        ("--key-hash", "0x1234", "--key-hash 0x1234: 64 hexadecimal digits are needed, not 4"),
        ("--key-hash", &"zz".repeat(32), "only the digits"),
        ("--signer", "0xzz", "--signer 0xzz: an address is 0x and 40 hexadecimal digits"),
    ] {
        let said = r4(&[&"verify", &option, &value, &file]).exits(2).says(words);
        assert!(said.out.is_empty() && said.err.starts_with("r4: "), "{said:?}");
        let json = r4(&[&"verify", &"--json", &option, &value, &file]).exits(2).json();
        assert_eq!((&json["verdict"], &json["pinned"]), (&json!("malformed"), &json!(true)));
        assert!(json["error"].as_str().unwrap().contains(words), "{json}");
    }
    let good = r4(&[&"verify", &"--key-hash", &hash, &"--key-hash", &"12", &file]);
    good.exits(2).says("--key-hash 12: ");
    r4(&[&"verify", &"--key-hash", &hash, &"--signer", &signer, &file])
        .exits(2)
        .says("cannot be used with");
    r4(&[&"verify", &"--key-hash", &hash, &"--require", &"none", &file]).exits(2);
}

#[test]
fn keys_from_standard_input() {
    let (folder, node) = (Folder::new(), node(1));
    let file = folder.write("receipt.json", receipt(&node, Schemes::Dual));
    let verify = |file: &Path, keys: &str| {
        r4_with_input(&[&"verify", &"--keys", &"-", &file], keys.as_bytes())
    };
    verify(&file, &keys_json(&node)).exits(0).says("pinned by the keys in standard input");
    verify(&file, &keys_json(&self::node(2))).exits(1).says(r#"first failed check: "pin""#);
    verify(&file, "{}").exits(2).says("standard input: this is not an answer of /v1/keys");
    let both = "only one of the receipt and the keys can come from standard input";
    verify(Path::new("-"), &keys_json(&node)).exits(2).says(both);
}
