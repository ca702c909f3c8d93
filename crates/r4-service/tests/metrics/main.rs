//! What `/metrics` shows of requests: no label that a caller writes, and nobody left out.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::routing::get;
use r4_service::metrics::{at_each_look, show_places};
use r4_service::ready::Readiness;
use r4_service::shell::{RequestLimits, wrap};
use tokio::sync::{Mutex, Semaphore};
use tower::ServiceExt as _;

/// The metrics are those of the process.
static ONE_TEST: Mutex<()> = Mutex::const_new(());

fn service() -> Router {
    let limits = RequestLimits { head_deadline: Duration::from_secs(5), body_bytes: 1024 };
    let routes = Router::new()
        .route("/items/{id}", get(async || "here"))
        .route("/slow", get(std::future::pending::<()>))
        .route("/broken", get(breaks));
    wrap(routes, Readiness::not_yet("testing"), limits)
}

async fn breaks() -> &'static str {
    panic!("on purpose")
}

async fn ask(method: &str, path: &str) -> String {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = Request::builder().method(method).uri(path).body(Body::empty());
    let answer = service().oneshot(request.expect("a request")).await.expect("an answer");
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    String::from_utf8(body.to_vec()).expect("text")
}

async fn metrics() -> Vec<String> {
    ask("GET", "/metrics").await.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_shows(metrics: &[String], line: &str) {
    assert!(metrics.iter().any(|shown| shown == line), "no {line}: {metrics:#?}");
}

#[tokio::test]
async fn requests_are_counted_by_route_whatever_is_asked() {
    let _turn = ONE_TEST.lock().await;
    for (method, path) in [
        ("GET", "/items/a-callers-text"),
        ("GET", "/a-callers-text"),
        ("ACALLERSTEXT", "/items/1"),
        ("POST", "/items/1"),
        ("GET", "/broken"),
    ] {
        ask(method, path).await;
    }
    let given_up = tokio::time::timeout(Duration::from_millis(50), ask("GET", "/slow"));
    assert!(given_up.await.is_err());
    let metrics = metrics().await;
    let counted = |method: &str, route: &str, status: u16| {
        let labels = format!(r#"method="{method}",route="{route}",status="{status}""#);
        assert_shows(&metrics, &format!("r4_http_requests_total{{{labels}}} 1"));
        assert_shows(&metrics, &format!("r4_http_request_seconds_count{{{labels}}} 1"));
    };
    counted("GET", "/items/{id}", 200);
    counted("GET", "unmatched", 404);
    counted("other", "/items/{id}", 405);
    counted("POST", "/items/{id}", 405);
    counted("GET", "/broken", 500);
    counted("GET", "/slow", 499);
    assert!(!metrics.iter().any(|line| line.to_lowercase().contains("callers")), "{metrics:#?}");
    // The one that asks for the metrics.
    assert_shows(&metrics, "r4_http_requests_open 1");
    assert_shows(&metrics, "r4_ready 0");
    assert_shows(&metrics, "# TYPE r4_http_requests_total counter");
    assert_shows(&metrics, "# HELP r4_http_requests_total Requests that were answered or given up");
    assert!(metrics.iter().any(|line| line.starts_with("r4_tokio_alive_tasks ")), "{metrics:#?}");
}

#[tokio::test]
async fn places_are_shown_as_they_are_when_asked_for() {
    let _turn = ONE_TEST.lock().await;
    let places = Arc::new(Semaphore::new(5));
    show_places(Arc::downgrade(&places), 5, |taken, most| {
        metrics::gauge!("test_places").set(taken);
        metrics::gauge!("test_places_limit").set(most);
    });
    let held = places.acquire_many(2).await.expect("open");
    let shown = metrics().await;
    assert_shows(&shown, "test_places 2");
    assert_shows(&shown, "test_places_limit 5");
    drop(held);
    assert_shows(&metrics().await, "test_places 0");
}

#[tokio::test]
async fn a_look_that_has_nothing_more_to_show_is_not_asked_again() {
    let _turn = ONE_TEST.lock().await;
    let asked = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let count = Arc::clone(&asked);
    at_each_look(move || {
        let before = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        (before < 1).then_some(())
    });
    for _ in 0..4 {
        metrics().await;
    }
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
}
