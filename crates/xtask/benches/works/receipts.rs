//! Receipts, attestations and draws: made, written, read and checked.

use r4_draw::Lists;
use r4_receipt::{AlphaSource, Document, Outcome, Policy, Receipt, Verdict, verify, verify_log};
use r4_sign::mldsa;

use super::log::INDEX;
use super::node::{Node, contract};
use super::{Run, Work, again, in_turn};

pub(super) const WORKS: [Work; 9] = [
    Work::new("receipt/issue", issue),
    Work::new("receipt/issue_without_mldsa", issue_without_mldsa),
    Work::new("receipt/check_own", check_own),
    Work::new("receipt/write", write),
    Work::new("receipt/parse", parse),
    Work::new("receipt/verify", verify_dual),
    Work::new("receipt/verify_evm", verify_evm),
    Work::new("attestation/verify", verify_attestation),
    Work::new("draw/verify", verify_draw),
];

/// Receipts that are looked at in turn: their alphas need different numbers of counters.
const RECEIPTS: u8 = 16;

/// Proves and signs by both schemes, each time for another index. No log, no check.
fn issue() -> Run {
    let node = Node::new();
    let mut indexes = 0..;
    again(move || node.sign(node.prove(indexes.next().expect("no end"))))
}

/// The same, with the bytes of an ML-DSA signature that somebody else made.
fn issue_without_mldsa() -> Run {
    let node = Node::new();
    let mut indexes = 0..;
    again(move || {
        let unsigned = node.prove(indexes.next().expect("no end"));
        let ecdsa = node.keys.sign_ecdsa(&unsigned.digest()).expect("never fails");
        let mldsa = vec![0x5a; mldsa::SIGNATURE_BYTES];
        unsigned.signed(Some(ecdsa), Some(mldsa)).expect("a receipt")
    })
}

/// What r4-vrf checks before an answer leaves: the document before it has a place in the log, then
/// its finished text, read again, and the place in the log that this has.
fn check_own() -> Run {
    let node = Node::new();
    let answer = |receipt| {
        let document = Document::Vrf(receipt);
        let finished = node.in_log(document.clone());
        (document, finished.to_json(), finished)
    };
    let answers = receipts(&node).map(answer).collect();
    in_turn(answers, move |(document, text, finished): &(Document, String, Document)| {
        let policy = node.policy();
        assert_eq!(verify(document, &policy).verdict(), Verdict::Valid);
        let read = Document::parse_file(text.as_bytes()).expect("a receipt");
        assert!(verify_log(&read).iter().all(|check| check.outcome != Outcome::Failed));
        assert!(read == *finished);
    })
}

fn write() -> Run {
    in_turn(answers(&Node::new()), Document::to_json)
}

fn parse() -> Run {
    let texts = answers(&Node::new()).iter().map(Document::to_json).collect();
    in_turn(texts, |text: &String| Document::parse(text.as_bytes()).expect("a receipt"))
}

/// Pinned, both signatures, the place in the log and its checkpoint's signatures.
fn verify_dual() -> Run {
    let node = Node::new();
    verified(answers(&node), node.policy_with_log())
}

/// The same with the form for contracts, and bound to one.
fn verify_evm() -> Run {
    let node = Node::new();
    let bound = (0..RECEIPTS).map(|number| {
        let mut unsigned = node.prove_alpha(INDEX, vec![number; 32], AlphaSource::Client);
        unsigned.head.domain = contract();
        let receipt = node.sign(unsigned).with_evm().expect("a form for contracts");
        node.in_log(Document::Vrf(receipt))
    });
    verified(bound.collect(), node.policy_with_log())
}

fn verify_attestation() -> Run {
    let node = Node::new();
    let attestation = node.in_log(Document::Attested(node.attest()));
    verified(vec![attestation], node.policy_with_log())
}

fn verified(documents: Vec<Document>, policy: Policy) -> Run {
    in_turn(documents, move |document| {
        assert_eq!(verify(document, &policy).verdict(), Verdict::Valid);
    })
}

/// Three winners of a thousand who are not named.
fn verify_draw() -> Run {
    let node = Node::new();
    let order = br#"{"kind":"winners","k":3,"n":1000,"label":"a label"}"#;
    let order = r4_draw::Order::parse(order).expect("an order");
    let (spec, lists) = order.into_spec([0; 16]);
    let receipt = node.sign(node.prove_alpha(INDEX, spec.alpha(), AlphaSource::Client));
    let Document::Vrf(receipt) = node.in_log(Document::Vrf(receipt)) else {
        unreachable!("it was a receipt")
    };
    let draw = r4_draw::Document::of(spec, lists, receipt).expect("a draw");
    let policy = node.policy_with_log();
    in_turn(vec![draw], move |draw| {
        let report = r4_draw::verify(draw, &Lists::default(), &policy);
        assert_eq!(report.verdict(), Verdict::Valid);
    })
}

fn receipts(node: &Node) -> impl Iterator<Item = Receipt> {
    (0..RECEIPTS)
        .map(|number| node.sign(node.prove_alpha(INDEX, vec![number; 32], AlphaSource::Client)))
}

/// Receipts with their place in the log.
fn answers(node: &Node) -> Vec<Document> {
    receipts(node).map(|receipt| node.in_log(Document::Vrf(receipt))).collect()
}
