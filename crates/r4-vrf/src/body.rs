//! JSON bodies: their type, their size, their form.

use std::time::Duration;

use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use r4_service::media::require_json;
use r4_service::{Problem, kind};
use serde::de::DeserializeOwned;

/// Most bytes of a body.
pub const MAX_BYTES: usize = 64 * 1024;
/// Most time for a body to arrive.
const MOST_TIME: Duration = Duration::from_secs(5);
/// Most characters of a parser's message that are passed on; it may quote the body.
const MESSAGE_CHARACTERS: usize = 200;

/// Reads the whole body of a request that says it is JSON.
///
/// # Errors
/// 415 for another type, 413 for more than 64 KiB, 408 when it takes more than 5 s, 400 when the
/// body breaks off.
pub async fn read_json(request: Request) -> Result<Bytes, Problem> {
    require_json(request.headers())?;
    let reading = tokio::time::timeout(MOST_TIME, Bytes::from_request(request, &())).await;
    let read = reading.map_err(|_| Problem::slow_body())?;
    read.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("the body may have at most {MAX_BYTES} bytes");
            return Problem::new(kind::BODY_TOO_LARGE, detail);
        }
        Problem::new(kind::INVALID_BODY, "the body broke off")
    })
}

/// Parses a body that is a JSON object, strictly, as its type says.
///
/// # Errors
/// 400 with the parser's message.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // serde would also take a list, as the fields in their order.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::new(kind::INVALID_BODY, "the body must be a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(kind::INVALID_BODY, format!("the body is refused: {}", brief(&error)))
    })
}

/// Returns a message without control characters and not too long to show.
pub fn brief(message: &impl ToString) -> String {
    let text = message.to_string();
    text.chars().filter(|c| !c.is_control()).take(MESSAGE_CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::header;

    async fn status(kind: Option<&str>, body: Vec<u8>) -> u16 {
        let mut request = Request::post("/");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let read = read_json(request.body(Body::from(body)).unwrap()).await;
        read.map_or_else(|problem| problem.status().as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn only_what_says_it_is_json() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json "] {
            assert_eq!(status(Some(good), vec![b'{']).await, 200, "{good}");
        }
        for bad in ["", "text/json", "application/x-www-form-urlencoded", "application/jsonp"] {
            assert_eq!(status(Some(bad), Vec::new()).await, 415, "{bad}");
        }
        assert_eq!(status(None, Vec::new()).await, 415);
    }

    #[test]
    fn messages_are_cut_and_cleaned() {
        assert_eq!(brief(&"a\r\nb"), "ab");
        assert_eq!(brief(&"x".repeat(1000)).len(), MESSAGE_CHARACTERS);
    }
}
