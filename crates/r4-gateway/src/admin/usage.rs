//! `GET /admin/v1/keys/{key}/usage`: what a key used, day by day, and where its quota stands.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Uri;
use r4_api::gateway::QuotaStanding;
use r4_api::keys::KeyUsage;
use r4_service::Problem;
use r4_service::clock::unix_now;
use r4_service::query::Query;

use super::Admin;
use super::error::unavailable;
use crate::keys::{KeyId, KeyRecord, Quota, SIMPLE_NAME};
use crate::store::{StoreError, day_of};

/// Days that are told of, today included, when the request does not say.
const DAYS: u32 = 31;
/// Most days that are told of.
const MOST_DAYS: u32 = 400;

/// Returns what a key used in the last `days` days.
pub(super) async fn usage(
    State(admin): State<Arc<Admin>>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Json<KeyUsage>, Problem> {
    let query = Query::parse(uri.query(), &["days"])?;
    let days = query.number("days", 1, MOST_DAYS)?.unwrap_or(DAYS);
    let now = unix_now();
    let (id, name, quota) = if key == SIMPLE_NAME {
        (KeyId::SIMPLE, key, None)
    } else {
        let KeyRecord { id, name, policy, .. } = admin.key(&key).await?;
        (id, name.to_string(), policy.quota)
    };
    let quota = match quota {
        Some(quota) => Some(admin.standing(id, quota, now).await),
        None => None,
    };
    let quota = quota.transpose().map_err(|error| unavailable(&error))?;
    let today = day_of(now);
    let first = today.saturating_sub(days.saturating_sub(1));
    let rows = admin.store.usage(id, first, today).await.map_err(|error| unavailable(&error))?;
    let days = rows.into_iter().map(Into::into).collect();
    Ok(Json(KeyUsage { id: id.to_string(), name, quota, days }))
}

impl Admin {
    async fn standing(
        &self,
        id: KeyId,
        quota: Quota,
        now: u64,
    ) -> Result<QuotaStanding, StoreError> {
        let used = self.store.granted(id, quota.per.start(now)).await?;
        Ok(quota.standing(used, now))
    }
}
