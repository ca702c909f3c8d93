//! Pins, demands and the report.

use std::prelude::v1::*;
use std::{format, vec};

use r4_sign::keccak::keccak256;

use crate::testing::{Node, documents, negated, own_vectors};
use crate::{
    Document, Outcome, Pin, Policy, Receipt, Require, Schemes, SealError, Verdict, verify,
};

fn pinned(node: &Node, require: Require) -> Policy {
    Policy {
        pin: Pin::KeyHashes(vec![node.keys.key_set().key_hash()]),
        require,
        ..Policy::default()
    }
}

#[test]
fn every_kind_is_self_consistent_and_round_trips() {
    let node = Node::new(1);
    for (kind, document) in documents(&node) {
        assert_eq!(Document::parse(document.to_json().as_bytes()), Ok(document.clone()), "{kind}");
        let report = verify(&document, &Policy::default());
        assert_eq!(report.verdict(), Verdict::SelfConsistent, "{kind}: {report:?}");
        assert!(!report.pinned());
        assert!(!report.checks.iter().any(|check| check.name == "verified"));
    }
}

#[test]
fn names_and_order() {
    let node = Node::new(1);
    let [(_, vrf), .., (_, attested)] = documents(&node);
    let names = |document| {
        let report = verify(document, &Policy::default());
        report.checks.iter().map(|check| check.name).collect::<Vec<_>>()
    };
    let all = [
        "key_hash", "key_id", "alpha", "vrf", "random", "digest", "schemes", "ecdsa", "signer",
        "mldsa65", "pin", "require",
    ];
    assert_eq!(names(&vrf), all);
    assert_eq!(names(&attested), [&all[..2], &all[5..]].concat());
}

#[test]
fn what_is_not_there_is_not_checked() {
    let node = Node::new(1);
    let [_, _, (_, ecdsa), (_, mldsa), _] = documents(&node);
    let unchecked = |document| {
        let report = verify(document, &Policy::default());
        let unchecked = report.checks.into_iter().filter(|c| c.outcome == Outcome::NotChecked);
        unchecked.map(|check| check.name).collect::<Vec<_>>()
    };
    assert_eq!(unchecked(&ecdsa), ["mldsa65", "pin", "require"]);
    assert_eq!(unchecked(&mldsa), ["ecdsa", "signer", "pin", "require"]);
}

#[test]
fn a_pin_requires_both_signatures_unless_told_otherwise() {
    let node = Node::new(1);
    let [(_, dual), _, (_, ecdsa), (_, mldsa), (_, attested)] = documents(&node);
    let verdict = |document, require| verify(document, &pinned(&node, require)).verdict();
    let refused = Verdict::Failed("require");
    assert_eq!(Policy::default().require, Require::Dual);
    for (document, outcomes) in [
        (&dual, [Verdict::Valid; 3]),
        (&attested, [Verdict::Valid; 3]),
        (&ecdsa, [refused, Verdict::Valid, refused]),
        (&mldsa, [refused, refused, Verdict::Valid]),
    ] {
        let all = [Require::Dual, Require::Ecdsa, Require::Mldsa];
        assert_eq!(all.map(|require| verdict(document, require)), outcomes);
    }
}

#[test]
fn a_stranger_is_refused_with_a_pin_only() {
    let (node, stranger) = (Node::new(1), Node::new(50));
    for (kind, document) in documents(&stranger) {
        let unpinned = verify(&document, &Policy::default());
        assert_eq!(unpinned.verdict(), Verdict::SelfConsistent, "{kind}");
        let pin = unpinned.checks.iter().find(|check| check.name == "pin").unwrap();
        assert_eq!(pin.detail, "no key was pinned: self-consistent; signer NOT checked");
        for pin in [
            Pin::KeyHashes(vec![node.keys.key_set().key_hash()]),
            Pin::KeyHashes(vec![]),
            Pin::Signer(node.address()),
        ] {
            let report = verify(&document, &Policy { pin, ..Policy::default() });
            assert_eq!(report.verdict(), Verdict::Failed("pin"), "{kind}");
            assert!(report.pinned());
        }
    }
}

#[test]
fn one_of_several_pins_is_enough() {
    let (node, other) = (Node::new(1), Node::new(50));
    let [(_, dual), ..] = documents(&node);
    let hashes = [&other, &node].map(|node| node.keys.key_set().key_hash());
    let policy = Policy { pin: Pin::KeyHashes(hashes.to_vec()), ..Policy::default() };
    assert_eq!(verify(&dual, &policy).verdict(), Verdict::Valid);
}

#[test]
fn a_signer_pins_ecdsa_alone() {
    let node = Node::new(1);
    let [(_, dual), _, (_, ecdsa), (_, mldsa), _] = documents(&node);
    let verdict = |document, require| {
        verify(document, &Policy { pin: Pin::Signer(node.address()), require, ..Policy::default() })
            .verdict()
    };
    assert_eq!(verdict(&dual, Require::Dual), Verdict::Valid);
    assert_eq!(verdict(&ecdsa, Require::Dual), Verdict::Failed("require"));
    assert_eq!(verdict(&ecdsa, Require::Ecdsa), Verdict::Valid);
    assert_eq!(verdict(&mldsa, Require::Mldsa), Verdict::Failed("pin"));
    let policy =
        Policy { pin: Pin::Signer(node.address()), require: Require::Ecdsa, ..Policy::default() };
    let report = verify(&ecdsa, &policy);
    let pin = report.checks.iter().find(|check| check.name == "pin").unwrap();
    assert!(pin.detail.contains("nothing but ECDSA was pinned"), "{}", pin.detail);
    let report = verify(&mldsa, &policy);
    let pin = report.checks.iter().find(|check| check.name == "pin").unwrap();
    assert_eq!(pin.detail, "there is no ECDSA signature, and an ECDSA signer was pinned");
}

/// A stranger who shows the node's keys and addresses cannot sign for them.
#[test]
fn borrowed_keys_do_not_help() {
    let (node, stranger) = (Node::new(1), Node::new(50));
    let unsigned = node.unsigned(Schemes::Dual, Some(b"alpha"));
    let digest = unsigned.digest();
    let forged = unsigned
        .clone()
        .signed(Some(stranger.sign_ecdsa(&digest)), Some(stranger.sign_mldsa(&digest)))
        .unwrap();
    let report = verify(&Document::Vrf(forged), &pinned(&node, Require::Dual));
    let failed: Vec<_> = report
        .checks
        .iter()
        .filter(|check| check.outcome == Outcome::Failed)
        .map(|check| check.name)
        .collect();
    assert_eq!(failed, ["ecdsa", "signer", "mldsa65"]);
    assert_eq!(report.failed(), Some("ecdsa"));

    let half = unsigned
        .signed(Some(node.sign_ecdsa(&digest)), Some(stranger.sign_mldsa(&digest)))
        .unwrap();
    let report = verify(&Document::Vrf(half), &pinned(&node, Require::Ecdsa));
    assert_eq!(report.verdict(), Verdict::Failed("mldsa65"), "present, so it must be right");
}

/// The VRF leaves no choice: another output, or the output of another key, is refused although the
/// node itself signs it.
#[test]
fn the_node_itself_cannot_choose_the_output() {
    let (node, other) = (Node::new(1), Node::new(50));
    let mut unsigned = node.unsigned(Schemes::Dual, Some(b"alpha"));
    unsigned.proof = node.unsigned(Schemes::Dual, Some(b"another")).proof;
    let receipt = Document::Vrf(node.sign(unsigned));
    assert_eq!(verify(&receipt, &Policy::default()).failed(), Some("vrf"));

    let mut unsigned = node.unsigned(Schemes::Dual, Some(b"alpha"));
    unsigned.proof = other.unsigned(Schemes::Dual, Some(b"alpha")).proof;
    let mut receipt = node.sign(unsigned);
    receipt.vrf_public_key = other.keys.ecvrf;
    assert_eq!(verify(&Document::Vrf(receipt), &Policy::default()).failed(), Some("key_hash"));

    let mut unsigned = node.unsigned(Schemes::Dual, None);
    unsigned.alpha_source = crate::AlphaSource::Client;
    let receipt = Document::Vrf(node.sign(unsigned));
    assert_eq!(verify(&receipt, &Policy::default()).failed(), Some("alpha"));
}

#[test]
fn the_other_form_of_a_signature_is_refused() {
    let node = Node::new(1);
    let mut receipt = node.sign(node.unsigned(Schemes::Ecdsa, None));
    let good = Document::Vrf(receipt.clone());
    assert_eq!(verify(&good, &Policy::default()).failed(), None);
    let crate::envelope::Signatures::Ecdsa(signature, pair) = &mut receipt.envelope.signatures
    else {
        unreachable!("ECDSA was asked for")
    };
    signature.s = negated(&signature.s);
    signature.v = 55 - signature.v;
    pair.signature[32..64].copy_from_slice(&signature.s);
    pair.signature[64] = signature.v;
    let report = verify(&Document::Vrf(receipt), &Policy::default());
    assert_eq!(report.failed(), Some("ecdsa"));
    let detail = &report.checks.iter().find(|check| check.name == "ecdsa").unwrap().detail;
    assert_eq!(detail, "s is in the upper half of its range");
}

#[test]
fn sealing_refuses_what_has_no_form() {
    let node = Node::new(1);
    let unsigned = || node.unsigned(Schemes::Dual, None);
    let digest = unsigned().digest();
    let (ecdsa, mldsa) = (node.sign_ecdsa(&digest), node.sign_mldsa(&digest));
    let refused = |result: Result<Receipt, SealError>| result.unwrap_err();
    assert_eq!(refused(unsigned().signed(Some(ecdsa), None)), SealError::Schemes);
    assert_eq!(refused(unsigned().signed(None, Some(mldsa.clone()))), SealError::Schemes);
    assert_eq!(
        refused(unsigned().signed(Some(ecdsa), Some(vec![0; 5]))),
        SealError::MldsaLength { got: 5 }
    );
    let mut long = unsigned();
    long.alpha = vec![0; 1025];
    assert_eq!(
        refused(long.signed(Some(ecdsa), Some(mldsa.clone()))),
        SealError::Alpha { got: 1025 }
    );
    let mut late = unsigned();
    late.head.timestamp = u64::MAX;
    assert!(matches!(late.signed(Some(ecdsa), Some(mldsa)), Err(SealError::Timestamp(_))));
}

#[test]
fn inputs_say_what_was_checked() {
    let node = Node::new(1);
    let [(_, dual), ..] = documents(&node);
    let report = verify(&dual, &pinned(&node, Require::Dual));
    for check in &report.checks {
        assert!(!check.inputs.is_empty(), "{}", check.name);
        assert!(!check.detail.is_empty() && !check.detail.ends_with('.'), "{}", check.name);
    }
    let digest = format!("0x{}", hex::encode(dual.envelope().msg_hash));
    let ecdsa = report.checks.iter().find(|check| check.name == "ecdsa").unwrap();
    assert!(ecdsa.inputs.contains(&("digest", digest)));
}

/// Hashes again what the check of the digest shows, by EIP-712's rules and nothing else.
#[test]
fn the_digest_follows_from_its_inputs() {
    let node = Node::new(1);
    let types = own_vectors("eip712.json");
    for (kind, document) in documents(&node) {
        let report = verify(&document, &Policy::default());
        let check = report.checks.iter().find(|check| check.name == "digest").unwrap();
        let value = |name: &str| {
            let found = check.inputs.iter().find(|(input, _)| *input == name);
            assert!(found.is_some(), "{kind}: {name} is not shown");
            found.unwrap().1.as_str()
        };
        let word = |name: &str| match value(name).strip_prefix("0x") {
            Some(digits) => hex::decode(digits).unwrap(),
            None => hex::decode(format!("{:064x}", value(name).parse::<u64>().unwrap())).unwrap(),
        };
        let (name, members) = match document {
            Document::Vrf(_) => (
                "receipt_type",
                &["key_hash", "index", "alpha_hash", "random", "timestamp", "schemes"][..],
            ),
            Document::Attested(_) => (
                "attested_type",
                &[
                    "key_hash",
                    "index",
                    "bytes_hash",
                    "length",
                    "core_hash",
                    "mode",
                    "timestamp",
                    "schemes",
                ][..],
            ),
        };
        let mut message = keccak256(types[name].as_str().unwrap().as_bytes()).to_vec();
        message.extend(members.iter().flat_map(|name| word(name)));
        assert_eq!(keccak256(&message)[..], word("struct_hash"), "{kind}");
        let digest = [&[0x19, 0x01][..], &word("domain_separator"), &word("struct_hash")].concat();
        assert_eq!(keccak256(&digest)[..], word("recomputed"), "{kind}");
        assert_eq!(word("recomputed"), word("msg_hash"), "{kind}");
    }
}
