//! `GET /openapi.json`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;

/// This description, for machines.
#[utoipa::path(get, path = "/openapi.json", tag = "node", responses(
    (status = 200, description = "The API, for machines", body = serde_json::Value),
))]
pub(crate) async fn openapi(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, app.openapi.clone()).into_response())
}
