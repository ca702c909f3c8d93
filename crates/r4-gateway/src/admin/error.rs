//! The problems of the admin API.

use r4_service::{Problem, kind};

use crate::store::{Conflict, StoreError};

/// Says what the store refused about the key that the caller calls `key`.
pub(super) fn refused(error: &StoreError, key: &str) -> Problem {
    match error {
        StoreError::NotFound => unknown_key(key),
        StoreError::Conflict(Conflict::NameTaken) => {
            let detail = format!(
                "another key is named {key}: choose another name, or revoke that key first with r4 \
                 keys revoke {key}"
            );
            Problem::new(kind::NAME_TAKEN, detail)
        }
        StoreError::Conflict(Conflict::Revoked) => {
            let detail = format!("the key {key} is revoked: make a new one with r4 keys create");
            Problem::new(kind::KEY_REVOKED, detail)
        }
        StoreError::Conflict(Conflict::IdTaken) => {
            tracing::error!("a random id of a key is taken");
            Problem::internal()
        }
        StoreError::Down(_) | StoreError::Corrupt(_) => unavailable(error),
    }
}

/// 404 `unknown-key`.
pub(super) fn unknown_key(key: &str) -> Problem {
    let detail = format!("there is no key {key}: r4 keys list shows them all");
    Problem::new(kind::UNKNOWN_KEY, detail)
}

/// 503 `store-unavailable`.
pub(super) fn unavailable(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store does not answer the admin API");
    let detail = "the gateway cannot use its store, and it is not known whether a change was made: \
                  try again in a moment, and look with r4 keys list; the gateway's log has the \
                  cause";
    Problem::unavailable(kind::STORE_UNAVAILABLE, detail, 1)
}

/// 400 `invalid-key-order`.
pub(super) fn invalid_order(detail: impl Into<String>) -> Problem {
    Problem::new(kind::INVALID_KEY_ORDER, detail)
}
