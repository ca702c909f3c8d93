//! The gateway's own problems; those of the upstreams pass through as they are.

use axum::http::{HeaderValue, StatusCode, header};
use r4_service::Problem;

use crate::limits::Standing;

/// 429 `rate-limited`.
pub(crate) fn rate_limited(standing: &Standing, retry_seconds: u32) -> Problem {
    let of = if standing.name == "key" { "this API key" } else { "this address" };
    let detail = format!(
        "too many requests from {of}: {} in {} s are allowed; try again in {retry_seconds} s",
        standing.quota, standing.window_seconds
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate-limited", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(retry_seconds))
}

/// 429 `too-many-open`.
pub(crate) fn too_many_open(most: u32) -> Problem {
    let detail = format!(
        "this address has {most} requests open, which is all it may have: wait until one is \
         answered"
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-open", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// 413 `body-too-large`.
pub(crate) fn body_too_large(limit: usize) -> Problem {
    let detail = format!("the body of this request may have at most {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

/// 400 `broken-body`.
pub(crate) fn broken_body() -> Problem {
    Problem::bad_request("broken-body", "the body of the request ended before it was complete")
}

/// 400 `missing-parameter`.
pub(crate) fn missing(name: &str, example: &str) -> Problem {
    let detail = format!("parameter {name} is missing, for example {example}");
    Problem::bad_request("missing-parameter", detail)
}

/// 400 `invalid-parameter`.
pub(crate) fn invalid(name: &str, what: &str) -> Problem {
    Problem::bad_request("invalid-parameter", format!("{name} must be {what}"))
}

/// 503 `upstream-refused`: the services do not share a key.
pub(crate) fn upstream_refused(upstream: &str) -> Problem {
    let detail = format!(
        "{upstream} refused the gateway's internal key: set the same R4_INTERNAL_KEY for all \
         services, or none"
    );
    Problem::unavailable("upstream-refused", detail, 10)
}

/// 503 `upstream-broken`: an answer that does not say where it ends.
pub(crate) fn upstream_broken(upstream: &str) -> Problem {
    let detail = format!("{upstream} gave an answer of unknown length");
    Problem::unavailable("upstream-broken", detail, 1)
}
