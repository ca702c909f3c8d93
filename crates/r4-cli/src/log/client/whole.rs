//! Answers as they are, for who judges a server by them.

use std::thread;

use ureq::http::{StatusCode, header};

use super::{Answer, Client, PAUSES, ReadError, explain, read};

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Whole {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its header `Date`.
    pub(crate) date: Option<String>,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

impl Whole {
    fn is_busy(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

impl Client {
    /// Returns the answer to `GET url`, of whatever status and at most `limit` bytes, with the API
    /// key `key` if there is one. Tries again where no answer came, or a limit refused it.
    ///
    /// # Errors
    /// [`ReadError::Unreachable`].
    pub(crate) fn ask(
        &self,
        url: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Whole, ReadError> {
        let mut pauses = PAUSES.iter();
        loop {
            let tried = self.ask_once(url, key, limit)?;
            match (tried, pauses.next()) {
                (Ok(whole), pause) if !whole.is_busy() || pause.is_none() => return Ok(whole),
                (Err(reason), None) => {
                    return Err(ReadError::Unreachable(format!("{url}: {reason}")));
                }
                (_, pause) => thread::sleep(pause.copied().unwrap_or_default()),
            }
        }
    }

    /// Asks once; the inner error says why no answer came.
    fn ask_once(
        &self,
        url: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Result<Whole, String>, ReadError> {
        let request = self.agent.get(url);
        let request = match key {
            Some(key) => request.header("x-api-key", key),
            None => request,
        };
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Err(explain(&error))),
        };
        let (status, date) = (response.status(), response.headers().get(header::DATE));
        let date = date.and_then(|date| Some(date.to_str().ok()?.to_owned()));
        Ok(match read(response, url, limit)? {
            Answer::Body(body) => Ok(Whole { status, date, body }),
            Answer::Failed(reason) => Err(reason),
            Answer::Busy(_) => Err("it is busy".to_owned()),
        })
    }

    /// Posts JSON to a URL, which may be a secret, once.
    ///
    /// # Errors
    /// A sentence without the URL: nobody took it.
    pub(crate) fn post(&self, url: &str, json: &str) -> Result<StatusCode, String> {
        let request = self.agent.post(url).content_type("application/json");
        let status = request.send(json.as_bytes()).map_err(|error| explain(&error))?.status();
        if status.is_success() { Ok(status) } else { Err(format!("it answered {status}")) }
    }
}
