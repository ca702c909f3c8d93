//! `GET /v1/meta`: what this node is, and what it proves and does not.

use axum::Json;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use r4_api::gateway::Meta;
use r4_service::Problem;
use r4_service::query::Query;

use crate::routes::request_bounds;
use crate::{GIT, VERSION};

const PROVED: [&str; 3] = [
    "the VRF proof shows that `random` is the only output for this key and alpha",
    "the signatures show who answered and when they say it was",
    "the proof of inclusion shows that the receipt is in the node's log, which tells of every index",
];
const NOT_PROVED: [&str; 6] = [
    "that the operator did not know outputs in advance for inputs it could guess or choose",
    "fairness of index mode against the operator: it knows those outputs and can spend an index \
     on itself; use an alpha fixed beforehand that the operator could not predict",
    "that everyone is shown the same log: that takes monitors that remember, or witnesses that \
     somebody else runs",
    "anything after quantum computers by the VRF; ML-DSA-65 protects who said it",
    "secrecy: VRF outputs are public and are never secrets",
    "anything by /v1/verify, which is a convenience; run `r4 verify` yourself",
];

/// What this node is, what its receipts prove, and what they do not.
#[utoipa::path(get, path = "/v1/meta", tag = "node", responses(
    (status = 200, description = "The node", body = Meta),
))]
pub(crate) async fn meta(uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    let meta = Meta {
        name: "Re4ctoR".to_owned(),
        version: VERSION.to_owned(),
        git: GIT.to_owned(),
        openapi: "/openapi.json".to_owned(),
        docs: "/docs".to_owned(),
        keys: "/v1/keys".to_owned(),
        vrf_suite: "ECVRF-SECP256K1-SHA256-TAI".to_owned(),
        signatures: owned(&["ECDSA(secp256k1)", "ML-DSA-65"]),
        proved: owned(&PROVED),
        not_proved: owned(&NOT_PROVED),
        limits: request_bounds(),
    };
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(meta)).into_response())
}
