//! `GET` and `POST /v1/vrf`: a receipt of r4-vrf.
//!
//! Checks the names; r4-vrf alone says which values are good.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use r4_service::Problem;

use crate::App;
use crate::access::Caller;
use crate::idempotency::once;
use crate::routes::{Posted, VRF_BODY_BYTES, ask_vrf, forwarded};
use crate::schemas::{Receipt, ReceiptForm, Sig, VrfOrder};

/// A signed receipt of verifiable randomness.
#[utoipa::path(get, path = "/v1/vrf", tag = "verifiable",
    params(
        ("sig" = inline(Option<Sig>), Query, example = "dual", description = "The signatures; `dual`, which is both, unless given"),
        ("alpha" = Option<String>, Query, pattern = "^(0x)?([0-9a-fA-F]{2}){1,1024}$", example = "68656c6c6f", description = "Input of the VRF: 1 to 1024 bytes in hex, `0x` optional; not beginning with the bytes `r4/`. Without it, the receipt's index is the input"),
        ("chain_id" = Option<String>, Query, pattern = "^[1-9][0-9]{0,19}$", example = "1", description = "Chain that the signatures are bound to, in decimal"),
        ("contract" = Option<String>, Query, pattern = "^0x[0-9a-fA-F]{40}$", example = "0x5FbDB2315678afecb367f032d93F642f64180aa3", description = "Contract that the signatures are bound to; needs `chain_id`"),
        ("format" = inline(Option<ReceiptForm>), Query, example = "json", description = "`json`, which is the default, `evm`: with the proof and the call as contracts take them, or `tlog-proof`: the proof of inclusion as a file (c2sp.org/tlog-proof) with the receipt in it"),
    ),
    responses((status = 200, description = "The receipt", content((Receipt = "application/json"), (String = "text/plain")))),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn get(State(app): State<Arc<App>>, uri: Uri) -> Result<Response<Body>, Problem> {
    ask_vrf(&app, &upstream_path(uri.query())?).await
}

/// Returns r4-vrf's path for a query.
///
/// # Errors
/// 400 for a parameter.
pub(super) fn upstream_path(query: Option<&str>) -> Result<String, Problem> {
    forwarded("/vrf", query, &["sig", "alpha", "chain_id", "contract", "format"])
}

/// A signed receipt of verifiable randomness; the same as `GET`, for inputs too long for a URL.
#[utoipa::path(post, path = "/v1/vrf", tag = "verifiable",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", example = "0b7d1f0c-8f1e-4c55-9d0e-3f6a2c9b7e10", description = "Name of this request: sent again with it, it gets the same answer, for 24 hours")),
    request_body = VrfOrder,
    responses(
        (status = 200, description = "The receipt", content((Receipt = "application/json"), (String = "text/plain")), headers(("Idempotency-Replayed" = String, description = "`true` when the answer is that of the first request with this `Idempotency-Key`"))),
    ),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let key = caller.known()?;
    let posted = Posted::read(&app, request, &["key"], VRF_BODY_BYTES).await?;
    let (headers, body) = (posted.headers.clone(), posted.body.clone());
    let work = posted.pass_to_vrf(Arc::clone(&app), "/vrf");
    once(&app, key.id, "/v1/vrf", &headers, &body, work).await
}
