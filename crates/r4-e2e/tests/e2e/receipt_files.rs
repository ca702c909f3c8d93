//! `r4 verify` on what is no receipt: a sentence and exit 2, quickly, in little memory.

use std::fs::{self, File};
use std::time::Instant;

use crate::harness::r4::r4;
use crate::harness::seconds;
use crate::harness::target::Target;

#[test]
fn files_that_are_no_receipts() {
    let node = Target::get();
    let receipt = node.receipt("?alpha=ab").body;
    let text = String::from_utf8(receipt.clone()).unwrap();
    let half = receipt[..receipt.len() / 2].to_vec();
    let deep = b"{\"a\":".repeat(100_000);
    let lists = b"[".repeat(60_000);
    let mut binary = receipt.clone();
    binary[10] = 0xff;
    let table: [(&str, Vec<u8>); 14] = [
        ("empty", Vec::new()),
        ("white", b" \n\t ".to_vec()),
        ("half", half),
        ("not JSON", b"hello".to_vec()),
        ("a list", b"[]".to_vec()),
        ("null", b"null".to_vec()),
        ("an empty object", b"{}".to_vec()),
        ("deep", deep),
        ("deep lists", lists),
        ("not UTF-8", binary),
        ("two receipts", [receipt.clone(), receipt.clone()].concat()),
        ("something after it", format!("{text} x").into_bytes()),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("a web page", b"<!doctype html>".to_vec()),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in table {
        let file = dir.path().join("receipt.json");
        fs::write(&file, &bytes).unwrap();
        for said in [r4(&["verify", file.to_str().unwrap()], b""), r4(&["verify", "-"], &bytes)] {
            assert_eq!(said.code, 2, "{name}: {said:?}");
            assert!(!said.err.trim().is_empty(), "{name} without a reason");
            assert!(!said.err.contains("panicked"), "{name}: {said:?}");
            assert!(said.err.len() < 2000, "{name}: {said:?}");
        }
        let said = r4(&["verify", "--json", file.to_str().unwrap()], b"");
        assert_eq!(said.code, 2, "{name}: {said:?}");
        let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!((&report["valid"], &report["verdict"]), (&false.into(), &"malformed".into()));
    }
    for path in ["/nowhere/receipt.json", dir.path().to_str().unwrap()] {
        let said = r4(&["verify", path], b"");
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains(path), "{said:?}");
    }
}

#[test]
fn a_hundred_megabytes_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge");
    let file = File::create(&path).unwrap();
    file.set_len(100_000_000).unwrap();
    let started = Instant::now();
    let said = r4(&["verify", path.to_str().unwrap()], b"");
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("too large"), "{said:?}");
    let said = r4(&["verify", "-"], &vec![b' '; 100_000_000]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("too large"), "{said:?}");
    assert!(started.elapsed() < seconds(10), "{:?}", started.elapsed());
}

#[test]
fn lists_of_keys_that_cannot_be_used() {
    let node = Target::get();
    let receipt = node.receipt("?alpha=ab").body;
    let keys = node.gateway.get("/v1/keys").expect(200).text().to_owned();
    let active = node.receipt("").json()["key_hash"].as_str().unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.json");
    let table = [
        ("empty", String::new()),
        ("a receipt", String::from_utf8(receipt.clone()).unwrap()),
        ("half", keys[..keys.len() / 2].to_owned()),
        ("no keys", r#"{"active":"","epochs":[]}"#.to_owned()),
        ("another hash than its keys have", keys.replace(&active[2..10], "00000000")),
    ];
    for (name, text) in table {
        assert_ne!(text, keys, "{name} changes nothing");
        fs::write(&file, text).unwrap();
        let said = r4(&["verify", "--keys", file.to_str().unwrap(), "-"], &receipt);
        assert_eq!(said.code, 2, "{name}: {said:?}");
        assert!(said.err.contains("keys.json"), "{name}: {said:?}");
    }
}
