//! What the admin API refuses, and how it says so.

use crate::node::{Node, TOKEN};

const PATHS: [(&str, &str); 9] = [
    ("GET", "/admin/v1/keys"),
    ("POST", "/admin/v1/keys"),
    ("GET", "/admin/v1/keys/alice"),
    ("POST", "/admin/v1/keys/alice/rotate"),
    ("POST", "/admin/v1/keys/alice/revoke"),
    ("GET", "/admin/v1/keys/alice/usage"),
    ("GET", "/admin/v1/audit"),
    ("GET", "/admin/v1/snapshot"),
    ("GET", "/admin/v1/nothing"),
];

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let node = Node::start().await;
    node.create(r#"{"name":"alice"}"#).await;
    let (short, long) = (&TOKEN[..TOKEN.len() - 1], format!("{TOKEN}x"));
    let wrong = [
        String::new(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Basic {TOKEN}"),
        TOKEN.to_owned(),
        format!("Bearer {short}"),
        format!("Bearer {long}"),
        format!("Bearer {}", TOKEN.to_uppercase()),
    ];
    for (method, path) in PATHS {
        let answer = node.call(method, path, &[], "").await;
        assert_eq!(answer.problem(), (401, "invalid-admin-token".to_owned()), "{path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        for value in &wrong {
            let answer = node.call(method, path, &[("authorization", value)], "").await;
            assert_eq!(answer.status, 401, "{path} {value}");
            assert!(!answer.text.contains("alice") && !answer.text.contains(short), "{answer:?}");
        }
        let good = format!("Bearer {TOKEN}");
        let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
        assert_eq!(node.call(method, path, &twice, "").await.status, 401, "{path}");
    }
    assert!(node.store.find("alice").await.expect("there").revoked.is_none());
}

#[tokio::test]
async fn orders_that_are_none() {
    let node = Node::start().await;
    let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(65));
    for (order, word) in [
        (r#"{"name":""}"#, "name"),
        (r#"{"name":"a b"}"#, "name"),
        (r#"{"name":"default"}"#, "name"),
        (r#"{"name":"key_000000000000"}"#, "name"),
        (long.as_str(), "name"),
        (r"{}", "name"),
        (r#"{"name":"a","rate":"50"}"#, "rate"),
        (r#"{"name":"a","rate":"0/s"}"#, "rate"),
        (r#"{"name":"a","burst":0}"#, "burst"),
        (r#"{"name":"a","burst":1000001}"#, "burst"),
        (r#"{"name":"a","burst":1.5}"#, "1.5"),
        (r#"{"name":"a","quota":"5/week"}"#, "quota"),
        (r#"{"name":"a","scopes":[]}"#, "scope"),
        (r#"{"name":"a","scopes":["all"]}"#, "scope"),
        (r#"{"name":"a","expires":1}"#, "expires"),
        (r#"{"name":"a","expires":999999999999}"#, "expires"),
        (r#"{"name":"a","extra":1}"#, "extra"),
        (r#"{"name":"a","name":"b"}"#, "name"),
        (r#"{"name":"a""#, "refused"),
    ] {
        let refused = node.post("/admin/v1/keys", order).await;
        assert_eq!(refused.problem(), (400, "invalid-key-order".to_owned()), "{order}");
        let detail = refused.json()["detail"].as_str().expect("detail").to_owned();
        assert!(detail.contains(word), "{order}: {detail}");
    }
    let list = node.post("/admin/v1/keys", r#"["a"]"#).await;
    assert_eq!(list.problem(), (400, "invalid-body".to_owned()));
    node.create(r#"{"name":"a"}"#).await;
    for order in [r#"{"overlap_seconds":2592001}"#, r#"{"overlap_seconds":-1}"#, r#"{"x":1}"#] {
        let refused = node.post("/admin/v1/keys/a/rotate", order).await;
        assert_eq!(refused.problem(), (400, "invalid-key-order".to_owned()), "{order}");
    }
    let refused = node.post("/admin/v1/keys/a/revoke", r#"{"x":1}"#).await;
    assert_eq!(refused.problem(), (400, "invalid-key-order".to_owned()));
    assert_eq!(node.store.list(None, 10).await.expect("list").len(), 1);
}

#[tokio::test]
async fn bodies_are_small_and_json() {
    let node = Node::start().await;
    let large = format!(r#"{{"name":"{}"}}"#, "a".repeat(8192));
    let refused = node.post("/admin/v1/keys", &large).await;
    assert_eq!(refused.problem(), (413, "body-too-large".to_owned()));
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "text/plain")];
    let refused = node.call("POST", "/admin/v1/keys", &headers, r#"{"name":"a"}"#).await;
    assert_eq!(refused.problem(), (415, "unsupported-media-type".to_owned()));
    let refused = node.call("GET", "/admin/v1/keys", &headers, "x").await;
    assert_eq!(refused.problem(), (400, "unexpected-body".to_owned()));
}

#[tokio::test]
async fn names_that_are_taken_or_unknown() {
    let node = Node::start().await;
    node.create(r#"{"name":"alice"}"#).await;
    let taken = node.post("/admin/v1/keys", r#"{"name":"alice"}"#).await;
    assert_eq!(taken.problem(), (409, "name-taken".to_owned()));
    assert!(taken.text.contains("r4 keys revoke alice"), "{taken:?}");
    for path in ["/admin/v1/keys/bob", "/admin/v1/keys/key_0000000000zz", "/admin/v1/keys/%0a"] {
        assert_eq!(node.get(path).await.problem(), (404, "unknown-key".to_owned()), "{path}");
        let usage = node.get(&format!("{path}/usage")).await;
        assert_eq!(usage.problem(), (404, "unknown-key".to_owned()), "{path}");
    }
    for path in ["/admin/v1/keys/default", "/admin/v1/keys/default/rotate"] {
        let refused =
            if path.ends_with("rotate") { node.post(path, "").await } else { node.get(path).await };
        assert!(refused.text.contains("R4_API_KEY"), "{refused:?}");
    }
}

#[tokio::test]
async fn other_paths_and_methods() {
    let node = Node::start().await;
    assert_eq!(node.get("/admin/v1/nothing").await.problem(), (404, "not-found".to_owned()));
    assert_eq!(node.get("/v1/random").await.problem(), (404, "not-found".to_owned()));
    let bearer = format!("Bearer {TOKEN}");
    let wrong =
        node.call("DELETE", "/admin/v1/keys/alice", &[("authorization", &bearer)], "").await;
    assert_eq!(wrong.problem(), (405, "method-not-allowed".to_owned()));
    assert_eq!(wrong.header("allow"), "GET,HEAD");
    assert_eq!(node.call("GET", "/ready", &[], "").await.status, 200);
}

#[tokio::test]
async fn a_store_without_a_file_has_no_copy() {
    let answer = Node::start().await.get("/admin/v1/snapshot").await;
    assert_eq!(answer.problem(), (409, "keys-elsewhere".to_owned()));
    assert!(answer.text.contains("R4_STATE_DIR"), "{answer:?}");
}
