//! Policies: the specification's example, thresholds of every k of n, and every malformed line.

use std::prelude::v1::*;

use proptest::prelude::*;

use super::{LineError, MAX_DEFINITIONS, MAX_POLICY_BYTES, Policy, PolicyError};
use crate::checkpoint::{SignatureError, SignedCheckpoint};
use crate::note::{Algorithm, KeyError};
use crate::testing::{Signer, checkpoint};

const TIME: u64 = 1_679_315_147;
const ORIGIN: &str = "log.example/v1/log";

fn log() -> Signer {
    Signer::new(ORIGIN, Algorithm::Ed25519, 200)
}

/// A witness; those with an odd number sign with ML-DSA-44.
fn witness(number: u8) -> Signer {
    let algorithm = match number % 2 {
        0 => Algorithm::CosignatureEd25519,
        _ => Algorithm::CosignatureMldsa44,
    };
    Signer::new(&format!("w.example/{number}"), algorithm, number)
}

/// A checkpoint with the signature of the log and of these witnesses.
fn cosigned(witnesses: &[u8]) -> SignedCheckpoint {
    let checkpoint = checkpoint();
    let mut signed = SignedCheckpoint::new(checkpoint.clone(), vec![log().line(&checkpoint, 0)]);
    for number in witnesses {
        signed.add(witness(*number).line(&checkpoint, TIME));
    }
    signed
}

fn witness_lines(witnesses: usize) -> String {
    let line = |number| format!("witness w{number} {}\n", witness(number).key);
    (0..).take(witnesses).map(line).collect::<Vec<_>>().concat()
}

/// tlog-policy, "Example policy": two of three X and any of three Y.
#[test]
fn the_specifications_example() {
    let vkey = |number| witness(number).key.to_string();
    let text = format!(
        "log {}\n\n# the witnesses of X\nwitness X1 {}\n\twitness  X2\t{} https://x2.example/ \n\
         witness X3 {}\ngroup X-witnesses 2 X1 X2 X3\n\nwitness Y1 {}\nwitness Y2 {}\n\
         witness Y3 {}\n  # and of Y\ngroup Y-witnesses any Y1 Y2 Y3\n\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        log().key,
        vkey(0),
        vkey(1),
        vkey(2),
        vkey(3),
        vkey(4),
        vkey(5),
    );
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.logs(), [log().key]);
    assert_eq!(policy.witnesses().len(), 6);
    assert_eq!(policy.witnesses()[1].url.as_deref(), Some("https://x2.example/"));
    for (witnesses, satisfied) in [
        (&[][..], false),
        (&[0, 1], false),
        (&[0, 3], false),
        (&[3, 4, 5], false),
        (&[0, 1, 2], false),
        (&[0, 1, 3], true),
        (&[1, 2, 5], true),
        (&[0, 1, 2, 3, 4, 5], true),
    ] {
        let judgement = policy.judge(&cosigned(witnesses));
        assert_eq!(judgement.satisfied, satisfied, "{witnesses:?}");
        for (number, (name, cosigned)) in (0..).zip(&judgement.witnesses) {
            let expected =
                if witnesses.contains(&number) { Ok(TIME) } else { Err(SignatureError::Missing) };
            assert_eq!(cosigned, &expected, "{name}");
        }
        assert_eq!(judgement.witnesses[5].0, "Y3");
    }
}

#[test]
fn every_k_of_n() {
    for n in 1..=4_usize {
        let members = (0..n).map(|number| format!(" w{number}")).collect::<Vec<_>>().concat();
        let lines = witness_lines(n);
        let policy = |threshold: &str| {
            Policy::parse(&format!("{lines}group g {threshold}{members}\nquorum g\n"))
        };
        for bits in 0..1_usize << n {
            let cosigned = |number: usize| match bits >> number & 1 {
                1 => (format!("w{number}"), Ok(TIME)),
                _ => (format!("w{number}"), Err(SignatureError::Refused)),
            };
            let witnesses: Vec<_> = (0..n).map(cosigned).collect();
            let count = usize::try_from(bits.count_ones()).unwrap();
            let judge = |threshold: &str| policy(threshold).unwrap().has_quorum(&witnesses);
            for k in 1..=n {
                assert_eq!(judge(&k.to_string()), count >= k, "{k} of {n}");
            }
            assert_eq!((judge("any"), judge("all")), (count > 0, count == n));
        }
        for threshold in ["0", "01", "-1", "+1", "most", "5", "99999999999999999999"] {
            let line = n.saturating_add(1);
            let error = PolicyError::Line { line, error: LineError::Threshold };
            assert_eq!(policy(threshold), Err(error), "{threshold}");
        }
    }
}

#[test]
fn a_log_must_have_signed() {
    let (signed, mldsa) = (cosigned(&[]), Signer::new(ORIGIN, Algorithm::CosignatureMldsa44, 201));
    let judge = |lines: &str, signed: &SignedCheckpoint| {
        Policy::parse(&[lines, "quorum none\n"].concat()).unwrap().judge(signed).satisfied
    };
    assert!(judge("", &signed));
    assert!(judge(&format!("log {} https://log.example\n", log().key), &signed));
    // of two keys of the log one is enough
    let both = format!("log {}\nlog {}\n", mldsa.key, log().key);
    assert!(judge(&both, &signed));
    assert!(!judge(&format!("log {}\n", mldsa.key), &signed));
    let mut forged = signed.clone();
    let mut line = log().line(&checkpoint(), 0);
    line.bytes[0] ^= 1;
    forged.add(line);
    assert!(!judge(&both, &forged));
    // a log signs no checkpoint of another origin
    let stranger = Signer::new("log.example/other", Algorithm::Ed25519, 1);
    let mut taken = signed.clone();
    taken.add(stranger.line(&checkpoint(), 0));
    assert!(taken.verify(&stranger.key).is_ok());
    assert!(!judge(&format!("log {}\n", stranger.key), &taken));
}

#[test]
fn forged_cosignatures_do_not_count() {
    let policy = Policy::parse(&[&witness_lines(2), "quorum w1\n"].concat()).unwrap();
    assert!(policy.judge(&cosigned(&[1])).satisfied);
    assert!(!policy.judge(&cosigned(&[0])).satisfied);
    let mut signed = cosigned(&[0]);
    let mut line = witness(1).line(&checkpoint(), TIME);
    line.bytes[100] ^= 1;
    signed.add(line);
    let judgement = policy.judge(&signed);
    assert!(!judgement.satisfied);
    assert_eq!(judgement.witnesses[1], ("w1".to_string(), Err(SignatureError::Refused)));
}

#[test]
fn malformed_lines() {
    let witnesses = witness_lines(2);
    let (first, log) = (witness(0).key, log().key);
    let name = |name: &str| name.to_string();
    for (line, error) in [
        ("quorum w0", LineError::Unterminated),
        ("quorum\u{b}w0\n", LineError::Control),
        ("quorum w0\r\n", LineError::Control),
        ("quorum w0\u{7f}\n", LineError::Control),
        ("Quorum w0\n", LineError::Keyword),
        ("quorum\u{a0}w0\n", LineError::Keyword),
        ("quorum\n", LineError::Items),
        ("quorum w0 w1\n", LineError::Items),
        ("quorum w2\n", LineError::Undefined { name: name("w2") }),
        ("log\n", LineError::Items),
        (&format!("log {log} a b\n"), LineError::Items),
        (&format!("log {log} # a\n"), LineError::Items),
        (&format!("log {first}\n"), LineError::Algorithm),
        ("log a+b\n", LineError::Key(KeyError::Form)),
        ("witness w2\n", LineError::Items),
        (&format!("witness w2 {log} a b\n"), LineError::Items),
        (&format!("witness w2 {log}\n"), LineError::Algorithm),
        (&format!("witness w2 {first}\n"), LineError::RepeatedKey),
        (&format!("witness w0 {}\n", witness(2).key), LineError::RepeatedName { name: name("w0") }),
        (
            &format!("witness none {}\n", witness(2).key),
            LineError::RepeatedName { name: name("none") },
        ),
        ("group g\n", LineError::Items),
        ("group g any\n", LineError::Items),
        ("group g any w2\n", LineError::Undefined { name: name("w2") }),
        ("group g any none\n", LineError::Undefined { name: name("none") }),
        ("group g any g\n", LineError::Undefined { name: name("g") }),
        ("group g any w0 w0\n", LineError::RepeatedMember { name: name("w0") }),
        ("group w0 any w1\n", LineError::RepeatedName { name: name("w0") }),
        ("group none any w1\n", LineError::RepeatedName { name: name("none") }),
    ] {
        let text = [&witnesses, line].concat();
        assert_eq!(Policy::parse(&text), Err(PolicyError::Line { line: 3, error }), "{line:?}");
    }
    for (lines, error) in [
        ("quorum none\nquorum none\n", LineError::RepeatedQuorum),
        ("group g any w0\ngroup h any w0 w1\n", LineError::RepeatedMember { name: name("w0") }),
        (&format!("log {log}\nlog {log}\n"), LineError::RepeatedKey),
    ] {
        let text = [&witnesses, lines].concat();
        assert_eq!(Policy::parse(&text), Err(PolicyError::Line { line: 4, error }), "{lines:?}");
    }
    assert_eq!(Policy::parse(""), Err(PolicyError::NoQuorum));
    assert_eq!(Policy::parse(&witnesses), Err(PolicyError::NoQuorum));
}

/// The same Ed25519 key under another name is the same witness.
#[test]
fn duplicates_by_another_name() {
    let (one, two) = (witness(0), Signer::new("w.example/other", COSIGNATURE, 0));
    assert_ne!(one.key.id(), two.key.id());
    let text = format!("witness a {}\nwitness b {}\nquorum none\n", one.key, two.key);
    let error = PolicyError::Line { line: 2, error: LineError::RepeatedKey };
    assert_eq!(Policy::parse(&text), Err(error));
}

const COSIGNATURE: Algorithm = Algorithm::CosignatureEd25519;

#[test]
fn limits() {
    let groups = |count: usize| {
        let group = |(number, below)| format!("group g{number} any g{below}\n");
        let above = (1..count).zip(0..).map(group).collect::<Vec<_>>().concat();
        let first = "group g0 any w0\n";
        [&witness_lines(1), first, &above, &format!("quorum g{}\n", count.abs_diff(1))].concat()
    };
    let policy = Policy::parse(&groups(MAX_DEFINITIONS - 1)).unwrap();
    assert!(policy.judge(&cosigned(&[0])).satisfied);
    assert!(!policy.judge(&cosigned(&[])).satisfied);
    let error = PolicyError::Line { line: MAX_DEFINITIONS + 1, error: LineError::TooMany };
    assert_eq!(Policy::parse(&groups(MAX_DEFINITIONS)), Err(error));
    let got = MAX_POLICY_BYTES + 1;
    assert_eq!(Policy::parse(&"\n".repeat(got)), Err(PolicyError::Long { got }));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_parser(text in "((log|witness|group|quorum|#)?( [a-c+1]{0,2}){0,4}\n){0,6}") {
        let _ = Policy::parse(&text);
    }
}
