//! `vectors/draws.json`, which implementations in every language read: made here, and checked here
//! against this crate.

mod algorithm;
mod documents;
mod malformed;
mod requests;

use std::format;
use std::path::{Path, PathBuf};
use std::prelude::v1::*;

use serde_json::{Value, json};

/// Reads a file of the project's own vectors.
fn own_vectors(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(name)).unwrap()).unwrap()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand, in tests alone")]
fn asked_to_write() -> bool {
    std::env::var_os("R4_WRITE_VECTORS").is_some()
}

/// The whole file, a case on each line.
fn file() -> String {
    let source = json!("crates/r4-draw/src/vectors.rs, which says how to write it");
    let trusted = own_vectors("receipts.json")["trusted"].take();
    let lists = [
        ("algorithm", algorithm::cases()),
        ("documents", documents::cases()),
        ("malformed_alphas", malformed::alphas()),
        ("requests", requests::cases()),
    ];
    let lists = lists.map(|(name, cases)| {
        let lines: Vec<String> = cases.iter().map(|case| format!("    {case}")).collect();
        format!("  \"{name}\": [\n{}\n  ]", lines.join(",\n"))
    });
    let head = format!("  \"source\": {source},\n  \"trusted\": {trusted},\n");
    format!("{{\n{head}{}\n}}\n", lists.join(",\n"))
}

#[test]
fn the_file_is_what_is_made_here() {
    let made = file();
    if asked_to_write() {
        std::fs::write(path("draws.json"), &made).unwrap();
    }
    let committed = std::fs::read_to_string(path("draws.json")).unwrap_or_default();
    let command = "R4_WRITE_VECTORS=1 cargo test -p r4-draw the_file_is_what";
    assert!(made == committed, "vectors/draws.json differs; `{command}` writes it");
    assert!(made.len() < 2_500_000, "{} bytes", made.len());
}

/// Names are what a failing test in another language says.
#[test]
fn names_are_unique() {
    for cases in [algorithm::cases(), documents::cases(), requests::cases()] {
        let mut names: Vec<String> = cases.iter().map(|case| case["name"].to_string()).collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
