//! `POST /verify`: own receipts, tampered ones, strangers' ones, single signatures.

use serde_json::{Value, json};

use crate::harness::TestNode;

async fn verify(node: &TestNode, body: &str) -> Value {
    let answer = node.post("/verify", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn own_receipts_are_valid_whatever_they_are_signed_with() {
    let (node, _folder) = TestNode::fresh();
    for sig in ["ecdsa", "dilithium", "dual"] {
        let receipt = node.get(&format!("/vrf?sig={sig}")).await;
        let answer = verify(&node, receipt.text()).await;
        assert_eq!((&answer["valid"], &answer["failed"]), (&true.into(), &Value::Null), "{sig}");
        let checks = answer["checks"].as_array().unwrap();
        assert!(checks.iter().all(|check| check["ok"] == true), "{answer}");
        let named = |name: &str| checks.iter().any(|check| check["name"] == name);
        assert_eq!(named("ecdsa"), sig != "dilithium");
        assert_eq!(named("mldsa65"), sig != "ecdsa");
        assert!(named("vrf") && named("pin"), "{answer}");
    }
}

#[tokio::test]
async fn a_tampered_receipt_fails_by_name() {
    let (node, _folder) = TestNode::fresh();
    let receipt = node.get("/vrf?alpha=00").await.json();
    for (field, value, failed) in [
        ("random", json!(format!("0x{}", "00".repeat(32))), "random"),
        ("alpha", json!("0x01"), "vrf"),
        ("index", json!("7"), "digest"),
        ("timestamp", json!("2001-01-01T00:00:00Z"), "digest"),
        ("key_id", json!("0x0000000000000000"), "key_id"),
    ] {
        let mut bad = receipt.clone();
        bad[field] = value;
        let answer = verify(&node, &bad.to_string()).await;
        assert_eq!((&answer["valid"], &answer["failed"]), (&false.into(), &failed.into()));
    }
}

#[tokio::test]
async fn what_a_contract_takes_is_checked_where_it_is_given() {
    let (node, _folder) = TestNode::fresh();
    let contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    let path = format!("/vrf?alpha=00&chain_id=1&contract={contract}&format=evm");
    let receipt = node.get(&path).await.json();
    let answer = verify(&node, &receipt.to_string()).await;
    assert_eq!(answer["valid"], true);
    assert_eq!(answer["checks"][5]["name"], "evm", "{answer}");
    let mut bad = receipt.clone();
    bad["evm_call"] = json!("0x00");
    let answer = verify(&node, &bad.to_string()).await;
    assert_eq!((&answer["valid"], &answer["failed"]), (&false.into(), &"evm".into()));
    let mut alone = receipt.clone();
    alone["vrf"].as_object_mut().unwrap().remove("evm_proof");
    let refused = node.post("/verify", &alone.to_string()).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "invalid-body"));
    assert!(refused.text().contains("evm_call"), "{}", refused.text());
}

#[tokio::test]
async fn a_strangers_receipt_is_not_valid_here() {
    let ((node, _one), (stranger, _two)) = (TestNode::fresh(), TestNode::fresh());
    let receipt = stranger.get("/vrf").await;
    let answer = verify(&node, receipt.text()).await;
    assert_eq!((&answer["valid"], &answer["failed"]), (&false.into(), &"pin".into()));
    assert!(answer.to_string().contains("signer is NOT checked"), "{answer}");
    assert_eq!(verify(&stranger, receipt.text()).await["valid"], true);
}

#[tokio::test]
async fn a_signature_by_itself() {
    let (node, _folder) = TestNode::fresh();
    let receipt = node.get("/vrf?sig=ecdsa").await.json();
    let claim = |change: &dyn Fn(&mut Value)| {
        let mut claim = json!({
            "msg_hash": receipt["msg_hash"], "r": receipt["r"], "s": receipt["s"],
            "v": receipt["v"], "expected_signer": receipt["signer_addr"],
        });
        change(&mut claim);
        claim.to_string()
    };
    let zero = json!(format!("0x{}", "00".repeat(32)));
    let good = verify(&node, &claim(&|_| {})).await;
    assert_eq!((&good["valid"], &good["failed"]), (&true.into(), &Value::Null), "{good}");
    assert_eq!(good["checks"].as_array().unwrap().len(), 3);
    let other = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    for (bad, failed) in [
        (claim(&|c| c["expected_signer"] = other.into()), "signer"),
        (claim(&|c| c["msg_hash"] = zero.clone()), "signer"),
        (claim(&|c| c["r"] = zero.clone()), "signature"),
        (claim(&|c| c["s"] = format!("0x{}", "ff".repeat(32)).into()), "signature"),
        (claim(&|c| c["v"] = 29.into()), "signature"),
    ] {
        let answer = verify(&node, &bad).await;
        assert_eq!((&answer["valid"], &answer["failed"]), (&false.into(), &failed.into()), "{bad}");
    }
    for bad in [
        claim(&|c| c["r"] = "0x00".into()),
        claim(&|c| c["v"] = "27".into()),
        claim(&|c| c["v"] = 300.into()),
        claim(&|c| c["extra"] = 1.into()),
        claim(&|c| c["expected_signer"] = "me".into()),
        claim(&|c| drop(c.as_object_mut().unwrap().remove("s"))),
        claim(&|_| {}).replacen('{', r#"{"v":27,"#, 1),
    ] {
        let answer = node.post("/verify", &bad).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid-body"));
    }
}

#[tokio::test]
async fn what_is_neither_is_refused() {
    let (node, _folder) = TestNode::fresh();
    let receipt = node.get("/vrf").await;
    let truncated = &receipt.text()[..receipt.text().len() / 2];
    for bad in ["", "{}", "null", "[1]", "{\"a\":1}", truncated] {
        let answer = node.post("/verify", bad).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "invalid-body"));
    }
}
