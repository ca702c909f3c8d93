//! r4-vrf: verifiable randomness in receipts signed twice, and attested bytes of r4-core.
//!
//! [`node`] holds the keys, the index and the log, [`issue`] makes and checks an answer, [`order`]
//! says what a client may ask for, [`core`] asks r4-core for bytes, [`workers`] bounds the work,
//! [`publish`] keeps the log's checkpoint fresh, [`epochs`] lets one key epoch follow another. No answer leaves that this node has not verified
//! itself and that is not in its log.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use r4_service::auth::{Guard, authenticate};
use r4_service::shell::{self, RequestLimits};
use r4_service::upstream::Upstream;

pub mod body;
pub mod config;
pub mod core;
pub mod epochs;
pub mod error;
mod induced;
pub mod issue;
mod log;
pub mod node;
pub mod observe;
pub mod order;
pub mod publish;
pub mod routes;
pub mod witness;
pub mod workers;

use crate::node::Node;
use crate::workers::Workers;

/// Commit that this binary was built from.
pub const GIT: &str = match option_env!("R4_GIT") {
    Some(git) => git,
    None => "unknown",
};

/// Bounds on a request. A receipt is some 12 KiB; what `/verify` parses is at most 64 KiB.
const LIMITS: RequestLimits =
    RequestLimits { head_deadline: Duration::from_secs(10), body_bytes: body::MAX_BYTES };

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct App {
    node: Arc<Node>,
    guard: Arc<Guard>,
    core: Upstream,
    /// Bounds signing, which needs a key.
    signing: Workers,
    /// Bounds `/verify`, which anybody may call, apart from signing.
    checking: Workers,
    /// Bounds reading the log, which anybody may do.
    reading: Workers,
}

impl App {
    /// Puts together what the handlers share; the work is bounded by the processors there are.
    pub fn new(node: Arc<Node>, guard: Guard, core: Upstream) -> Self {
        Self {
            node,
            guard: Arc::new(guard),
            core,
            signing: Workers::per_processor(2, 512).shown("signing"),
            checking: Workers::per_processor(1, 64).shown("checking"),
            reading: Workers::per_processor(2, 256).shown("reading"),
        }
    }
}

/// Returns the service's routes within the shell's layers.
pub fn router(app: App) -> Router {
    let (readiness, node) = (app.node.readiness().clone(), Arc::clone(&app.node));
    let keyed = from_fn_with_state(Arc::clone(&app.guard), authenticate);
    let vrf = get(routes::vrf::get).post(routes::vrf::post).route_layer(keyed.clone());
    let random_dual = get(routes::random_dual::random_dual).route_layer(keyed.clone());
    let selftest = post(routes::selftest::selftest).route_layer(keyed);
    let routes = Router::new()
        .route("/health", get(routes::health::health))
        .route("/version", get(routes::version::version))
        .route("/keys", get(routes::keys::keys))
        .route("/verify", post(routes::verify::verify))
        .route("/receipts", get(routes::receipts::list))
        .route("/receipts/{id}", get(routes::receipts::one))
        .route("/log/checkpoint", get(routes::log::checkpoint))
        .route("/log/tile/{*path}", get(routes::log::tile))
        .route("/log/consistency", get(routes::log::consistency))
        .route("/selftest", selftest)
        .route("/vrf", shell::no_other_method(vrf, "GET,POST"))
        .route("/random_dual", shell::no_other_method(random_dual, "GET"))
        .layer(from_fn(shell::refuse_needless_body))
        .with_state(app);
    let wrapped = shell::wrap(routes, readiness, LIMITS);
    observe::start(&node);
    wrapped
}
