//! `GET /version`.

use axum::Json;
use r4_api::vrf::ServiceVersion;

use crate::{GIT, VERSION};

/// Answers name, version and commit.
pub(crate) async fn version() -> Json<ServiceVersion> {
    Json(ServiceVersion {
        name: "r4-gateway".to_owned(),
        version: VERSION.to_owned(),
        git: GIT.to_owned(),
    })
}
