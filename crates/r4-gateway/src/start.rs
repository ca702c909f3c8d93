//! How the gateway starts, and how it ends.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use r4_service::auth::Guard;
use r4_service::keys::Accepts;
use r4_service::ready::Readiness;
use r4_service::server::{Answer, ConnectionLimits, ServeError, bind, serve_until};
use r4_service::shell::{RequestLimits, wrap};
use r4_service::shortcut::Shortened;
use r4_service::upstream::Upstream;

use crate::admin::{self, TokenError};
use crate::config::{AdminConfig, GatewayConfig, Keeping, StoreConfig};
use crate::keys::{KeyEntry, KeyId, KeyPolicy, KeySync, SIMPLE_NAME, Scopes};
use crate::limits::{Policy, Rate};
use crate::open::OpenRequests;
use crate::openapi::Description;
use crate::quota::Meters;
use crate::rates::{Policies, Rates};
use crate::redis_rates::RedisRates;
use crate::routes::Often;
use crate::shared_calls::SharedCalls;
use crate::store::{Store, StoreError};
use crate::watch::Watch;
use crate::{App, routes, saturation};

/// Most time for the first look-up of the trusted proxies' names; later ones are in the background.
const FIRST_LOOK_UP: Duration = Duration::from_secs(1);
/// Time between two clearings of what the store need not keep.
const CLEAR_EVERY: Duration = Duration::from_mins(5);
/// Requests of the demonstration that may come at once from one address.
const DEMO_AT_ONCE: u32 = 10;
/// All together may use the demonstration this many times as often as one address: each receipt is
/// kept in the log for good, and strangers must not fill the disk.
const DEMO_IN_ALL: u32 = 2;

/// A gateway that is ready to be served.
#[derive(Debug)]
pub struct Gateway {
    /// All routes and layers.
    pub service: Service,
    /// Whether both upstreams can be used.
    pub readiness: Readiness,
    /// Where the admin API listens.
    pub admin: Option<SocketAddr>,
    /// What is left to do at the end.
    pub closing: Closing,
}

/// What answers requests.
#[derive(Clone)]
pub struct Service(Shortened<Often>);

impl Answer for Service {
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send {
        self.0.answer(request, peer)
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service(..)")
    }
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What it keeps cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The admin API has no token.
    #[error("{0}")]
    Token(#[from] TokenError),
    /// The admin API's address cannot be listened on.
    #[error("the admin API: {0}; R4_ADMIN_PORT and R4_ADMIN_HOST choose another address")]
    Admin(ServeError),
}

/// What is left to do when no request is open any more.
pub struct Closing(Arc<App>);

impl std::fmt::Debug for Closing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Closing(..)")
    }
}

impl Closing {
    /// Writes what was used and gives back what was not.
    pub async fn close(self) {
        self.0.meters.close().await;
        self.0.watch.history().write(&self.0.store).await;
    }
}

/// Opens the store, looks at the upstreams once, and starts the tasks in the background, which end
/// with the runtime.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: GatewayConfig) -> Result<Gateway, StartError> {
    let Keeping { store, state_dir, redis, admin } = config.keeping;
    let store = Arc::new(open(&store).await?);
    let keys = Arc::new(KeySync::new(Arc::clone(&store)));
    if let Err(error) = keys.refresh().await {
        // A shared store may come back; until then no key of it is taken, and R4_API_KEY is.
        if !store.is_shared() {
            return Err(error.into());
        }
        tracing::error!(%error, "the database does not answer; its keys are refused until it does");
    }
    tokio::spawn(Arc::clone(&keys).keep_looking());
    let admin = match admin {
        Some(admin) => {
            let folder = state_dir.as_deref();
            Some(serve_admin(admin, folder, &store, &keys, config.key_policy).await?)
        }
        None => None,
    };
    let (common, proxies, deadlines) = (config.common, config.proxies, config.deadlines);
    let upstream = |name, url: &_| Upstream::new(name, url, &common.keys, deadlines.upstream);
    let policies = Policies {
        address: config.address_policy,
        demo: demo("demo", config.demo, 1),
        demo_in_all: demo("demo in all", config.demo, DEMO_IN_ALL),
    };
    let watch = Watch::new(&config.core_url, &config.vrf_url, &common.keys);
    let core = upstream("r4-core", &config.core_url);
    let app = Arc::new(App {
        shared_calls: SharedCalls::new(core.clone(), deadlines),
        core,
        vrf: upstream("r4-vrf", &config.vrf_url),
        guard: Guard::new(common.keys.clone(), Accepts::Callers),
        simple_key: Arc::new(simple_key(config.key_policy)),
        keys: keys.table(),
        meters: Arc::new(Meters::new(Arc::clone(&store))),
        store,
        proxies: Arc::clone(&proxies),
        rates: Rates::new(&policies, redis.map(RedisRates::connect)),
        open: Arc::new(OpenRequests::new(config.open_per_address)),
        watch: Arc::new(watch),
        deadlines,
        description: Description::new(),
        demo: config.demo.is_some(),
    });
    // A name server that does not answer must not hold the start up.
    let _ = tokio::time::timeout(FIRST_LOOK_UP, proxies.look_up()).await;
    let readiness = Readiness::not_yet("the upstreams were not looked at yet");
    readiness.set(app.watch.look().await);
    tokio::spawn(Arc::clone(&app.watch).keep_looking(readiness.clone()));
    tokio::spawn(proxies.keep_looking_up());
    tokio::spawn(keep_sweeping(Arc::clone(&app)));
    tokio::spawn(keep_clearing(Arc::clone(&app.store)));
    tokio::spawn(Arc::clone(&app.meters).keep_flushing());
    tokio::spawn(Arc::clone(app.watch.history()).keep_writing(Arc::clone(&app.store)));
    saturation::show(&app);
    let service = service(&app, readiness.clone());
    Ok(Gateway { service, readiness, admin, closing: Closing(app) })
}

/// Returns all routes within their layers, and the way past them.
fn service(app: &Arc<App>, readiness: Readiness) -> Service {
    let head_deadline = app.deadlines.head;
    let limits = RequestLimits { head_deadline, body_bytes: routes::MOST_BODY_BYTES };
    let routes = wrap(routes::router(app), readiness, limits);
    Service(Shortened::new(Often(Arc::clone(app)), routes, head_deadline))
}

/// Returns what `R4_API_KEY` may do.
fn simple_key(Policy { rate, burst, .. }: Policy) -> KeyEntry {
    let policy = KeyPolicy { rate, burst, quota: None, scopes: Scopes::ALL };
    let name = SIMPLE_NAME.into();
    KeyEntry { id: KeyId::SIMPLE, name, policy: Arc::new(policy), expires: None }
}

async fn open(config: &StoreConfig) -> Result<Store, StoreError> {
    match config {
        StoreConfig::Database(url) => Store::connect(url.as_str()).await,
        StoreConfig::Folder(folder) => Store::open(folder),
        StoreConfig::Memory => {
            tracing::warn!(
                "R4_STATE_DIR is not set: API keys, usage and draws are forgotten at the end"
            );
            Store::in_memory()
        }
    }
}

async fn serve_admin(
    config: AdminConfig,
    state_dir: Option<&std::path::Path>,
    store: &Arc<Store>,
    keys: &Arc<KeySync>,
    defaults: Policy,
) -> Result<SocketAddr, StartError> {
    let token = admin::token(config.token, state_dir)?;
    let listener =
        bind("r4-gateway's admin API", config.listen).await.map_err(StartError::Admin)?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let router = admin::router(Arc::clone(store), Arc::clone(keys), token, defaults);
    let never = std::future::pending();
    let limits = ConnectionLimits::default();
    tokio::spawn(serve_until(listener, router, Readiness::ready(), limits, never));
    Ok(address)
}

/// Frees the buckets of callers who have left.
async fn keep_sweeping(app: Arc<App>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        app.rates.sweep();
    }
}

/// Clears what the store need not keep any longer.
async fn keep_clearing(store: Arc<Store>) {
    loop {
        if let Err(error) = store.sweep(r4_service::clock::unix_now()).await {
            tracing::warn!(%error, "the store cannot be cleared");
        }
        tokio::time::sleep(CLEAR_EVERY).await;
    }
}

/// Returns a limit of the demonstration, `times` as wide as that of one address.
fn demo(name: &'static str, rate: Option<Rate>, times: u32) -> Policy {
    let one = Rate { count: NonZeroU32::MIN, per: Duration::from_secs(1) };
    let rate = rate.unwrap_or(one);
    let count = NonZeroU32::new(times).map_or(rate.count, |times| rate.count.saturating_mul(times));
    let rate = Rate { count, ..rate };
    let at_once = NonZeroU32::new(DEMO_AT_ONCE.saturating_mul(times)).unwrap_or(NonZeroU32::MIN);
    Policy { name, rate, burst: at_once.max(rate.each_second()) }
}
