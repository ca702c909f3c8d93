//! `POST /v1/verify`: r4-vrf's opinion of a receipt. A convenience, not a proof.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use r4_api::gateway::ProblemDocument;
use r4_api::vrf::VerifyAnswer;
use r4_service::Problem;

use crate::App;
use crate::routes::{VERIFY_BODY_BYTES, post_to_vrf};

/// Checks a receipt. The node that made a receipt cannot prove it to you: run `r4 verify`.
#[utoipa::path(post, path = "/v1/verify", tag = "verifiable",
    request_body(content = serde_json::Value, description = "A receipt, or `{msg_hash, r, s, v, expected_signer}`"),
    responses(
        (status = 200, description = "What was checked, valid or not", body = VerifyAnswer),
        (status = 408, description = "The body came too slowly", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 415, description = "The body does not say that it is JSON", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn verify(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    post_to_vrf(&app, "/verify", VERIFY_BODY_BYTES, request).await
}
