//! The text of checkpoints, and signatures of all three types: good, tampered with, of another key.

use std::prelude::v1::*;

use signed_note as other;

use super::{Checkpoint, CheckpointError, SignatureError, Signed, SignedCheckpoint};
use crate::hash::EMPTY_ROOT;
use crate::line::to_base64;
use crate::note::{Algorithm, NoteError, VerifierKey};
use crate::testing::{Signer, checkpoint, leaf};

const TIME: u64 = 1_679_315_147;
const COSIGNATURES: [Algorithm; 2] = [Algorithm::CosignatureEd25519, Algorithm::CosignatureMldsa44];

/// tlog-checkpoint's own example.
const EXAMPLE: &str = "example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

#[test]
fn the_specifications_example() {
    let signed = SignedCheckpoint::parse(EXAMPLE).unwrap();
    assert_eq!(signed.checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(signed.checkpoint.size, 20_852_163);
    assert_eq!(signed.to_string(), EXAMPLE);
    assert_eq!(signed.checkpoint.to_string(), signed.note().text);
    let theirs = tlog_tiles::Checkpoint::from_bytes(signed.note().text.as_bytes()).unwrap();
    assert_eq!(theirs.hash().0, signed.checkpoint.root);
}

#[test]
fn malformed_texts() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let empty = to_base64(&EMPTY_ROOT);
    let parse = |lines: &[&str]| Checkpoint::parse(&lines.concat()).map(|_| ());
    assert_eq!(parse(&["o\n", "1\n", root, "\n"]), Ok(()));
    assert_eq!(parse(&["o o+o\n", "0\n", &empty, "\n"]), Ok(()));
    assert_eq!(parse(&[&"o".repeat(255), "\n", "18446744073709551615\n", root, "\n"]), Ok(()));
    for (lines, error) in [
        (&[""][..], CheckpointError::Lines),
        (&["o\n", "1\n"], CheckpointError::Lines),
        (&["o\n", "1\n", root], CheckpointError::Lines),
        (&["o\n", "1\n", root, "\n\n"], CheckpointError::Lines),
        (&["o\n", "1\n", root, "\nextension\n"], CheckpointError::Lines),
        (&["\n", "1\n", root, "\n"], CheckpointError::Origin),
        (&["o\r\n", "1\n", root, "\n"], CheckpointError::Origin),
        (&[&"o".repeat(256), "\n", "1\n", root, "\n"], CheckpointError::Origin),
        (&["o\n", "\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "01\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "00\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "+1\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "-1\n", root, "\n"], CheckpointError::Size),
        (&["o\n", " 1\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "18446744073709551616\n", root, "\n"], CheckpointError::Size),
        (&["o\n", "1\n", "\n"], CheckpointError::Root),
        (&["o\n", "1\n", &root[4..], "\n"], CheckpointError::Root),
        (&["o\n", "1\n", root, " \n"], CheckpointError::Root),
        (&["o\n", "1\n", &root.replace('=', ""), "\n"], CheckpointError::Root),
        (&["o\n", "1\n", &root.replace("I=", "J="), "\n"], CheckpointError::Root),
        (&["o\n", "0\n", root, "\n"], CheckpointError::EmptyRoot),
    ] {
        assert_eq!(parse(lines), Err(error), "{lines:?}");
    }
    let unsigned = EXAMPLE.split_once("\n\n").unwrap().0;
    let error = CheckpointError::Note(NoteError::Separator);
    assert_eq!(SignedCheckpoint::parse(unsigned), Err(error));
}

/// signed-note; tlog-cosignature, "Signed message" of both types.
#[test]
fn messages() {
    let checkpoint = checkpoint();
    let text = checkpoint.to_string();
    let message = |algorithm| Signer::new("w/1", algorithm, 1).key.message(&checkpoint, TIME);
    assert_eq!(message(Algorithm::Ed25519), text.as_bytes());
    assert_eq!(
        message(Algorithm::CosignatureEd25519),
        ["cosignature/v1\ntime 1679315147\n", &text].concat().as_bytes()
    );
    assert_eq!(
        message(Algorithm::CosignatureMldsa44),
        [
            &b"subtree/v1\n\0\x03w/1\0\0\0\0\x64\x18\x50\xcb\x12log.example/v1/log"[..],
            &[0; 8],
            &[0, 0, 0, 0, 0, 0, 0, 9],
            &leaf(9),
        ]
        .concat()
    );
}

#[test]
fn good_signatures() {
    let log = Signer::new("log.example/v1/log", Algorithm::Ed25519, 1);
    let mut signed = SignedCheckpoint::new(checkpoint(), vec![log.line(&checkpoint(), TIME)]);
    assert_eq!(signed.verify(&log.key), Ok(Signed { timestamp: None }));
    for algorithm in COSIGNATURES {
        let witness = Signer::new("w/1", algorithm, 2);
        assert_eq!(signed.verify(&witness.key), Err(SignatureError::Missing));
        signed.add(witness.line(&checkpoint(), TIME));
        let parsed = SignedCheckpoint::parse(&signed.to_string()).unwrap();
        assert_eq!(parsed, signed);
        assert_eq!(parsed.verify(&witness.key), Ok(Signed { timestamp: Some(TIME) }));
        assert_eq!(parsed.verify(&log.key), Ok(Signed { timestamp: None }));
    }
    assert_eq!(signed.note().signatures.len(), 3);
}

/// What one key signed of a checkpoint, shown as another checkpoint's.
#[test]
fn every_field_of_the_checkpoint_is_signed() {
    let good = checkpoint();
    let mut root = good.root;
    root[31] ^= 1;
    let wrong = [
        Checkpoint { origin: "log.example/v1/lof".to_string(), ..good.clone() },
        Checkpoint { size: good.size + 1, ..good.clone() },
        Checkpoint { root, ..good.clone() },
    ];
    for algorithm in [&[Algorithm::Ed25519], &COSIGNATURES[..]].concat() {
        let signer = Signer::new("w/1", algorithm, 2);
        let line = signer.line(&good, TIME);
        assert!(signer.key.verify_line(&good, &line).is_ok());
        for wrong in &wrong {
            assert_eq!(signer.key.verify_line(wrong, &line), Err(SignatureError::Refused));
        }
        let other = Signer::new("w/1", algorithm, 3);
        assert_eq!(other.key.verify_line(&good, &line), Err(SignatureError::Missing));
        let taken = other.key.line(TIME, &signer.sign(&signer.key.message(&good, TIME)));
        assert_eq!(other.key.verify_line(&good, &taken), Err(SignatureError::Refused));
    }
}

#[test]
fn every_other_field_of_a_cosignature_is_signed() {
    let good = checkpoint();
    for (algorithm, step) in COSIGNATURES.into_iter().zip([9, 1]) {
        let signer = Signer::new("w/1", algorithm, 2);
        let message = signer.key.message(&good, TIME);
        let line = |message: &[u8]| signer.key.line(TIME, &signer.sign(message));
        assert!(signer.key.verify_line(&good, &line(&message)).is_ok());
        // of type 0x06 each octet: label, cosigner's name, time, origin, start, end, root
        for at in (0..message.len()).step_by(step) {
            let mut changed = message.clone();
            changed[at] ^= 1;
            let refused = signer.key.verify_line(&good, &line(&changed));
            assert_eq!(refused, Err(SignatureError::Refused), "octet {at}");
        }
        let mut later = line(&message);
        later.bytes[7] ^= 1;
        assert_eq!(signer.key.verify_line(&good, &later), Err(SignatureError::Refused));
    }
    // the name of type 0x06 is in the message, that of 0x04 in the key id alone
    let signer = Signer::new("w/1", Algorithm::CosignatureMldsa44, 2);
    let signature = signer.sign(&signer.key.message(&good, TIME));
    let renamed =
        VerifierKey::new("w/2", Algorithm::CosignatureMldsa44, signer.key.public_key()).unwrap();
    let refused = renamed.verify_line(&good, &renamed.line(TIME, &signature));
    assert_eq!(refused, Err(SignatureError::Refused));
}

#[test]
fn times_and_lengths() {
    let good = checkpoint();
    for algorithm in COSIGNATURES {
        let signer = Signer::new("w/1", algorithm, 2);
        let verify = |time| signer.key.verify_line(&good, &signer.line(&good, time));
        for time in [1, i64::MAX.unsigned_abs()] {
            assert_eq!(verify(time), Ok(Signed { timestamp: Some(time) }));
        }
        for time in [0, 1 << 63, u64::MAX] {
            assert_eq!(verify(time), Err(SignatureError::Timestamp));
        }
    }
    for (algorithm, want) in
        [(Algorithm::Ed25519, 64), (COSIGNATURES[0], 72), (COSIGNATURES[1], 2428)]
    {
        let signer = Signer::new("w/1", algorithm, 2);
        for got in [0, want - 1, want + 1] {
            let mut line = signer.line(&good, TIME);
            line.bytes.resize(got, 0);
            let error = SignatureError::Length { want, got };
            assert_eq!(signer.key.verify_line(&good, &line), Err(error));
        }
    }
}

#[test]
fn all_lines_of_a_key_count() {
    let (good, signer) = (checkpoint(), Signer::new("w/1", COSIGNATURES[0], 2));
    let line = |time| signer.line(&good, time);
    let verify =
        |lines: &[_]| SignedCheckpoint::new(good.clone(), lines.to_vec()).verify(&signer.key);
    let mut bad = line(TIME);
    bad.bytes[8] ^= 1;
    assert_eq!(verify(&[]), Err(SignatureError::Missing));
    for order in [[line(5), line(7)], [line(7), line(5)]] {
        assert_eq!(verify(&order), Ok(Signed { timestamp: Some(7) }));
    }
    for order in [[line(5), bad.clone()], [bad.clone(), line(5)]] {
        assert_eq!(verify(&order), Err(SignatureError::Refused));
    }
    // lines of others that share the name or the id are none of this key's
    let mut named = bad.clone();
    named.key_id[0] ^= 1;
    let mut numbered = bad.clone();
    numbered.name = "w/2".to_string();
    assert_eq!(verify(&[named, numbered, line(5)]), Ok(Signed { timestamp: Some(5) }));
    let mut again = SignedCheckpoint::new(good.clone(), vec![bad]);
    again.add(line(6));
    assert_eq!(again.note().signatures, [line(6)]);
}

#[test]
fn another_implementation_signs() {
    let skey = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let good = checkpoint();
    let mut note = other::Note::new(good.to_string().as_bytes(), &[]).unwrap();
    note.add_sigs(&[&other::StandardSigner::new(skey).unwrap()]).unwrap();
    let note = String::from_utf8(note.to_bytes()).unwrap();
    let signed = SignedCheckpoint::parse(&note).unwrap();
    assert_eq!(signed.checkpoint, good);
    assert!(signed.verify(&VerifierKey::parse(vkey).unwrap()).is_ok());
    let changed = note.replacen("\n9\n", "\n8\n", 1);
    let signed = SignedCheckpoint::parse(&changed).unwrap();
    let refused = signed.verify(&VerifierKey::parse(vkey).unwrap());
    assert_eq!(refused, Err(SignatureError::Refused));
}
