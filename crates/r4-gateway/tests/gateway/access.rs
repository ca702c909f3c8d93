//! Keys, limits and who the client is.

use bytes::Bytes;

use crate::client::{INTERNAL, KEY, call, get, get_keyed, node};

#[tokio::test]
async fn keyed_routes_need_the_key_and_public_ones_do_not() {
    let (to, core, vrf) = node(&[]).await;
    for path in ["/v1/random?n=8", "/v1/vrf", "/v1/random_dual?n=16"] {
        let refused = get(to, path, &[]).await;
        assert_eq!(refused.problem(), (401, "invalid-api-key".to_owned()), "{path}");
        assert_eq!(refused.json()["detail"], "invalid api key");
        assert_eq!(get(to, path, &[("x-api-key", "WRONG")]).await.status, 401, "{path}");
    }
    let post = call(to, "POST", "/v1/vrf", &[], Bytes::from_static(b"{}")).await;
    assert_eq!(post.problem(), (401, "invalid-api-key".to_owned()));
    assert!(core.asked().is_empty() && vrf.asked().is_empty(), "refused calls go nowhere");

    for path in ["/v1/random?n=8", "/v1/vrf", "/v1/random_dual?n=16"] {
        assert_eq!(get_keyed(to, path).await.status, 200, "{path}");
        let query = if path.contains('?') { '&' } else { '?' };
        assert_eq!(get(to, &format!("{path}{query}key={KEY}"), &[]).await.status, 200, "{path}");
    }
    for path in ["/v1/health", "/v1/keys", "/v1/limits", "/v1/meta", "/openapi.json", "/docs"] {
        assert_eq!(get(to, path, &[]).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_callers_key_goes_nowhere_and_the_internal_key_does() {
    let (to, core, vrf) = node(&[]).await;
    let id = [("x-request-id", "caller-chosen-id")];
    get(to, &format!("/v1/random?key={KEY}&n=8&fmt=hex"), &id).await;
    get(to, &format!("/v1/vrf?sig=dual&key={KEY}&alpha=00"), &id).await;
    call(to, "POST", &format!("/v1/vrf?key={KEY}"), &id, Bytes::from_static(b"{}")).await;
    call(to, "POST", &format!("/v1/verify?key={KEY}"), &id, Bytes::from_static(b"{}")).await;
    get(to, &format!("/v1/random_dual?n=16&key={KEY}"), &id).await;
    get(to, "/v1/keys", &[("x-api-key", KEY), id[0]]).await;
    let asked: Vec<_> = core.asked().into_iter().chain(vrf.asked()).collect();
    let uris: Vec<_> = asked.iter().map(|s| s.uri.to_string()).collect();
    let want =
        ["/random?n=8", "/vrf?sig=dual&alpha=00", "/vrf", "/verify", "/random_dual?n=16", "/keys"];
    assert_eq!(uris, want);
    for seen in asked {
        let keys: Vec<_> = seen.headers.get_all("x-api-key").iter().collect();
        assert_eq!(keys, [INTERNAL]);
        assert_eq!(seen.headers["x-request-id"], "caller-chosen-id");
        assert!(!format!("{seen:?}").contains(KEY));
    }
}

#[tokio::test]
async fn every_answer_tells_the_limit() {
    let rates = [("R4_RATE_ADDRESS", "10/s"), ("R4_BURST_ADDRESS", "10")];
    let (to, ..) = node(&rates).await;
    let first = get(to, "/v1/limits", &[]).await;
    assert_eq!(first.header("ratelimit-policy"), "\"default\";q=10;w=1");
    assert_eq!(first.header("ratelimit"), "\"default\";r=9;t=1");
    assert_eq!(first.header("ratelimit-limit"), "10");
    assert_eq!(first.header("ratelimit-remaining"), "9");
    assert_eq!(first.header("ratelimit-reset"), "1");
    assert_eq!(first.json()["address"]["remaining"], 9);
    assert_eq!(first.json()["key"], serde_json::Value::Null);
    let answers = [
        get(to, "/v1/random?n=x", &[("x-api-key", KEY)]).await,
        get(to, "/v1/random", &[]).await,
        get(to, "/v1/nothing", &[]).await,
        call(to, "DELETE", "/v1/keys", &[], Bytes::new()).await,
        call(to, "DELETE", "/v1/random", &[("x-api-key", KEY)], Bytes::new()).await,
        get(to, "/v1/random?n=4", &[("x-api-key", KEY)]).await,
        get(to, "/docs", &[]).await,
    ];
    for answer in answers {
        assert!(answer.header("ratelimit").starts_with("\"default\";r="), "{answer:?}");
    }
    for path in ["/health", "/version", "/ready", "/metrics"] {
        assert_eq!(get(to, path, &[]).await.header("ratelimit"), "", "{path}");
    }
}

#[tokio::test]
async fn an_address_is_limited_by_failed_attempts_too() {
    let (to, core, _) = node(&[("R4_RATE_ADDRESS", "3/h"), ("R4_BURST_ADDRESS", "3")]).await;
    for _ in 0..3 {
        assert_eq!(get(to, "/v1/random?n=8", &[("x-api-key", "guess")]).await.status, 401);
    }
    let refused = get_keyed(to, "/v1/random?n=8").await;
    assert_eq!(refused.problem(), (429, "rate-limited".to_owned()));
    let wait: u32 = refused.header("retry-after").parse().expect("seconds");
    assert!((1190..=1200).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit-remaining"), "0");
    assert_eq!(refused.header("ratelimit-policy"), "\"default\";q=3;w=3600");
    assert!(core.asked().is_empty());
    let public = get(to, "/v1/keys", &[("origin", "https://example.org")]).await;
    assert_eq!(public.problem().0, 429);
    assert_eq!(public.header("access-control-allow-origin"), "*", "a page can read the 429");
    assert_eq!(get(to, "/health", &[]).await.text(), "ok", "the port's own checks go on");
}

#[tokio::test]
async fn a_key_is_limited_across_addresses() {
    let rates =
        [("R4_RATE_KEY", "2/h"), ("R4_BURST_KEY", "2"), ("R4_TRUSTED_PROXIES", "127.0.0.0/8")];
    let (to, ..) = node(&rates).await;
    let from = |ip: &'static str| [("x-api-key", KEY), ("x-forwarded-for", ip)];
    let first = get(to, "/v1/random?n=8", &from("203.0.113.1")).await;
    assert_eq!(first.header("ratelimit"), "\"key\";r=1;t=1800", "the tighter limit is told");
    assert_eq!(get(to, "/v1/random?n=8", &from("203.0.113.2")).await.status, 200);
    let refused = get(to, "/v1/random?n=8", &from("203.0.113.3")).await;
    assert_eq!(refused.problem(), (429, "rate-limited".to_owned()));
    assert_eq!(refused.header("ratelimit-policy"), "\"key\";q=2;w=3600");
    let limits = get(to, "/v1/limits", &from("203.0.113.3")).await;
    assert_eq!(limits.problem().0, 429, "asking with the key counts against it");
    assert_eq!(get(to, "/v1/limits", &[]).await.status, 200);
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_limited_one_by_one() {
    let rate = [("R4_RATE_ADDRESS", "1/h"), ("R4_BURST_ADDRESS", "1")];
    let by_name = [rate[0], rate[1], ("R4_TRUSTED_PROXIES", "10.0.0.0/8, localhost")];
    let (to, ..) = node(&by_name).await;
    for ip in ["203.0.113.1", "203.0.113.2", "2001:db8::1"] {
        assert_eq!(get(to, "/v1/limits", &[("x-forwarded-for", ip)]).await.status, 200, "{ip}");
        assert_eq!(get(to, "/v1/limits", &[("x-forwarded-for", ip)]).await.status, 429, "{ip}");
    }
    let spoofed = [("x-forwarded-for", "198.51.100.7, 203.0.113.1")];
    assert_eq!(get(to, "/v1/limits", &spoofed).await.status, 429);

    let (to, ..) = node(&rate).await;
    let forwarded = |ip: &'static str| [("x-forwarded-for", ip)];
    assert_eq!(get(to, "/v1/limits", &forwarded("203.0.113.1")).await.status, 200);
    assert_eq!(get(to, "/v1/limits", &forwarded("203.0.113.2")).await.status, 429, "not trusted");
}

#[tokio::test]
async fn a_weak_key_is_for_local_callers() {
    let (to, ..) = node(&[("R4_API_KEY", "demo"), ("R4_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let with = |ip: &'static str| [("x-api-key", "demo"), ("x-forwarded-for", ip)];
    assert_eq!(get(to, "/v1/random?n=8", &[("x-api-key", "demo")]).await.status, 200);
    assert_eq!(get(to, "/v1/random?n=8", &with("192.168.0.9")).await.status, 200);
    let refused = get(to, "/v1/random?n=8", &with("203.0.113.1")).await;
    assert_eq!(refused.problem(), (403, "weak-api-key".to_owned()));
    assert!(refused.json()["detail"].as_str().expect("text").contains("R4_API_KEY"));
}
