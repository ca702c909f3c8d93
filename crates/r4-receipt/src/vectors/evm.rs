//! Receipts with what a contract takes: `vrf.evm_proof` and `evm_call`.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers, in tests alone")]

use std::prelude::v1::*;
use std::{format, vec};

use serde_json::{Value, json};

use super::{ACCEPTED, ALPHA, Case, REFUSED, Stage};
use crate::eip712::word;
use crate::evm::Evm;
use crate::tamper::{flipped, refusing_check, with_entry};
use crate::testing::contract;
use crate::{Document, Domain, Receipt, Schemes};

pub(super) fn cases(stage: &Stage) -> Vec<Case> {
    [valid(stage), flips(stage), proofs(stage), calls(stage), malformed(stage)].concat()
}

fn receipt(stage: &Stage, schemes: Schemes, alpha: Option<&[u8]>, domain: Domain) -> Receipt {
    let receipt = stage.receipt(schemes, alpha, |unsigned| unsigned.head.domain = domain);
    receipt.with_evm().unwrap()
}

/// The one that is taken apart. It is bound to another contract than the deployed one, so that
/// nobody has to say which of two calls, the one of the fields or the one carried, is meant.
fn elsewhere(stage: &Stage) -> Receipt {
    receipt(stage, Schemes::Ecdsa, Some(&ALPHA), contract())
}

fn valid(stage: &Stage) -> Vec<Case> {
    let chain = Domain::new(stage.contract.chain_id(), None).unwrap();
    let long: Vec<u8> = (0..=255).cycle().take(1024).collect();
    let [none, one, four] = [0, 1, 4].map(|roots| alpha_with_roots(stage, roots));
    let mut cases = vec![];
    for (what, schemes, alpha, domain, evm) in [
        ("dual, no chain", Schemes::Dual, None, Domain::default(), None),
        ("ecdsa, chain id", Schemes::Ecdsa, Some(&ALPHA[..]), chain, None),
        ("mldsa65, no chain", Schemes::Mldsa, Some(&ALPHA), Domain::default(), None),
        ("dual, index alpha, contract", Schemes::Dual, None, stage.contract, ACCEPTED),
        ("dual, contract", Schemes::Dual, Some(&ALPHA), stage.contract, ACCEPTED),
        ("mldsa65, contract", Schemes::Mldsa, Some(&ALPHA), stage.contract, REFUSED),
        ("alpha of 1 byte", Schemes::Ecdsa, Some(&[0]), stage.contract, ACCEPTED),
        ("alpha of 1024 bytes", Schemes::Ecdsa, Some(&long), stage.contract, ACCEPTED),
        ("no counter skipped", Schemes::Ecdsa, Some(&none), stage.contract, ACCEPTED),
        ("1 counter skipped", Schemes::Ecdsa, Some(&one), stage.contract, ACCEPTED),
        ("4 counters skipped", Schemes::Ecdsa, Some(&four), stage.contract, ACCEPTED),
        ("another contract", Schemes::Ecdsa, Some(&ALPHA), contract(), None),
    ] {
        let receipt = receipt(stage, schemes, alpha, domain);
        let name = format!("evm: valid: {what}");
        cases.push(Case::valid(name, &Document::Vrf(receipt)).on_chain(evm));
    }
    cases
}

/// An alpha whose proof has this many roots of skipped counters.
fn alpha_with_roots(stage: &Stage, roots: usize) -> Vec<u8> {
    let length = r4_ecvrf::evm::MIN_EVM_PROOF_BYTES + 32 * roots;
    let alphas = (0..10_000_u32).map(|number| format!("alpha {number}").into_bytes());
    let mut fitting = alphas.filter(|alpha| {
        let receipt = receipt(stage, Schemes::Ecdsa, Some(alpha), Domain::default());
        receipt.evm.unwrap().proof.len() == length
    });
    fitting.next().unwrap()
}

/// The fields that are also in the call.
fn flips(stage: &Stage) -> Vec<Case> {
    let document = Document::Vrf(elsewhere(stage));
    let good: Value = serde_json::from_str(&document.to_json()).unwrap();
    let mut cases = vec![];
    for pointer in [
        "/vrf/evm_proof",
        "/evm_call",
        "/index",
        "/timestamp",
        "/alpha",
        "/random",
        "/vrf/proof",
        "/v",
        "/r",
        "/s",
        "/key_hash",
        "/msg_hash",
    ] {
        let name = pointer[1..].replace('/', ".");
        let check = refusing_check("ecdsa, evm", &name).unwrap();
        let mut bad = good.clone();
        let field = bad.pointer_mut(pointer).unwrap();
        *field = flipped(&name, field);
        let case = Case::failed(format!("evm: flipped: {name}"), &document, check);
        cases.push(Case { document: bad.to_string(), ..case });
    }
    cases
}

/// Proofs with hints that are not those of the proof; the call is made to fit.
fn proofs(stage: &Stage) -> Vec<Case> {
    let alpha = alpha_with_roots(stage, 1);
    let honest = receipt(stage, Schemes::Ecdsa, Some(&alpha), stage.contract);
    let Evm { proof: good, call } = honest.evm.clone().unwrap();
    let call = call.unwrap();
    // The proof is the last argument: its length, and then itself in whole words.
    let before = &call[..call.len() - 32 - good.len().next_multiple_of(32)];
    let other = receipt(stage, Schemes::Ecdsa, Some(&ALPHA), stage.contract);
    let mut forged = vec![
        ("none".to_string(), vec![]),
        ("pi alone".to_string(), good[..81].to_vec()),
        ("a root less".to_string(), good[..good.len() - 32].to_vec()),
        ("a root more".to_string(), [&good[..], &[7; 32]].concat()),
        ("a byte less".to_string(), good[..good.len() - 1].to_vec()),
        ("a byte more".to_string(), [&good[..], &[0]].concat()),
        ("of another alpha".to_string(), other.evm.unwrap().proof),
    ];
    let parts = ["U.x", "U.y", "A.x", "A.y", "B.x", "B.y", "lambda", "w"];
    let coordinates = parts.iter().enumerate().map(|(at, part)| (*part, 112 + 32 * at));
    for (part, at) in [("gamma", 32), ("c", 48), ("s", 80)].into_iter().chain(coordinates) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        forged.push((format!("{part} flipped"), bad));
    }
    let mut cases = vec![];
    for (what, proof) in forged {
        let padding = vec![0; proof.len().next_multiple_of(32) - proof.len()];
        let call = [before, &word(&proof.len().to_be_bytes()), &proof, &padding].concat();
        let evm = Some(Evm { proof, call: Some(call) });
        let receipt = Receipt { evm, ..honest.clone() };
        let name = format!("evm: forged proof: {what}");
        cases.push(Case::failed(name, &Document::Vrf(receipt), "evm").on_chain(REFUSED));
    }
    cases
}

/// Calls that are not the one for their receipt.
fn calls(stage: &Stage) -> Vec<Case> {
    let honest = elsewhere(stage);
    let evm = honest.evm.clone().unwrap();
    let good = evm.call.clone().unwrap();
    let mut selector = good.clone();
    selector[0] ^= 1;
    let mut padding = good.clone();
    *padding.last_mut().unwrap() = 1;
    let other = receipt(stage, Schemes::Ecdsa, Some(b"another alpha"), contract());
    let mut cases = vec![];
    for (what, call) in [
        ("missing", None),
        ("empty", Some(vec![])),
        ("another selector", Some(selector)),
        ("a byte less", Some(good[..good.len() - 1].to_vec())),
        ("a word more", Some([&good[..], &[0; 32]].concat())),
        ("padding that is not zero", Some(padding)),
        ("of another alpha", other.evm.unwrap().call),
    ] {
        let evm = Some(Evm { call, ..evm.clone() });
        let document = Document::Vrf(Receipt { evm, ..honest.clone() });
        cases.push(Case::failed(format!("evm: call: {what}"), &document, "evm"));
    }
    for (what, schemes, domain) in [
        ("no chain", Schemes::Ecdsa, Domain::default()),
        ("no contract", Schemes::Ecdsa, Domain::new(Some(1), None).unwrap()),
        ("no ECDSA signature", Schemes::Mldsa, contract()),
    ] {
        let mut receipt = receipt(stage, schemes, Some(&ALPHA), domain);
        receipt.evm.as_mut().unwrap().call = Some(good.clone());
        let name = format!("evm: call: superfluous, {what}");
        cases.push(Case::failed(name, &Document::Vrf(receipt), "evm"));
    }
    cases
}

fn malformed(stage: &Stage) -> Vec<Case> {
    let good = elsewhere(stage).to_json();
    let value: Value = serde_json::from_str(&good).unwrap();
    let mut cases = vec![];
    for (name, pointer) in [("vrf.evm_proof", "/vrf/evm_proof"), ("evm_call", "/evm_call")] {
        let text = value.pointer(pointer).unwrap().as_str().unwrap();
        let upper = format!("0x{}", text[2..].to_uppercase());
        for (what, wrong) in [
            ("null", Value::Null),
            ("a number", json!(1)),
            ("an object", json!({})),
            ("upper-case digits", json!(upper)),
            ("without 0x", json!(text[2..])),
            ("half a byte", json!(format!("{text}0"))),
        ] {
            let mut bad = value.clone();
            *bad.pointer_mut(pointer).unwrap() = wrong;
            let case = format!("evm: malformed: {name}: {what}");
            cases.push(Case::malformed(case, bad.to_string(), Some(name)));
        }
    }
    let twice = with_entry(&good, &[], "\"evm_call\":\"0x\"");
    cases.push(Case::malformed("evm: malformed: evm_call: repeated", twice, Some("evm_call")));
    let twice = with_entry(&good, &["vrf".into()], "\"evm_proof\":\"0x\"");
    let name = "evm: malformed: vrf.evm_proof: repeated";
    cases.push(Case::malformed(name, twice, Some("vrf.evm_proof")));
    let mut alone = value;
    alone["vrf"].as_object_mut().unwrap().remove("evm_proof");
    let name = "evm: malformed: evm_call without vrf.evm_proof";
    cases.push(Case::malformed(name, alone.to_string(), Some("evm_call")));
    let attested = stage.node.attestation(Schemes::Ecdsa, contract()).to_json();
    let text = with_entry(&attested, &[], "\"evm_call\":\"0x\"");
    let name = "evm: malformed: evm_call in an attestation";
    cases.push(Case::malformed(name, text, Some("evm_call")));
    cases
}
