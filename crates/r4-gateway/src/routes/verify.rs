//! `POST /v1/verify`: r4-vrf's opinion of a receipt. A convenience, not a proof.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri, header};
use r4_api::gateway::ProblemDocument;
use r4_api::vrf::VerifyAnswer;
use r4_service::Problem;
use r4_service::query::Query;
use r4_service::shell::RequestId;

use crate::App;
use crate::body;
use crate::relay::Call;
use crate::routes::VERIFY_BODY_BYTES;

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
    id: Option<Extension<RequestId>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response<Body>, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let body = body::read(&headers, body, VERIFY_BODY_BYTES, app.deadlines.request_body).await?;
    let id = id.as_ref().map(|Extension(id)| id);
    let kind = headers.get(header::CONTENT_TYPE);
    Call::post(&app.vrf, app.deadlines, "/verify", id, kind, body)?.relay().await
}
