//! Proofs written and read, and every malformed line.

use std::prelude::v1::*;

use proptest::prelude::*;

use super::{MAX_HASHES, MAX_PROOF_BYTES, TlogProof, TlogProofError};
use crate::checkpoint::CheckpointError;
use crate::hash::Hash;
use crate::line::{HashesError, to_base64};
use crate::note::NoteError;
use crate::testing::{Tree, checkpoint, leaf};
use crate::tree::{inclusion_proof, root, verify_inclusion};

/// Parsing checks no signature, so this one is none.
fn signed() -> String {
    format!("{}\n— log.example AAAAAAA=\n", checkpoint())
}

#[test]
fn a_proof_travels() {
    let tree = Tree::of(9);
    let hashes = inclusion_proof(&tree, 5, 9).unwrap();
    let proof =
        TlogProof { extra: Some(b"alpha".to_vec()), index: 5, hashes, checkpoint: signed() };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra YWxwaGE=\nindex 5\n"));
    let read = TlogProof::parse(&text).unwrap();
    assert_eq!(read, proof);
    verify_inclusion(&leaf(5), read.index, 9, &read.hashes, &root(&tree, 9).unwrap()).unwrap();
}

#[test]
fn forms() {
    let checkpoint = signed();
    for extra in [None, Some(Vec::new()), Some(vec![0xff; 1000])] {
        for hashes in [0, 1, MAX_HASHES] {
            let hashes = vec![leaf(1); hashes];
            let (extra, checkpoint) = (extra.clone(), checkpoint.clone());
            let proof = TlogProof { extra, index: u64::MAX, hashes, checkpoint };
            assert_eq!(TlogProof::parse(&proof.to_string()), Ok(proof));
        }
    }
}

#[test]
fn malformed_lines() {
    let (first, hash, checkpoint) = ("c2sp.org/tlog-proof@v1\n", to_base64(&leaf(1)), signed());
    let long = format!("{hash}\n").repeat(MAX_HASHES + 1);
    let short = to_base64(&[0; 31]);
    let hashes = |number| TlogProofError::Hashes(HashesError::Form { number });
    for (head, error) in [
        (&[""][..], TlogProofError::FirstLine),
        (&["index 5\n"], TlogProofError::FirstLine),
        (&["c2sp.org/tlog-proof@v2\n", "index 5\n"], TlogProofError::FirstLine),
        (&[first], TlogProofError::Index),
        (&[first, "extra AA==\n"], TlogProofError::Index),
        (&[first, "extra AA==\n", "extra AA==\n", "index 5\n"], TlogProofError::Index),
        (&[first, "extra\n", "index 5\n"], TlogProofError::Extra),
        (&[first, "extra  AA==\n", "index 5\n"], TlogProofError::Extra),
        (&[first, "extra AA\n", "index 5\n"], TlogProofError::Extra),
        (&[first, "extra AB==\n", "index 5\n"], TlogProofError::Extra),
        (&[first, "index 05\n"], TlogProofError::Index),
        (&[first, "index  5\n"], TlogProofError::Index),
        (&[first, "index\n"], TlogProofError::Index),
        (&[first, "index \n"], TlogProofError::Index),
        (&[first, "index +5\n"], TlogProofError::Index),
        (&[first, "index 5\r\n"], TlogProofError::Index),
        (&[first, "index 18446744073709551616\n"], TlogProofError::Index),
        (&[first, "index 5\n", "extra AA==\n"], hashes(1)),
        (&[first, "index 5\n", &hash, "\n", &short, "\n"], hashes(2)),
        (&[first, "index 5\n", &hash, " \n"], hashes(1)),
        (&[first, "index 5\n", &hash[1..], "\n"], hashes(1)),
        (&[first, "index 5\n", &long], HashesError::TooMany { max: 64 }.into()),
    ] {
        let text = [&head.concat(), "\n", &checkpoint].concat();
        assert_eq!(TlogProof::parse(&text), Err(error), "{head:?}");
    }
    let note = TlogProofError::Checkpoint(CheckpointError::Note(NoteError::Separator));
    for rest in ["\n", "\ntext\n"] {
        let text = [first, "index 5\n", rest].concat();
        assert_eq!(TlogProof::parse(&text), Err(note), "{rest:?}");
    }
    assert_eq!(TlogProof::parse(&[first, "index 5\n"].concat()), Err(TlogProofError::Separator));
    let long = " ".repeat(MAX_PROOF_BYTES + 1);
    assert_eq!(TlogProof::parse(&long), Err(TlogProofError::Long { got: MAX_PROOF_BYTES + 1 }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_proofs_parse(
        extra: Option<Vec<u8>>,
        index: u64,
        hashes in prop::collection::vec(any::<Hash>(), 0..=64),
    ) {
        let proof = TlogProof { extra, index, hashes, checkpoint: signed() };
        prop_assert_eq!(TlogProof::parse(&proof.to_string()), Ok(proof));
    }

    #[test]
    fn no_text_breaks_the_parser(text: String) {
        let _ = TlogProof::parse(&text);
        let _ = TlogProof::parse(&["c2sp.org/tlog-proof@v1\n", &text].concat());
    }
}
