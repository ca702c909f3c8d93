//! `GET /v1/health`: the gateway and what is behind it; `GET /health`: that it is alive.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_api::gateway::{GatewayHealth, Health, Upstreams};
use r4_service::Problem;
use r4_service::query::Query;

use crate::watch::overall;
use crate::{App, VERSION};

/// Answers `ok`: liveness.
pub(crate) async fn alive(uri: Uri) -> Result<&'static str, Problem> {
    Query::parse(uri.query(), &[])?;
    Ok("ok")
}

/// State of the gateway and of both services behind it, at most a few seconds old.
#[utoipa::path(get, path = "/v1/health", tag = "node", responses(
    (status = 200, description = "Both upstreams are there; `degraded` if one is not ready or not sealed", body = GatewayHealth),
    (status = 503, description = "An upstream is not reachable", body = GatewayHealth),
))]
pub(crate) async fn health(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let upstreams = Upstreams::clone(&app.watch.seen());
    let status = overall(&upstreams);
    let code = match status {
        Health::Down => StatusCode::SERVICE_UNAVAILABLE,
        Health::Ok | Health::Degraded => StatusCode::OK,
    };
    let body = GatewayHealth { status, version: VERSION.to_owned(), upstreams };
    Ok((code, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
