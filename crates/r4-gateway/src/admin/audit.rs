//! `GET /admin/v1/audit`: the audit trail, page by page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use r4_api::keys::{AuditPage, MOST_ROWS};
use r4_service::Problem;
use r4_service::query::Query;

use super::Admin;
use super::error::unavailable;

/// Returns the rows from `from` on, and where the trail ends.
pub(super) async fn audit(
    State(admin): State<Arc<Admin>>,
    uri: Uri,
) -> Result<Json<AuditPage>, Problem> {
    let query = Query::parse(uri.query(), &["from", "limit"])?;
    let limit = query.number("limit", 1, MOST_ROWS)?.unwrap_or(MOST_ROWS);
    let from = query.number("from", 1, u64::from(u32::MAX))?.unwrap_or(1);
    let (rows, head) = admin.store.audit(from, limit).await.map_err(|error| unavailable(&error))?;
    Ok(Json(AuditPage { rows, head }))
}
