//! A node in a temporary folder, called without a network; r4-core stands on a port of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use r4_logstore::Settings;
use r4_receipt::{Document, KeysDocument, Pin, Policy, Require, Verdict, verify};
use r4_service::auth::Guard;
use r4_service::config::Env;
use r4_service::domain::Domain;
use r4_service::keys::{Accepts, Keys};
use r4_service::ready::Readiness;
use r4_service::upstream::{Upstream, UpstreamLimits};
use r4_vrf::config::Origin;
use r4_vrf::node::Node;
use r4_vrf::{App, router};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const KEY: &str = "demo";
pub(crate) const INTERNAL_KEY: &str = "between-services-0123456789";

/// The head and body of an answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Returns the slug of a problem, after checking that it is one in every respect.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16(), "{json}");
        assert!(json["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{json}");
        let kind = json["type"].as_str().unwrap();
        kind.strip_prefix("/errors/").unwrap().to_owned()
    }
}

/// A running node.
pub(crate) struct TestNode {
    app: Router,
}

impl TestNode {
    /// Starts a node on the state in `folder`, with its r4-core at `core`.
    pub(crate) fn open(folder: &Path, core: &str) -> Self {
        let (origin, batches) = (Origin::default(), Settings::default());
        let node = Node::open(
            folder,
            &origin,
            batches,
            Duration::from_hours(24),
            Readiness::not_yet("opening"),
        )
        .unwrap();
        let pairs = [("R4_API_KEY", KEY), ("R4_INTERNAL_KEY", INTERNAL_KEY)];
        let mut env = Env::of(pairs.map(|(k, v)| (k.to_owned(), v.to_owned())));
        let keys = Keys::read(&mut env, &Domain::default()).unwrap();
        let guard = Guard::new(keys.clone(), Accepts::CallersAndServices);
        let core: Uri = core.parse().unwrap();
        let core = Upstream::new("r4-core", &core, &keys, UpstreamLimits::default());
        Self { app: router(App::new(Arc::new(node), guard, core)) }
    }

    /// Starts a node on a new state, without r4-core.
    pub(crate) fn fresh() -> (Self, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Self::open(folder.path(), "http://127.0.0.1:1"), folder)
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let peer = SocketAddr::from(([127, 0, 0, 1], 4000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// Sends a request with the key and no body.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header("x-api-key", KEY);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).await
    }

    /// Sends JSON with the key.
    pub(crate) async fn post(&self, path: &str, json: &str) -> Answer {
        let request =
            Request::post(path).header("x-api-key", KEY).header("content-type", "application/json");
        self.send(request.body(Body::from(json.to_owned())).unwrap()).await
    }

    /// Checks an answer as a stranger would, who knows nothing but the keys of `GET /keys`.
    pub(crate) async fn accepts(&self, answer: &Answer, require: Require) -> Document {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let keys = KeysDocument::parse(&self.get("/keys").await.body).unwrap();
        let document = Document::parse(&answer.body).unwrap();
        let (pin, log) = (Pin::KeyHashes(keys.key_hashes().collect()), keys.log().cloned());
        assert!(log.is_some(), "the log's keys are published");
        let policy = Policy { pin, require, log, witnesses: None };
        assert_eq!(verify(&document, &policy).verdict(), Verdict::Valid, "{}", answer.text());
        document
    }
}

/// Serves `app` on a free port until the test ends; returns its address.
pub(crate) async fn serve(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}
