//! `GET /version`.

use axum::Json;
use axum::http::Uri;
use r4_api::vrf::ServiceVersion;
use r4_service::Problem;
use r4_service::query::Query;

use crate::{GIT, VERSION};

/// Answers name, version and commit.
pub(crate) async fn version(uri: Uri) -> Result<Json<ServiceVersion>, Problem> {
    Query::parse(uri.query(), &[])?;
    Ok(Json(ServiceVersion {
        name: "r4-gateway".to_owned(),
        version: VERSION.to_owned(),
        git: GIT.to_owned(),
    }))
}
