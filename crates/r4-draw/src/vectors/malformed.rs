//! Alphas that are of no draw, or not in the one form of theirs.

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::Value;

use crate::Spec;

const HASH: &str = "64c3d2bb5e9bb20e4d1ab7bd9ba8d2be1f7c34f10a2a6c1e7a4b1e3c5d7f9a0b";
const NONCE: &str = "000102030405060708090a0b0c0d0e0f";

/// Texts after the line of the version, `\n` where a line ends.
fn texts() -> Vec<String> {
    let dice = |lines: &str| format!("kind=dice\n{lines}");
    let integers = |lines: &str| format!("kind=integers\n{lines}label=x\n");
    let mut texts = vec![
        String::new(),
        "\n".into(),
        "kind=\nlabel=x\n".into(),
        "kind=Dice\ncount=1\nsides=6\nlabel=x\n".into(),
        "kind=lottery\ncount=1\nlabel=x\n".into(),
        "count=1\nkind=dice\nsides=6\nlabel=x\n".into(),
        dice("count=1\nlabel=x\n"),
        dice("sides=6\ncount=1\nlabel=x\n"),
        dice("count=1\nsides=6\n"),
        dice("count=1\nsides=6\nlabel=x"),
        dice("count=1\nsides=6\nlabel=x\n\n"),
        dice("count=1\nsides=6\nlabel=x\nlabel=x\n"),
        dice(&format!("count=1\nsides=6\nlabel=x\nnonce={NONCE}\n")),
        dice(&format!("count=1\nsides=6\nnonce={NONCE}\nlabel=x\n")),
        dice("count=1\ncount=1\nsides=6\nlabel=x\n"),
        dice("count=1\r\nsides=6\r\nlabel=x\r\n"),
        dice("count = 1\nsides=6\nlabel=x\n"),
        dice("Count=1\nsides=6\nlabel=x\n"),
        dice(&format!("count=1\nsides=6\nparticipants={HASH}\nlabel=x\n")),
        dice("count=1\nsides=1\nlabel=x\n"),
        dice("count=1\nsides=1001\nlabel=x\n"),
        format!("kind=cards\ncount=53\ndecks=1\nlabel=x\n"),
        "kind=cards\ncount=1\ndecks=0\nlabel=x\n".into(),
        "kind=cards\ncount=1\ndecks=9\nlabel=x\n".into(),
        "kind=decimals\ncount=1\ndigits=0\nlabel=x\n".into(),
        "kind=decimals\ncount=1\ndigits=16\nlabel=x\n".into(),
        "kind=uuids\ncount=10001\nlabel=x\n".into(),
        integers("count=1\nmin=2\nmax=1\nunique=false\n"),
        integers("count=1\nmin=1\nmax=6\n"),
        integers("count=1\nmin=1\nmax=6\nunique=False\n"),
        integers("count=1\nmin=1\nmax=6\nunique=0\n"),
        integers("count=7\nmin=1\nmax=6\nunique=true\n"),
        integers("count=1\nmin=-0\nmax=6\nunique=false\n"),
        integers("count=1\nmin=-01\nmax=6\nunique=false\n"),
        integers("count=1\nmin=0\nmax=9007199254740992\nunique=false\n"),
        integers("count=1\nmin=-9007199254740992\nmax=0\nunique=false\n"),
        integers("count=1\nmin=-1\nmax=9007199254740991\nunique=false\n"),
    ];
    texts.extend(lists());
    texts.extend(forms());
    texts
}

/// Draws from lists.
fn lists() -> Vec<String> {
    let winners = |lines: &str| format!("kind=winners\nn=4\nk=2\n{lines}label=x\n");
    vec![
        "kind=shuffle\nn=0\nlabel=x\n".into(),
        "kind=shuffle\nn=10001\nlabel=x\n".into(),
        format!("kind=shuffle\nn=4\nweights={HASH}\nlabel=x\n"),
        "kind=winners\nk=2\nn=4\nlabel=x\n".into(),
        "kind=winners\nn=4\nk=5\nlabel=x\n".into(),
        "kind=winners\nn=4\nk=0\nlabel=x\n".into(),
        winners(&format!("weights={HASH}\nparticipants={HASH}\n")),
        winners(&format!("participants={HASH}\nparticipants={HASH}\n")),
        winners(&format!("participants={}\n", HASH.to_uppercase())),
        winners(&format!("participants=0x{HASH}\n")),
        winners(&format!("participants={}\n", &HASH[2..])),
        winners(&format!("participants={HASH}00\n")),
        winners("participants=\n"),
    ]
}

/// Values in other forms than theirs.
fn forms() -> Vec<String> {
    let dice = |lines: &str| format!("kind=dice\n{lines}");
    let label = |label: &str| dice(&format!("count=1\nsides=6\nlabel={label}\n"));
    let mut texts = vec![];
    for count in [
        "0",
        "10001",
        "01",
        "+1",
        "-1",
        "1.0",
        "1e0",
        "0x1",
        " 1",
        "1 ",
        "",
        "１",
        "18446744073709551617",
    ] {
        texts.push(dice(&format!("count={count}\nsides=6\nlabel=x\n")));
    }
    for nonce in
        [&NONCE[2..], &format!("{NONCE}00"), &NONCE.to_uppercase(), &format!("0x{NONCE}"), ""]
    {
        texts.push(dice(&format!("count=1\nsides=6\nnonce={nonce}\n")));
    }
    texts.extend(
        ["", " x", "x ", " ", "é", "a\tb", "a\u{7f}b", "a\0b", &"x".repeat(129)].map(label),
    );
    texts
}

pub(super) fn alphas() -> Vec<Value> {
    let good = "kind=dice\ncount=1\nsides=6\nlabel=x\n";
    let versions = [
        "",
        "r4-draw/v1",
        "r4-draw/v2\n",
        "R4-draw/v1\n",
        "r4-draw/v1\r\n",
        " r4-draw/v1\n",
        "\u{feff}r4-draw/v1\n",
    ];
    let mut all: Vec<Vec<u8>> =
        versions.iter().map(|version| format!("{version}{good}").into_bytes()).collect();
    all.push(vec![]);
    all.push(b"r4-draw/v1".into());
    all.push([b"r4-draw/v1\nkind=dice\ncount=1\nsides=6\nlabel=a", &[0xff][..], b"b\n"].concat());
    all.extend(texts().into_iter().map(|text| format!("r4-draw/v1\n{text}").into_bytes()));
    all.into_iter().map(|alpha| hex::encode(alpha).into()).collect()
}

#[test]
fn malformed_alphas_are_refused() {
    for alpha in alphas() {
        let alpha = hex::decode(alpha.as_str().unwrap()).unwrap();
        let text = String::from_utf8_lossy(&alpha);
        assert!(Spec::from_alpha(&alpha).is_err(), "{text:?}");
    }
    assert!(Spec::from_alpha(b"r4-draw/v1\nkind=dice\ncount=1\nsides=6\nlabel=x\n").is_ok());
}
