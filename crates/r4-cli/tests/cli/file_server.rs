//! A server of a few lines for the files of a folder, under `/v1/`. It can be slow, busy or gone.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

/// What the server does with a request for a path.
#[derive(Clone, Copy)]
pub(crate) enum Mood {
    /// Answers with the file, or 404.
    Serve,
    /// Answers 429 and wants a second.
    Busy,
    /// Does not answer.
    Stall,
    /// Answers 500.
    Broken,
}

type Rule = Box<dyn FnMut(&str) -> Mood + Send>;

/// A running server; it stops with the process.
pub(crate) struct FileServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    rule: Arc<Mutex<Rule>>,
}

impl FileServer {
    pub(crate) fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            rule: Arc::new(Mutex::new(Box::new(|_| Mood::Serve))),
        };
        let (asked, rule) = (Arc::clone(&server.asked), Arc::clone(&server.rule));
        let folder = folder.to_owned();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (asked, rule) = (Arc::clone(&asked), Arc::clone(&rule));
                let folder = folder.clone();
                thread::spawn(move || answer(&stream.unwrap(), &folder, &asked, &rule));
            }
        });
        server
    }

    /// The log's prefix.
    pub(crate) fn log(&self) -> String {
        format!("http://{}/v1/log", self.address)
    }

    /// Sets what is done with requests from now on.
    pub(crate) fn behave(&self, rule: impl FnMut(&str) -> Mood + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    /// Returns the paths that were asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn answer(
    stream: &TcpStream,
    folder: &Path,
    asked: &Mutex<Vec<String>>,
    rule: &Mutex<Rule>,
) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.strip_prefix("/v1/")?.to_owned();
    while !lines.next()?.ok()?.is_empty() {}
    let mood = (rule.lock().unwrap())(&path);
    let file = fs::read(folder.join(&path));
    let (status, extra, body) = match (mood, file) {
        (Mood::Stall, _) => loop {
            thread::park();
        },
        (Mood::Busy, _) => ("429 Too Many Requests", "Retry-After: 1\r\n", Vec::new()),
        (Mood::Broken, _) => ("500 Internal Server Error", "", Vec::new()),
        (Mood::Serve, Ok(bytes)) => {
            asked.lock().unwrap().push(path);
            ("200 OK", "", bytes)
        }
        (Mood::Serve, Err(_)) => ("404 Not Found", "", Vec::new()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{extra}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}
