//! `GET /v1/keys`: the public keys of r4-vrf.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use r4_service::Problem;

use crate::App;
use crate::routes::get_from_vrf;
use crate::schemas::Keys;

/// All public keys of the node. Pin the key hash before you rely on a receipt.
#[utoipa::path(get, path = "/v1/keys", tag = "verifiable", responses(
    (status = 200, description = "The keys, epoch by epoch", body = Keys),
))]
pub(crate) async fn keys(State(app): State<Arc<App>>, uri: Uri) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/keys", uri.query(), &[]).await
}
