//! Keys of the key table: what they may do, how often, and how much in all.

use std::net::SocketAddr;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::client::{Answer, call, gateway_and_admin, get, node_with_admin};
use crate::stub::{Stub, nobody};

const TOKEN: &str = "an-admin-token-of-some-length";

/// Makes a key and returns its text and its id.
async fn key(admin: SocketAddr, order: Value) -> (String, String) {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = Bytes::from(order.to_string());
    let made = call(admin, "POST", "/admin/v1/keys", &headers, body).await;
    assert!(made.status.is_success(), "{made:?}");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let json = made.json();
    (text(&json["key"]), text(&json["info"]["id"]))
}

async fn admin_post(admin: SocketAddr, path: &str) {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let done = call(admin, "POST", path, &headers, Bytes::from_static(b"{}")).await;
    assert!(done.status.is_success(), "{done:?}");
}

async fn with(to: SocketAddr, key: &str, path: &str) -> Answer {
    get(to, path, &[("x-api-key", key)]).await
}

#[tokio::test]
async fn a_key_has_its_own_limit_and_its_address_none() {
    let (to, admin, ..) = node_with_admin(TOKEN, &[("R4_RATE_ADDRESS", "1/h")]).await;
    let (alice, _) = key(admin, json!({"name": "alice", "rate": "7/h", "burst": 7})).await;
    for left in [6, 5] {
        let answer = with(to, &alice, "/v1/random?n=8").await;
        assert_eq!(answer.status, 200);
        assert!(answer.header("ratelimit").starts_with(&format!("\"key\";r={left};")));
    }
    let vrf = with(to, &alice, "/v1/vrf").await;
    assert!(vrf.header("ratelimit").starts_with("\"key\";r=0;"), "a receipt costs five: {vrf:?}");
    let refused = with(to, &alice, "/v1/random?n=8").await;
    assert_eq!(refused.problem(), (429, "rate-limited".to_owned()));
    let wrong = with(to, "r4_live_nothing", "/v1/random?n=8").await;
    assert_eq!(wrong.problem(), (401, "invalid-api-key".to_owned()));
    let wrong = with(to, "r4_live_nothing", "/v1/random?n=8").await;
    assert_eq!(wrong.problem(), (429, "rate-limited".to_owned()), "guesses cost the address");
}

#[tokio::test]
async fn a_key_does_what_its_scopes_allow_until_it_is_revoked() {
    let (to, admin, _, vrf) = node_with_admin(TOKEN, &[]).await;
    let (bob, id) = key(admin, json!({"name": "bob", "scopes": ["random"]})).await;
    assert_eq!(with(to, &bob, "/v1/random?n=8").await.status, 200);
    for path in ["/v1/vrf"] {
        let refused = with(to, &bob, path).await;
        assert_eq!(refused.problem(), (403, "missing-scope".to_owned()), "{path}");
    }
    assert!(vrf.asked().is_empty());
    assert_eq!(with(to, &bob, "/v1/usage").await.status, 200, "usage needs no scope");
    admin_post(admin, &format!("/admin/v1/keys/{id}/revoke")).await;
    let refused = with(to, &bob, "/v1/random?n=8").await;
    assert_eq!(refused.problem(), (401, "revoked-api-key".to_owned()));
    assert_eq!(with(to, &bob, "/v1/health").await.status, 200, "what is public stays so");
}

#[tokio::test]
async fn a_quota_ends_exactly() {
    let (to, admin, ..) = node_with_admin(TOKEN, &[]).await;
    let (carol, _) = key(admin, json!({"name": "carol", "quota": "12/month"})).await;
    for path in ["/v1/vrf", "/v1/vrf", "/v1/random?n=8"] {
        assert_eq!(with(to, &carol, path).await.status, 200, "{path}");
    }
    let refused = with(to, &carol, "/v1/vrf").await;
    assert_eq!(refused.problem(), (429, "quota-exceeded".to_owned()), "one of twelve is left");
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") <= 31 * 86_400);
    let usage = with(to, &carol, "/v1/usage").await.json();
    assert_eq!((&usage["quota"]["units"], &usage["quota"]["left"]), (&json!(12), &json!(1)));
    assert_eq!(usage["key"]["name"], "carol");
    assert_eq!(with(to, &carol, "/v1/random?n=8").await.status, 200);
    let usage = with(to, &carol, "/v1/usage").await;
    assert_eq!(usage.json()["quota"]["left"], 0, "it is told to whom nothing is left, too");
    let over = with(to, &carol, "/v1/random?n=8").await;
    assert_eq!(over.problem(), (429, "quota-exceeded".to_owned()));
}

#[tokio::test]
async fn a_failure_of_ours_is_not_charged() {
    let vrf = Stub::start().await;
    let admin = [("R4_ADMIN_PORT", "0"), ("R4_ADMIN_TOKEN", TOKEN)];
    let (to, admin) = gateway_and_admin(nobody().await, vrf.address, &admin).await;
    let admin = admin.expect("it listens");
    let (dave, _) = key(admin, json!({"name": "dave", "quota": "5/day"})).await;
    for _ in 0..3 {
        assert_eq!(with(to, &dave, "/v1/random?n=8").await.status, 503);
    }
    assert_eq!(with(to, &dave, "/v1/vrf").await.status, 200, "all units are still there");
    let over = with(to, &dave, "/v1/vrf").await;
    assert_eq!(over.problem(), (429, "quota-exceeded".to_owned()));
}

#[tokio::test]
async fn what_is_refused_costs_a_key_its_rate() {
    let (to, admin, ..) = node_with_admin(TOKEN, &[]).await;
    let order = json!({"name": "erin", "rate": "2/h", "burst": 2, "scopes": ["random"]});
    let (erin, _) = key(admin, order).await;
    let put = async || call(to, "PUT", "/v1/random", &[("x-api-key", &erin)], Bytes::new()).await;
    assert_eq!(put().await.status, 405);
    assert_eq!(put().await.status, 405);
    assert_eq!(put().await.problem(), (429, "rate-limited".to_owned()));
    let order = json!({"name": "finn", "rate": "2/h", "burst": 2, "scopes": ["random"]});
    let (finn, _) = key(admin, order).await;
    assert_eq!(with(to, &finn, "/v1/vrf").await.status, 403);
    assert_eq!(with(to, &finn, "/v1/vrf").await.status, 429);
}
