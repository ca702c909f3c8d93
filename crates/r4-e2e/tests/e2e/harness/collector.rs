//! A collector of spans: takes what is posted, and keeps it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::Value;

use super::{seconds, wait_for};

/// A running collector; it ends with the process.
pub(crate) struct Collector {
    pub(crate) url: String,
    taken: Arc<Mutex<Vec<String>>>,
}

/// A span, as far as the tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) service: String,
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let taken = Arc::default();
        let collector = Self { url, taken: Arc::clone(&taken) };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let taken = Arc::clone(&taken);
                thread::spawn(move || while take(&stream, &taken).is_some() {});
            }
        });
        collector
    }

    /// Returns all that was posted.
    pub(crate) fn text(&self) -> String {
        self.bodies().join("\n")
    }

    fn bodies(&self) -> Vec<String> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for `count` spans of a trace, and returns all that it has.
    #[track_caller]
    pub(crate) fn trace(&self, trace: &str, count: usize) -> Vec<Span> {
        wait_for(&format!("{count} spans of {trace}"), seconds(10), || {
            let spans: Vec<Span> = self.bodies().iter().flat_map(|body| spans_of(body)).collect();
            let spans: Vec<Span> = spans.into_iter().filter(|span| span.trace == trace).collect();
            (spans.len() >= count).then_some(spans)
        })
    }
}

/// Takes one request and answers it; nothing if the client goes.
fn take(mut stream: &TcpStream, taken: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).expect("JSON is UTF-8");
    taken.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    stream.write_all(answer.as_bytes()).ok()
}

fn spans_of(body: &str) -> Vec<Span> {
    let body: Value = serde_json::from_str(body).expect("JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut spans = Vec::new();
    for resource in list(&body["resourceSpans"]) {
        let service = text(&resource["resource"]["attributes"][0]["value"]["stringValue"]);
        for scope in list(&resource["scopeSpans"]) {
            spans.extend(list(&scope["spans"]).iter().map(|span| Span {
                service: service.clone(),
                name: text(&span["name"]),
                trace: text(&span["traceId"]),
                id: text(&span["spanId"]),
                parent: text(&span["parentSpanId"]),
            }));
        }
    }
    spans
}
