//! r4-core: reads its settings, checks and starts the sealed generator, serves until SIGTERM.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use r4_core::config::{self, Config};
use r4_core::core::Core;
use r4_core::{App, observe, service};
use r4_service::args::{About, Action, complain, parse};
use r4_service::auth::Guard;
use r4_service::config::Env;
use r4_service::keys::Accepts;
use r4_service::ready::Readiness;
use r4_service::server::{self, ServeError, Stop};
use r4_service::{otlp, trace};

const ABOUT: About = About {
    name: "r4-core",
    version: env!("CARGO_PKG_VERSION"),
    purpose: "random bytes from a sealed, self-tested, fail-closed generator",
    default_port: config::DEFAULT_PORT,
    flags: &[("--dev", "no sealed binary: serve the kernel's bytes, and say so")],
    environment: config::ENVIRONMENT,
};

fn main() -> ExitCode {
    let flags = match parse(&ABOUT, std::env::args()) {
        Action::Exit(code) => return code,
        Action::Serve(flags) => flags,
    };
    let config = match Config::read(Env::from_process(), flags.contains(&"--dev")) {
        Ok(config) => config,
        Err(errors) => return complain(&format!("r4-core: {errors}"), 2),
    };
    server::run_to_end(ABOUT.name, serve(config))
}

async fn serve(config: Config) -> Result<(), ServeError> {
    let mut stop = Stop::watch()?;
    let common = config.common;
    trace::init(common.log);
    otlp::start(common.otlp.as_ref());
    common.keys.read_again_at_hangup()?;
    observe::start();
    let listener = server::bind(ABOUT.name, SocketAddr::new(common.host, common.port)).await?;
    let readiness = Readiness::not_yet("the sealed core is being checked");
    let start = Core::start(config.source, config.on_failure, readiness.clone());
    let core = Arc::new(stop.or(start).await?);
    tokio::spawn(Arc::clone(&core).keep_watching());
    let guard = Guard::new(common.keys, Accepts::CallersAndServices);
    let app = service(App::new(core, guard), readiness.clone());
    server::run(listener, app, readiness, stop).await
}
