//! The health check of a container, by the service's own binary: no shell, no curl.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(3);

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
    #[error("GET {path} on {address} did not answer 200")]
    NotOk {
        /// Path that was asked for.
        path: &'static str,
        /// Address that was asked.
        address: SocketAddr,
    },
}

/// Asks `GET` of [`ALIVE`] or [`READY`] on the own address.
///
/// # Errors
/// [`HealthcheckError`] when there is no answer within 3 s or it is not 200.
pub fn run(address: SocketAddr, path: &'static str) -> Result<(), HealthcheckError> {
    let head = ask(address, path).map_err(|cause| HealthcheckError::NoAnswer { address, cause })?;
    if head.starts_with(b"HTTP/1.1 200") || head.starts_with(b"HTTP/1.0 200") {
        Ok(())
    } else {
        Err(HealthcheckError::NotOk { path, address })
    }
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_write_timeout(Some(DEADLINE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = Vec::new();
    stream.take(4096).read_to_end(&mut head)?;
    Ok(head)
}
