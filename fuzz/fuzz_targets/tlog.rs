//! Any bytes as what a log, a witness or a verifier reads: nothing panics, what parses is written
//! back as it was, and nobody's signature verifies under a key that has not signed.
#![no_main]

use std::fmt::{Debug, Display};

use libfuzzer_sys::fuzz_target;
use r4_receipt::{Document, Entry};
use r4_tlog::tile::{Tile, entries, push_entry};
use r4_tlog::{
    AddCheckpoint, Algorithm, Note, Policy, SignatureLine, SignedCheckpoint, TlogProof, VerifierKey,
};

fuzz_target!(|input: &[u8]| {
    if let Ok(entry) = Entry::parse(input) {
        assert_eq!(entry.to_bytes(), input);
    }
    if let Ok(parts) = entries(input) {
        let mut bundle = Vec::new();
        parts.iter().for_each(|part| push_entry(&mut bundle, part).unwrap());
        assert_eq!(bundle, input);
    }
    let _ = Document::parse_file(input);
    if let Ok(text) = std::str::from_utf8(input) {
        texts(text);
    }
});

fn texts(text: &str) {
    same(text, Note::parse(text));
    same(text, TlogProof::parse(text));
    same(text, AddCheckpoint::parse(text));
    same(text, VerifierKey::parse(text));
    same(text, Tile::parse(text).ok_or(()));
    if let Ok(signed) = SignedCheckpoint::parse(text) {
        assert_eq!(signed.to_string(), text);
        let key = VerifierKey::new(&signed.checkpoint.origin, Algorithm::Ed25519, &[7; 32]);
        assert!(key.is_err() || signed.verify(&key.unwrap()).is_err());
    }
    if let Ok(policy) = Policy::parse(text) {
        let _ = policy.logs();
    }
    let _ = SignatureLine::parse_all(text);
}

/// What was read is written as it was.
fn same<T: Display, E: Debug>(text: &str, read: Result<T, E>) {
    if let Ok(read) = read {
        assert_eq!(read.to_string(), text);
    }
}
