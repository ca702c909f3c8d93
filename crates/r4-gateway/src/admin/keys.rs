//! `/admin/v1/keys`: keys are made, listed, shown, rotated and revoked.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use bytes::Bytes;
use r4_api::keys::{FreshKey, KeyInfo, KeyPage, KeyStatus, MOST_ROWS};
use r4_service::Problem;
use r4_service::clock::unix_now;
use r4_service::query::Query;
use zeroize::Zeroizing;

use super::error::{invalid_order, refused, unavailable, unknown_key};
use super::{Admin, actor, order};
use crate::keys::{KeyId, KeyRecord, SIMPLE_NAME, SecretText};

/// Room for the answer with a key, so that it is not copied while it is written.
const ANSWER_BYTES: usize = 4096;

/// `POST /admin/v1/keys`: makes a key. The answer alone ever holds its text.
pub(super) async fn create(
    State(admin): State<Arc<Admin>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    Query::parse(request.uri().query(), &[])?;
    let actor = actor(request.extensions().get::<ConnectInfo<SocketAddr>>());
    let wanted = order::read(request).await?;
    let now = unix_now();
    let (id, secret) = (KeyId::random().map_err(no_randomness)?, new_secret()?);
    let key = order::new_key(&wanted, (id, secret.hash()), admin.defaults, now)?;
    let made = admin.store.create(key, &actor, now).await;
    let record = made.map_err(|error| refused(&error, &wanted.name))?;
    admin.carry_over().await;
    tracing::info!(key = %record.name, id = %record.id, actor, "an API key was made");
    fresh(StatusCode::CREATED, &secret, &record, now)
}

/// `GET /admin/v1/keys`: a page of the keys, the revoked ones included.
pub(super) async fn list(
    State(admin): State<Arc<Admin>>,
    uri: Uri,
) -> Result<Json<KeyPage>, Problem> {
    let query = Query::parse(uri.query(), &["after", "limit"])?;
    let limit = query.number("limit", 1, MOST_ROWS)?.unwrap_or(MOST_ROWS);
    let after = query.text("after").map(str::parse::<KeyId>).transpose();
    let after = after.map_err(|error| invalid_order(format!("after: {error}")))?;
    let records = admin.store.list(after, limit).await.map_err(|error| unavailable(&error))?;
    let full = records.len() == limit;
    let next = records.last().filter(|_| full).map(|record| record.id.to_string());
    let now = unix_now();
    Ok(Json(KeyPage { keys: records.iter().map(|record| info(record, now)).collect(), next }))
}

/// `GET /admin/v1/keys/{key}`, by id or name.
pub(super) async fn show(
    State(admin): State<Arc<Admin>>,
    Path(key): Path<String>,
    uri: Uri,
) -> Result<Json<KeyInfo>, Problem> {
    Query::parse(uri.query(), &[])?;
    let record = admin.key(&key).await?;
    Ok(Json(info(&record, unix_now())))
}

/// `POST /admin/v1/keys/{key}/rotate`: replaces a key's text. The answer alone ever holds the new
/// one.
pub(super) async fn rotate(
    State(admin): State<Arc<Admin>>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    Query::parse(request.uri().query(), &[])?;
    let actor = actor(request.extensions().get::<ConnectInfo<SocketAddr>>());
    let overlap = order::overlap(&order::read_or_default(request).await?)?;
    let id = admin.key(&key).await?.id;
    let (secret, now) = (new_secret()?, unix_now());
    let rotated = admin.store.rotate(id, secret.hash(), overlap, &actor, now).await;
    let record = rotated.map_err(|error| refused(&error, &key))?;
    admin.carry_over().await;
    tracing::info!(key = %record.name, id = %record.id, actor, overlap, "an API key was rotated");
    fresh(StatusCode::OK, &secret, &record, now)
}

/// `POST /admin/v1/keys/{key}/revoke`: revokes a key for good, by all its texts.
pub(super) async fn revoke(
    State(admin): State<Arc<Admin>>,
    Path(key): Path<String>,
    request: Request,
) -> Result<Json<KeyInfo>, Problem> {
    Query::parse(request.uri().query(), &[])?;
    let actor = actor(request.extensions().get::<ConnectInfo<SocketAddr>>());
    let order::Nothing {} = order::read_or_default(request).await?;
    let id = admin.key(&key).await?.id;
    let now = unix_now();
    let revoked = admin.store.revoke(id, &actor, now).await;
    let record = revoked.map_err(|error| refused(&error, &key))?;
    admin.carry_over().await;
    tracing::info!(key = %record.name, id = %record.id, actor, "an API key was revoked");
    Ok(Json(info(&record, now)))
}

impl Admin {
    /// Returns the key that a path names.
    pub(super) async fn key(&self, id_or_name: &str) -> Result<KeyRecord, Problem> {
        if id_or_name == SIMPLE_NAME {
            let detail = "the key default is R4_API_KEY, which is set in the environment of the \
                          gateway and not here";
            return Err(invalid_order(detail));
        }
        if id_or_name.len() > MOST_NAME || id_or_name.contains(char::is_control) {
            return Err(unknown_key("of that name"));
        }
        self.store.find(id_or_name).await.map_err(|error| refused(&error, id_or_name))
    }

    /// Makes a change known to this process at once; the others find it within 250 ms.
    async fn carry_over(&self) {
        if let Err(error) = self.sync.refresh().await {
            tracing::warn!(%error, "a change of a key is kept, and will be read later");
        }
    }
}

/// Most bytes of a name that is worth looking up.
const MOST_NAME: usize = 64;

/// Returns what is told of a key.
fn info(record: &KeyRecord, now: u64) -> KeyInfo {
    let status = if record.revoked.is_some() {
        KeyStatus::Revoked
    } else if record.is_expired(now) {
        KeyStatus::Expired
    } else {
        KeyStatus::Live
    };
    let policy = &record.policy;
    KeyInfo {
        id: record.id.to_string(),
        name: record.name.to_string(),
        status,
        scopes: policy.scopes.iter().map(|scope| scope.to_string()).collect(),
        rate: policy.rate.to_string(),
        burst: policy.burst.get(),
        quota: policy.quota.map(|quota| quota.to_string()),
        created: record.created,
        expires: record.expires,
        rotated: record.rotated,
        old_until: record.old_until(now).filter(|_| record.revoked.is_none()),
        revoked: record.revoked,
    }
}

/// Writes the one answer that holds a key's text; its bytes are wiped when they were sent.
fn fresh(
    status: StatusCode,
    secret: &SecretText,
    record: &KeyRecord,
    now: u64,
) -> Result<Response<Body>, Problem> {
    let answer = FreshKey { key: secret.as_str(), info: info(record, now) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(ANSWER_BYTES));
    serde_json::to_writer(&mut *bytes, &answer).map_err(|_| Problem::internal())?;
    let mut response = Response::new(Body::from(Bytes::from_owner(bytes)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

fn new_secret() -> Result<SecretText, Problem> {
    SecretText::generate().map_err(no_randomness)
}

fn no_randomness(cause: getrandom::Error) -> Problem {
    tracing::error!(%cause, "the system gives no randomness for a key");
    Problem::internal()
}
