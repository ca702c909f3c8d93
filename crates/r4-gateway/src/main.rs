//! The binary `r4-gateway`.

use std::net::SocketAddr;
use std::process::ExitCode;

use r4_gateway::config::{DEFAULT_PORT, ENVIRONMENT, GatewayConfig};
use r4_service::args::{self, About, Action, complain};
use r4_service::config::Env;
use r4_service::server::{self, ConnectionLimits};
use r4_service::trace;

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
    trace::init(config.common.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return complain(&format!("r4-gateway: cannot start: {cause}"), 1),
    };
    match runtime.block_on(serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("r4-gateway: {error}"), 1),
    }
}

async fn serve(config: GatewayConfig) -> Result<(), server::ServeError> {
    let address = SocketAddr::new(config.common.host, config.common.port);
    let gateway = r4_gateway::start(config).await;
    let listener = server::bind(ABOUT.name, address).await?;
    server::run(listener, gateway.router, gateway.readiness, ConnectionLimits::default()).await
}
