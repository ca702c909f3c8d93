//! Asks a service once, with a few lines of HTTP/1.1.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result};

use super::KEY;

/// How long one step of a question may take.
const STEP: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
const ANSWER_BYTES: u64 = 1 << 20;

/// Returns the body of an answer that must be 200.
///
/// # Errors
/// When nobody listens or answers in time, or the answer is another.
pub(super) fn get(port: u16, path: &str) -> Result<Vec<u8>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, STEP)?;
    stream.set_read_timeout(Some(STEP))?;
    let question = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-API-Key: {KEY}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(question.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
    let body = body(&answer);
    body.with_context(|| format!("{path} was not answered with 200")).map(<[u8]>::to_vec)
}

fn body(answer: &[u8]) -> Option<&[u8]> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    answer.starts_with(b"HTTP/1.1 200 ").then(|| answer.get(end.checked_add(4)?..))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_200_has_a_body() {
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nA: b\r\n\r\none\r\n\r\n"), Some(&b"one\r\n\r\n"[..]));
        assert_eq!(body(b"HTTP/1.1 503 No\r\n\r\none"), None);
        assert_eq!(body(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
