//! `GET /v1/health/entropy`, and what the entropy of r4-core does to `/v1/health`.

use std::net::SocketAddr;

use bytes::Bytes;
use serde_json::Value;

use crate::client::{Answer, gateway, get, node};
use crate::stub::{After, Stub, VERSION, nobody, raw};

/// Starts a gateway whose r4-core tells `version`; returns both health answers.
async fn healths(version: &str) -> (Answer, Answer) {
    let core = Stub::telling(version).await.address;
    both(gateway(core, Stub::start().await.address, &[]).await).await
}

async fn both(to: SocketAddr) -> (Answer, Answer) {
    (get(to, "/v1/health", &[]).await, get(to, "/v1/health/entropy", &[]).await)
}

#[tokio::test]
async fn a_good_core_shows_all_it_tells_to_everybody() {
    let (to, core, _) = node(&[]).await;
    let answer = get(to, "/v1/health/entropy", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"));
    let health = answer.json();
    let told: Value = serde_json::from_str(VERSION).expect("JSON");
    assert_eq!(health["status"], "ok");
    for field in ["mode", "integrity", "selftest", "strict", "core_sha256", "entropy"] {
        assert_eq!(health[field], told[field], "{field}");
    }
    assert_eq!(health.as_object().expect("object").len(), 7, "no reason: {health}");
    assert!(core.asked().is_empty(), "asking for health asks nobody");
    assert_eq!(get(to, "/v1/health/entropy?x=1", &[]).await.problem().0, 400);
}

#[tokio::test]
async fn a_source_that_fails_degrades_and_is_named() {
    let failing = VERSION
        .replacen("\"status\":\"ok\"", "\"status\":\"degraded\"", 1)
        .replacen("\"state\":\"ok\"", "\"state\":\"failed\"", 1)
        .replacen("\"failed_test\":null", "\"failed_test\":\"lag\"", 1);
    let again = failing.replacen("\"failed\"", "\"intermittent\"", 1);
    for (version, reason) in [
        (&failing, "noise source jitter failed (lag)"),
        (&again, "noise source jitter is being tested again (lag)"),
    ] {
        let (health, entropy) = healths(version).await;
        let core = &health.json()["upstreams"]["r4-core"];
        assert_eq!((health.status.as_u16(), &core["status"]), (200, &"degraded".into()));
        assert_eq!(core["reason"], reason);
        assert_eq!((core["ready"].as_bool(), &core["mode"]), (Some(true), &"sealed".into()));
        assert_eq!(health.json()["status"], "degraded");
        assert_eq!(entropy.status, 200);
        let entropy = entropy.json();
        assert_eq!((&entropy["status"], &entropy["reason"]), (&"degraded".into(), &reason.into()));
        assert_eq!(entropy["entropy"]["sources"][0]["failed_test"], "lag");
    }
}

#[tokio::test]
async fn the_cores_own_reason_comes_first() {
    let fallback = VERSION
        .replacen("\"mode\":\"sealed\"", "\"mode\":\"fallback\",\"reason\":\"it hangs\"", 1)
        .replacen("\"status\":\"ok\"", "\"status\":\"degraded\"", 1);
    let (health, entropy) = healths(&fallback).await;
    let core = &health.json()["upstreams"]["r4-core"];
    assert_eq!((&core["status"], &core["reason"]), (&"degraded".into(), &"it hangs".into()));
    assert_eq!(entropy.json()["mode"], "fallback");
    assert_eq!(entropy.json()["reason"], "it hangs");
}

#[tokio::test]
async fn a_core_that_does_not_tell_its_state_is_not_called_well() {
    let (health, entropy) = healths(r#"{"name":"re4ctor-api","version":"0.0.1"}"#).await;
    assert_eq!(health.json()["upstreams"]["r4-core"]["status"], "degraded");
    let entropy = entropy.json();
    assert_eq!(entropy["status"], "degraded", "{entropy}");
    assert!(entropy["reason"].as_str().is_some_and(|reason| reason.contains("does not tell")));
    assert_eq!(entropy.as_object().expect("object").len(), 2, "{entropy}");
}

#[tokio::test]
async fn a_blocked_core_is_there_and_one_that_is_not_is_down() {
    let refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 18\r\n\r\n";
    let blocked = raw(refusal, Bytes::from_static(b"{\"detail\":\"blank\"}"), After::Close).await;
    for (core, code, status) in [(blocked, 200, "degraded"), (nobody().await, 503, "down")] {
        let (_, entropy) = both(gateway(core, Stub::start().await.address, &[]).await).await;
        assert_eq!((entropy.status.as_u16(), &entropy.json()["status"]), (code, &status.into()));
        assert!(entropy.json()["reason"].is_string(), "{}", entropy.text());
    }
}
