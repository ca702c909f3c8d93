//! `GET /v1/limits`: what a caller may do, and how much of it is left.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use r4_api::gateway::LimitsAnswer;
use r4_service::query::Query;

use crate::App;
use crate::access::{Caller, Refused, charge};
use crate::limits::Standing;
use crate::prices::{Price, costs};
use crate::routes::request_bounds;

/// The limits of this node and where the caller stands. This request counts, too.
#[utoipa::path(get, path = "/v1/limits", tag = "node",
    responses((status = 200, description = "The limits; `key` only when a key is presented", body = LimitsAnswer)),
    security((), ("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn limits(
    State(app): State<Arc<App>>,
    Extension(address): Extension<Standing>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Refused> {
    Query::parse(uri.query(), &["key"])?;
    let charged = match &caller {
        Caller::Nobody => None,
        caller => Some(charge(&app, Some(caller), &Price::of_one("/v1/limits")).await?),
    };
    let answer = LimitsAnswer {
        address: address.to_api(),
        key: charged.as_ref().map(|charged| charged.standing.to_api()),
        costs: costs(),
        open_per_address: app.open.most(),
        request: request_bounds(),
    };
    let response = ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response();
    Ok(match charged {
        Some(charged) => charged.sign(response),
        None => response,
    })
}
