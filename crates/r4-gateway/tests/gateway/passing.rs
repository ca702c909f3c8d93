//! What passes through: parameters, bodies, headers, problems.

use bytes::Bytes;

use crate::client::{KEY, call, get, get_keyed, node};
use crate::stub::pattern;

#[tokio::test]
async fn short_and_long_bodies_arrive_whole() {
    let (to, ..) = node(&[]).await;
    for n in [1, 8, 65_536, 65_537, 1_000_000] {
        let answer = get_keyed(to, &format!("/v1/random?n={n}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), n.to_string());
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("x-r4-mode"), "sealed");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-internal"), "", "headers between services stay there");
        assert_eq!(answer.body.expect("whole"), pattern(n));
    }
}

#[tokio::test]
async fn bodies_without_a_stated_length_arrive_whole() {
    let (to, ..) = node(&[]).await;
    // Fewer words share a call and are written here.
    for n in [1025, 65_536, 65_537, 250_000] {
        let answer = get_keyed(to, &format!("/v1/random?fmt=u32&n={n}")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body.expect("whole"), pattern(n));
    }
}

#[tokio::test]
async fn bad_parameters_are_refused_before_the_upstreams() {
    let (to, core, vrf) = node(&[]).await;
    let table = [
        ("/v1/random", "missing-parameter"),
        ("/v1/random?n=0", "invalid-parameter"),
        ("/v1/random?n=-1", "invalid-parameter"),
        ("/v1/random?n=1000001", "invalid-parameter"),
        ("/v1/random?n=1e9", "invalid-parameter"),
        ("/v1/random?n=ten", "invalid-parameter"),
        ("/v1/random?n=8&n=8", "repeated-parameter"),
        ("/v1/random?n=8&fmt=xml", "invalid-parameter"),
        ("/v1/random?n=8&format=hex", "unknown-parameter"),
        ("/v1/random?n=%zz", "malformed-query"),
        ("/v1/random_dual?m=16", "unknown-parameter"),
        ("/v1/random_dual?n=16&n=16", "repeated-parameter"),
        ("/v1/random_dual?n=16&format=evm", "unknown-parameter"),
        ("/v1/vrf?n=8", "unknown-parameter"),
        ("/v1/vrf?alpha=00&alpha=00", "repeated-parameter"),
        ("/v1/vrf?format=evm&format=evm", "repeated-parameter"),
        ("/v1/keys?x=1", "unknown-parameter"),
        ("/v1/health?x=1", "unknown-parameter"),
        ("/v1/limits?x=1", "unknown-parameter"),
        ("/v1/meta?x=1", "unknown-parameter"),
        ("/openapi.json?x=1", "unknown-parameter"),
    ];
    for (path, slug) in table {
        assert_eq!(get_keyed(to, path).await.problem(), (400, slug.to_owned()), "{path}");
    }
    assert!(core.asked().is_empty() && vrf.asked().is_empty());
}

#[tokio::test]
async fn every_parameter_of_a_receipt_goes_on() {
    let (to, _, vrf) = node(&[]).await;
    let query = "sig=dual&alpha=00&chain_id=1&contract=0x12&format=evm";
    assert_eq!(get_keyed(to, &format!("/v1/vrf?{query}")).await.status, 200);
    assert_eq!(vrf.asked().pop().expect("asked").uri, *format!("/vrf?{query}"));
    let described = get(to, "/openapi.json", &[]).await.json();
    let parameters = described["paths"]["/v1/vrf"]["get"]["parameters"].as_array().unwrap();
    let names: Vec<_> = parameters.iter().map(|given| given["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sig", "alpha", "chain_id", "contract", "format"]);
    let fields = described["components"]["schemas"]["VrfOrder"]["properties"].as_object().unwrap();
    assert!(names.iter().all(|name| fields.contains_key(*name)), "{fields:?}");
    assert_eq!(fields.len(), names.len());
}

#[tokio::test]
async fn a_problem_of_an_upstream_passes_as_it_is() {
    let (to, ..) = node(&[]).await;
    let answer = get_keyed(to, "/v1/vrf?alpha=zz").await;
    assert_eq!(answer.problem(), (400, "invalid-alpha".to_owned()));
    assert_eq!(answer.json()["detail"], "alpha must be hex");
}

#[tokio::test]
async fn posted_bodies_arrive_up_to_the_limit() {
    let (to, _, vrf) = node(&[]).await;
    let key = [("x-api-key", KEY), ("content-type", "application/json; charset=utf-8")];
    let order = Bytes::from_static(br#"{"sig":"dual","alpha":"0x00"}"#);
    let answer = call(to, "POST", "/v1/vrf", &key, order.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_bytes()), (200, order.as_ref()));
    let seen = vrf.asked().pop().expect("asked");
    assert_eq!(seen.body, order);
    assert_eq!(seen.headers["content-type"], "application/json; charset=utf-8");
    let longest = Bytes::from(vec![b' '; 64 * 1024]);
    assert_eq!(call(to, "POST", "/v1/verify", &[], longest).await.status, 200);
    for (path, size) in
        [("/v1/verify", 64 * 1024 + 1), ("/v1/verify", 10_000_000), ("/v1/vrf", 10_000_000)]
    {
        let before = vrf.asked().len();
        let answer = call(to, "POST", path, &key, Bytes::from(vec![b' '; size])).await;
        assert_eq!(answer.problem(), (413, "body-too-large".to_owned()), "{path} {size}");
        assert_eq!(vrf.asked().len(), before);
    }
    let waits = [("x-api-key", KEY), ("expect", "100-continue")];
    let answer = call(to, "POST", "/v1/vrf", &waits, Bytes::from(vec![b' '; 10_000_000])).await;
    assert_eq!(answer.problem().0, 413);
}

#[tokio::test]
async fn a_body_on_a_get_is_refused_and_counted() {
    let (to, _, vrf) = node(&[]).await;
    let before = vrf.asked().len();
    for path in ["/v1/keys", "/v1/vrf", "/v1/nothing"] {
        let body = Bytes::from(vec![0; 100_000]);
        let answer = call(to, "GET", path, &[("x-api-key", KEY)], body).await;
        assert_eq!(answer.problem(), (400, "unexpected-body".to_owned()), "{path}");
        assert_ne!(answer.header("ratelimit"), "", "{path}");
    }
    assert_eq!(vrf.asked().len(), before);
}
