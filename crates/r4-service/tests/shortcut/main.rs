//! A shortcut answers as its route would: with the id, the log, the metrics, the deadline and the
//! guard against panics that every request has.

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use r4_service::ready::Readiness;
use r4_service::server::{ConnectionLimits, serve_until};
use r4_service::shell::{RequestLimits, wrap};
use r4_service::shortcut::{Shortcut, Shortened};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const DEADLINE: Duration = Duration::from_millis(300);

/// Takes what its query says.
#[derive(Clone)]
struct Quick;

impl Shortcut for Quick {
    type Order = String;

    fn order<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<String> {
        let query = request.uri().query()?;
        let takes = peer.is_loopback() && request.uri().path() == "/item" && query != "no";
        takes.then(|| query.to_owned())
    }

    fn route(_: &String) -> &'static str {
        "/item"
    }

    async fn answer(&self, order: String) -> Response {
        match order.as_str() {
            "breaks" => panic!("on purpose"),
            "hangs" => std::future::pending().await,
            _ => "by the shortcut".into_response(),
        }
    }
}

async fn start() -> SocketAddr {
    let limits = RequestLimits { head_deadline: DEADLINE, body_bytes: 1024 };
    let routes = Router::new().route("/item", any(async || "by the router"));
    let routes = wrap(routes, Readiness::ready(), limits);
    let app = Shortened::new(Quick, routes, DEADLINE);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let (limits, never) = (ConnectionLimits::default(), std::future::pending());
    tokio::spawn(serve_until(listener, app, Readiness::ready(), limits, never));
    address
}

/// Sends a request on a connection of its own, and returns the whole answer.
async fn ask(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.expect("connected");
    let head = request.replace('\n', "\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

async fn get(to: SocketAddr, path: &str) -> String {
    ask(to, &format!("GET {path} HTTP/1.1\nHost: a\nConnection: close\n\n")).await
}

#[tokio::test]
async fn it_answers_within_the_shell_and_leaves_the_rest_to_the_router() {
    let to = start().await;
    let answer = get(to, "/item?1").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("by the shortcut"), "{answer}");
    assert!(answer.contains("x-request-id: "), "{answer}");
    let named = "GET /item?1 HTTP/1.1\nHost: a\nX-Request-Id: my-own-id\nConnection: close\n\n";
    assert!(ask(to, named).await.contains("x-request-id: my-own-id\r\n"));
    let bad = "GET /item?1 HTTP/1.1\nHost: a\nX-Request-Id: ?\nConnection: close\n\n";
    assert!(!ask(to, bad).await.contains("x-request-id: ?\r\n"));

    assert!(get(to, "/item?no").await.ends_with("by the router"));
    let body = "POST /item?1 HTTP/1.1\nHost: a\nContent-Length: 2\nConnection: close\n\nhi";
    assert!(ask(to, body).await.ends_with("by the router"));

    let broken = get(to, "/item?breaks").await;
    assert!(broken.starts_with("HTTP/1.1 500 ") && broken.contains("/errors/internal"), "{broken}");
    let late = get(to, "/item?hangs").await;
    assert!(late.starts_with("HTTP/1.1 503 ") && late.contains("/errors/deadline"), "{late}");
    let left = tokio::time::timeout(DEADLINE / 6, get(to, "/item?hangs"));
    assert!(left.await.is_err());
    tokio::time::sleep(DEADLINE / 3).await;

    let metrics = get(to, "/metrics").await;
    let counted = |method: &str, status: u16, times: u32| {
        let labels = format!(r#"{{method="{method}",route="/item",status="{status}"}}"#);
        let line = format!("r4_http_requests_total{labels} {times}\n");
        assert!(metrics.contains(&line), "no {line}: {metrics}");
    };
    counted("GET", 200, 4);
    counted("POST", 200, 1);
    counted("GET", 500, 1);
    counted("GET", 503, 1);
    counted("GET", 499, 1);
    assert!(metrics.contains("r4_http_requests_open 1\n"), "{metrics}");
}
