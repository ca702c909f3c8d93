//! `GET /v1/status`: what the looks saw, for everybody.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{gateway, get, node};
use crate::stub::{Stub, VERSION, nobody};

/// Returns the newest bucket that a gateway shows.
async fn newest(to: std::net::SocketAddr) -> (Value, Value) {
    let answer = get(to, "/v1/status", &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "public, max-age=5");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let status = answer.json();
    let newest = status["buckets"].as_array().and_then(|all| all.last()).expect("one").clone();
    (status, newest)
}

#[tokio::test]
async fn the_first_look_is_in_it_and_each_second_after() {
    let (to, core, vrf) = node(&[]).await;
    let (status, first) = newest(to).await;
    let (now, since) = (status["now"].as_u64().expect("now"), status["since"].as_u64());
    assert_eq!(since, Some((now - 7 * 86_400) / 300 * 300));
    assert_eq!(status["components"], json!(["r4-core", "r4-vrf", "entropy"]));
    assert_eq!(status["bucket_seconds"], 300);
    assert_eq!(first["start"].as_u64().map(|start| start % 300), Some(0));
    for component in ["r4-core", "r4-vrf", "entropy"] {
        let seen = &first[component];
        assert_eq!((&seen["degraded"], &seen["down"]), (&json!(0), &json!(0)), "{first}");
        assert!(seen["ok"].as_u64().is_some_and(|ok| ok >= 1), "{first}");
    }
    // The answer is made anew after a while.
    tokio::time::sleep(Duration::from_millis(5500)).await;
    let (later, _) = newest(to).await;
    let seconds = |status: &Value| -> u64 {
        let buckets = status["buckets"].as_array().expect("a list");
        buckets.iter().filter_map(|bucket| bucket["r4-vrf"]["ok"].as_u64()).sum()
    };
    let more = seconds(&later) - seconds(&status);
    assert!((4..=6).contains(&more), "{more} s: {later}");
    assert!(core.asked().is_empty() && vrf.asked().is_empty(), "asking for it asks nobody");
    assert_eq!(get(to, "/v1/status?x=1", &[]).await.problem().0, 400);
}

#[tokio::test]
async fn what_is_down_or_degraded_counts_as_that() {
    let failing = VERSION.replacen("\"status\":\"ok\"", "\"status\":\"degraded\"", 1);
    let core = Stub::telling(&failing).await.address;
    let (_, bucket) = newest(gateway(core, nobody().await, &[]).await).await;
    assert_eq!((&bucket["r4-core"]["degraded"], &bucket["r4-core"]["ok"]), (&json!(1), &json!(0)));
    assert_eq!((&bucket["entropy"]["degraded"], &bucket["entropy"]["ok"]), (&json!(1), &json!(0)));
    assert_eq!((&bucket["r4-vrf"]["down"], &bucket["r4-vrf"]["ok"]), (&json!(1), &json!(0)));
    // Of the entropy of a core that is not there, nobody can say that it is well.
    let vrf = Stub::start().await.address;
    let (_, bucket) = newest(gateway(nobody().await, vrf, &[]).await).await;
    assert_eq!((&bucket["entropy"]["down"], &bucket["r4-vrf"]["ok"]), (&json!(1), &json!(1)));
}
