//! Documents that have the right form and are not right: every field flipped, signatures and proofs
//! of others, signatures in forms that are refused.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::Value;

use super::{ACCEPTED, ALPHA, Case, REFUSED, Stage, signed_again};
use crate::alpha::index_alpha;
use crate::envelope::{EcdsaSignature, Signatures};
use crate::tamper::{flipped, parent, paths, refusing_check, stripped, with_its_digest};
use crate::testing::{ORDER, documents_for, negated};
use crate::{AlphaSource, Document, Receipt, Schemes};

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    [
        flips(stage),
        signers(stage),
        signatures(stage),
        strips(stage),
        digests(stage),
        alphas(stage),
        proofs(stage),
        keys(stage),
    ]
    .concat()
}

/// Fields that are flipped in the kinds of documents that are large and like another.
const FLIPPED: [(&str, &[&str]); 3] = [
    ("dual, index", &["index", "random", "alpha", "alpha_source", "vrf.proof"]),
    (
        "dilithium",
        &["keys.mldsa65_sha256", "index", "random", "vrf.proof", "signature", "public_key"],
    ),
    (
        "attestation",
        &[
            "index",
            "timestamp",
            "bytes",
            "core_sha256",
            "mode",
            "domain.chain_id",
            "msg_hash",
            "s",
            "signature",
        ],
    ),
];

/// Each field flipped by itself.
fn flips(stage: &Stage) -> Vec<Case> {
    let mut cases = vec![];
    for (kind, document) in documents_for(&stage.node, stage.contract, &ALPHA) {
        let some = FLIPPED.iter().find(|(name, _)| *name == kind).map(|(_, fields)| *fields);
        let good: Value = serde_json::from_str(&document.to_json()).unwrap();
        for path in paths(&good) {
            let name = path.join(".");
            let wanted = some.is_none_or(|fields| fields.contains(&name.as_str()));
            let Some(check) = refusing_check(kind, &name).filter(|_| wanted) else { continue };
            let mut bad = good.clone();
            let field = parent(&mut bad, &path).get_mut(path.last().unwrap()).unwrap();
            *field = flipped(&name, field);
            let evm = if matches!(kind, "ecdsa" | "dual, client, contract") {
                evm_of_flipped(&name)
            } else {
                None
            };
            let case = Case::failed(format!("flipped: {kind}: {name}"), &document, check);
            cases.push(Case { document: bad.to_string(), ..case }.on_chain(evm));
        }
    }
    cases
}

/// What the contract says of a flipped field: it computes the digest and the key's address itself
/// and never sees the post-quantum signature.
fn evm_of_flipped(path: &str) -> Option<&'static str> {
    match path {
        "domain.chain_id" | "domain.contract" => None,
        "key_hash" | "index" | "random" | "timestamp" | "alpha" | "vrf.public_key"
        | "vrf.proof" | "v" | "r" | "s" => REFUSED,
        _ => ACCEPTED,
    }
}

/// Other keys behind the same key hash.
fn signers(stage: &Stage) -> Vec<Case> {
    let mut cases = vec![];
    for (schemes, check, evm) in [
        (Schemes::Dual, "ecdsa", REFUSED),
        (Schemes::Ecdsa, "ecdsa", REFUSED),
        (Schemes::Mldsa, "mldsa65", REFUSED),
    ] {
        let receipt = signed_again(&stage.stranger, stage.bound(schemes, Some(&ALPHA)));
        let name = format!("another key signs: {}", schemes.signature_type());
        cases.push(Case::failed(name, &Document::Vrf(receipt), check).on_chain(evm));
    }
    let mut receipt = stage.bound(Schemes::Ecdsa, Some(&ALPHA));
    receipt.envelope.keys.ecdsa = stage.stranger.keys.ecdsa;
    if let Signatures::Ecdsa(_, pair) = &mut receipt.envelope.signatures {
        pair.public_key = stage.stranger.keys.ecdsa;
    }
    let mut receipt = signed_again(&stage.stranger, receipt);
    let name = "another key signs and is put into keys";
    cases.push(Case::failed(name, &Document::Vrf(receipt.clone()), "key_hash").on_chain(REFUSED));
    receipt.envelope.key_hash = receipt.envelope.keys.key_hash();
    receipt.envelope.key_id = receipt.envelope.key_hash.key_id();
    let name = "another key signs, is put into keys and hashed";
    cases.push(Case::failed(name, &Document::Vrf(receipt), "pin").on_chain(REFUSED));
    cases
}

/// ECDSA signatures in forms that are refused.
fn signatures(stage: &Stage) -> Vec<Case> {
    type Change = fn(&mut EcdsaSignature, &[u8; 32]);
    let forms: [(&str, Change, &str); 12] = [
        ("high s", |at, _| (at.s, at.v) = (negated(&at.s), 55 - at.v), "ecdsa"),
        ("high s, v as before", |at, _| at.s = negated(&at.s), "ecdsa"),
        ("the other v", |at, _| at.v = 55 - at.v, "signer"),
        ("the other v and the signer that it gives", other_signer, "signer"),
        ("v = 0", |at, _| at.v = 0, "ecdsa"),
        ("v = 1", |at, _| at.v = 1, "ecdsa"),
        ("v = 29", |at, _| at.v = 29, "ecdsa"),
        ("r = 0", |at, _| at.r = [0; 32], "ecdsa"),
        ("s = 0", |at, _| at.s = [0; 32], "ecdsa"),
        ("r = s = 0", |at, _| (at.r, at.s) = ([0; 32], [0; 32]), "ecdsa"),
        ("r = n", |at, _| at.r = ORDER, "ecdsa"),
        ("s = n", |at, _| at.s = ORDER, "ecdsa"),
    ];
    let mut cases = vec![];
    for schemes in [Schemes::Dual, Schemes::Ecdsa] {
        for (form, change, check) in forms {
            let mut receipt = stage.bound(schemes, Some(&ALPHA));
            let digest = receipt.envelope.msg_hash;
            match &mut receipt.envelope.signatures {
                Signatures::Ecdsa(signature, pair) => {
                    change(signature, &digest);
                    let bytes = [&signature.r[..], &signature.s, &[signature.v]].concat();
                    pair.signature = bytes.try_into().unwrap();
                }
                Signatures::Dual(signature, _) => change(signature, &digest),
                Signatures::Mldsa(_) => unreachable!("ECDSA was asked for"),
            }
            let name = format!("{}: {form}", schemes.signature_type());
            cases.push(Case::failed(name, &Document::Vrf(receipt), check).on_chain(REFUSED));
        }
    }
    cases
}

fn other_signer(at: &mut EcdsaSignature, digest: &[u8; 32]) {
    at.v = 55 - at.v;
    at.signer_addr = at.signature().unwrap().recover(digest).unwrap().address();
}

/// One of two signatures taken away.
fn strips(stage: &Stage) -> Vec<Case> {
    let dual = stage.bound(Schemes::Dual, Some(&ALPHA));
    let mut cases = vec![];
    for (bad, check) in stripped(&stage.node, &dual).into_iter().zip(["mldsa65", "ecdsa"]) {
        let fitted = with_its_digest(bad.clone());
        for (value, check, what) in
            [(bad, "schemes", "the digest as before"), (fitted, check, "the digest made to fit")]
        {
            let left = value["signature_type"].as_str().unwrap();
            let name = format!("stripped: {left} is left, {what}");
            let document = Document::parse(value.to_string().as_bytes()).unwrap();
            cases.push(Case::failed(name, &document, check).on_chain(REFUSED));
        }
    }
    cases
}

/// Signatures of something else than the digest.
fn digests(stage: &Stage) -> Vec<Case> {
    let honest = stage.bound(Schemes::Dual, Some(&ALPHA));
    let digest = honest.envelope.msg_hash;
    let with_mldsa = |signature: Vec<u8>| {
        let mut receipt = honest.clone();
        if let Signatures::Dual(_, pair) = &mut receipt.envelope.signatures {
            pair.signature = signature;
        }
        Document::Vrf(receipt)
    };
    let mut other = honest.clone();
    other.envelope.msg_hash = [0x5a; 32];
    other.envelope.id = other.envelope.msg_hash;
    let signature = stage.node.sign_ecdsa(&other.envelope.msg_hash);
    if let Signatures::Dual(ecdsa, pair) = &mut other.envelope.signatures {
        (ecdsa.v, ecdsa.r, ecdsa.s) = (signature.v, signature.r, signature.s);
        pair.signature = stage.node.sign_mldsa(&[0x5a; 32]);
    }
    let message = crate::message::mldsa_message(&digest);
    let bare = stage.node.sign_mldsa_message(&digest, b"");
    let with_context = stage.node.sign_mldsa_message(&message, b"r4");
    vec![
        Case::failed("another digest is stated and signed", &Document::Vrf(other), "digest")
            .on_chain(REFUSED),
        Case::failed("ML-DSA-65 signs the digest without prefix", &with_mldsa(bare), "mldsa65")
            .on_chain(ACCEPTED),
        Case::failed("ML-DSA-65 signs with a context", &with_mldsa(with_context), "mldsa65")
            .on_chain(ACCEPTED),
    ]
}

/// Alphas that are the node's own in a client's name, and the other way round.
fn alphas(stage: &Stage) -> Vec<Case> {
    let key_hash = stage.node.keys.key_set().key_hash();
    let mut cases = vec![];
    for (what, alpha) in [
        ("r4/", b"r4/".to_vec()),
        ("r4/anything", b"r4/anything".to_vec()),
        ("that of another index", index_alpha(&key_hash, 5)),
    ] {
        let receipt = stage.bound(Schemes::Ecdsa, Some(&alpha));
        let name = format!("reserved: a client's alpha is {what}");
        cases.push(Case::failed(name, &Document::Vrf(receipt), "alpha").on_chain(ACCEPTED));
    }
    for (what, alpha) in [
        ("of another index", index_alpha(&key_hash, 5)),
        (
            "of another key hash",
            index_alpha(&stage.stranger.keys.key_set().key_hash(), 9_007_199_254_740_993),
        ),
        ("a client's", ALPHA.to_vec()),
    ] {
        let mut receipt = stage.bound(Schemes::Ecdsa, Some(&alpha));
        receipt.alpha_source = AlphaSource::Index;
        let name = format!("index alpha: it is {what}");
        cases.push(Case::failed(name, &Document::Vrf(receipt), "alpha").on_chain(ACCEPTED));
    }
    cases
}

/// Proofs and outputs of something else. The node's owner signs them, so that nothing but the VRF
/// is wrong.
fn proofs(stage: &Stage) -> Vec<Case> {
    type Change = fn(&mut Receipt, &Receipt);
    let changes: [(&str, Change, &str); 11] = [
        (
            "proof and output of another alpha",
            |at, other| (at.proof, at.random) = (other.proof, other.random),
            "vrf",
        ),
        ("proof of another alpha", |at, other| at.proof = other.proof, "vrf"),
        ("output of another alpha", |at, other| at.random = other.random, "random"),
        ("output of zeros", |at, _| at.random = [0; 32], "random"),
        ("gamma negated", |at, _| at.proof[0] ^= 1, "vrf"),
        (
            "gamma of another proof",
            |at, other| at.proof[..33].copy_from_slice(&other.proof[..33]),
            "vrf",
        ),
        ("gamma with the tag 4", |at, _| at.proof[0] = 4, "vrf"),
        ("gamma with x past the prime", |at, _| at.proof[1..33].fill(0xff), "vrf"),
        ("challenge flipped", |at, _| at.proof[48] ^= 1, "vrf"),
        ("s flipped", |at, _| at.proof[80] ^= 1, "vrf"),
        ("s = n", |at, _| at.proof[49..].copy_from_slice(&ORDER), "vrf"),
    ];
    let other = stage.bound(Schemes::Ecdsa, Some(b"another alpha"));
    let mut cases = vec![];
    for (what, change, check) in changes {
        let mut receipt = stage.bound(Schemes::Ecdsa, Some(&ALPHA));
        change(&mut receipt, &other);
        let receipt = signed_again(&stage.node, receipt);
        let name = format!("replayed or forged: {what}");
        cases.push(Case::failed(name, &Document::Vrf(receipt), check).on_chain(REFUSED));
    }
    let mut unsigned = stage.bound(Schemes::Ecdsa, Some(&ALPHA));
    (unsigned.proof, unsigned.random) = (other.proof, other.random);
    let name = "replayed: proof and output of another alpha, not signed again";
    cases.push(Case::failed(name, &Document::Vrf(unsigned), "vrf").on_chain(REFUSED));
    cases
}

/// Keys that are no points, hashed and signed as if they were.
fn keys(stage: &Stage) -> Vec<Case> {
    // x = 5 is not on the curve.
    let mut no_point = [0; 33];
    (no_point[0], no_point[32]) = (2, 5);
    let rehashed = |mut receipt: Receipt| {
        receipt.envelope.key_hash = receipt.envelope.keys.key_hash();
        receipt.envelope.key_id = receipt.envelope.key_hash.key_id();
        Document::Vrf(signed_again(&stage.node, receipt))
    };
    let honest = || stage.receipt(Schemes::Dual, Some(&ALPHA), |_| ());
    let mut vrf = honest();
    (vrf.envelope.keys.ecvrf, vrf.vrf_public_key) = (no_point, no_point);
    let mut ecdsa = honest();
    ecdsa.envelope.keys.ecdsa = no_point;
    vec![
        Case::failed("no point: keys.ecvrf", &rehashed(vrf), "vrf").pinned("none"),
        Case::failed("no point: keys.ecdsa", &rehashed(ecdsa), "ecdsa").pinned("none"),
    ]
}
