//! `GET /openapi.json`, `/postman.json` and `/llms.txt`: one description in three forms.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;

/// This description, for machines.
#[utoipa::path(get, path = "/openapi.json", tag = "node", responses(
    (status = 200, description = "The API as OpenAPI 3.1", body = serde_json::Value),
))]
pub(crate) async fn openapi(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    file(&uri, "application/json", &app.description.openapi)
}

/// This description as a collection of requests that Postman and Bruno import.
#[utoipa::path(get, path = "/postman.json", tag = "node", responses(
    (status = 200, description = "The API as a Postman collection, v2.1", body = serde_json::Value),
))]
pub(crate) async fn postman(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    file(&uri, "application/json", &app.description.postman)
}

/// This description in short, for language models.
#[utoipa::path(get, path = "/llms.txt", tag = "node", responses(
    (status = 200, description = "The API as llmstxt.org says", body = String, content_type = "text/plain"),
))]
pub(crate) async fn llms(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    file(&uri, "text/plain; charset=utf-8", &app.description.llms)
}

fn file(uri: &Uri, kind: &'static str, text: &Bytes) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, text.clone()).into_response())
}
