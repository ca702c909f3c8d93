//! One connection, and what comes over it.

use std::{
    io::{Error, ErrorKind, Read, Result},
    net::TcpStream,
    time::Instant,
};

use crate::number;

/// A connection with one request under way at most.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
    /// When the request that is under way was due.
    pub(crate) due: Option<Instant>,
}

impl Connection {
    /// Takes a stream, and when the request on it was due.
    pub(crate) fn new(stream: TcpStream, due: Option<Instant>) -> Self {
        Self { stream, received: Vec::new(), due }
    }

    /// Reads what is there; returns the status of an answer that is whole.
    pub(crate) fn read(&mut self) -> Result<Option<u16>> {
        let mut buffer = [0; 1 << 14];
        let count = self.stream.read(&mut buffer)?;
        if count == 0 || self.due.is_none() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.received.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let status = whole(&self.received)?;
        if status.is_some() {
            self.received.clear();
        }
        Ok(status)
    }
}

/// Returns the status of an answer that is whole.
fn whole(bytes: &[u8]) -> Result<Option<u16>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = bytes.split_at(end);
    let mut lengths = head.split(|byte| *byte == b'\n').filter_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        name.eq_ignore_ascii_case(b"content-length:").then_some(value)
    });
    let length = lengths.next_back().and_then(|value| str::from_utf8(value).ok());
    let length = length.ok_or_else(|| Error::other("the answer does not say how long it is"))?;
    let whole = number::<usize>(length.trim())?.saturating_add(4);
    if body.len() < whole {
        return Ok(None);
    }
    let status = head.get(9..12).and_then(|status| str::from_utf8(status).ok());
    number(status.unwrap_or_default()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 429 Too Many\r\nContent-LENGTH: 3\r\na: b\r\n\r\nabc";
        for end in 0..answer.len() {
            assert_eq!(whole(&answer[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(whole(answer).unwrap(), Some(429));
        assert!(whole(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
