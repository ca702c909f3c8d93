//! What all HTTP clients of this program have in common.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// Most time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// Begins the settings of a client: whom it believes, its TLS, its name, its time to connect; every status is an answer.
pub(crate) fn config(roots: RootCerts) -> ConfigBuilder<AgentScope> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let tls = TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(Arc::new(provider));
    Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT))
        .user_agent(concat!("r4/", env!("CARGO_PKG_VERSION")))
}
