//! `POST /v1/verify`: r4-vrf's opinion of a receipt. A convenience, not a proof.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use r4_api::vrf::VerifyAnswer;
use r4_service::Problem;

use crate::App;
use crate::routes::{Posted, VERIFY_BODY_BYTES};
use crate::schemas::Verifiable;

/// Checks a receipt. The node that made a receipt cannot prove it to you: run `r4 verify`.
#[utoipa::path(post, path = "/v1/verify", tag = "verifiable",
    request_body(content = Verifiable, description = "A receipt, or `{msg_hash, r, s, v, expected_signer}`"),
    responses(
        (status = 200, description = "What was checked, valid or not", body = VerifyAnswer),
    ),
)]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let posted = Posted::read(&app, request, &["key"], VERIFY_BODY_BYTES).await?;
    posted.pass_to_vrf(app, "/verify").await
}
