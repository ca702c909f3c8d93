//! The binary `r4-gateway`.

use std::net::SocketAddr;
use std::process::ExitCode;

use r4_gateway::config::{DEFAULT_PORT, ENVIRONMENT, GatewayConfig};
use r4_service::args::{self, About, Action, complain};
use r4_service::config::Env;
use r4_service::server::{self, Stop};
use r4_service::{otlp, trace};

const ABOUT: About = About {
    name: "r4-gateway",
    version: env!("CARGO_PKG_VERSION"),
    purpose: "the public API of a Re4ctoR node: API keys, rate limits, OpenAPI, docs",
    default_port: DEFAULT_PORT,
    flags: &[],
    environment: ENVIRONMENT,
};

fn main() -> ExitCode {
    if let Action::Exit(code) = args::parse(&ABOUT, std::env::args()) {
        return code;
    }
    let config = match GatewayConfig::read(Env::from_process()) {
        Ok(config) => config,
        Err(errors) => return complain(&format!("r4-gateway: {errors}"), 2),
    };
    server::run_to_end(ABOUT.name, serve(config))
}

async fn serve(config: GatewayConfig) -> Result<(), anyhow::Error> {
    let mut stop = Stop::watch()?;
    trace::init(config.common.log);
    otlp::start(config.common.otlp.as_ref());
    config.common.keys.read_again_at_hangup()?;
    let address = SocketAddr::new(config.common.host, config.common.port);
    let listener = server::bind(ABOUT.name, address).await?;
    let gateway = stop.or(r4_gateway::start(config)).await??;
    let served = server::run(listener, gateway.service, gateway.readiness, stop).await;
    gateway.closing.close().await;
    Ok(served?)
}
