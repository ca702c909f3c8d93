//! The published example of Go's sumdb/note, another implementation, and malformed notes and keys.

use std::prelude::v1::*;

use proptest::prelude::*;
use r4_sign::ed25519;
use signed_note as other;

use super::{
    Algorithm, KeyError, MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteError, SignatureLine,
    VerifierKey,
};
use crate::testing::Signer;

/// golang.org/x/mod/sumdb/note, the package's examples.
const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_published_example() {
    let key = VerifierKey::parse(VKEY).unwrap();
    assert_eq!((key.name(), key.algorithm()), ("PeterNeumann", Algorithm::Ed25519));
    assert_eq!(key.to_string(), VKEY);
    let note = Note::parse(NOTE).unwrap();
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(note.signatures.len(), 1);
    let line = &note.signatures[0];
    assert_eq!((line.name.as_str(), line.key_id), (key.name(), key.id()));
    let (public, signature) = (key.public_key(), line.bytes.as_slice());
    ed25519::verify(
        public.try_into().unwrap(),
        note.text.as_bytes(),
        signature.try_into().unwrap(),
    )
    .unwrap();
}

/// signed-note's own example has an empty line and a letter beyond ASCII in its text.
#[test]
fn the_last_empty_line_separates() {
    let text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n";
    let line = "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = [text, "\n", line, line].concat();
    let parsed = Note::parse(&note).unwrap();
    assert_eq!((parsed.text.as_str(), parsed.signatures.len()), (text, 2));
    assert_eq!(parsed.to_string(), note);
    assert_eq!(parsed.signatures[0].key_id, [0x36, 0x7b, 0xa0, 0x4b]);
    let blank = Note::parse(&["\n\n", line].concat()).unwrap();
    assert_eq!(blank.text, "\n");
}

#[test]
fn another_implementation_reads_ours() {
    let signer = Signer::new("log.example", Algorithm::Ed25519, 1);
    let text = "any text\n".to_string();
    let line = signer.key.line(0, &signer.sign(text.as_bytes()));
    let note = Note { text, signatures: vec![line] }.to_string();
    let verifier = other::StandardVerifier::new(&signer.key.to_string()).unwrap();
    let verifiers = other::VerifierList::new(vec![Box::new(verifier)]);
    let theirs = other::Note::from_bytes(note.as_bytes()).unwrap();
    let (known, unknown) = theirs.verify(&verifiers).unwrap();
    assert_eq!((known.len(), unknown.len()), (1, 0));
    assert_eq!(theirs.to_bytes(), note.as_bytes());
}

#[test]
fn malformed_notes() {
    let line = "— key AAAAAAA=\n";
    let wrong_line = |line| Err(NoteError::Line { line });
    let parse = |note: &str| Note::parse(note).map(|_| ());
    assert_eq!(parse(&["text\n\n", line].concat()), Ok(()));
    for (note, error) in [
        ("", NoteError::Separator),
        ("text\n", NoteError::Separator),
        (&["text\n", line].concat(), NoteError::Separator),
        (&["\n", line].concat(), NoteError::Separator),
        ("text\n\n", NoteError::Count),
        // the line is text now, before another empty line
        (&["text\n\n", line, "\n"].concat(), NoteError::Count),
        (&["te\rxt\n\n", line].concat(), NoteError::Control),
        (&["te\txt\n\n", line].concat(), NoteError::Control),
        (&["te\0xt\n\n", line].concat(), NoteError::Control),
        (&["text\r\n\r\n", line].concat(), NoteError::Control),
    ] {
        assert_eq!(parse(note), Err(error), "{note:?}");
    }
    for bad in [
        "— key AAAAAAA=",
        "- key AAAAAAA=\n",
        "—key AAAAAAA=\n",
        "—  key AAAAAAA=\n",
        "— key  AAAAAAA=\n",
        "— key AAAAAAA= \n",
        "— key\n",
        "— key \n",
        "—  AAAAAAA=\n",
        "— k+y AAAAAAA=\n",
        "— k\u{a0}y AAAAAAA=\n",
        "— k\u{2003}y AAAAAAA=\n",
        // no octet after the id; the id cut off; unpadded; bits left over; the other alphabet
        "— key AAAAAA==\n",
        "— key AAAA\n",
        "— key AAAAAAA\n",
        "— key AAAAAAB=\n",
        "— key AAAA_-8=\n",
        "— key AAAAAAA==\n",
        " — key AAAAAAA=\n",
        "text\n",
    ] {
        assert_eq!(parse(&["text\n\n", line, bad].concat()), wrong_line(2), "{bad:?}");
    }
}

#[test]
fn limits() {
    let line = "— key AAAAAAA=\n";
    let lines = |count| SignatureLine::parse_all(&line.repeat(count)).map(|lines| lines.len());
    assert_eq!(lines(MAX_SIGNATURES), Ok(MAX_SIGNATURES));
    assert_eq!(lines(MAX_SIGNATURES + 1), Err(NoteError::Count));
    assert_eq!(lines(0), Err(NoteError::Count));
    let signature = ["\n\n", line].concat();
    let text = "a".repeat(MAX_NOTE_BYTES - signature.len());
    assert!(Note::parse(&[&text, signature.as_str()].concat()).is_ok());
    let got = MAX_NOTE_BYTES + 1;
    let longer = [&text, "a", signature.as_str()].concat();
    assert_eq!(Note::parse(&longer), Err(NoteError::Long { got }));
}

#[test]
fn keys_of_every_type() {
    for algorithm in
        [Algorithm::Ed25519, Algorithm::CosignatureEd25519, Algorithm::CosignatureMldsa44]
    {
        let key = Signer::new("w.example/1", algorithm, 2).key;
        assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key.clone()));
        // name, id and type are in the id's hash
        let renamed = VerifierKey::new("w.example/2", algorithm, key.public_key()).unwrap();
        assert_ne!(renamed.id(), key.id());
        let vkey = key.to_string().replace("w.example/1", "w.example/2");
        assert_eq!(VerifierKey::parse(&vkey), Err(KeyError::Id));
    }
    let key = Signer::new("w.example/1", Algorithm::Ed25519, 2).key;
    let other = VerifierKey::new(key.name(), Algorithm::CosignatureEd25519, key.public_key());
    assert_ne!(other.unwrap().id(), key.id());
}

#[test]
fn malformed_keys() {
    let (id, key) = ("c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    let vkey = |name: &str, id: &str, key: &str| VerifierKey::parse(&[name, id, key].join("+"));
    assert!(vkey("PeterNeumann", id, key).is_ok());
    for (name, id, key, error) in [
        ("PeterNeumann", "c74f20a4", key, KeyError::Id),
        ("PeterNeumanm", id, key, KeyError::Id),
        ("PeterNeumann", "C74F20A3", key, KeyError::Form),
        ("PeterNeumann", "c74f20a", key, KeyError::Form),
        ("PeterNeumann", "0c74f20a3", key, KeyError::Form),
        ("PeterNeumann", "", key, KeyError::Form),
        ("PeterNeumann", id, "", KeyError::Form),
        ("PeterNeumann", id, "ARpc2QcU*", KeyError::Form),
        ("PeterNeumann", id, "AQ==", KeyError::Length { want: 32, got: 0 }),
        ("PeterNeumann", id, &[key, "AAAA"].concat(), KeyError::Length { want: 32, got: 35 }),
        ("PeterNeumann", id, "Ahpc", KeyError::Algorithm { got: 2 }),
        ("PeterNeumann", id, "Bhpc", KeyError::Length { want: 1312, got: 2 }),
        ("", id, key, KeyError::Name),
        ("Peter Neumann", id, key, KeyError::Name),
        ("Peter\nNeumann", id, key, KeyError::Name),
        ("Peter\0Neumann", id, key, KeyError::Name),
        ("Peter\u{3000}Neumann", id, key, KeyError::Name),
    ] {
        assert_eq!(vkey(name, id, key), Err(error), "{name} {id} {key}");
    }
    assert_eq!(VerifierKey::parse("PeterNeumann"), Err(KeyError::Form));
    assert_eq!(VerifierKey::parse("PeterNeumann+c74f20a3"), Err(KeyError::Form));
    let named = |name: &str| VerifierKey::new(name, Algorithm::Ed25519, &[1; 32]);
    assert!(named(&"n".repeat(255)).is_ok());
    assert_eq!(named(&"n".repeat(256)), Err(KeyError::Name));
    assert_eq!(named("a+b"), Err(KeyError::Name));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_note_that_parses_is_written_as_it_was(note in "([a —+]{0,3}\n){0,3}(\n)?(— [a+ ]{1,2} [A-Da-d+/]{6}(A=|AA)\n){0,3}") {
        if let Ok(parsed) = Note::parse(&note) {
            prop_assert_eq!(parsed.to_string(), note);
        }
    }

    #[test]
    fn written_notes_parse(
        text in "([^\\p{Cc}]{0,9}\n){1,4}",
        name in "[^\\p{Cc}\\s+]{1,9}",
        key_id: [u8; 4],
        bytes in prop::collection::vec(any::<u8>(), 1..99),
    ) {
        let note = Note { text, signatures: vec![SignatureLine { name, key_id, bytes }] };
        prop_assert_eq!(Note::parse(&note.to_string()), Ok(note));
    }

    #[test]
    fn no_text_breaks_the_parsers(text: String) {
        let _ = (Note::parse(&text), VerifierKey::parse(&text), SignatureLine::parse_all(&text));
    }
}
