//! One module for each path.

pub mod health;
pub mod keys;
pub mod log;
pub mod random_dual;
pub mod receipts;
pub mod selftest;
pub mod verify;
pub mod version;
pub mod vrf;

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use r4_service::Problem;

use crate::App;
use crate::error::IssueError;
use crate::issue::Pending;
use crate::node::Node;

/// What an answer is, as its header says.
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const OCTETS: &str = "application/octet-stream";

/// Nobody may keep the answer.
const NO_STORE: &str = "no-store";
/// The answer changes from second to second.
const MOMENTARY: &str = "public, max-age=1";
/// The answer never changes.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Signs on a blocking thread, within the bound, and waits for the entry in the log; an answer that
/// cannot be kept turns readiness off until it can.
async fn sign(
    app: &App,
    issue: impl FnOnce(&Node) -> Result<Pending, IssueError> + Send + 'static,
) -> Result<String, Problem> {
    let node = Arc::clone(&app.node);
    let pending = app.signing.run(move || issue(&node)).await?;
    let finished = match pending {
        Ok(pending) => pending.finish(&app.node).await,
        Err(error) => Err(error),
    };
    finished.map_err(|error| {
        if matches!(error, IssueError::Index(_) | IssueError::Log(_) | IssueError::Epoch(_)) {
            crate::node::recover(&app.node, &error);
        }
        error.into()
    })
}

/// Reads the log on a blocking thread, within the bound.
async fn read<T: Send + 'static>(
    app: &App,
    work: impl FnOnce(&Node) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let node = Arc::clone(&app.node);
    app.reading.run(move || work(&node)).await?
}

/// Answers `body`, of the kind and with the life in caches that the headers say.
fn answer(kind: &'static str, cache: &'static str, body: impl IntoResponse) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), body).into_response()
}
