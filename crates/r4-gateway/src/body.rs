//! Reads the body of a request, up to a limit and a deadline.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use r4_service::Problem;

use crate::error::{body_too_large, broken_body};

/// Returns the whole body, of at most `limit` bytes.
///
/// # Errors
/// 413 `body-too-large`, 408 `slow-body`, 400 `broken-body`.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    deadline: Duration,
) -> Result<Bytes, Problem> {
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    if stated.is_some_and(|length: usize| length > limit) {
        return Err(body_too_large(limit));
    }
    let reading = tokio::time::timeout(deadline, Limited::new(body, limit).collect()).await;
    match reading.map_err(|_| Problem::slow_body())? {
        Ok(body) => Ok(body.to_bytes()),
        Err(cause) if cause.is::<LengthLimitError>() => Err(body_too_large(limit)),
        Err(_) => Err(broken_body()),
    }
}
