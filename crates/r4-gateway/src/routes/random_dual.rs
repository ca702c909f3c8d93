//! `GET /v1/random_dual`: random bytes of r4-core, attested by r4-vrf.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use r4_service::Problem;
use r4_service::shell::RequestId;

use crate::App;
use crate::routes::get_from_vrf;
use crate::schemas::Attestation;

/// Random bytes with two signatures that say who made them, when, and with which core.
#[utoipa::path(get, path = "/v1/random_dual", tag = "random",
    params(
        ("n" = u32, Query, minimum = 16, maximum = 1000, description = "How many bytes"),
        ("chain_id" = Option<String>, Query, description = "Chain that the signatures are bound to"),
        ("contract" = Option<String>, Query, description = "Contract that the signatures are bound to; needs `chain_id`"),
    ),
    responses((status = 200, description = "The bytes and their attestation; not unique, never stored", body = Attestation)),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn random_dual(
    State(app): State<Arc<App>>,
    id: Option<Extension<RequestId>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/random_dual", uri.query(), &["n", "chain_id", "contract"], id).await
}
