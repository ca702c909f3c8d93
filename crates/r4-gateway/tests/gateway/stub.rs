//! Small upstreams: a good one, one that breaks off, one that hangs, one that is not there.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use r4_service::{Problem, kind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What an upstream was asked.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A good upstream, both r4-core and r4-vrf.
#[derive(Clone)]
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    version: Arc<str>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    pub(crate) async fn start() -> Self {
        Self::telling(VERSION).await
    }

    /// Starts one whose `/version` is `version`.
    pub(crate) async fn telling(version: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
        let address = listener.local_addr().expect("address");
        let stub = Self { address, version: version.into(), seen: Arc::default() };
        let app = Router::new().fallback(answer).with_state(stub.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        stub
    }

    /// Returns the requests that callers caused; the gateway's own looks are left out.
    pub(crate) fn asked(&self) -> Vec<Seen> {
        let seen = self.seen.lock().expect("lock").clone();
        seen.into_iter().filter(|s| !matches!(s.uri.path(), "/ready" | "/version")).collect()
    }
}

async fn answer(State(stub): State<Stub>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("body");
    let echo = body.clone();
    let uri = head.uri.clone();
    stub.seen.lock().expect("lock").push(Seen { uri: head.uri, headers: head.headers, body });
    let query = uri.query().unwrap_or_default();
    let n = query.split('&').find_map(|p| p.strip_prefix("n=")?.parse::<usize>().ok());
    match uri.path() {
        "/ready" => "ready".into_response(),
        "/version" => stub.version.to_string().into_response(),
        // As r4-core writes words: without a stated length.
        "/random" if query.contains("fmt=u32") => {
            let pieces = Body::new(Pieces(n.unwrap_or(0)));
            ([("content-type", "application/json")], pieces).into_response()
        }
        "/random" | "/random_dual" => {
            let headers = [
                ("content-type", "application/octet-stream"),
                ("cache-control", "no-store"),
                ("x-r4-mode", "sealed"),
                ("x-internal", "not for callers"),
            ];
            (headers, Body::from(pattern(n.unwrap_or(0)))).into_response()
        }
        "/vrf" if query.contains("alpha=zz") => {
            Problem::new(kind::INVALID_ALPHA, "alpha must be hex").into_response()
        }
        "/vrf" | "/verify" if !echo.is_empty() => {
            ([("content-type", "application/json")], echo).into_response()
        }
        _ => ([("content-type", "application/json")], "{\"from\":\"stub\"}").into_response(),
    }
}

/// So many bytes of the pattern, ten periods at a time, without a stated length.
struct Pieces(usize);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let size = self.0.min(2510);
        self.0 = self.0.saturating_sub(size);
        Poll::Ready((size > 0).then(|| Ok(Frame::data(pattern(size)))))
    }
}

/// Bytes that show a gap or a repetition.
pub(crate) fn pattern(n: usize) -> Bytes {
    (0..=250u8).cycle().take(n).collect::<Vec<_>>().into()
}

/// What a good r4-core, and a good r4-vrf, tells of itself.
pub(crate) const VERSION: &str = r#"{"name":"re4ctor-api","version":"9.9.9","git":"g",
"api_git":"a","core_git":"c","integrity":"verified","selftest":"pass","mode":"sealed",
"strict":false,"sealed_core":"/x","core_sha256":"00",
"limits":{"max_bytes_per_request":1,"rate_limit":"r"},
"entropy":{"status":"ok","drbg":"chacha20","reseeds":7,"sources":[
{"name":"jitter","state":"ok","credited_bits":0,"samples":4096,"intermittent_failures":0,
"permanent_failures":0,"failed_test":null},
{"name":"rdseed","state":"absent","credited_bits":0,"samples":0,"intermittent_failures":0,
"permanent_failures":0,"failed_test":null}],
"health":{"starts":1,"restarts":0,"integrity_failures":0,"selftests":1,"selftest_failures":0}}}"#;

/// An upstream that writes `head`, then `body`, then does what `after` says.
pub(crate) async fn raw(head: &'static str, body: Bytes, after: After) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&body).await;
                match after {
                    After::Close => {}
                    After::Hang => std::future::pending().await,
                }
            });
        }
    });
    address
}

/// What a raw upstream does after it has written.
#[derive(Clone, Copy)]
pub(crate) enum After {
    Close,
    Hang,
}

/// An address at which nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    listener.local_addr().expect("address")
}
