//! r4-vrf: reads its settings, tests itself, opens its state, serves until SIGTERM.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use r4_service::args::{About, Action, complain, parse};
use r4_service::auth::Guard;
use r4_service::config::Env;
use r4_service::keys::Accepts;
use r4_service::ready::Readiness;
use r4_service::server::{self, Stop};
use r4_service::upstream::{Upstream, UpstreamLimits};
use r4_service::{otlp, trace};
use r4_vrf::config::{self, Config};
use r4_vrf::epochs::keep_following;
use r4_vrf::error::StartError;
use r4_vrf::node::Node;
use r4_vrf::publish::keep_publishing;
use r4_vrf::{App, observe, router};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

const ABOUT: About = About {
    name: "r4-vrf",
    version: env!("CARGO_PKG_VERSION"),
    purpose: "verifiable randomness in receipts signed by ECDSA and ML-DSA-65",
    default_port: config::DEFAULT_PORT,
    flags: &[],
    environment: config::ENVIRONMENT,
};

fn main() -> ExitCode {
    if let Action::Exit(code) = parse(&ABOUT, std::env::args()) {
        return code;
    }
    let config = match Config::read(Env::from_process()) {
        Ok(config) => config,
        Err(errors) => return complain(&format!("r4-vrf: {errors}"), 2),
    };
    server::run_to_end(ABOUT.name, serve(config))
}

async fn serve(config: Config) -> Result<(), StartError> {
    let stop = Stop::watch()?;
    // No core dump and no debugger of the same user sees the keys.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(StartError::Dumpable)?;
    let Config { common, state_dir, core_url, .. } = config;
    let (origin, batches, notice) = (config.origin, config.batches, config.notice);
    let (witnesses, witness_interval) = (config.witnesses, config.witness_interval);
    trace::init(common.log);
    otlp::start(common.otlp.as_ref());
    common.keys.read_again_at_hangup()?;
    let readiness = Readiness::not_yet("the keys are being loaded and tested");
    let node = Arc::new(Node::open(&state_dir, &origin, batches, notice, readiness.clone())?);
    let core = Upstream::new("r4-core", &core_url, &common.keys, UpstreamLimits::default());
    let guard = Guard::new(common.keys, Accepts::CallersAndServices);
    observe::state_folder(state_dir);
    let routes = router(App::new(Arc::clone(&node), guard, core));
    tokio::spawn(keep_publishing(Arc::clone(&node), witnesses, witness_interval));
    tokio::spawn(keep_following(Arc::clone(&node)));
    let listener = server::bind(ABOUT.name, SocketAddr::new(common.host, common.port)).await?;
    let served = server::run(listener, routes, readiness, stop).await;
    // Also when requests were cut off: their entries become missed ones.
    node.close();
    Ok(served?)
}
