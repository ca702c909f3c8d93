//! The public API of a node: `/v1/*`, `/openapi.json` and `/docs`.
//!
//! Holds no secret but hashes of API keys and the key it shows to r4-core and r4-vrf. It checks,
//! limits and passes on; what an answer says is the upstreams' affair, their problems included.
//! One upstream that is down costs only the routes that need it.
//!
//! Cross-origin: pages of any origin may read what is public (`Access-Control-Allow-Origin: *`).
//! Routes that need a key answer no cross-origin preflight: a key does not belong into a page,
//! and a node on a developer's machine with a known key must not be readable by every page.

mod access;
mod body;
pub mod config;
mod error;
pub mod limits;
mod open;
pub mod openapi;
mod passage;
pub mod proxies;
mod relay;
mod routes;
pub mod schemas;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bytes::Bytes;
use r4_service::auth::Guard;
use r4_service::ready::Readiness;
use r4_service::shell::{RequestLimits, wrap};
use r4_service::upstream::Upstream;

use config::{Deadlines, GatewayConfig};
use limits::{AddressLimiter, Limiter};
use open::OpenRequests;
use proxies::TrustedProxies;
use watch::Watch;

/// Version of this crate.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit that the binary was built from.
pub const GIT: &str = match option_env!("R4_GIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// Most time for the first look-up of the trusted proxies' names; later ones are in the background.
const FIRST_LOOK_UP: Duration = Duration::from_secs(1);

/// A gateway that is ready to be served.
#[derive(Debug)]
pub struct Gateway {
    /// All routes and layers.
    pub router: Router,
    /// Whether both upstreams can be used.
    pub readiness: Readiness,
}

/// What the routes share.
struct App {
    core: Upstream,
    vrf: Upstream,
    guard: Guard,
    proxies: Arc<TrustedProxies>,
    address_limit: AddressLimiter,
    key_limit: Limiter<String>,
    open: Arc<OpenRequests>,
    watch: Arc<Watch>,
    deadlines: Deadlines,
    openapi: Bytes,
}

/// Looks at the upstreams once and starts the tasks in the background, which end with the runtime.
pub async fn start(config: GatewayConfig) -> Gateway {
    let GatewayConfig { common, core_url, vrf_url, proxies, deadlines, .. } = config;
    let key = &common.internal_secret;
    let app = Arc::new(App {
        core: Upstream::new("r4-core", core_url.clone(), key, deadlines.upstream),
        vrf: Upstream::new("r4-vrf", vrf_url.clone(), key, deadlines.upstream),
        guard: Guard::new(vec![common.api_key]),
        proxies: Arc::clone(&proxies),
        address_limit: AddressLimiter::new(config.address_policy),
        key_limit: Limiter::new(config.key_policy),
        open: Arc::new(OpenRequests::new(config.open_per_address)),
        watch: Arc::new(Watch::new(core_url, vrf_url, key)),
        deadlines,
        openapi: openapi::text().into(),
    });
    // A name server that does not answer must not hold the start up.
    let _ = tokio::time::timeout(FIRST_LOOK_UP, proxies.look_up()).await;
    let readiness = Readiness::not_yet("the upstreams were not looked at yet");
    readiness.set(app.watch.look().await);
    tokio::spawn(Arc::clone(&app.watch).keep_looking(readiness.clone()));
    tokio::spawn(proxies.keep_looking_up());
    tokio::spawn(keep_sweeping(Arc::clone(&app)));
    let limits =
        RequestLimits { head_deadline: deadlines.head, body_bytes: routes::VERIFY_BODY_BYTES };
    Gateway { router: wrap(routes::router(&app), readiness.clone(), limits), readiness }
}

/// Frees the buckets of callers who have left.
async fn keep_sweeping(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        app.address_limit.sweep();
    }
}
