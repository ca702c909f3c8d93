//! HTTP/1.1 on a bare socket: it sees short bodies and resets, which a full client would hide, and
//! sends what no full client would.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for the next byte.
const READ_SECONDS: u64 = 30;

/// A complete answer.
#[derive(Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// No complete answer came.
#[derive(Clone, Debug)]
pub(crate) struct Broken(pub(crate) String);

impl Response {
    /// Returns the only value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "header {name} is there twice: {self:?}");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|_| panic!("not text: {self:?}"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {self:?}"))
    }

    /// Asserts the status and returns the answer.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = &self.body[..self.body.len().min(600)];
        let body = String::from_utf8_lossy(start);
        write!(f, "{} {:?} {} bytes: {body}", self.status, self.headers, self.body.len())
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// An open connection and what was read from it beyond the last answer.
pub(crate) struct Wire {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(READ_SECONDS)))?;
        stream.set_write_timeout(Some(Duration::from_secs(READ_SECONDS)))?;
        Ok(Self { stream, held: Vec::new() })
    }

    /// Returns another handle on the same connection.
    pub(crate) fn again(&self) -> Self {
        Self { stream: self.stream.try_clone().expect("a second handle"), held: Vec::new() }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends `GET path`, with a key if one is given.
    pub(crate) fn get(&mut self, path: &str, key: Option<&str>) -> io::Result<()> {
        let key = key.map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{key}\r\n").as_bytes())
    }

    /// Sends the head of a `POST`, waits until the service asks for the body, and sends half of it:
    /// from then on the request is under way.
    #[track_caller]
    pub(crate) fn begin_upload(address: SocketAddr, path: &str, key: &str) -> Self {
        let mut wire = Self::connect(address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n"
        );
        wire.send(head.as_bytes()).unwrap();
        assert_eq!(wire.response("POST").unwrap().status, 100);
        wire.send(b"{\"alpha\"").unwrap();
        wire
    }

    /// Sends the rest of the body `{"alpha":"ab"}`.
    pub(crate) fn end_upload(&mut self) -> io::Result<()> {
        self.send(b":\"ab\"}")
    }

    /// Sends `body` from another thread, so that an answer can come before all of it is taken.
    pub(crate) fn send_aside(&self, body: Vec<u8>) -> io::Result<()> {
        let mut stream = self.stream.try_clone()?;
        std::thread::spawn(move || {
            // Whoever refuses the body may close while it is sent.
            let _refused = stream.write_all(&body);
        });
        Ok(())
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish_sending(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reads at most `limit` bytes of what comes next; 0 is the end.
    pub(crate) fn read_some(&mut self, limit: usize) -> io::Result<usize> {
        let mut piece = vec![0; limit];
        let count = self.stream.read(&mut piece)?;
        self.held.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// Reads until the other side closes or `seconds` pass without a byte; returns all that came.
    pub(crate) fn read_to_close(&mut self, seconds: u64) -> io::Result<Vec<u8>> {
        self.stream.set_read_timeout(Some(Duration::from_secs(seconds)))?;
        while self.read_some(64 * 1024)? > 0 {}
        Ok(std::mem::take(&mut self.held))
    }

    /// Reads one answer to its end. `Broken` when it is cut short of what its head promised.
    pub(crate) fn response(&mut self, method: &str) -> Result<Response, Broken> {
        let (status, headers) = self.head()?;
        let body = if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            Vec::new()
        } else {
            self.body(&headers)?
        };
        Ok(Response { status, headers, body })
    }

    /// Reads one head.
    pub(crate) fn head(&mut self) -> Result<(u16, Vec<(String, String)>), Broken> {
        let end = self.find(b"\r\n\r\n", 256 * 1024)?;
        let text = String::from_utf8_lossy(&self.held[..end]).into_owned();
        self.held.drain(..end + 4);
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| {
            line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "))
        });
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or_else(|| Broken(format!("no status line: {text:?}")))?;
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        });
        let headers: Option<Vec<_>> = headers.collect();
        Ok((status, headers.ok_or_else(|| Broken(format!("a bad header line: {text:?}")))?))
    }

    fn body(&mut self, headers: &[(String, String)]) -> Result<Vec<u8>, Broken> {
        let find = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        if let Some((_, length)) = find("content-length") {
            let length = length.parse().map_err(|_| Broken(format!("content-length {length}")))?;
            return self.take(length);
        }
        if find("transfer-encoding").is_some_and(|(_, v)| v.eq_ignore_ascii_case("chunked")) {
            return self.chunks();
        }
        Err(Broken("the answer says nothing of its length".to_owned()))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, Broken> {
        let mut body = Vec::new();
        loop {
            let end = self.find(b"\r\n", 1024)?;
            let line = String::from_utf8_lossy(&self.held[..end]).into_owned();
            self.held.drain(..end + 2);
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16);
            let size = size.map_err(|_| Broken(format!("chunk size {line:?}")))?;
            let chunk = self.take(size + 2)?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    fn find(&mut self, what: &[u8], limit: usize) -> Result<usize, Broken> {
        loop {
            if let Some(at) = self.held.windows(what.len()).position(|part| part == what) {
                return Ok(at);
            }
            if self.held.len() > limit || self.read_some(16 * 1024)? == 0 {
                let held = String::from_utf8_lossy(&self.held);
                return Err(Broken(format!("closed or too long before its end: {held:?}")));
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, Broken> {
        while self.held.len() < count {
            if self.read_some(64 * 1024)? == 0 {
                let got = self.held.len();
                return Err(Broken(format!("closed after {got} of {count} bytes")));
            }
        }
        let rest = self.held.split_off(count);
        Ok(std::mem::replace(&mut self.held, rest))
    }
}
