//! A careful HTTP client: bounded answers, deadlines, a few tries, and patience where a server asks
//! for it.

mod whole;

use std::io::{self, Read as _};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::RootCerts;

use super::parallel::WORKERS;
use crate::exit::Error;
use crate::http;

pub(crate) use whole::Whole;

/// Most time for one answer.
const ANSWER: Duration = Duration::from_secs(30);
/// Pauses before the second try and those after it.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];
/// Most time that one request waits for a busy server.
const PATIENCE: Duration = Duration::from_mins(5);

/// Why there are no bytes.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// There is no such thing there.
    #[error("{0} is not there")]
    Missing(String),
    /// It cannot be asked, or gives no answer that can be used.
    #[error("{0}")]
    Unreachable(String),
}

/// A client for one server. The threads that share it share its pauses.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    /// Guards the moment before which the server is to be left alone.
    not_before: Mutex<Instant>,
}

impl Client {
    /// Makes a client that has not spoken yet.
    pub(crate) fn new() -> Self {
        Self::of(RootCerts::WebPki, 10)
    }

    /// Makes a client that believes these authorities, and never goes elsewhere than it is sent.
    pub(crate) fn strict(roots: RootCerts) -> Self {
        Self::of(roots, 0)
    }

    fn of(roots: RootCerts, redirects: u32) -> Self {
        let agent = http::config(roots)
            .max_redirects(redirects)
            .timeout_global(Some(ANSWER))
            .max_idle_connections_per_host(WORKERS)
            .build()
            .new_agent();
        Self { agent, not_before: Mutex::new(Instant::now()) }
    }

    /// Returns the body of the answer to `GET url`, of at most `limit` bytes. Waits and tries again
    /// where that can help.
    ///
    /// # Errors
    /// [`ReadError::Missing`] for 404 and 410; [`ReadError::Unreachable`] for the rest.
    pub(crate) fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        let mut pauses = PAUSES.iter();
        let until = Instant::now() + PATIENCE;
        loop {
            self.wait();
            let reason = match self.once(url, limit)? {
                Answer::Body(bytes) => return Ok(bytes),
                Answer::Busy(pause) if Instant::now() + pause.min(PATIENCE) < until => {
                    self.hold(pause);
                    continue;
                }
                Answer::Busy(_) => {
                    let reason = format!("{url}: it asks for more patience than there is");
                    return Err(ReadError::Unreachable(reason));
                }
                Answer::Failed(reason) => reason,
            };
            let Some(pause) = pauses.next() else {
                return Err(ReadError::Unreachable(format!("{url}: {reason}")));
            };
            thread::sleep(*pause);
        }
    }

    fn once(&self, url: &str, limit: usize) -> Result<Answer, ReadError> {
        let response = match self.agent.get(url).call() {
            Ok(response) => response,
            Err(error) => return Ok(Answer::Failed(explain(&error))),
        };
        let status = response.status();
        match status {
            StatusCode::OK => read(response, url, limit),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(ReadError::Missing(url.to_owned())),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let busy = pause(&response).map(Answer::Busy);
                Ok(busy.unwrap_or_else(|| Answer::Failed(format!("it answered {status}"))))
            }
            _ if status.is_server_error() => Ok(Answer::Failed(format!("it answered {status}"))),
            _ => Err(ReadError::Unreachable(format!("{url}: it answered {status}"))),
        }
    }

    fn wait(&self) {
        let until = *self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        thread::sleep(until.saturating_duration_since(Instant::now()));
    }

    fn hold(&self, pause: Duration) {
        let until = Instant::now() + pause.min(PATIENCE);
        let mut held = self.not_before.lock().unwrap_or_else(PoisonError::into_inner);
        *held = until.max(*held);
    }
}

enum Answer {
    Body(Vec<u8>),
    Busy(Duration),
    Failed(String),
}

fn read(response: Response<ureq::Body>, url: &str, limit: usize) -> Result<Answer, ReadError> {
    let mut bytes = Vec::new();
    let most = (limit as u64).saturating_add(1);
    match response.into_body().into_reader().take(most).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() > limit => {
            let reason = format!("{url}: it answered more than {limit} bytes");
            Err(ReadError::Unreachable(reason))
        }
        Ok(_) => Ok(Answer::Body(bytes)),
        Err(error) => Ok(Answer::Failed(format!("the answer broke off: {error}"))),
    }
}

/// Returns how long the server wants to be left alone; a date is taken as a second.
fn pause(response: &Response<ureq::Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER);
    if value.is_none() && response.status() != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = value.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Some(Duration::from_secs(seconds.unwrap_or(1)))
}

fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::HostNotFound => "there is no such host".to_owned(),
        ureq::Error::ConnectionFailed => "nothing answers there".to_owned(),
        ureq::Error::Io(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
            "nothing answers there".to_owned()
        }
        other => format!("it cannot be asked: {other}"),
    }
}

/// Takes a URL of http or https and cuts the slashes at its end.
///
/// # Errors
/// It is of another kind, or has a query.
pub(crate) fn url_prefix(text: &str) -> Result<String, Error> {
    let refuse =
        || Error::unusable(text, "a URL such as https://random.example.org/v1/log is needed");
    let uri: ureq::http::Uri = text.parse().map_err(|_| refuse())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    if !known || uri.host().is_none_or(str::is_empty) || uri.query().is_some() {
        return Err(refuse());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::url_prefix;

    #[test]
    fn urls_are_of_http() {
        assert_eq!(url_prefix("http://h/v1/log//").unwrap(), "http://h/v1/log");
        assert_eq!(url_prefix("https://h:1/log").unwrap(), "https://h:1/log");
        for bad in ["", "/v1/log", "ftp://h/log", "h/v1/log", "http://h/log?x=1", "http://"] {
            assert!(url_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
