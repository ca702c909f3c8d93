//! The public API of a node: `/v1/*`, `/openapi.json` and `/docs`.
//!
//! Holds no secret but hashes of API keys and the key it shows to r4-core and r4-vrf. It checks,
//! limits and passes on; what an answer says is the upstreams' affair, their problems included.
//! One upstream that is down costs only the routes that need it. Draws alone are computed here, from
//! a receipt of r4-vrf, by rules that anyone can follow.
//!
//! What must outlive it is in its [`store`]; replicas share that in a database, and rate limits in
//! Redis.
//!
//! Cross-origin: pages of any origin may read what is public (`Access-Control-Allow-Origin: *`).
//! Routes that need a key answer no cross-origin preflight: a key does not belong into a page,
//! and a node on a developer's machine with a known key must not be readable by every page.

mod access;
pub mod admin;
mod body;
pub mod config;
mod error;
mod history;
mod idempotency;
pub mod keys;
pub mod limits;
mod open;
pub mod openapi;
mod passage;
mod prices;
pub mod proxies;
mod quota;
mod rates;
pub mod redis_rates;
mod relay;
mod routes;
mod saturation;
pub mod schemas;
mod shared_calls;
mod start;
pub mod store;
mod watch;

use std::sync::Arc;

use r4_service::auth::Guard;
use r4_service::upstream::Upstream;

use config::Deadlines;
use keys::{KeyEntry, KeyTable};
use open::OpenRequests;
use openapi::Description;
use proxies::TrustedProxies;
use quota::Meters;
use rates::Rates;
use shared_calls::SharedCalls;
use store::Store;
use watch::Watch;

pub use start::{Closing, Gateway, StartError, start};

/// Version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit that the binary was built from.
pub const GIT: &str = match option_env!("R4_GIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// What the routes share.
struct App {
    core: Upstream,
    /// Of r4-core, for a few bytes each.
    shared_calls: SharedCalls,
    vrf: Upstream,
    guard: Guard,
    /// What `R4_API_KEY` may do.
    simple_key: Arc<KeyEntry>,
    keys: Arc<KeyTable>,
    store: Arc<Store>,
    proxies: Arc<TrustedProxies>,
    rates: Rates,
    meters: Arc<Meters>,
    open: Arc<OpenRequests>,
    watch: Arc<Watch>,
    deadlines: Deadlines,
    description: Description,
    /// Whether the demonstration works.
    demo: bool,
}
