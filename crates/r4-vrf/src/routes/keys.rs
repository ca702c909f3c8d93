//! `GET /keys`: all public keys, for whoever wants to pin them.

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;

/// Answers the keys document.
///
/// # Errors
/// 400 when there is any parameter.
pub async fn keys(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let kind = HeaderValue::from_static("application/json");
    let document = app.node.keys_document();
    Ok(([(header::CONTENT_TYPE, kind)], String::clone(&document)).into_response())
}
