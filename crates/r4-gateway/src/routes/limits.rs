//! `GET /v1/limits`: what a caller may do, and how much of it is left.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use r4_api::gateway::LimitsAnswer;
use r4_service::auth::presented_key;
use r4_service::query::Query;

use crate::App;
use crate::access::{Refused, check_key, with_standing};
use crate::limits::Standing;
use crate::proxies::Client;
use crate::routes::request_bounds;

/// The limits of this node and where the caller stands. This request counts, too.
#[utoipa::path(get, path = "/v1/limits", tag = "node",
    responses((status = 200, description = "The limits; `key` only when a key is presented", body = LimitsAnswer)),
    security((), ("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn limits(
    State(app): State<Arc<App>>,
    Extension(address): Extension<Standing>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refused> {
    Query::parse(uri.query(), &["key"])?;
    let key = match presented_key(&headers, &uri) {
        Some(_) => Some(check_key(&app, &headers, &uri, Some(client))?),
        None => None,
    };
    let answer = LimitsAnswer {
        address: address.to_api(),
        key: key.map(Standing::to_api),
        open_per_address: app.open.most(),
        request: request_bounds(),
    };
    let response = ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response();
    Ok(match key {
        Some(standing) => with_standing(response, standing),
        None => response,
    })
}
