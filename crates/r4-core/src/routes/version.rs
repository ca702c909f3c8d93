//! `GET /version`: the attestation of this core.

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use r4_api::core::{CoreVersion, Limits, MAX_BYTES_PER_REQUEST};
use r4_service::Problem;
use r4_service::query::Query;

use crate::{App, GIT};

/// Answers the attested state.
///
/// # Errors
/// 400 when there is any parameter.
pub async fn version(State(app): State<App>, uri: Uri) -> Result<Json<CoreVersion>, Problem> {
    Query::parse(uri.query(), &[])?;
    let status = app.core.status();
    let entropy = app.core.entropy(&status);
    let manifest = app.core.sealed().map(crate::sealed::SealedBinary::manifest);
    Ok(Json(CoreVersion {
        name: "re4ctor-api".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        api_git: GIT.to_owned(),
        core_git: manifest.map_or_else(|| "unknown".to_owned(), |m| m.core_git.clone()),
        integrity: status.integrity,
        selftest: status.selftest,
        mode: status.mode,
        reason: status.reason,
        strict: app.core.is_strict(),
        sealed_core: app.core.sealed_path().map(|p| p.display().to_string()),
        core_sha256: manifest.map(|m| m.sha256.clone()),
        limits: Limits {
            max_bytes_per_request: MAX_BYTES_PER_REQUEST,
            rate_limit: "10/s per address (by r4-gateway)".to_owned(),
        },
        entropy,
    }))
}
