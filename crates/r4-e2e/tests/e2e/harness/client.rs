//! Requests to one address, on a bare socket or, for TLS, by the real `curl`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use super::wire::{Broken, Response, Wire};

/// Bodies above this wait for `100 Continue`, as curl does.
const EXPECT_ABOVE: usize = 1024 * 1024;
/// How often a refusal by the rate limit is obeyed.
const MOST_RETRIES: usize = 60;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let (method, path) = (method.to_owned(), path.to_owned());
        Self { method, path, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// `POST` with a body of JSON.
    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new("POST", path).with("Content-Type", "application/json");
        request.body = body.into();
        request
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.with("X-API-Key", key)
    }
}

/// Where to send requests.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    /// Plain HTTP, on a socket of our own.
    Plain {
        /// Where to connect.
        address: SocketAddr,
        /// The header `Host`.
        host: String,
    },
    /// TLS, by `curl`; the address with scheme and port.
    Tls(String),
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        if base.starts_with("https://") {
            return Self::Tls(base.to_owned());
        }
        let host = base.strip_prefix("http://").unwrap_or_else(|| panic!("not a URL: {base}"));
        let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let mut found = with_port.to_socket_addrs().unwrap_or_else(|e| panic!("{base}: {e}"));
        let address = found.next().unwrap_or_else(|| panic!("{base} has no address"));
        Self::Plain { address, host: host.to_owned() }
    }

    /// Sends the request; a refusal by the rate limit is obeyed and the request repeated.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Response {
        for _ in 0..MOST_RETRIES {
            let response = self
                .once(request)
                .unwrap_or_else(|Broken(e)| panic!("{} {}: {e}", request.method, request.path));
            if response.status != 429 {
                return response;
            }
            let seconds = response.header("retry-after").and_then(|v| v.parse().ok());
            let seconds = seconds.unwrap_or_else(|| panic!("no Retry-After: {response:?}"));
            thread::sleep(Duration::from_secs(seconds));
        }
        panic!("{} {} is refused by the rate limit for ever", request.method, request.path);
    }

    /// Sends `GET path` without a key.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    /// Sends the request once, whatever comes back.
    pub(crate) fn once(&self, request: &Request) -> Result<Response, Broken> {
        match self {
            Self::Plain { address, host } => plain(*address, host, request),
            Self::Tls(base) => by_curl(base, request),
        }
    }
}

fn plain(address: SocketAddr, host: &str, request: &Request) -> Result<Response, Broken> {
    let Request { method, path, headers, body } = request;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("memory");
    }
    if !body.is_empty() || method == "POST" {
        write!(head, "Content-Length: {}\r\n", body.len()).expect("memory");
    }
    let waits = body.len() > EXPECT_ABOVE;
    if waits {
        head.push_str("Expect: 100-continue\r\n");
    }
    head.push_str("\r\n");
    let mut wire = Wire::connect(address)?;
    wire.send(head.as_bytes())?;
    if waits {
        let answer = wire.response("HEAD")?;
        if answer.status != 100 {
            // Refused before it was sent: the body that explains it comes next.
            return rest(&mut wire, answer);
        }
    }
    if !body.is_empty() {
        wire.send_aside(body.clone())?;
    }
    // A proxy may say `100 Continue` once more: RFC 9110 §15.2 lets any number precede the answer.
    loop {
        let answer = wire.response(method)?;
        if answer.status >= 200 {
            return Ok(answer);
        }
    }
}

/// Reads the body of an answer whose head is read already; the connection ends with it.
fn rest(wire: &mut Wire, head: Response) -> Result<Response, Broken> {
    let body = wire.read_to_close(30)?;
    match head.header("content-length").and_then(|v| v.parse::<usize>().ok()) {
        Some(length) if length != body.len() => {
            Err(Broken(format!("{} of {length} bytes", body.len())))
        }
        _ => Ok(Response { body, ..head }),
    }
}

fn by_curl(base: &str, request: &Request) -> Result<Response, Broken> {
    let dir = tempfile::tempdir()?;
    let (head_file, body_file) = (dir.path().join("head"), dir.path().join("body"));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60", "--path-as-is", "--globoff"]);
    // The certificate of Caddy's own authority is accepted there alone.
    if base.starts_with("https://localhost") {
        curl.arg("--insecure");
    }
    match request.method.as_str() {
        "HEAD" => curl.arg("--head"),
        method => curl.args(["--request", method]),
    };
    for (name, value) in &request.headers {
        curl.arg("--header").arg(format!("{name}: {value}"));
    }
    if !request.body.is_empty() || request.method == "POST" {
        curl.args(["--data-binary", "@-"]);
    }
    curl.arg("--dump-header").arg(&head_file).arg("--output").arg(&body_file);
    curl.arg(format!("{base}{}", request.path));
    let mut child = curl.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // A server that refuses the body lets curl close its end early.
    let _refused = child.stdin.take().map(|mut stdin| stdin.write_all(&request.body));
    let done = child.wait_with_output()?;
    let head = fs::read_to_string(&head_file).unwrap_or_default();
    if !done.status.success() {
        return Err(Broken(String::from_utf8_lossy(&done.stderr).into_owned()));
    }
    let body = if request.method == "HEAD" {
        Vec::new()
    } else {
        fs::read(&body_file).unwrap_or_default()
    };
    // The last head counts: a `100 Continue` has one too.
    let last = head.trim_end().rsplit("\r\n\r\n").next().unwrap_or_default();
    let mut lines = last.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| Broken(format!("no status line: {head:?}")))?;
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    Ok(Response { status, headers: headers.collect(), body })
}
