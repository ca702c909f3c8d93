//! `load PORT PATH KEY CLIENTS WARM_UP_SECONDS SECONDS`: clients that each ask 127.0.0.1 again as soon
//! as they are answered, over connections that stay open. `cargo xtask bench` runs it.
//!
//! A thread for each client and nothing but the standard library, so that it takes little from the
//! service beside it. Prints, between tabs: answers a second, the median, the 99th percentile and
//! the longest of the times between question and last byte in milliseconds, bytes of a body.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

use std::{
    io::{Error, ErrorKind, Read, Result, Write},
    net::{Ipv4Addr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// More than any answer has.
const MOST_BYTES: usize = 1 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [port, path, key, clients, warm_up, seconds] = args.as_slice() else {
        return Err(Error::other("usage: load PORT PATH KEY CLIENTS WARM_UP_SECONDS SECONDS"));
    };
    let port: u16 = number(port)?;
    let question = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\n\
         Connection: keep-alive\r\n\r\n"
    );
    let from = Instant::now() + Duration::from_secs_f64(number(warm_up)?);
    let until = from + Duration::from_secs_f64(number(seconds)?);
    let clients: usize = number(clients)?;
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let question = question.clone();
            thread::spawn(move || Client::connect(port)?.ask_until(&question, from, until))
        })
        .collect();

    let mut seen = Seen::default();
    for client in clients {
        let one = client.join().map_err(|_| Error::other("a client has panicked"))??;
        seen.times.extend(one.times);
        seen.body_bytes = one.body_bytes;
    }
    seen.print(until.duration_since(from))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::other(format!("{text:?} is not such a number")))
}

/// What one client has seen, or all of them.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    body_bytes: usize,
}

impl Seen {
    fn print(mut self, window: Duration) -> Result<()> {
        self.times.sort_unstable();
        let count = u32::try_from(self.times.len()).map_err(Error::other)?;
        let rate = f64::from(count) / window.as_secs_f64();
        let at = |percent: usize| {
            let place = self.times.len().saturating_mul(percent).checked_div(100);
            place.and_then(|place| self.times.get(place)).or(self.times.last()).copied()
        };
        let [median, late, last] = [50, 99, 100]
            .map(|percent| at(percent).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3));
        println!("{rate:.1}\t{median:.3}\t{late:.3}\t{last:.3}\t{}", self.body_bytes);
        Ok(())
    }
}

/// One connection.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: vec![0; MOST_BYTES] })
    }

    /// Notes the answers that are complete between `from` and `until`.
    fn ask_until(mut self, question: &str, from: Instant, until: Instant) -> Result<Seen> {
        let mut seen = Seen::default();
        loop {
            let asked = Instant::now();
            if asked >= until {
                return Ok(seen);
            }
            seen.body_bytes = self.ask(question)?;
            let answered = Instant::now();
            if (from..until).contains(&answered) {
                seen.times.push(answered.duration_since(asked));
            }
        }
    }

    /// Asks, reads the whole answer, and returns the length of its body.
    fn ask(&mut self, question: &str) -> Result<usize> {
        self.stream.write_all(question.as_bytes())?;
        let mut length = 0;
        loop {
            let free = self.buffer.get_mut(length..).unwrap_or_default();
            let read = self.stream.read(free)?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            length = length.saturating_add(read);
            let bytes = self.buffer.get(..length).unwrap_or_default();
            let Some((head, body)) = split(bytes) else { continue };
            let want = body_length(head)?;
            if body.len() >= want {
                return Ok(want);
            }
        }
    }
}

/// Divides an answer after its head, if that is complete.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((bytes.get(..end)?, bytes.get(end.checked_add(4)?..)?))
}

/// Reads the length of the body from a head that must say 200.
fn body_length(head: &[u8]) -> Result<usize> {
    let head = String::from_utf8_lossy(head);
    if !head.starts_with("HTTP/1.1 200 ") {
        let first = head.lines().next().unwrap_or_default();
        return Err(Error::other(format!("the answer was {first:?}")));
    }
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().map_or_else(
        || Err(Error::other("the answer does not say how long it is")),
        |(_, length)| number(length.trim()),
    )
}
