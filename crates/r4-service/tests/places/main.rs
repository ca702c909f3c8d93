//! Where all places for connections are taken, who only waits makes room, and who is at work does
//! not.

#![cfg(test)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use r4_service::ready::Readiness;
use r4_service::server::{ConnectionLimits, serve_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Long enough for anything but a head that never comes.
const SOON: Duration = Duration::from_secs(5);

const PIECES: usize = 1024;
const PIECE_BYTES: usize = 64 * 1024;
const LONG: usize = PIECES * PIECE_BYTES;
static PIECE: [u8; PIECE_BYTES] = [b'x'; PIECE_BYTES];

/// Serves two connections at once; `/slow` answers when it is told to, `/long` with more than the
/// kernel's buffers hold, in pieces.
async fn start(go: Arc<Notify>) -> SocketAddr {
    let slow = async move || {
        go.notified().await;
        "slow"
    };
    let long = async || {
        let pieces = futures_util::stream::iter(0..PIECES);
        Body::from_stream(futures_util::StreamExt::map(pieces, |_| {
            Ok::<_, std::io::Error>(Bytes::from_static(&PIECE))
        }))
    };
    let routes = Router::new()
        .route("/", get(async || "ok"))
        .route("/slow", get(slow))
        .route("/long", get(long));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let head = Duration::from_mins(1);
    let limits = ConnectionLimits { connections: 2, head, ..ConnectionLimits::default() };
    let never = std::future::pending();
    tokio::spawn(serve_until(listener, routes, Readiness::ready(), limits, never));
    address
}

async fn begin(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream
}

async fn ask(address: SocketAddr, path: &str) -> TcpStream {
    begin(address, &format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await
}

/// Returns all that comes until the connection ends; nothing when it is not closed soon.
async fn rest(mut stream: TcpStream) -> Option<String> {
    let mut said = Vec::new();
    // A reset is an end, too.
    let _end = timeout(SOON, stream.read_to_end(&mut said)).await.ok()?;
    Some(String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
async fn who_says_nothing_makes_room() {
    let address = start(Arc::default()).await;
    let mut held = Vec::new();
    for head in ["", "GET / HTTP/1.1\r\nHost: a\r\n", "", "GET", ""] {
        held.push(begin(address, head).await);
        let answer = rest(ask(address, "/").await).await.expect("an answer, soon");
        assert!(answer.ends_with("ok"), "{answer}");
    }
    let first = held.swap_remove(0);
    assert_eq!(rest(first).await.as_deref(), Some(""), "who waited longest is closed");
}

#[tokio::test]
async fn who_waits_for_another_request_makes_room() {
    let address = start(Arc::default()).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = begin(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let mut some = [0; 8];
        timeout(SOON, stream.read_exact(&mut some)).await.expect("soon").expect("an answer");
        held.push(stream);
    }
    let ended = rest(held.swap_remove(0)).await.expect("closed");
    assert!(ended.ends_with("ok"), "{ended}");
}

#[tokio::test]
async fn who_is_being_answered_does_not() {
    let go = Arc::new(Notify::new());
    let address = start(Arc::clone(&go)).await;
    let slow = ask(address, "/slow").await;
    let long = ask(address, "/long").await;
    timeout(SOON, long.readable()).await.expect("soon").expect("a beginning");
    let third = ask(address, "/").await;
    let early = timeout(Duration::from_millis(300), third.readable()).await;
    assert!(early.is_err(), "both places are taken by work");
    let whole = rest(long).await.expect("the whole answer");
    assert!(whole.matches('x').count() >= LONG, "cut off at {}", whole.len());
    assert!(rest(third).await.expect("now").ends_with("ok"));
    go.notify_one();
    assert!(rest(slow).await.expect("now").ends_with("slow"));
}
