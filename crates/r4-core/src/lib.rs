//! r4-core: random bytes from a sealed generator that is integrity-checked, self-tested and fails
//! closed.
//!
//! [`sealed`] holds the checked binary, [`selftest`] tests it, [`generator`] reads the bytes of the
//! process that runs it, [`health`] what that process reports of its noise sources; [`core`] decides
//! what is served. No byte is served twice: bytes leave the buffer by being overwritten.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use r4_service::auth::{Guard, authenticate};
use r4_service::ready::Readiness;
use r4_service::shell::{self, RequestLimits};
use r4_service::shortcut::Shortened;

mod buffers;
mod child;
pub mod config;
pub mod core;
pub mod error;
pub mod generator;
pub mod health;
pub mod moment;
pub mod observe;
mod patience;
pub mod routes;
pub mod sealed;
pub mod selftest;
pub mod status;
#[cfg(test)]
mod testing;

use buffers::Buffers;

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct App {
    /// The entropy core.
    pub core: Arc<core::Core>,
    /// The keys that are accepted.
    pub guard: Arc<Guard>,
    /// SHA-256 of the sealed binary, if its integrity was verified.
    core_sha256: Option<HeaderValue>,
    buffers: Buffers,
}

impl App {
    /// Serves what `core` makes to callers whom `guard` knows.
    pub fn new(core: Arc<core::Core>, guard: Guard) -> Self {
        let sha256 = core.sealed().map(|sealed| HeaderValue::from_str(&sealed.manifest().sha256));
        let (core_sha256, guard) = (sha256.and_then(Result::ok), Arc::new(guard));
        Self { core, guard, core_sha256, buffers: Buffers::default() }
    }
}

/// Commit that this binary was built from.
pub const GIT: &str = match option_env!("R4_GIT") {
    Some(git) => git,
    None => "unknown",
};

/// Most time until the head of an answer.
const HEAD_DEADLINE: Duration = Duration::from_secs(15);

/// Returns the service: its routes within the shell's layers, and the shortcut of `/random`.
pub fn service(app: App, readiness: Readiness) -> Shortened<App> {
    Shortened::new(app.clone(), router(app, readiness), HEAD_DEADLINE)
}

/// Returns the service's routes within the shell's layers.
pub fn router(app: App, readiness: Readiness) -> Router {
    let limits = RequestLimits { head_deadline: HEAD_DEADLINE, body_bytes: 1024 };
    let keyed = from_fn_with_state(Arc::clone(&app.guard), authenticate);
    let routes = Router::new()
        .route("/health", get(routes::health::health))
        .route("/version", get(routes::version::version))
        .route(routes::random::ROUTE, get(routes::random::random).route_layer(keyed.clone()))
        .route("/selftest", post(routes::selftest::selftest).route_layer(keyed))
        .layer(from_fn(shell::refuse_needless_body))
        .with_state(app);
    shell::wrap(routes, readiness, limits)
}
