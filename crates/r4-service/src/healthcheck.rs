//! The health check of a container, by the service's own binary: no shell, no curl.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Problem;

const DEADLINE: Duration = Duration::from_secs(3);
/// Most bytes of an answer that are read.
const MOST_BYTES: u64 = 16_384;

/// Where a service says that it is alive.
pub const ALIVE: &str = "/health";
/// Where it says that it can do its work.
pub const READY: &str = "/ready";

/// Why a service is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum HealthcheckError {
    /// Nothing answers there.
    #[error("no answer on {address}: {cause}")]
    NoAnswer {
        /// Address that was asked.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Something answers, but not 200.
    #[error("GET {path} on {address} did not answer 200{}", told(why.as_deref()))]
    NotOk {
        /// Path that was asked for.
        path: String,
        /// Address that was asked.
        address: SocketAddr,
        /// What the answer says, if it is a problem (RFC 9457).
        why: Option<String>,
    },
}

fn told(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// Asks `GET` of a path, as [`ALIVE`] or [`READY`], on the own address.
///
/// # Errors
/// [`HealthcheckError`] when there is no answer within 3 s or it is not 200.
pub fn run(address: SocketAddr, path: &str) -> Result<(), HealthcheckError> {
    let answer =
        ask(address, path).map_err(|cause| HealthcheckError::NoAnswer { address, cause })?;
    if answer.starts_with(b"HTTP/1.1 200") || answer.starts_with(b"HTTP/1.0 200") {
        return Ok(());
    }
    Err(HealthcheckError::NotOk { path: path.to_owned(), address, why: detail(&answer) })
}

/// Returns what an answer says after its head.
fn detail(answer: &[u8]) -> Option<String> {
    let (_, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    Problem::detail_of(body.as_bytes())
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer)?;
    Ok(answer)
}
