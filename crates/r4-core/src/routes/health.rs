//! `GET /health`: the process lives. A blocked core is alive: `/ready` and `/version` tell.

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
