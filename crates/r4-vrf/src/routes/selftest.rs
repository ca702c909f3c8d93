//! `POST /selftest`: the known-answer tests and those of the loaded key pairs, now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use r4_api::selftest::SelftestAnswer;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;

/// Answers every test by its name; a failure stops signing.
///
/// # Errors
/// 400 about a parameter, 503 when too many wait.
pub async fn selftest(State(app): State<App>, uri: Uri) -> Result<Json<SelftestAnswer>, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let node = Arc::clone(&app.node);
    Ok(Json(app.signing.run(move || node.selftest()).await?))
}
