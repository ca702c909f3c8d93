//! A server of a few lines that gives out a log as a folder has it, and a keys document beside it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A running server; it ends with the process.
pub(crate) struct FileServer {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl FileServer {
    /// Serves the folder `log` as `/log/`, and `keys` as `/keys`.
    pub(crate) fn start(log: &Path, keys: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let (asked, most) = (Arc::default(), Arc::new(AtomicUsize::new(usize::MAX)));
        let server = Self { address, asked, most };
        let (asked, most) = (Arc::clone(&server.asked), Arc::clone(&server.most));
        let (log, keys) = (log.to_owned(), keys.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asked, most) = (Arc::clone(&asked), Arc::clone(&most));
                let (log, keys) = (log.clone(), keys.clone());
                thread::spawn(move || answer(&stream, &log, keys, &asked, &most));
            }
        });
        server
    }

    /// Returns the prefix of the log.
    pub(crate) fn log(&self) -> String {
        format!("http://{}/log", self.address)
    }

    /// Returns how many files were asked for so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Answers nothing more once so many files were asked for.
    pub(crate) fn stall_after(&self, most: usize) {
        self.most.store(most, Ordering::SeqCst);
    }
}

/// Answers one request; nothing if the client goes or asks for what is none.
fn answer(
    mut stream: &TcpStream,
    log: &Path,
    keys: Vec<u8>,
    asked: &AtomicUsize,
    most: &AtomicUsize,
) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    while !lines.next()?.ok()?.is_empty() {}
    if asked.fetch_add(1, Ordering::SeqCst) >= most.load(Ordering::SeqCst) {
        loop {
            thread::park();
        }
    }
    let file = match path.strip_prefix("/log/") {
        Some(path) => fs::read(log.join(path)).ok(),
        None => (path == "/keys").then_some(keys),
    };
    let (status, body) = file.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), &body].concat()).ok()
}
