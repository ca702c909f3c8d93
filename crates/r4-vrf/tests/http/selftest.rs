//! `POST /selftest`: for whoever has the key, each test by its name.

use axum::body::Body;
use axum::http::Request;

use crate::harness::TestNode;

#[tokio::test]
async fn every_test_is_named_and_signing_goes_on() {
    let (node, _folder) = TestNode::fresh();
    let answer = node.post("/selftest", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    assert_eq!(
        (json["passed"].as_bool(), json["failed"].as_array().map(Vec::len)),
        (Some(true), Some(0))
    );
    let tests = json["tests"].as_array().unwrap();
    for name in ["SHA-256", "ECVRF", "ML-DSA-65 verification", "ECDSA key pair"] {
        let test = tests.iter().find(|test| test["name"] == name);
        assert!(test.is_some_and(|test| test["ok"] == true), "{name}: {json}");
    }
    assert_eq!(node.get("/vrf").await.status, 200);
}

#[tokio::test]
async fn it_needs_the_key_and_its_method() {
    let (node, _folder) = TestNode::fresh();
    let nobody = Request::post("/selftest").body(Body::empty()).unwrap();
    assert_eq!(node.send(nobody).await.problem(), "invalid-api-key");
    assert_eq!(node.get("/selftest").await.problem(), "method-not-allowed");
    assert_eq!(node.post("/selftest?x=1", "").await.problem(), "unknown-parameter");
}
