//! Spans, from a request to a collector: two services as they are wrapped, and a little collector.
#![cfg(test)]

mod collector;

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use collector::Collector;
use r4_service::Problem;
use r4_service::config::Env;
use r4_service::context::name_key;
use r4_service::domain::Domain;
use r4_service::keys::Keys;
use r4_service::otlp::{self, OtlpConfig};
use r4_service::ready::Readiness;
use r4_service::server::{ConnectionLimits, serve_until};
use r4_service::shell::{RequestLimits, wrap};
use r4_service::upstream::{Upstream, UpstreamLimits};
use serde_json::Value;
use tokio::net::TcpListener;
use tower::ServiceExt as _;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-00";

fn service(routes: Router) -> Router {
    let limits = RequestLimits { head_deadline: Duration::from_secs(5), body_bytes: 1024 };
    wrap(routes, Readiness::ready(), limits)
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let (limits, never) = (ConnectionLimits::default(), std::future::pending());
    tokio::spawn(serve_until(listener, router, Readiness::ready(), limits, never));
    url
}

/// What reached the inner service, as the answer.
async fn echo(headers: HeaderMap) -> impl IntoResponse {
    let text = |name| headers.get(name).map_or("-", |v| v.to_str().expect("text")).to_owned();
    ["traceparent", "tracestate", "x-request-id"].map(text).join(" ")
}

async fn pass_on(State(inner): State<Upstream>) -> Result<String, Problem> {
    name_key("alice");
    let answer = inner.get("/inner/7?alpha=do-not-tell", 1024).await?;
    Ok(String::from_utf8(answer.into_body().to_vec()).expect("text"))
}

async fn ask(outer: &Router, headers: &[(&str, &str)]) -> (StatusCode, String) {
    let mut request = Request::get("/outer/42?key=do-not-tell");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("do-not-tell")).expect("a request");
    let answer = outer.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let body = axum::body::to_bytes(answer.into_body(), 4096).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

fn attribute(span: &Value, key: &str) -> Option<String> {
    let attributes = span["attributes"].as_array()?;
    let found = attributes.iter().find(|attribute| attribute["key"] == key)?;
    let (_, value) = found["value"].as_object()?.iter().next()?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[tokio::test]
async fn one_request_is_one_trace_through_both_services() {
    let collector = Collector::start().await;
    let endpoint = collector.url.parse().expect("a URL");
    otlp::start(Some(&OtlpConfig { endpoint, ratio: 0.0 }));
    let inner = serve(service(Router::new().route("/inner/{id}", get(echo)))).await;
    let upstream = |url: &str| {
        let mut env = Env::of([("R4_API_KEY".to_owned(), "do-not-tell".to_owned())]);
        let keys = Keys::read(&mut env, &Domain::default()).expect("a key");
        Upstream::new("inner", &url.parse().expect("a URL"), &keys, UpstreamLimits::default())
    };
    let outer = |url: &str| {
        service(Router::new().route("/outer/{id}", get(pass_on)).with_state(upstream(url)))
    };
    let well = outer(&inner);

    // A caller's trace goes on, with its state and the request's id.
    let headers = [
        ("traceparent", PARENT),
        ("tracestate", "vendor=do-not-tell"),
        ("x-request-id", "id-12345"),
    ];
    let (status, told) = ask(&well, &headers).await;
    assert_eq!(status, StatusCode::OK);
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.contains("-01 vendor="), "{told}");
    assert!(told.ends_with(" id-12345"), "{told}");
    let spans = collector.spans(3).await;
    let named = |name: &str| spans.iter().find(|span| span["name"] == name).expect(name).clone();
    let (server, client) = (named("GET /outer/{id}"), named("GET inner"));
    let within = named("GET /inner/{id}");
    assert!(spans.iter().all(|span| span["traceId"] == TRACE), "{spans:?}");
    assert_eq!(server["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(client["parentSpanId"], server["spanId"]);
    assert_eq!(within["parentSpanId"], client["spanId"]);
    assert!(told.contains(client["spanId"].as_str().expect("hex")), "{told}");
    assert_eq!((&server["kind"], &client["kind"]), (&2.into(), &3.into()));
    assert_eq!(attribute(&server, "http.route").as_deref(), Some("/outer/{id}"));
    assert_eq!(attribute(&server, "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(attribute(&server, "r4.request_id").as_deref(), Some("id-12345"));
    assert_eq!(attribute(&server, "r4.key").as_deref(), Some("alice"));
    assert_eq!(attribute(&client, "peer.service").as_deref(), Some("inner"));

    // What the caller does not record is not recorded, nor is a share of nothing; nor a probe.
    let (_, told) = ask(&well, &[("traceparent", UNSAMPLED)]).await;
    assert!(told.starts_with(&UNSAMPLED[..36]) && told.contains("-00 - "), "{told}");
    let (_, told) = ask(&well, &[("traceparent", "00-0-0-01"), ("tracestate", "a=b")]).await;
    assert!(!told.starts_with("00-0-0") && told.contains("-00 - "), "{told}");

    // An error is told as one, without its text.
    let (status, _) = ask(&outer("http://127.0.0.1:9"), &[("traceparent", PARENT)]).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let spans = collector.spans(5).await;
    let [.., client, server] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&client["status"]["code"], &server["status"]["code"]), (&2.into(), &2.into()));
    assert_eq!(attribute(client, "error.type").as_deref(), Some("down"));
    assert_eq!(attribute(server, "http.response.status_code").as_deref(), Some("503"));
    assert!(!collector.text().contains("do-not-tell"), "{}", collector.text());
}
