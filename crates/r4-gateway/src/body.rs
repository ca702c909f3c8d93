//! Reads the body of a request, up to a limit and a deadline.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
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
    let taken = tokio::time::timeout(deadline, take(body, limit)).await;
    taken.unwrap_or_else(|_| Err(Problem::slow_body()))
}

async fn take(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken_body())?.into_data() else { continue };
        if kept.len().saturating_add(data.len()) > limit {
            return Err(body_too_large(limit));
        }
        kept.extend_from_slice(&data);
    }
    Ok(kept.freeze())
}
