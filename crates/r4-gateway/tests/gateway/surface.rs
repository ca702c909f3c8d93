//! The public surface: routes, description, docs, cross-origin reads, methods, health.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::client::{KEY, call, get, get_keyed, node};

/// Every operation of the public surface.
const OPERATIONS: [&str; 26] = [
    "get /docs",
    "get /llms.txt",
    "get /openapi.json",
    "get /postman.json",
    "get /v1/demo/random",
    "get /v1/demo/vrf",
    "get /v1/draws/{id}",
    "get /v1/health",
    "get /v1/health/entropy",
    "get /v1/keys",
    "get /v1/limits",
    "get /v1/log/checkpoint",
    "get /v1/log/consistency",
    "get /v1/log/tile/{path}",
    "get /v1/meta",
    "get /v1/random",
    "get /v1/random_dual",
    "get /v1/receipts",
    "get /v1/receipts/{id}",
    "get /v1/status",
    "get /v1/usage",
    "get /v1/vrf",
    "post /v1/demo/draws",
    "post /v1/draws",
    "post /v1/verify",
    "post /v1/vrf",
];

#[tokio::test]
async fn the_description_lists_exactly_the_routes_there_are() {
    let (to, ..) = node(&[]).await;
    let api = get(to, "/openapi.json", &[]).await.json();
    assert!(api["openapi"].as_str().expect("version").starts_with("3.1"));
    let mut listed = BTreeSet::new();
    for (path, item) in api["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("item") {
            listed.insert(format!("{method} {path}"));
            let body = if method == "post" { "{}" } else { "" };
            let body = Bytes::from_static(body.as_bytes());
            let upper = method.to_uppercase();
            let keyed = call(to, &upper, path, &[], body.clone()).await.status == 401;
            let security = operation["security"].as_array();
            let stated = security.is_some_and(|list| !list.contains(&serde_json::json!({})));
            assert_eq!(stated, keyed, "{method} {path}");
            let answer = call(to, &upper, path, &[("x-api-key", KEY)], body).await;
            assert!(!matches!(answer.status.as_u16(), 404 | 405), "{method} {path}");
            let status = answer.status.as_str();
            assert!(operation["responses"][status].is_object(), "{method} {path} {status}");
            let kind = &operation["responses"]["429"]["content"]["application/problem+json"];
            let whole = &kind["schema"]["allOf"][0]["$ref"];
            assert_eq!(whole, "#/components/schemas/ProblemDocument");
        }
    }
    assert_eq!(listed.iter().map(String::as_str).collect::<Vec<_>>(), OPERATIONS);
    let text = api.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("name");
        assert!(api["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn wrong_methods_and_paths_are_problems() {
    let (to, ..) = node(&[]).await;
    let table = [
        ("POST", "/v1/health", "GET,HEAD"),
        ("POST", "/v1/health/entropy", "GET,HEAD"),
        ("GET", "/v1/verify", "POST"),
        ("DELETE", "/v1/vrf", "GET,POST"),
        ("HEAD", "/v1/vrf", "GET,POST"),
        ("HEAD", "/v1/random_dual", "GET"),
        ("PUT", "/v1/random", "GET,HEAD"),
        ("OPTIONS", "/v1/random", "GET,HEAD"),
        ("POST", "/health", "GET,HEAD"),
    ];
    for (method, path, allowed) in table {
        let answer = call(to, method, path, &[("x-api-key", KEY)], Bytes::new()).await;
        if method == "HEAD" {
            assert_eq!(answer.status, 405);
        } else {
            assert_eq!(answer.problem(), (405, "method-not-allowed".to_owned()), "{method} {path}");
        }
        let sorted: BTreeSet<_> = answer.header("allow").split(',').collect();
        assert_eq!(sorted, allowed.split(',').collect(), "{method} {path}");
    }
    for path in ["/v1/verify", "/v1/draws", "/v1/demo/draws"] {
        let body = Bytes::from_static(b"{}");
        let answer = call(to, "GET", path, &[("x-api-key", KEY)], body).await;
        assert_eq!(answer.problem(), (405, "method-not-allowed".to_owned()), "{path} with a body");
    }
    for path in ["/v1/nothing", "/v1/random/", "/v1/", "/nothing", "/"] {
        assert_eq!(get_keyed(to, path).await.problem(), (404, "not-found".to_owned()), "{path}");
    }
    assert_eq!(call(to, "HEAD", "/v1/health", &[], Bytes::new()).await.status, 200);
}

#[tokio::test]
async fn pages_of_other_origins_read_what_is_public_and_nothing_else() {
    let (to, ..) = node(&[]).await;
    let origin = ("origin", "https://example.org");
    for path in
        ["/v1/health", "/v1/health/entropy", "/v1/keys", "/v1/limits", "/v1/meta", "/openapi.json"]
    {
        let answer = get(to, path, &[origin]).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-expose-headers").contains("ratelimit"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
    }
    let preflight = [
        origin,
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type"),
    ];
    let answer = call(to, "OPTIONS", "/v1/verify", &preflight, Bytes::new()).await;
    assert!(answer.status.is_success());
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert!(answer.header("access-control-allow-headers").contains("content-type"));
    let posted = call(to, "POST", "/v1/verify", &[origin], Bytes::from_static(b"{}")).await;
    assert_eq!(posted.header("access-control-allow-origin"), "*");
    for path in ["/v1/random?n=8", "/v1/vrf", "/v1/random_dual?n=16"] {
        let answer = get(to, path, &[origin, ("x-api-key", KEY)]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test]
async fn health_limits_meta_and_version() {
    let (to, core, _) = node(&[]).await;
    let health = get(to, "/v1/health", &[]).await;
    assert_eq!((health.status.as_u16(), &health.json()["status"]), (200, &"ok".into()));
    assert_eq!(health.json()["upstreams"]["r4-core"]["mode"], "sealed");
    assert_eq!(health.json()["upstreams"]["r4-core"]["version"], "9.9.9");
    assert_eq!(health.json()["upstreams"]["r4-vrf"]["ready"], true);
    for _ in 0..50 {
        get(to, "/v1/health", &[]).await;
    }
    assert!(core.asked().is_empty(), "asking for health asks nobody");
    assert_eq!(get(to, "/ready", &[]).await.text(), "ready");
    assert_eq!(get(to, "/version", &[]).await.json()["name"], "r4-gateway");
    let meta = get(to, "/v1/meta", &[]).await.json();
    assert_eq!(meta["name"], "Re4ctoR");
    assert!(meta["not_proved"].as_array().is_some_and(|l| l.len() > 2));
    let limits = get_keyed(to, "/v1/limits").await.json();
    assert_eq!(limits["request"]["random_max_bytes"], 1_000_000);
    assert_eq!(limits["request"]["verify_body_max_bytes"], 65_536);
    assert!(limits["key"]["remaining"].is_u64());
    assert_eq!(get(to, "/v1/limits?key=wrong", &[]).await.problem().0, 401);
    assert_eq!(get(to, "/v1/health?key=wrong", &[]).await.status, 200);
}

#[tokio::test]
async fn the_docs_load_nothing_from_elsewhere() {
    let (to, ..) = node(&[]).await;
    for (path, kind) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/app.js", "text/javascript; charset=utf-8"),
        ("/docs/dom.js", "text/javascript; charset=utf-8"),
        ("/docs/schema.js", "text/javascript; charset=utf-8"),
        ("/docs/try.js", "text/javascript; charset=utf-8"),
        ("/docs/app.css", "text/css; charset=utf-8"),
    ] {
        let answer = get(to, path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind));
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!answer.text().contains("://"), "{path}");
        assert!(answer.header("content-security-policy").contains("trusted-types 'none'"));
        assert!(!answer.text().contains("innerHTML"), "{path}");
        assert!(!answer.text().contains("Storage"), "the key is kept nowhere: {path}");
    }
}

#[tokio::test]
async fn no_key_reaches_the_metrics() {
    let (to, ..) = node(&[]).await;
    get(to, &format!("/v1/random?n=8&key={KEY}"), &[]).await;
    get(to, &format!("/v1/nothing?key={KEY}"), &[]).await;
    let metrics = get(to, "/metrics", &[]).await;
    assert!(metrics.text().contains("route=\"/v1/random\""));
    assert!(!metrics.text().contains(KEY));
}

#[tokio::test]
async fn the_description_has_three_forms() {
    let (to, ..) = node(&[]).await;
    let api = get(to, "/openapi.json", &[]).await.json();
    let short = get(to, "/llms.txt", &[]).await;
    assert_eq!(short.header("content-type"), "text/plain; charset=utf-8");
    assert!(short.text().starts_with("# Re4ctoR\n"));
    let collection = get(to, "/postman.json", &[]).await.json();
    assert_eq!(collection["info"]["name"], api["info"]["title"]);
    let folders = collection["item"].as_array().expect("folders");
    assert_eq!(folders.len(), api["tags"].as_array().expect("tags").len());
    for path in ["/llms.txt", "/postman.json"] {
        let shared = get(to, path, &[("origin", "https://example.org")]).await;
        assert_eq!(shared.header("access-control-allow-origin"), "*", "{path}");
    }
}
