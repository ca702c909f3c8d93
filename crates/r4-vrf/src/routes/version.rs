//! `GET /version`: what runs here.

use axum::Json;
use axum::http::Uri;
use r4_api::vrf::ServiceVersion;
use r4_service::Problem;
use r4_service::query::Query;

use crate::GIT;

/// Answers name, version and commit.
///
/// # Errors
/// 400 when there is any parameter.
pub async fn version(uri: Uri) -> Result<Json<ServiceVersion>, Problem> {
    Query::parse(uri.query(), &[])?;
    Ok(Json(ServiceVersion {
        name: "r4-vrf".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git: GIT.to_owned(),
    }))
}
