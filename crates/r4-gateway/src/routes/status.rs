//! `GET /v1/status`: how the node was in the last seven days.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_api::status::StatusAnswer;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;
use crate::error::store_down;

/// How the node was in the last seven days, in buckets of five minutes; a few seconds old at most.
/// Time in which the gateway did not look is in no bucket, so counts that are missing say nothing.
#[utoipa::path(get, path = "/v1/status", tag = "node", responses(
    (status = 200, description = "The history of the node", body = StatusAnswer),
))]
pub(crate) async fn status(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let answer = app.watch.history().status(&app.store).await;
    let answer = answer.map_err(|error| store_down(&error))?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=5")], Json(&*answer)).into_response())
}
