//! `GET /v1/usage`: what a key has used.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use r4_api::gateway::{KeyName, QuotaStanding, UsageAnswer};
use r4_service::Problem;
use r4_service::clock::unix_now;
use r4_service::query::Query;

use crate::App;
use crate::access::{Caller, KeyStanding};
use crate::error::store_down;
use crate::keys::{KeyEntry, Quota};
use crate::store::day_of;

/// Days that are told.
const DAYS: u32 = 31;

/// What the key that asks has used, and what is left to it.
#[utoipa::path(get, path = "/v1/usage", tag = "node",
    responses((status = 200, description = "The usage of the last 31 days", body = UsageAnswer)),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn usage(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Extension(KeyStanding(rate)): Extension<KeyStanding>,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::parse(uri.query(), &["key"])?;
    let (key, now) = (caller.known()?, unix_now());
    let today = day_of(now);
    let rows = app.store.usage(key.id, today.saturating_sub(DAYS.saturating_sub(1)), today).await;
    let rows = rows.map_err(|error| store_down(&error))?;
    let quota = match key.policy.quota {
        Some(quota) => Some(standing(&app, &key, quota, now).await?),
        None => None,
    };
    let answer = UsageAnswer {
        key: name(&key),
        rate: rate.to_api(),
        quota,
        days: rows.into_iter().map(Into::into).collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

fn name(key: &KeyEntry) -> KeyName {
    KeyName {
        id: key.id.to_string(),
        name: key.name.to_string(),
        scopes: key.policy.scopes.iter().map(|scope| scope.to_string()).collect(),
        expires: key.expires.map(Into::into),
    }
}

async fn standing(
    app: &App,
    key: &KeyEntry,
    quota: Quota,
    now: u64,
) -> Result<QuotaStanding, Problem> {
    let granted = app.store.granted(key.id, quota.per.start(now)).await;
    let granted = granted.map_err(|error| store_down(&error))?;
    let used = granted.saturating_sub(app.meters.in_hand(key.id).await);
    Ok(quota.standing(used, now))
}
