//! `GET /v1/health`: the gateway and what is behind it; `GET /v1/health/entropy`: the entropy of
//! r4-core; `GET /health`: that the gateway is alive.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_api::gateway::{EntropyHealth, GatewayHealth, Health};
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
    (status = 200, description = "Both upstreams are there; `degraded` if one is not ready or its entropy is not well", body = GatewayHealth),
    (status = 503, description = "An upstream is not reachable", body = GatewayHealth),
))]
pub(crate) async fn health(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let upstreams = app.watch.seen().upstreams.clone();
    let status = overall(&upstreams);
    let body = GatewayHealth { status, version: VERSION.to_owned(), upstreams };
    Ok((code(status), [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Engine, noise sources and health tests of r4-core, at most a few seconds old.
#[utoipa::path(get, path = "/v1/health/entropy", tag = "node", responses(
    (status = 200, description = "r4-core is there; `degraded` if it is not ready, not sealed, or a noise source fails", body = EntropyHealth),
    (status = 503, description = "r4-core is not reachable", body = EntropyHealth),
))]
pub(crate) async fn entropy(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let body = app.watch.seen().entropy();
    let code = code(body.status);
    Ok((code, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

fn code(status: Health) -> StatusCode {
    match status {
        Health::Down => StatusCode::SERVICE_UNAVAILABLE,
        Health::Ok | Health::Degraded => StatusCode::OK,
    }
}
