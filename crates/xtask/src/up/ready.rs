//! Asks a service whether it is ready, with a few lines of HTTP/1.1.

use std::{
    io::{Error, ErrorKind, Read, Result, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

/// How long one step of a question may take.
const STEP: Duration = Duration::from_secs(2);
/// Most bytes of an answer that are read.
const ANSWER_BYTES: u64 = 16 << 10;

/// What `GET /ready` said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200.
    Ready,
    /// Anything else, with the body, which names the reason.
    NotReady(String),
}

/// Asks the service on `port` of this machine.
///
/// # Errors
/// When nobody listens, answers in time, or answers in HTTP.
pub(super) fn ask(port: u16) -> Result<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, STEP)?;
    stream.set_read_timeout(Some(STEP))?;
    stream.set_write_timeout(Some(STEP))?;
    let question = format!("GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;

    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    match answer.split_once("\r\n\r\n") {
        Some((head, _)) if head.starts_with("HTTP/1.1 200 ") => Ok(Answer::Ready),
        Some((_, body)) => Ok(Answer::NotReady(body.trim().to_owned())),
        None => Err(Error::new(ErrorKind::InvalidData, "no HTTP answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{net::TcpListener, thread};

    /// Serves one connection with fixed bytes.
    fn answered(bytes: &'static [u8]) -> Result<Answer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = [0; 1024];
            let len = stream.read(&mut question).unwrap();
            stream.write_all(bytes).unwrap();
            String::from_utf8_lossy(&question[..len]).into_owned()
        });
        let answer = ask(port);
        assert!(served.join().unwrap().starts_with("GET /ready HTTP/1.1\r\n"));
        answer
    }

    #[test]
    fn only_200_is_ready_and_the_reason_is_kept() {
        assert_eq!(answered(b"HTTP/1.1 200 OK\r\n\r\nok").unwrap(), Answer::Ready);
        let not = answered(b"HTTP/1.1 503 Service Unavailable\r\nA: b\r\n\r\nblocked\n").unwrap();
        assert_eq!(not, Answer::NotReady("blocked".to_owned()));
        assert!(answered(b"220 smtp\r\n").is_err());
    }

    #[test]
    fn nobody_listening_is_an_error() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert!(ask(port).is_err());
    }
}
