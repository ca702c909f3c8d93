//! `GET` and `POST /v1/vrf`: a receipt of r4-vrf.
//!
//! Checks the names; r4-vrf alone says which values are good.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use r4_api::gateway::{ProblemDocument, VrfOrder};
use r4_service::Problem;
use r4_service::shell::RequestId;

use crate::App;
use crate::routes::{VRF_BODY_BYTES, get_from_vrf, post_to_vrf};
use crate::schemas::Receipt;

/// A signed receipt of verifiable randomness.
#[utoipa::path(get, path = "/v1/vrf", tag = "verifiable",
    params(
        ("sig" = Option<String>, Query, description = "`ecdsa`, `dilithium` (also `mldsa65`, `ml-dsa-65`) or `dual`, which is the default"),
        ("alpha" = Option<String>, Query, max_length = 2050, description = "Input of the VRF: 1 to 1024 bytes in hex, `0x` optional; not beginning with the bytes `r4/`. Without it, the receipt's index is the input"),
        ("chain_id" = Option<String>, Query, description = "Chain that the signatures are bound to"),
        ("contract" = Option<String>, Query, description = "Contract that the signatures are bound to; needs `chain_id`"),
        ("format" = Option<String>, Query, description = "`json`, which is the default, `evm`: with the proof and the call as contracts take them, or `tlog-proof`: the proof of inclusion as a file (c2sp.org/tlog-proof) with the receipt in it"),
    ),
    responses((status = 200, description = "The receipt", body = Receipt)),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    id: Option<Extension<RequestId>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let names = ["sig", "alpha", "chain_id", "contract", "format"];
    get_from_vrf(&app, "/vrf", uri.query(), &names, id).await
}

/// A signed receipt of verifiable randomness; the same as `GET`, for inputs too long for a URL.
#[utoipa::path(post, path = "/v1/vrf", tag = "verifiable",
    request_body = VrfOrder,
    responses(
        (status = 200, description = "The receipt", body = Receipt),
        (status = 408, description = "The body came too slowly", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body does not say that it is JSON", body = ProblemDocument, content_type = "application/problem+json"),
    ),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    post_to_vrf(&app, "/vrf", VRF_BODY_BYTES, request).await
}
