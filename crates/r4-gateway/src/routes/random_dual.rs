//! `GET /v1/random_dual`: random bytes of r4-core, attested by r4-vrf.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use r4_service::Problem;

use crate::App;
use crate::routes::get_from_vrf;
use crate::schemas::Attestation;

/// Random bytes with two signatures that say who made them, when, and with which core.
#[utoipa::path(get, path = "/v1/random_dual", tag = "random",
    params(
        ("n" = u32, Query, minimum = 16, maximum = 1000, example = 32, description = "How many bytes"),
        ("chain_id" = Option<String>, Query, pattern = "^[1-9][0-9]{0,19}$", example = "1", description = "Chain that the signatures are bound to, in decimal"),
        ("contract" = Option<String>, Query, pattern = "^0x[0-9a-fA-F]{40}$", example = "0x5FbDB2315678afecb367f032d93F642f64180aa3", description = "Contract that the signatures are bound to; needs `chain_id`"),
    ),
    responses((status = 200, description = "The bytes and their attestation; not unique, never stored", body = Attestation)),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn random_dual(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/random_dual", uri.query(), &["n", "chain_id", "contract"]).await
}
