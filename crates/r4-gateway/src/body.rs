//! Reads the body of a request, up to a limit and a deadline.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use r4_service::Problem;

use crate::error::{body_too_large, broken_body, slow_body};

/// Most bytes of a body that is too large which are still taken in, and thrown away, so that a
/// client that sends before it listens gets the answer.
const DISCARDED_BYTES: usize = 32 * 1024 * 1024;

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
    if stated.is_some_and(|length: usize| length > limit) && headers.contains_key(header::EXPECT) {
        // The client waits for leave to send, and does not get it.
        return Err(body_too_large(limit));
    }
    let taken = tokio::time::timeout(deadline, take(body, limit)).await;
    taken.unwrap_or_else(|_| Err(slow_body()))
}

async fn take(mut body: Body, limit: usize) -> Result<Bytes, Problem> {
    let mut kept = BytesMut::new();
    let mut seen = 0usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken_body())?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > DISCARDED_BYTES {
            break;
        }
        if seen <= limit {
            kept.extend_from_slice(&data);
        }
    }
    if seen > limit { Err(body_too_large(limit)) } else { Ok(kept.freeze()) }
}
