//! Requests written and read, and every malformed line.

use std::prelude::v1::*;

use proptest::prelude::*;

use super::{AddCheckpoint, AddCheckpointError, MAX_HASHES, MAX_REQUEST_BYTES};
use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::line::{HashesError, to_base64};
use crate::note::NoteError;
use crate::testing::leaf;

/// tlog-witness's own example.
const EXAMPLE: &str = "old 20852014\n\
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
    5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
    /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
    \n\
    example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

fn example() -> (String, String) {
    let (_, checkpoint) = EXAMPLE.split_once("\n\n").unwrap();
    (checkpoint.to_string(), to_base64(&leaf(1)))
}

#[test]
fn the_specifications_example() {
    let request = AddCheckpoint::parse(EXAMPLE).unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.to_string(), EXAMPLE);
    let signed = SignedCheckpoint::parse(&request.checkpoint).unwrap();
    assert_eq!((signed.checkpoint.size, signed.note().signatures.len()), (20_852_163, 2));
}

#[test]
fn malformed_lines() {
    let (checkpoint, hash) = example();
    let long = format!("{hash}\n").repeat(MAX_HASHES + 1);
    let form = |number| AddCheckpointError::Hashes(HashesError::Form { number });
    let parse = |head: &[&str]| AddCheckpoint::parse(&[&head.concat(), "\n", &checkpoint].concat());
    assert!(parse(&["old 0\n"]).is_ok());
    assert!(parse(&["old 0\n", &long[hash.len() + 1..]]).is_ok());
    for (head, error) in [
        (&[&hash[..], "\n"][..], AddCheckpointError::Old),
        (&["old\n"], AddCheckpointError::Old),
        (&["old \n"], AddCheckpointError::Old),
        (&["old  1\n"], AddCheckpointError::Old),
        (&["old 01\n"], AddCheckpointError::Old),
        (&["old 1 \n"], AddCheckpointError::Old),
        (&["Old 1\n"], AddCheckpointError::Old),
        (&["old -1\n"], AddCheckpointError::Old),
        (&["old 1\r\n"], AddCheckpointError::Old),
        (&["old 18446744073709551616\n"], AddCheckpointError::Old),
        (&["old 1\n", "old 1\n"], form(1)),
        (&["old 1\n", &hash, "\n", &hash[2..], "\n"], form(2)),
        (&["old 1\n", &hash, "\r\n"], form(1)),
        (&["old 1\n", &long], HashesError::TooMany { max: 63 }.into()),
    ] {
        assert_eq!(parse(head), Err(error), "{head:?}");
    }
    let separator = AddCheckpoint::parse("old 1\n");
    assert_eq!(separator, Err(AddCheckpointError::Separator));
    let lines = AddCheckpoint::parse(&EXAMPLE.replacen("I=\n", "I=\nextension\n", 1));
    assert_eq!(lines, Err(CheckpointError::Lines.into()));
    let unsigned = AddCheckpoint::parse("old 1\n\nlog\n1\n");
    assert_eq!(unsigned, Err(CheckpointError::Note(NoteError::Separator).into()));
    let got = MAX_REQUEST_BYTES + 1;
    let long = AddCheckpoint::parse(&" ".repeat(got));
    assert_eq!(long, Err(AddCheckpointError::Long { got }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn written_requests_parse(old: u64, proof in prop::collection::vec(any::<Hash>(), 0..=63)) {
        let request = AddCheckpoint { old, proof, checkpoint: example().0 };
        prop_assert_eq!(AddCheckpoint::parse(&request.to_string()), Ok(request));
    }

    #[test]
    fn no_text_breaks_the_parser(text: String) {
        let _ = AddCheckpoint::parse(&text);
        let _ = AddCheckpoint::parse(&["old 1\n", &text].concat());
    }
}
