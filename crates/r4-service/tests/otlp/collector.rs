//! A collector that keeps what it is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;

/// A running collector; it ends with the runtime.
pub(crate) struct Collector {
    pub(crate) url: String,
    taken: Taken,
}

type Taken = Arc<Mutex<Vec<Bytes>>>;

impl Collector {
    pub(crate) async fn start() -> Self {
        let taken = Taken::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, taken }
    }

    /// Waits until exactly `count` spans have come, and returns them in the order in which they
    /// ended.
    pub(crate) async fn spans(&self, count: usize) -> Vec<Value> {
        for _ in 0..100 {
            let spans = self.now();
            if spans.len() >= count {
                assert_eq!(spans.len(), count, "{spans:?}");
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("too few spans: {:?}", self.now());
    }

    /// Returns all that came.
    pub(crate) fn text(&self) -> String {
        let taken = self.taken.lock().expect("no panic");
        taken.iter().map(|body| String::from_utf8_lossy(body).into_owned()).collect()
    }

    fn now(&self) -> Vec<Value> {
        let taken = self.taken.lock().expect("no panic");
        let spans = |body: &Bytes| {
            let body: Value = serde_json::from_slice(body).expect("JSON");
            let all = body["resourceSpans"].as_array().expect("a list").clone();
            let all = all.into_iter().flat_map(|r| r["scopeSpans"].as_array().unwrap().clone());
            all.flat_map(|s| s["spans"].as_array().unwrap().clone()).collect::<Vec<_>>()
        };
        taken.iter().flat_map(spans).collect()
    }
}

async fn take(State(taken): State<Taken>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/json");
    taken.lock().expect("no panic").push(body);
    StatusCode::OK
}
