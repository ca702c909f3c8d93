//! Documents in which everything holds, and whom they are trusted by.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use super::{ACCEPTED, ALPHA, Case, EPOCHS, REFUSED, Stage};
use crate::alpha::index_alpha;
use crate::testing::Node;
use crate::{Document, Domain, Mode, Schemes, UnsignedAttestation};

const SCHEMES: [(Schemes, &str); 3] =
    [(Schemes::Dual, "dual"), (Schemes::Ecdsa, "ecdsa"), (Schemes::Mldsa, "mldsa65")];

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    [
        receipts(stage),
        numbers(stage),
        attestations(stage),
        pins(stage),
        strangers(stage),
        demands(stage),
        texts(stage),
    ]
    .concat()
}

/// Every set of signatures with every kind of alpha and domain.
fn receipts(stage: &Stage) -> Vec<Case> {
    let chain = Domain::new(Some(1), None).unwrap();
    let long: Vec<u8> = (0..=255).cycle().take(1024).collect();
    let mut cases = vec![];
    for (schemes, sig) in SCHEMES {
        let on_chain = if schemes.has_ecdsa() { ACCEPTED } else { REFUSED };
        for (what, alpha, domain, evm) in [
            ("index alpha, no chain", None, Domain::default(), None),
            ("index alpha, contract", None, stage.contract, on_chain),
            ("alpha of 1 byte, chain id", Some(&[0][..]), chain, None),
            ("alpha of 32 bytes, contract", Some(&ALPHA), stage.contract, on_chain),
            ("alpha of 1024 bytes, no chain", Some(&long), Domain::default(), None),
        ] {
            let receipt = stage.receipt(schemes, alpha, |unsigned| unsigned.head.domain = domain);
            let name = format!("valid: {sig}, {what}");
            cases.push(Case::valid(name, &Document::Vrf(receipt)).on_chain(evm));
        }
    }
    cases
}

/// Indices, chains and times at the ends of their ranges.
fn numbers(stage: &Stage) -> Vec<Case> {
    let key_hash = stage.node.keys.key_set().key_hash();
    let mut cases = vec![];
    for index in [0, 9_007_199_254_740_991, 9_007_199_254_740_993, u64::MAX] {
        let receipt = stage.receipt(Schemes::Ecdsa, None, |unsigned| {
            unsigned.head.index = index;
            unsigned.alpha = index_alpha(&key_hash, index);
            unsigned.proof = stage.node.prove(&unsigned.alpha);
        });
        cases.push(Case::valid(format!("valid: index {index}"), &Document::Vrf(receipt)));
    }
    for chain in [0, 9_007_199_254_740_993, u64::MAX] {
        let receipt = stage.receipt(Schemes::Ecdsa, Some(&ALPHA), |unsigned| {
            unsigned.head.domain = Domain::new(Some(chain), None).unwrap();
        });
        cases.push(Case::valid(format!("valid: chain id {chain}"), &Document::Vrf(receipt)));
    }
    for timestamp in [0, 951_782_400, 253_402_300_799] {
        let receipt = stage.receipt(Schemes::Ecdsa, Some(&ALPHA), |unsigned| {
            unsigned.head.timestamp = timestamp;
        });
        let name = format!("valid: {timestamp} seconds since 1970");
        cases.push(Case::valid(name, &Document::Vrf(receipt)));
    }
    let receipt = stage.receipt(Schemes::Ecdsa, Some(b"R4/ is not r4/"), |_| ());
    cases.push(Case::valid("valid: alpha begins with R4/", &Document::Vrf(receipt)));
    cases
}

fn attestations(stage: &Stage) -> Vec<Case> {
    let node = &stage.node;
    let mut cases = vec![];
    for (what, schemes, domain, len, core_sha256, mode) in [
        ("dual, sealed, 16 bytes", Schemes::Dual, Domain::default(), 16, [0xc0; 32], Mode::Sealed),
        ("ecdsa, fallback, no core", Schemes::Ecdsa, stage.contract, 32, [0; 32], Mode::Fallback),
        ("mldsa65, 1000 bytes", Schemes::Mldsa, Domain::default(), 1000, [1; 32], Mode::Sealed),
    ] {
        let head = node.head(u64::MAX, domain, schemes);
        let bytes = (0..=255).cycle().take(len).collect();
        let attested = node.attest(UnsignedAttestation { head, bytes, core_sha256, mode });
        cases.push(Case::valid(format!("attestation: {what}"), &Document::Attested(attested)));
    }
    cases
}

/// Receipts of the trusted node with every pin.
fn pins(stage: &Stage) -> Vec<Case> {
    let [dual, ecdsa, mldsa] =
        SCHEMES.map(|(schemes, _)| Document::Vrf(stage.receipt(schemes, Some(&ALPHA), |_| ())));
    vec![
        Case::consistent("unpinned: dual", &dual),
        Case::consistent("unpinned: ecdsa, what is required is not enforced", &ecdsa)
            .requiring("mldsa65"),
        Case::consistent("unpinned: mldsa65", &mldsa),
        Case::valid("pinned by keys: dual", &dual).pinned("keys"),
        Case::valid("pinned by keys: ecdsa", &ecdsa).pinned("keys"),
        Case::valid("pinned by keys: mldsa65", &mldsa).pinned("keys"),
        Case::valid("pinned by signer: dual", &dual).pinned("signer"),
        Case::valid("pinned by signer: ecdsa", &ecdsa).pinned("signer"),
        Case::failed("pinned by signer: mldsa65 has no ECDSA", &mldsa, "pin").pinned("signer"),
    ]
}

/// Receipts of others, who are trusted by some pins and not by others.
fn strangers(stage: &Stage) -> Vec<Case> {
    let receipt = |node: &Node, domain| {
        let mut unsigned = node.unsigned(Schemes::Dual, Some(&ALPHA));
        unsigned.head.domain = domain;
        Document::Vrf(node.sign(unsigned))
    };
    let theirs = receipt(&stage.stranger, Domain::default());
    let mut cases = vec![
        Case::consistent("stranger: unpinned", &theirs),
        Case::failed("stranger: pinned by key_hash", &theirs, "pin"),
        Case::failed("stranger: pinned by keys", &theirs, "pin").pinned("keys"),
        Case::failed("stranger: pinned by signer", &theirs, "pin").pinned("signer"),
        Case::failed("stranger: on the contract", &receipt(&stage.stranger, stage.contract), "pin")
            .on_chain(REFUSED),
    ];
    // The trusted ECDSA key with the stranger's other keys, which that signature vouches for.
    let mixed = receipt(&Node::of_seeds(80, 3), Domain::default());
    cases.push(Case::valid("signer pins ECDSA alone", &mixed).pinned("signer"));
    cases.push(Case::failed("other keys than the pinned", &mixed, "pin"));
    for (number, status) in EPOCHS {
        let document = receipt(&Node::new(number), Domain::default());
        let name = format!("{} epoch: pinned by keys", status.name());
        cases.push(match status.name() {
            "retired" => Case::valid(name, &document).pinned("keys"),
            _ => Case::failed(name, &document, "pin").pinned("keys"),
        });
    }
    cases
}

/// Every set of signatures with every demand.
fn demands(stage: &Stage) -> Vec<Case> {
    let mut cases = vec![];
    for (schemes, sig) in SCHEMES {
        let document = Document::Vrf(stage.receipt(schemes, Some(&ALPHA), |_| ()));
        for (_, demand) in SCHEMES {
            let name = format!("required: {demand}, present: {sig}");
            let met = sig == "dual" || sig == demand;
            let case = if met {
                Case::valid(name, &document)
            } else {
                Case::failed(name, &document, "require")
            };
            cases.push(case.requiring(demand));
        }
    }
    cases
}

/// The same document in texts that differ.
fn texts(stage: &Stage) -> Vec<Case> {
    let document = Document::Vrf(stage.receipt(Schemes::Ecdsa, Some(&ALPHA), |_| ()));
    let text = document.to_json();
    let sorted: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pretty = serde_json::to_string_pretty(&sorted).unwrap();
    let spaces = crate::MAX_DOCUMENT_BYTES - text.len();
    let like = |name: &str, text: String| Case { document: text, ..Case::valid(name, &document) };
    vec![
        like("text: spread over lines, in another order", format!("\r\n\t{pretty}\n")),
        like("text: escaped letters", text.replace("\"random\"", "\"\\u0072and\\u006Fm\"")),
        like("text: 65536 bytes", text + &" ".repeat(spaces)),
    ]
}
