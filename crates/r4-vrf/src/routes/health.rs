//! `GET /health`: the process lives. Whether it may sign, `/ready` tells.

use axum::http::Uri;
use r4_service::Problem;
use r4_service::query::Query;

/// Answers `ok`.
///
/// # Errors
/// 400 when there is any parameter.
pub async fn health(uri: Uri) -> Result<&'static str, Problem> {
    Query::parse(uri.query(), &[])?;
    Ok("ok")
}
