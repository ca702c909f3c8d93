//! An admin API on a port of its own, and a client of it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, Request};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use r4_gateway::admin;
use r4_gateway::keys::{KeySync, KeyTable};
use r4_gateway::limits::Policy;
use r4_gateway::store::Store;
use r4_service::auth::ApiKey;
use r4_service::ready::Readiness;
use r4_service::server::{ConnectionLimits, serve_until};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TOKEN: &str = "the-token-of-the-operator";

/// A running admin API.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    pub(crate) store: Arc<Store>,
    pub(crate) table: Arc<KeyTable>,
}

impl Node {
    pub(crate) async fn start() -> Self {
        let store = Arc::new(Store::in_memory().expect("store"));
        let sync = Arc::new(KeySync::new(Arc::clone(&store)));
        let rate = "40/s".parse::<r4_gateway::limits::Rate>().expect("rate");
        let defaults = Policy { name: "key", rate, burst: rate.each_second() };
        let table = sync.table();
        let router = admin::router(Arc::clone(&store), sync, ApiKey::new(TOKEN), defaults);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        let (limits, never) = (ConnectionLimits::default(), std::future::pending());
        tokio::spawn(serve_until(listener, router, Readiness::ready(), limits, never));
        Self { address, store, table }
    }

    /// Asks with the token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[("authorization", &format!("Bearer {TOKEN}"))], "").await
    }

    /// Posts JSON with the token.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {TOKEN}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.call("POST", path, &headers, body).await
    }

    /// Makes a key, and returns its text.
    pub(crate) async fn create(&self, order: &str) -> String {
        let made = self.post("/admin/v1/keys", order).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["key"].as_str().expect("a key").to_owned()
    }

    /// Any request.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let stream = TcpStream::connect(self.address).await.expect("connect");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("handshake");
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "node");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("request");
        let (head, body) = sender.send_request(request).await.expect("answer").into_parts();
        let body = body.collect().await.expect("body").to_bytes();
        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        Answer { status: head.status.as_u16(), headers: head.headers, text }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// Returns status and name of a problem, after checking its form.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        let json = self.json();
        assert_eq!(json["status"], self.status);
        let kind = json["type"].as_str().expect("type");
        (self.status, kind.trim_start_matches("/errors/").to_owned())
    }
}
