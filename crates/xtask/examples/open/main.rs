//! `open PORT PATH KEY RATE SECONDS CONNECTIONS`: clients that do not wait for each other. So many
//! requests a second are due, one after the other, whatever becomes of those before. `cargo xtask
//! bench` runs it.
//!
//! A request goes out over a connection that is free; when none is, it is counted as unsent. The time
//! of an answer counts from when the request was due. One thread looks at all connections every 200
//! µs, so that it takes little from the services beside it; times are later by as much at most.
//!
//! Before and after, one client asks alone: recovered is the node when that one is answered 200 no
//! later than it was before. Prints lines with tabs: `sent` and `unsent` with a number; `status` with
//! the status (0: the connection broke or was silent), answers, those of them before the end of
//! SECONDS, and the median, the 99th percentile and the longest time in ms; `processor` with the
//! seconds that the clients took themselves; `recovered` with ms since the last request was due.
#![expect(clippy::print_stdout, reason = "the figures are its output")]

mod alone;
mod clients;
mod connection;
mod seen;

use std::{
    io::{Error, Result},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};

use crate::clients::{Clients, Pace};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [port, path, key, rate, seconds, connections] = args.as_slice() else {
        let usage = "usage: open PORT PATH KEY RATE SECONDS CONNECTIONS";
        return Err(Error::other(usage));
    };
    let server = Server {
        port: number(port)?,
        question: format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\n\r\n"
        ),
    };
    let before = alone::slowest(&server)?;
    let pace = Pace { rate: number(rate)?, window: Duration::from_secs_f64(number(seconds)?) };
    let mut clients = Clients::connect(&server, number(connections)?)?;
    let end = clients.run(&pace)?;
    clients.seen.print();
    drop(clients);
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    println!("processor\t{}.{:09}", taken.tv_sec, taken.tv_nsec);
    let recovered = alone::recovery(&server, before, end)?;
    println!("recovered\t{:.3}", milliseconds(recovered));
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| Error::other(format!("{text:?} is not such a number")))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Whom to ask, and what.
struct Server {
    port: u16,
    question: String,
}
