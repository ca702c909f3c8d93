//! All clients, over connections that are taken in turn.

use std::{
    collections::VecDeque,
    io::{Error, ErrorKind, Result, Write},
    net::{Ipv4Addr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::OwnedFd,
};

use crate::{PATIENCE, Server, connection::Connection, seen::Seen};

/// How often the connections are looked at.
const TICK: Duration = Duration::from_micros(200);

/// When requests are due.
pub(crate) struct Pace {
    pub(crate) rate: f64,
    pub(crate) window: Duration,
}

impl Pace {
    /// Returns how many requests are due until a moment of the window.
    fn due(&self, since_start: Duration) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number of requests"
        )]
        let count = (since_start.min(self.window).as_secs_f64() * self.rate) as u64;
        count
    }

    /// Returns when a request was due.
    fn moment(&self, request: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "requests of a minute are few enough")]
        let seconds = request as f64 / self.rate;
        Duration::from_secs_f64(seconds)
    }
}

/// All clients, each with a connection.
pub(crate) struct Clients<'a> {
    server: &'a Server,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    free: VecDeque<usize>,
    pub(crate) seen: Seen,
}

impl<'a> Clients<'a> {
    /// Makes so many connections.
    pub(crate) fn connect(server: &'a Server, count: usize) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut clients = Self {
            server,
            epoll,
            connections: Vec::new(),
            free: (0..count).collect(),
            seen: Seen::default(),
        };
        for place in 0..count {
            let connection = clients.connection(place)?;
            clients.connections.push(connection);
        }
        Ok(clients)
    }

    fn connection(&self, place: usize) -> Result<Connection> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server.port))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(u64::try_from(place).map_err(Error::other)?);
        epoll::add(&self.epoll, &stream, data, epoll::EventFlags::IN)?;
        Ok(Connection::new(stream, None))
    }

    /// Lets all requests go out when they are due, and returns when the last one was.
    pub(crate) fn run(&mut self, pace: &Pace) -> Result<Instant> {
        let start = Instant::now();
        let end = start + pace.window;
        let mut asked = 0;
        loop {
            let now = Instant::now();
            self.answers(now, end)?;
            let due = pace.due(now.duration_since(start));
            for request in asked..due {
                self.ask(start + pace.moment(request))?;
            }
            asked = due;
            let waiting = self.free.len() < self.connections.len();
            if now >= end && !waiting {
                return Ok(end);
            }
            if now >= end + PATIENCE {
                self.give_up();
                return Ok(end);
            }
            thread::sleep(TICK);
        }
    }

    fn ask(&mut self, due: Instant) -> Result<()> {
        let Some(place) = self.free.pop_front() else {
            self.seen.unsent = self.seen.unsent.saturating_add(1);
            return Ok(());
        };
        self.seen.sent = self.seen.sent.saturating_add(1);
        let Server { question, .. } = self.server;
        let Some(connection) = self.connections.get_mut(place) else { return Ok(()) };
        connection.due = Some(due);
        if connection.stream.write_all(question.as_bytes()).is_err() {
            // A server may close a connection on which nothing is asked for a while.
            let fresh = self.replace(place)?;
            fresh.due = Some(due);
            fresh.stream.write_all(question.as_bytes())?;
        }
        Ok(())
    }

    fn replace(&mut self, place: usize) -> Result<&mut Connection> {
        let fresh = self.connection(place)?;
        let broken = self.connections.get_mut(place).ok_or(ErrorKind::NotFound)?;
        *broken = fresh;
        Ok(broken)
    }

    /// Takes what has come.
    fn answers(&mut self, now: Instant, end: Instant) -> Result<()> {
        let mut events = Vec::with_capacity(self.connections.len().max(1));
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&at_once))?;
        for event in events {
            let place = usize::try_from(event.data.u64()).map_err(Error::other)?;
            let Some(connection) = self.connections.get_mut(place) else { continue };
            let status = match connection.read() {
                Ok(None) => continue,
                Ok(Some(status)) => status,
                Err(_) => 0,
            };
            if let Some(due) = connection.due.take() {
                self.seen.note(status, now.saturating_duration_since(due), now < end);
                self.free.push_back(place);
            }
            if status == 0 {
                self.replace(place)?;
            }
        }
        Ok(())
    }

    /// Counts those that are still not answered.
    fn give_up(&mut self) {
        for connection in &self.connections {
            if connection.due.is_some() {
                self.seen.note(0, PATIENCE, false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read, net::TcpListener};

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /// A server that answers on one connection, at first after a while; then it hangs up.
    fn slow(first: Duration, answers: usize) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for answer in 0..answers {
                let Ok(1..) = stream.read(&mut [0; 1024]) else { return };
                thread::sleep(if answer == 0 { first } else { Duration::ZERO });
                stream.write_all(ANSWER).unwrap();
            }
            let _question = stream.read(&mut [0; 1024]);
        });
        Server { port, question: "GET / HTTP/1.1\r\n\r\n".to_owned() }
    }

    #[test]
    fn requests_are_due_at_the_pace_and_not_after_the_window() {
        let pace = Pace { rate: 1000.0, window: Duration::from_secs(2) };
        let due = [0, 1, 500, 2000, 9000].map(|ms| pace.due(Duration::from_millis(ms)));
        assert_eq!(due, [0, 1, 500, 2000, 2000]);
        assert_eq!(pace.moment(500), Duration::from_millis(500));
    }

    #[test]
    fn requests_do_not_wait_for_those_before() {
        let first = Duration::from_millis(200);
        let server = slow(first, usize::MAX);
        let mut clients = Clients::connect(&server, 1).unwrap();
        let pace = Pace { rate: 100.0, window: Duration::from_secs(1) };
        clients.run(&pace).unwrap();
        let seen = &clients.seen;
        assert_eq!(seen.sent + seen.unsent, 100);
        assert!(seen.unsent >= 18, "{} while the only connection was busy", seen.unsent);
        assert!(seen.answers[&200].longest >= first);
        assert_eq!(seen.answers[&200].count, seen.sent);
    }

    #[test]
    fn a_connection_that_breaks_is_counted() {
        let server = slow(Duration::ZERO, 3);
        let mut clients = Clients::connect(&server, 1).unwrap();
        let pace = Pace { rate: 100.0, window: Duration::from_millis(40) };
        // Nobody accepts another connection.
        let _end = clients.run(&pace);
        let counts = [200, 0].map(|status| clients.seen.answers[&status].count);
        assert_eq!((counts, clients.seen.sent), ([3, 1], 4));
    }
}
