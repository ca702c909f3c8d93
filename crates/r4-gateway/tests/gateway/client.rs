//! A gateway under test on a port of its own, and a client of it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use r4_gateway::config::{Deadlines, GatewayConfig};
use r4_service::config::Env;
use r4_service::server::{ConnectionLimits, serve_until};
use r4_service::upstream::UpstreamLimits;
use tokio::net::{TcpListener, TcpStream};

use crate::described;
use crate::stub::Stub;

/// The key of callers, and the one between the services.
pub(crate) const KEY: &str = "a-strong-key-of-callers";
pub(crate) const INTERNAL: &str = "a-strong-key-of-services";
/// Calls that an upstream may have open.
pub(crate) const CALLS: usize = 4;

/// Starts a gateway in front of two addresses, with more settings.
pub(crate) async fn gateway(
    core: SocketAddr,
    vrf: SocketAddr,
    more: &[(&str, &str)],
) -> SocketAddr {
    gateway_and_admin(core, vrf, more).await.0
}

/// Starts a gateway in front of two addresses, and returns where its admin API listens, too.
pub(crate) async fn gateway_and_admin(
    core: SocketAddr,
    vrf: SocketAddr,
    more: &[(&str, &str)],
) -> (SocketAddr, Option<SocketAddr>) {
    let (core, vrf) = (format!("http://{core}"), format!("http://{vrf}"));
    let mut settings = vec![
        ("R4_API_KEY", KEY),
        ("R4_INTERNAL_KEY", INTERNAL),
        ("R4_CORE_URL", core.as_str()),
        ("R4_VRF_URL", vrf.as_str()),
        ("R4_RATE_ADDRESS", "100000/s"),
        ("R4_RATE_KEY", "100000/s"),
    ];
    settings.retain(|(key, _)| !more.iter().any(|(other, _)| other == key));
    settings.extend_from_slice(more);
    let env = Env::of(settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let mut config = GatewayConfig::read(env).expect("settings");
    let upstream = UpstreamLimits {
        connect: Duration::from_millis(300),
        head: Duration::from_millis(600),
        calls: CALLS,
    };
    config.deadlines = Deadlines {
        upstream,
        answer_body: Duration::from_millis(1500),
        request_body: Duration::from_millis(500),
        head: Duration::from_secs(5),
    };
    let gateway = r4_gateway::start(config).await.expect("it starts");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let limits = ConnectionLimits::default();
    let never = std::future::pending();
    tokio::spawn(serve_until(listener, gateway.service, gateway.readiness, limits, never));
    (address, gateway.admin)
}

/// Starts a gateway in front of two good stubs.
pub(crate) async fn node(more: &[(&str, &str)]) -> (SocketAddr, Stub, Stub) {
    let (core, vrf) = (Stub::start().await, Stub::start().await);
    (gateway(core.address, vrf.address, more).await, core, vrf)
}

/// Starts a gateway with an admin API in front of two good stubs.
pub(crate) async fn node_with_admin(
    token: &str,
    more: &[(&str, &str)],
) -> (SocketAddr, SocketAddr, Stub, Stub) {
    let (core, vrf) = (Stub::start().await, Stub::start().await);
    let more = [&[("R4_ADMIN_PORT", "0"), ("R4_ADMIN_TOKEN", token)], more].concat();
    let (to, admin) = gateway_and_admin(core.address, vrf.address, &more).await;
    (to, admin.expect("it listens"), core, vrf)
}

/// What a caller got.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Bytes, hyper::Error>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("text"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.body.as_ref().expect("whole body")).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).expect("JSON")
    }

    /// Returns status and name of a problem, after checking its form.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        assert!(!self.header("x-request-id").is_empty());
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert!(json["detail"].as_str().is_some_and(|d| !d.is_empty()));
        let kind = json["type"].as_str().expect("type");
        (self.status.as_u16(), kind.trim_start_matches("/errors/").to_owned())
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn send(to: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    let stream = TcpStream::connect(to).await.expect("connect");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("handshake");
    tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.expect("head").into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes);
    Answer { status: head.status, headers: head.headers, body }
}

/// `GET path` with more headers.
pub(crate) async fn get(to: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Answer {
    call(to, "GET", path, headers, Bytes::new()).await
}

/// `GET path` with the key of callers.
pub(crate) async fn get_keyed(to: SocketAddr, path: &str) -> Answer {
    get(to, path, &[("x-api-key", KEY)]).await
}

/// Any request.
pub(crate) async fn call(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "node");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = send(to, request.body(Full::new(body)).expect("request")).await;
    described::check(method, path, &answer);
    answer
}
