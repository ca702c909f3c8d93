//! The admin API: API keys are made, listed, rotated and revoked here, and their usage and the
//! audit trail are read, and a copy of the store for a backup.
//!
//! It stands on a port of its own, which is not for the public, and wants a token of its own with
//! every request: `Authorization: Bearer TOKEN`. `r4 keys` is its client.

mod audit;
mod error;
mod keys;
mod order;
mod snapshot;
mod token;
mod usage;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use r4_service::auth::ApiKey;
use r4_service::ready::Readiness;
use r4_service::shell::{RequestLimits, refuse_needless_body, wrap};
use r4_service::{Problem, kind};

use crate::keys::KeySync;
use crate::limits::Policy;
use crate::store::Store;

pub use token::{TOKEN_FILE, TokenError, token};

/// Most bytes of a request's body.
const BODY_BYTES: usize = 8 * 1024;
/// Most time for a request's body.
const BODY_DEADLINE: Duration = Duration::from_secs(5);
/// Most time for an answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// What the routes share.
struct Admin {
    store: Arc<Store>,
    sync: Arc<KeySync>,
    token: ApiKey,
    /// What a key may do whose order does not say.
    defaults: Policy,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admin(..)")
    }
}

/// Returns the admin API as a service: its routes, `/ready`, `/metrics` and the layers around
/// them. `defaults` is the rate of keys whose order names none.
pub fn router(store: Arc<Store>, sync: Arc<KeySync>, token: ApiKey, defaults: Policy) -> Router {
    let admin = Arc::new(Admin { store, sync, token, defaults });
    let routes = Router::new()
        .route("/admin/v1/keys", get(keys::list).post(keys::create))
        .route("/admin/v1/keys/{key}", get(keys::show))
        .route("/admin/v1/keys/{key}/rotate", post(keys::rotate))
        .route("/admin/v1/keys/{key}/revoke", post(keys::revoke))
        .route("/admin/v1/keys/{key}/usage", get(usage::usage))
        .route("/admin/v1/audit", get(audit::audit))
        .route("/admin/v1/snapshot", get(snapshot::snapshot))
        .route("/admin/{*rest}", axum::routing::any(async || Problem::not_found()))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn(private))
        .layer(from_fn(refuse_needless_body))
        .layer(from_fn_with_state(Arc::clone(&admin), authenticate))
        .with_state(admin);
    let limits = RequestLimits { head_deadline: DEADLINE, body_bytes: BODY_BYTES };
    wrap(routes, Readiness::ready(), limits)
}

/// Lets requests with the token through. The token is compared in constant time.
async fn authenticate(
    State(admin): State<Arc<Admin>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let presented = bearer(request.headers());
    if presented.is_some_and(|presented| admin.token.matches(presented)) {
        return Ok(next.run(request).await);
    }
    metrics::counter!("r4_gateway_admin_refused_total").increment(1);
    let detail = "the admin API needs its token: send the header Authorization: Bearer and the \
                  value of R4_ADMIN_TOKEN, or of the file admin.token in R4_STATE_DIR";
    let scheme = HeaderValue::from_static("Bearer");
    Err(Problem::new(kind::INVALID_ADMIN_TOKEN, detail)
        .with_header(header::WWW_AUTHENTICATE, scheme))
}

/// Returns the token of a request; a header that is there twice counts as none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = given.next()?.to_str().ok()?.split_once(' ')?;
    let good = scheme.eq_ignore_ascii_case("bearer") && given.next().is_none();
    good.then(|| token.trim())
}

/// Keeps every answer out of caches.
async fn private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Returns who is noted in the audit trail.
fn actor(peer: Option<&ConnectInfo<SocketAddr>>) -> String {
    match peer {
        Some(ConnectInfo(peer)) => format!("admin@{}", peer.ip().to_canonical()),
        None => "admin".to_owned(),
    }
}
