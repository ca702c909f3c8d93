//! There and back, and nothing else.

use std::prelude::v1::*;
use std::string::String;
use std::{format, vec};

use proptest::prelude::*;
use r4_receipt::alpha::MAX_ALPHA_BYTES;

use super::*;
use crate::Order;

const SAFE: i64 = (1 << 53) - 1;

/// The numbers of a kind, within their limits.
fn kinds() -> impl Strategy<Value = Kind> {
    let count = || 1..=10_000_u32;
    prop_oneof![
        (count(), -SAFE..=SAFE, 0..=SAFE, any::<bool>()).prop_map(|(count, min, size, unique)| {
            let max = min.saturating_add(size).min(SAFE);
            let enough = u32::try_from(max.abs_diff(min)).unwrap_or(u32::MAX).max(1);
            let count = if unique { count.min(enough) } else { count };
            Kind::Integers { count, min, max, unique }
        }),
        count().prop_map(|n| Kind::Shuffle { n }),
        (count(), count()).prop_map(|(n, k)| Kind::Winners { n, k: k.min(n) }),
        (count(), 2..=1000_u32).prop_map(|(count, sides)| Kind::Dice { count, sides }),
        (1..=52_u32, 1..=8_u32).prop_map(|(count, decks)| Kind::Cards { count, decks }),
        (count(), 1..=15_u32).prop_map(|(count, digits)| Kind::Decimals { count, digits }),
        count().prop_map(|count| Kind::Uuids { count }),
    ]
}

fn specs() -> impl Strategy<Value = Spec> {
    let seed = prop_oneof![
        any::<[u8; 16]>().prop_map(Seed::Nonce),
        "[!-~]([ -~]{0,126}[!-~])?".prop_map(Seed::Label),
    ];
    let hash = any::<Option<[u8; 32]>>;
    (kinds(), hash(), hash(), seed).prop_map(|(kind, participants, weights, seed)| Spec {
        kind,
        participants: participants.filter(|_| kind.has_participants()),
        weights: weights.filter(|_| kind.has_weights()),
        seed,
    })
}

proptest! {
    #[test]
    fn there_and_back(spec in specs()) {
        let alpha = spec.alpha();
        prop_assert!(alpha.len() <= MAX_ALPHA_BYTES);
        prop_assert!(!r4_receipt::alpha::is_reserved(&alpha));
        prop_assert_eq!(Spec::from_alpha(&alpha), Ok(spec));
    }

    /// One byte more, less or other: either no draw, or another with just this alpha.
    #[test]
    fn no_draw_has_two_alphas(spec in specs(), at: prop::sample::Index, byte: u8, edit in 0..3) {
        let mut alpha = spec.alpha();
        let at = at.index(alpha.len());
        match edit {
            0 => alpha[at] = byte,
            1 => alpha.insert(at, byte),
            _ => drop(alpha.remove(at)),
        }
        if let Ok(other) = Spec::from_alpha(&alpha) {
            prop_assert_eq!(other.alpha(), alpha);
        }
    }

    #[test]
    fn anything_else_is_refused(bytes: Vec<u8>, text in "(r4-draw/v1\n)?([a-z]{1,6}=[ -~]{0,9}\n){0,6}") {
        for alpha in [bytes, text.into_bytes()] {
            if let Ok(spec) = Spec::from_alpha(&alpha) {
                prop_assert_eq!(spec.alpha(), alpha);
            }
        }
    }
}

#[test]
fn the_lines_are_these() {
    let hash = "64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b";
    let winners = format!(
        r#"{{"kind":"winners","k":2,"n":4,"participants_sha256":"0x{hash}","label":"a = b"}}"#
    );
    let integers = r#"{"kind":"integers","count":3,"min":-5,"max":5,"unique":true}"#;
    for (request, alpha) in [
        (
            &*winners,
            format!("r4-draw/v1\nkind=winners\nn=4\nk=2\nparticipants={hash}\nlabel=a = b\n"),
        ),
        (
            integers,
            "r4-draw/v1\nkind=integers\ncount=3\nmin=-5\nmax=5\nunique=true\n\
             nonce=07070707070707070707070707070707\n"
                .into(),
        ),
        (
            r#"{"kind":"cards","count":5,"label":"x"}"#,
            "r4-draw/v1\nkind=cards\ncount=5\ndecks=1\nlabel=x\n".into(),
        ),
    ] {
        let spec = Order::parse(request.as_bytes()).unwrap().into_spec([7; 16]).0;
        assert_eq!(String::from_utf8(spec.alpha()), Ok(alpha));
    }
}

#[test]
fn errors_name_the_line() {
    let says = |lines: &str| {
        let alpha = format!("r4-draw/v1\n{lines}");
        Spec::from_alpha(alpha.as_bytes()).unwrap_err().to_string()
    };
    assert!(says("kind=dice\ncount=1\n").ends_with("has no line sides="));
    assert!(says("kind=dice\ncount=0\n").contains("the line count="));
    assert!(says("kind=dice\ncount=1\nsides=6\nlabel=\n").contains("the line label="));
    assert!(says("kind=dice\ncount=1\nsides=6\nlabel=x\n\n").contains("does not end after"));
    assert!(Spec::from_alpha(b"alpha").unwrap_err().to_string().contains("r4-draw/v1"));
    assert_ne!(vec![says("kind=x\n")], vec![says("kind=dice\n")]);
}
