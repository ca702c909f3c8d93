//! Upstreams that are down, hang, break off or refuse; callers who are slow or flood.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{CALLS, KEY, gateway, get, get_keyed, node};
use crate::stub::{After, Stub, nobody, pattern, raw};

const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
const SHORT: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";

/// Starts a gateway whose core is at `core`, and a good r4-vrf.
async fn with_core(core: SocketAddr) -> SocketAddr {
    gateway(core, Stub::start().await.address, &[]).await
}

#[tokio::test]
async fn one_upstream_down_is_named_and_the_other_goes_on() {
    let to = with_core(nobody().await).await;
    let answer = get_keyed(to, "/v1/random?n=8").await;
    assert_eq!(answer.problem(), (503, "upstream-down".to_owned()));
    assert_eq!(answer.json()["detail"], "r4-core is not reachable");
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(get_keyed(to, "/v1/vrf").await.status, 200);

    let ready = get(to, "/ready", &[]).await;
    assert_eq!(ready.problem(), (503, "not-ready".to_owned()));
    assert!(ready.json()["detail"].as_str().expect("text").starts_with("r4-core is not ready"));
    let health = get(to, "/v1/health", &[]).await;
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["status"], "down");
    assert_eq!(health.json()["upstreams"]["r4-core"]["status"], "down");
    assert_eq!(health.json()["upstreams"]["r4-vrf"]["status"], "ok");
    assert_eq!(get(to, "/health", &[]).await.text(), "ok");

    let to = gateway(Stub::start().await.address, nobody().await, &[]).await;
    for path in ["/v1/vrf", "/v1/random_dual?n=16", "/v1/keys"] {
        let answer = get_keyed(to, path).await;
        assert_eq!(answer.json()["detail"], "r4-vrf is not reachable", "{path}");
    }
    assert_eq!(get_keyed(to, "/v1/random?n=8").await.status, 200);
}

#[tokio::test]
async fn a_hanging_upstream_is_a_503_within_the_deadline() {
    // Before the head, and within a short body.
    for head in ["", SHORT] {
        let to = with_core(raw(head, Bytes::new(), After::Hang).await).await;
        let started = Instant::now();
        let answer = get_keyed(to, "/v1/random?n=1000").await;
        assert_eq!(answer.problem(), (503, "upstream-timeout".to_owned()));
        assert_eq!(answer.json()["detail"], "r4-core did not answer in time");
        assert!(started.elapsed() < Duration::from_secs(2));
        assert_eq!(get_keyed(to, "/v1/vrf").await.status, 200);
    }
}

#[tokio::test]
async fn a_long_body_that_breaks_off_is_never_well_formed() {
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n";
    for after in [After::Close, After::Hang] {
        // One chunk of 100000 bytes is there, the end is not.
        let to = with_core(raw(CHUNKED, pattern(100_000), after).await).await;
        let answer = get_keyed(to, "/v1/random?n=250000&fmt=u32").await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.is_err());
    }
    for after in [After::Close, After::Hang] {
        let to = with_core(raw(LONG, pattern(300_000), after).await).await;
        let started = Instant::now();
        let answer = get_keyed(to, "/v1/random?n=1000000").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-length"), "1000000");
        assert!(answer.body.is_err());
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}

#[tokio::test]
async fn a_short_body_that_breaks_off_or_has_no_end_is_a_503() {
    let to = with_core(raw(SHORT, pattern(300), After::Close).await).await;
    let answer = get_keyed(to, "/v1/random?n=1000").await;
    assert_eq!(answer.problem(), (503, "upstream-down".to_owned()));

    let endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let to = with_core(raw(endless, pattern(300), After::Close).await).await;
    let answer = get_keyed(to, "/v1/random?n=1000").await;
    assert_eq!(answer.problem(), (503, "upstream-broken".to_owned()));
}

#[tokio::test]
async fn a_refused_internal_key_is_the_nodes_fault_not_the_callers() {
    let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    let to = with_core(raw(refusal, Bytes::new(), After::Close).await).await;
    let answer = get_keyed(to, "/v1/random?n=8").await;
    assert_eq!(answer.problem(), (503, "upstream-refused".to_owned()));
    assert!(answer.json()["detail"].as_str().expect("text").contains("R4_INTERNAL_KEY"));
}

#[tokio::test]
async fn clients_that_stop_reading_hold_an_upstream_for_the_deadline_only() {
    const ENDLESS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n";
    let core = raw(ENDLESS, pattern(64_000_000), After::Hang).await;
    let to = with_core(core).await;
    let mut lazy = Vec::new();
    for _ in 0..CALLS {
        let mut stream = TcpStream::connect(to).await.expect("connect");
        let request =
            format!("GET /v1/random?n=1000000 HTTP/1.1\r\nHost: n\r\nX-API-Key: {KEY}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("head");
        assert_eq!(&first, b"HTTP/1.1 200");
        lazy.push(stream);
    }
    let busy = get_keyed(to, "/v1/random?n=8").await;
    assert_eq!(busy.problem(), (503, "upstream-busy".to_owned()));
    assert_eq!(busy.json()["detail"], "too many requests to r4-core are open");
    assert_eq!(get_keyed(to, "/v1/vrf").await.status, 200);
    tokio::time::sleep(Duration::from_millis(1800)).await;
    let mut stream = TcpStream::connect(to).await.expect("connect");
    let request =
        format!("GET /v1/random?n=1000000 HTTP/1.1\r\nHost: n\r\nX-API-Key: {KEY}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.expect("head");
    assert_eq!(&first, b"HTTP/1.1 200", "the places are free again");
}

/// Writes `text` and returns all that comes back.
async fn exchange(to: SocketAddr, text: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.expect("connect");
    stream.write_all(text).await.expect("sent");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(3), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_slow_body_is_a_408_and_a_flood_of_headers_a_431() {
    let (to, ..) = node(&[]).await;
    let slow = b"POST /v1/verify HTTP/1.1\r\nHost: n\r\nContent-Length: 100\r\n\r\n{";
    let answer = exchange(to, slow).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("/errors/slow-body"), "{answer}");

    let many = format!("GET /v1/keys HTTP/1.1\r\n{}\r\n", "X-A: b\r\n".repeat(1000));
    assert!(exchange(to, many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let long = format!("GET /v1/keys HTTP/1.1\r\nX-A: {}\r\n\r\n", "b".repeat(100_000));
    assert!(exchange(to, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    assert_eq!(get(to, "/v1/keys", &[]).await.status, 200);
}
