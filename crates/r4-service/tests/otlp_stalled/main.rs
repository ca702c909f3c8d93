//! A collector that takes connections and never answers: requests go on, memory stays bounded, what
//! is lost is counted, and the end does not wait long.
#![cfg(test)]

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use r4_service::otlp::{self, OtlpConfig};
use r4_service::ready::Readiness;
use r4_service::server::{Stop, run};
use r4_service::shell::{RequestLimits, wrap};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const REQUESTS: usize = 5000;

async fn ask(service: &Router, path: &str) -> String {
    let request = Request::get(path).body(Body::empty()).expect("a request");
    let answer = service.clone().oneshot(request).await.expect("an answer");
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    String::from_utf8(body.to_vec()).expect("text")
}

/// Returns the value of the one metric whose line begins so.
fn value(metrics: &str, begin: &str) -> f64 {
    let mut lines = metrics.lines().filter(|line| line.starts_with(begin));
    let line = lines.next().unwrap_or_else(|| panic!("no {begin}: {metrics}"));
    assert!(lines.next().is_none(), "{begin}");
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_hangs_costs_spans_and_nothing_else() {
    let collector = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", collector.local_addr().expect("its address"));
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = collector.accept().await {
            held.push(connection);
        }
    });
    let endpoint = endpoint.parse().expect("a URL");
    otlp::start(Some(&OtlpConfig { endpoint, ratio: 1.0 }));
    let limits = RequestLimits { head_deadline: Duration::from_secs(5), body_bytes: 1024 };
    let routes = Router::new().route("/hello", get(async || "hello"));
    let service = wrap(routes, Readiness::ready(), limits);
    let begun = Instant::now();
    for _ in 0..REQUESTS {
        assert_eq!(ask(&service, "/hello").await, "hello");
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let metrics = ask(&service, "/metrics").await;
    let (queue, limit) =
        (value(&metrics, "r4_otlp_queue "), value(&metrics, "r4_otlp_queue_limit "));
    let dropped = value(&metrics, r#"r4_otlp_dropped_total{cause="full"}"#);
    assert!(queue <= limit && limit <= 2048.0, "{metrics}");
    // All but the queue and the batch on its way.
    assert!(dropped >= 5000.0 - limit - 256.0, "{metrics}");
    assert!(value(&metrics, "r4_otlp_exported_total") < 1.0, "{metrics}");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let stop = Stop::watch().expect("signals");
    let served = tokio::spawn(run(listener, service, Readiness::ready(), stop));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM)
        .expect("a signal");
    served.await.expect("no panic").expect("a clean end");
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
}
