//! One module for each path.

pub mod health;
pub mod keys;
pub mod random_dual;
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
use crate::node::Node;

/// Signs on a blocking thread, within the bound; an index that cannot be had turns readiness off
/// until it can.
async fn sign(
    app: &App,
    issue: impl FnOnce(&Node) -> Result<String, IssueError> + Send + 'static,
) -> Result<String, Problem> {
    let node = Arc::clone(&app.node);
    let issued = app.signing.run(move || issue(&node)).await?;
    issued.map_err(|error| {
        if let IssueError::Index(cause) = &error {
            crate::node::recover(&app.node, cause);
        }
        error.into()
    })
}

/// Answers JSON that no cache may keep.
fn fresh_json(json: String) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let cache = HeaderValue::from_static("no-store");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], json).into_response()
}
