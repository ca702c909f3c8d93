//! Bad input: each gets its own problem, costs no index, and harms nothing.

use axum::body::Body;
use axum::http::{Method, Request};

use crate::harness::{KEY, TestNode};

#[tokio::test]
async fn bad_queries() {
    let (node, _folder) = TestNode::fresh();
    let long = format!("/vrf?alpha={}", "61".repeat(1025));
    for (path, status, slug) in [
        ("/vrf?alpha=xyz1", 400, "invalid-alpha"),
        ("/vrf?alpha=abc", 400, "invalid-alpha"),
        ("/vrf?alpha=", 400, "invalid-alpha"),
        ("/vrf?alpha=0x", 400, "invalid-alpha"),
        (long.as_str(), 400, "invalid-alpha"),
        ("/vrf?alpha=72342f", 400, "reserved-alpha"),
        ("/vrf?alpha=0x72342F696e6465782f7631", 400, "reserved-alpha"),
        ("/vrf?sig=rsa", 400, "invalid-parameter"),
        ("/vrf?sig=", 400, "invalid-parameter"),
        ("/vrf?format=", 400, "invalid-parameter"),
        ("/vrf?format=EVM", 400, "invalid-parameter"),
        ("/vrf?format=evm&format=evm", 400, "repeated-parameter"),
        ("/vrf?seed=1", 400, "unknown-parameter"),
        ("/vrf?ALPHA=00", 400, "unknown-parameter"),
        ("/vrf?alpha=00&alpha=00", 400, "repeated-parameter"),
        ("/vrf?alpha=%zz", 400, "malformed-query"),
        ("/vrf?chain_id=0", 400, "invalid-parameter"),
        ("/vrf?chain_id=18446744073709551616", 400, "invalid-parameter"),
        ("/vrf?contract=0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", 400, "invalid-parameter"),
        (
            "/vrf?chain_id=1&contract=0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            400,
            "invalid-parameter",
        ),
        ("/random_dual", 400, "missing-parameter"),
        ("/random_dual?n=15", 400, "invalid-parameter"),
        ("/random_dual?n=1001", 400, "invalid-parameter"),
        ("/random_dual?n=1e2", 400, "invalid-parameter"),
        ("/random_dual?n=32&n=32", 400, "repeated-parameter"),
        ("/random_dual?n=32&sig=dual", 400, "unknown-parameter"),
        ("/random_dual?n=32&format=evm", 400, "unknown-parameter"),
        ("/random_dual?n=32&format=json", 400, "unknown-parameter"),
        ("/health?x=1", 400, "unknown-parameter"),
        ("/version?x=1", 400, "unknown-parameter"),
        ("/keys?x=1", 400, "unknown-parameter"),
        ("/nothing", 404, "not-found"),
    ] {
        let answer = node.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (status, slug), "{path}");
    }
    let first = node.get("/vrf").await.json();
    assert_eq!(first["index"], "1", "refusals cost no index");
}

#[tokio::test]
async fn bad_bodies() {
    let (node, _folder) = TestNode::fresh();
    for (body, slug) in [
        ("", "invalid-body"),
        ("alpha=00", "invalid-body"),
        ("[]", "invalid-body"),
        ("{", "invalid-body"),
        (r#"{"alpha":"00","alpha":"00"}"#, "invalid-body"),
        (r#"{"alpha":null}"#, "invalid-body"),
        (r#"{"seed":"00"}"#, "invalid-body"),
        (r#"{"alpha":"zz"}"#, "invalid-alpha"),
        (r#"{"alpha":"72342f"}"#, "reserved-alpha"),
        (r#"{"sig":"rsa"}"#, "invalid-parameter"),
        (r#"{"format":"abi"}"#, "invalid-parameter"),
        (r#"{"format":true}"#, "invalid-body"),
    ] {
        let answer = node.post("/vrf", body).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, slug), "{body}");
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for path in ["/vrf", "/verify"] {
        assert_eq!(node.post(path, &deep).await.problem(), "invalid-body", "{path}");
        let big = format!(r#"{{"alpha":"{}"}}"#, "00".repeat(5_000_000));
        let answer = node.post(path, &big).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (413, "body-too-large"));
        let form = Request::post(path).header("x-api-key", KEY).body(Body::from("{}")).unwrap();
        let answer = node.send(form).await;
        assert_eq!(answer.status.as_u16(), 415);
        assert_eq!(answer.problem(), "unsupported-media-type");
        assert!(answer.text().contains("application/json"));
    }
    assert_eq!(node.post("/vrf?sig=dual", "{}").await.problem(), "unknown-parameter");
}

#[tokio::test]
async fn wrong_methods() {
    let (node, _folder) = TestNode::fresh();
    for (method, path) in [
        (Method::DELETE, "/vrf"),
        (Method::PUT, "/vrf"),
        (Method::POST, "/random_dual?n=32"),
        (Method::GET, "/verify"),
        (Method::POST, "/keys"),
        (Method::POST, "/health"),
        (Method::PATCH, "/version"),
    ] {
        let answer = node.call(method.clone(), path).await;
        assert_eq!(answer.status.as_u16(), 405, "{method} {path}");
        assert_eq!(answer.problem(), "method-not-allowed", "{method} {path}");
    }
    assert_eq!(node.call(Method::HEAD, "/vrf").await.status.as_u16(), 405);
    assert_eq!(node.call(Method::HEAD, "/random_dual?n=32").await.status.as_u16(), 405);
    assert_eq!(node.get("/vrf").await.json()["index"], "1", "HEAD costs no index");
}

#[tokio::test]
async fn wrong_keys() {
    let (node, _folder) = TestNode::fresh();
    for path in ["/vrf", "/vrf?alpha=zz", "/random_dual?n=32", "/vrf?key=WRONG", "/vrf?key=demo2"] {
        let answer = node.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 401, "{path}");
        assert_eq!(answer.json()["detail"], "invalid api key", "{path}");
    }
    let wrong = Request::post("/vrf").header("x-api-key", "WRONG").body(Body::from("{}")).unwrap();
    assert_eq!(node.send(wrong).await.problem(), "invalid-api-key");
}
