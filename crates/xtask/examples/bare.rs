//! The least that a service on axum can be: `cargo run --release -p xtask --example bare -- PORT`.
//!
//! `/64` answers 64 bytes from memory, `/1000000` a million of them, and `/getrandom/N` N bytes that
//! the kernel makes for each request. No authentication, no log, no metrics, no limits: what the
//! benchmarks compare with.

use std::{io, net::Ipv4Addr};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use bytes::Bytes;
use tokio::net::TcpListener;

/// Most bytes of one answer, as of r4-core.
const MOST_BYTES: usize = 1_000_000;

#[tokio::main]
async fn main() -> io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let port: u16 = port.ok_or_else(|| io::Error::other("usage: bare PORT"))?;
    let [short, long] = [64, MOST_BYTES].map(|length| Bytes::from(vec![b'0'; length]));
    let routes = Router::new()
        .route("/ready", get(async || "ready"))
        .route("/64", get(async move || short.clone()))
        .route("/1000000", get(async move || long.clone()))
        .route("/getrandom/{n}", get(from_kernel));
    axum::serve(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?, routes).await
}

async fn from_kernel(Path(n): Path<usize>) -> Result<Vec<u8>, StatusCode> {
    let mut bytes = vec![0; n.min(MOST_BYTES)];
    getrandom::fill(&mut bytes).map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(bytes)
}
