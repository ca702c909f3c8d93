//! One client alone, before the others and after them.

use std::{
    io::{Error, Result, Write},
    net::{Ipv4Addr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::{PATIENCE, Server, connection::Connection};

/// How often it asks before the others.
const TIMES: usize = 50;
/// How long it tries until it is answered as before.
const RECOVERY: Duration = Duration::from_secs(30);

/// Returns the longest time of many answers to one client alone.
pub(crate) fn slowest(server: &Server) -> Result<Duration> {
    let mut slowest = Duration::ZERO;
    for _ in 0..TIMES {
        let (status, time) = ask(server)?;
        if status != 200 {
            return Err(Error::other(format!("the answer was {status}")));
        }
        slowest = slowest.max(time);
    }
    Ok(slowest)
}

/// Returns the time from `end` until one client alone is answered 200 within `before`.
pub(crate) fn recovery(server: &Server, before: Duration, end: Instant) -> Result<Duration> {
    while end.elapsed() < RECOVERY {
        if ask(server).is_ok_and(|(status, time)| status == 200 && time <= before) {
            return Ok(end.elapsed());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err(Error::other("the server has not recovered"))
}

/// Asks once, over a connection of its own; returns the status and how long it took.
fn ask(server: &Server) -> Result<(u16, Duration)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let start = Instant::now();
    stream.write_all(server.question.as_bytes())?;
    let mut connection = Connection::new(stream, Some(start));
    loop {
        if let Some(status) = connection.read()? {
            return Ok((status, start.elapsed()));
        }
    }
}
