//! The gateway's own problems; those of the upstreams pass through as they are.

use r4_service::{Problem, kind};

use crate::keys::{KeyRefusal, Quota, Scope};
use crate::limits::Standing;
use crate::store::StoreError;

/// 429 `rate-limited`.
pub(crate) fn rate_limited(standing: &Standing, retry_seconds: u32) -> Problem {
    let (of, what) = match standing.name {
        "key" => ("this API key", "units"),
        "demo in all" => ("all who try the demonstration", "requests"),
        _ => ("this address", "requests"),
    };
    let detail = format!(
        "too many {what} from {of}: {} in {} s are allowed; try again in {retry_seconds} s",
        standing.quota, standing.window_seconds
    );
    Problem::unavailable(kind::RATE_LIMITED, detail, retry_seconds)
}

/// 429 `too-many-open`.
pub(crate) fn too_many_open(most: u32) -> Problem {
    let detail = format!(
        "this address has {most} requests open, which is all it may have: wait until one is \
         answered"
    );
    Problem::unavailable(kind::TOO_MANY_OPEN, detail, 1)
}

/// 413 `body-too-large`.
pub(crate) fn body_too_large(limit: usize) -> Problem {
    let detail = format!("the body of this request may have at most {limit} bytes");
    Problem::new(kind::BODY_TOO_LARGE, detail)
}

/// 400 `broken-body`.
pub(crate) fn broken_body() -> Problem {
    Problem::new(kind::BROKEN_BODY, "the body of the request ended before it was complete")
}

/// 400 `missing-parameter`.
pub(crate) fn missing(name: &str, example: &str) -> Problem {
    let detail = format!("parameter {name} is missing, for example {example}");
    Problem::new(kind::MISSING_PARAMETER, detail)
}

/// 400 `invalid-parameter`.
pub(crate) fn invalid(name: &str, what: &str) -> Problem {
    Problem::new(kind::INVALID_PARAMETER, format!("{name} must be {what}"))
}

/// 503 `upstream-refused`: the services do not share a key.
pub(crate) fn upstream_refused(upstream: &str) -> Problem {
    let detail = format!(
        "{upstream} refused the gateway's internal key: set the same R4_INTERNAL_KEY for all \
         services, or none"
    );
    Problem::unavailable(kind::UPSTREAM_REFUSED, detail, 10)
}

/// 503 `upstream-broken`: an answer that does not say where it ends.
pub(crate) fn upstream_broken(upstream: &str) -> Problem {
    let detail = format!("{upstream} gave an answer of unknown length");
    Problem::unavailable(kind::UPSTREAM_BROKEN, detail, 1)
}

/// 429 `quota-exceeded`.
pub(crate) fn quota_exceeded(quota: Quota, now: u64) -> Problem {
    let wait = u32::try_from(quota.per.end(now).saturating_sub(now)).unwrap_or(u32::MAX);
    let detail = format!(
        "too little is left of the quota of this API key, {quota} units: it begins anew in {wait} \
         s; GET /v1/usage tells what was used"
    );
    Problem::unavailable(kind::QUOTA_EXCEEDED, detail, wait)
}

/// 403 `missing-scope`.
pub(crate) fn missing_scope(scope: Scope) -> Problem {
    let detail = format!(
        "this API key does not have the scope {scope}; ask the operator of the node for one that \
         does"
    );
    Problem::new(kind::MISSING_SCOPE, detail)
}

/// 401, or 503 while keys cannot be checked: why a key of the key table is not taken.
pub(crate) fn key_refused(refusal: KeyRefusal) -> Problem {
    match refusal {
        KeyRefusal::Unknown => Problem::new(kind::INVALID_API_KEY, "invalid api key"),
        KeyRefusal::Expired => {
            let detail = "this API key has expired; ask the operator of the node for a new one";
            Problem::new(kind::EXPIRED_API_KEY, detail)
        }
        KeyRefusal::Revoked => {
            let detail = "this API key was revoked, or replaced and its overlap is over";
            Problem::new(kind::REVOKED_API_KEY, detail)
        }
        KeyRefusal::Stale => {
            let detail = "the gateway cannot reach its database, and takes no key that it cannot \
                          check";
            Problem::unavailable(kind::KEYS_UNAVAILABLE, detail, 1)
        }
    }
}

/// 503 `store-unavailable`.
pub(crate) fn store_down(error: &StoreError) -> Problem {
    tracing::warn!(%error, "the store does not answer");
    let detail = "the gateway cannot reach what it keeps; try again in a moment";
    Problem::unavailable(kind::STORE_UNAVAILABLE, detail, 1)
}
