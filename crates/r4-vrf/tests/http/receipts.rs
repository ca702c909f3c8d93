//! Receipts of `/vrf`: what a client gets, and that it verifies by the public keys alone.

use axum::body::Body;
use axum::http::Request;
use r4_ecvrf::evm::evm_proof;
use r4_ecvrf::{Proof, PublicKey};
use r4_receipt::{AlphaSource, Document, KeysDocument, Receipt, Require, Schemes};

use crate::harness::{INTERNAL_KEY, KEY, TestNode};

const CONTRACT: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

async fn receipt(node: &TestNode, path: &str, require: Require) -> Receipt {
    match node.accepts(&node.get(path).await, require).await {
        Document::Vrf(receipt) => receipt,
        Document::Attested(_) => panic!("an attestation"),
    }
}

#[tokio::test]
async fn every_sig_verifies_by_the_keys_document() {
    let (node, _folder) = TestNode::fresh();
    for (sig, schemes, require) in [
        ("ecdsa", Schemes::Ecdsa, Require::Ecdsa),
        ("dilithium", Schemes::Mldsa, Require::Mldsa),
        ("mldsa65", Schemes::Mldsa, Require::Mldsa),
        ("ml-dsa-65", Schemes::Mldsa, Require::Mldsa),
        ("dual", Schemes::Dual, Require::Dual),
    ] {
        let receipt = receipt(&node, &format!("/vrf?sig={sig}"), require).await;
        assert_eq!(receipt.envelope.schemes(), schemes, "{sig}");
        assert_eq!(receipt.alpha_source, AlphaSource::Index);
    }
    let without = receipt(&node, "/vrf", Require::Dual).await;
    assert_eq!(without.envelope.schemes(), Schemes::Dual);
}

#[tokio::test]
async fn one_alpha_has_one_output_and_one_index_has_another() {
    let (node, _folder) = TestNode::fresh();
    let once = receipt(&node, "/vrf?alpha=0xC0FFEE&sig=dual", Require::Dual).await;
    let again = receipt(&node, "/vrf?alpha=c0ffee&sig=ecdsa", Require::Ecdsa).await;
    assert_eq!((once.random, once.proof), (again.random, again.proof));
    assert_eq!(once.alpha, [0xc0, 0xff, 0xee]);
    assert_eq!(once.alpha_source, AlphaSource::Client);
    assert!(again.envelope.index > once.envelope.index);
    assert_ne!(once.envelope.id, again.envelope.id);
    let other = receipt(&node, "/vrf?alpha=c0ffef", Require::Dual).await;
    let (by_index, next) =
        (receipt(&node, "/vrf", Require::Dual).await, receipt(&node, "/vrf", Require::Dual).await);
    let outputs = [once.random, other.random, by_index.random, next.random];
    for (at, random) in outputs.iter().enumerate() {
        assert!(!outputs[at + 1..].contains(random), "{at}");
    }
}

#[tokio::test]
async fn the_longest_alpha() {
    let (node, _folder) = TestNode::fresh();
    let path = format!("/vrf?alpha={}", "61".repeat(1024));
    assert_eq!(receipt(&node, &path, Require::Dual).await.alpha, vec![0x61; 1024]);
}

#[tokio::test]
async fn get_and_post_ask_for_the_same() {
    let (node, _folder) = TestNode::fresh();
    let path = format!("/vrf?sig=ecdsa&alpha=00ff&chain_id=1&contract={CONTRACT}");
    let got = receipt(&node, &path, Require::Ecdsa).await;
    for chain_id in ["1", "\"1\""] {
        let json = format!(
            r#"{{"sig":"ecdsa","alpha":"00ff","chain_id":{chain_id},"contract":"{CONTRACT}"}}"#
        );
        let posted = node.accepts(&node.post("/vrf", &json).await, Require::Ecdsa).await;
        let Document::Vrf(posted) = posted else { panic!("an attestation") };
        assert_eq!((posted.random, posted.envelope.domain), (got.random, got.envelope.domain));
    }
    let empty = node.post("/vrf", "{}").await;
    node.accepts(&empty, Require::Dual).await;
}

#[tokio::test]
async fn chain_and_contract_are_signed() {
    let (node, _folder) = TestNode::fresh();
    let domains = [
        "",
        "&chain_id=1",
        "&chain_id=18446744073709551615",
        &format!("&chain_id=1&contract={CONTRACT}"),
        &format!("&chain_id=1&contract={}", CONTRACT.to_lowercase()),
    ];
    let mut seen = Vec::new();
    for domain in domains {
        let receipt = receipt(&node, &format!("/vrf?alpha=00{domain}"), Require::Dual).await;
        seen.push(receipt.envelope.domain);
    }
    assert_eq!(seen[3], seen[4], "the case of an address is a checksum, not a value");
    seen.pop();
    for (at, domain) in seen.iter().enumerate() {
        assert!(!seen[at + 1..].contains(domain), "{domain:?}");
    }
    // The same receipt moved to another chain is refused.
    let bound = node.get("/vrf?alpha=00&chain_id=1").await;
    let moved = bound.text().replace(r#""chain_id":"1""#, r#""chain_id":"2""#);
    assert_ne!(moved, bound.text());
    let answer = node.post("/verify", &moved).await.json();
    assert_eq!((&answer["valid"], &answer["failed"]), (&false.into(), &"digest".into()));
}

#[tokio::test]
async fn what_a_contract_takes_is_there_when_asked_for() {
    let (node, _folder) = TestNode::fresh();
    let bound = format!("chain_id=1&contract={CONTRACT}");
    for (query, require, has_call) in [
        ("", Require::Dual, false),
        ("&alpha=00", Require::Dual, false),
        ("&alpha=00&chain_id=1", Require::Dual, false),
        (&format!("&alpha=00&{bound}"), Require::Dual, true),
        (&format!("&{bound}"), Require::Dual, true),
        (&format!("&sig=ecdsa&{bound}"), Require::Ecdsa, true),
        (&format!("&sig=mldsa65&{bound}"), Require::Mldsa, false),
    ] {
        let receipt = receipt(&node, &format!("/vrf?format=evm{query}"), require).await;
        let public = PublicKey::from_bytes(&receipt.vrf_public_key).unwrap();
        let proof = Proof::parse(&receipt.proof).unwrap();
        let evm = receipt.evm.unwrap();
        assert_eq!(evm.proof, evm_proof(&public, &receipt.alpha, &proof).unwrap(), "{query}");
        assert_eq!(evm.call.is_some(), has_call, "{query}");
    }
    let json = format!(
        r#"{{"alpha":"00","format":"evm","sig":"ecdsa","chain_id":"1","contract":"{CONTRACT}"}}"#
    );
    let posted = node.accepts(&node.post("/vrf", &json).await, Require::Ecdsa).await;
    let Document::Vrf(posted) = posted else { panic!("an attestation") };
    assert!(posted.evm.is_some_and(|evm| evm.call.is_some()));
    for query in ["", "?format=json"] {
        assert_eq!(receipt(&node, &format!("/vrf{query}"), Require::Dual).await.evm, None);
    }
}

#[tokio::test]
async fn answers_are_json_that_no_cache_keeps() {
    let (node, _folder) = TestNode::fresh();
    let answer = node.get("/vrf").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn keys_by_header_by_query_and_between_services() {
    let (node, _folder) = TestNode::fresh();
    for path in [format!("/vrf?key={KEY}"), format!("/vrf?sig=ecdsa&key={INTERNAL_KEY}")] {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        assert_eq!(node.send(request).await.status, 200, "{path}");
    }
    let posted = Request::post(format!("/vrf?key={KEY}"))
        .header("content-type", "application/json")
        .body(Body::from("{}"))
        .unwrap();
    assert_eq!(node.send(posted).await.status, 200);
}

#[tokio::test]
async fn what_needs_no_key() {
    let (node, _folder) = TestNode::fresh();
    let open = async |path: &str| node.send(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(open("/health").await.text(), "ok");
    assert_eq!(open("/ready").await.status, 200);
    let version = open("/version").await.json();
    assert_eq!(version["name"], "r4-vrf");
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["git"].is_string());
    let keys = KeysDocument::parse(&open("/keys").await.body).unwrap();
    assert_eq!(keys.epochs().len(), 1);
    node.accepts(&node.get("/vrf").await, Require::Dual).await;
    let metrics = open("/metrics").await;
    for name in [
        r#"r4_vrf_receipts_total{kind="vrf",sig="dual"}"#,
        r#"r4_vrf_receipts_total{kind="attested",sig="dual"}"#,
        "r4_vrf_self_check_failures_total 0",
        "r4_vrf_index_reserved",
    ] {
        assert!(metrics.text().contains(name), "{name} in {}", metrics.text());
    }
}
