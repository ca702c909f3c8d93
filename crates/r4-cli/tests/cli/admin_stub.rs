//! A stub of the admin API: it answers what a test tells it to, and keeps what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the stub was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path.
    pub(crate) line: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

type Rule = Box<dyn FnMut(&str) -> (u16, String) + Send>;

/// A running stub; it stops with the process.
pub(crate) struct AdminStub {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl AdminStub {
    /// Answers each request line (method and path) with the status and JSON that `rule` says.
    pub(crate) fn start(rule: impl FnMut(&str) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stub = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let (asked, mut rule): (_, Rule) = (Arc::clone(&stub.asked), Box::new(rule));
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&stream.unwrap(), &asked, &mut rule);
            }
        });
        stub
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(stream: &TcpStream, asked: &Mutex<Vec<Asked>>, rule: &mut Rule) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let line = first.rsplit_once(' ')?.0.to_owned();
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" => authorization = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, text) = rule(&line);
    let body = String::from_utf8(body).ok()?;
    asked.lock().unwrap().push(Asked { line, authorization, body });
    let kind = if status < 300 { "application/json" } else { "application/problem+json" };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: \
         close\r\n\r\n{text}",
        text.len()
    )
    .ok()
}
