//! Settings that every service has.

use std::net::IpAddr;

use crate::auth::{ApiKey, KeyStrength};
use crate::config::Env;
use crate::domain::Domain;
use crate::trace::{LogConfig, LogFormat};

/// Listener, keys and logs of a service.
#[derive(Debug)]
pub struct CommonConfig {
    /// Address to listen on; loopback unless `API_HOST` says otherwise.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// Key that callers present.
    pub api_key: ApiKey,
    /// Key that the services present to each other; `R4_API_KEY` unless set.
    pub internal_key: ApiKey,
    /// The key itself, to be sent to the other services.
    pub internal_secret: crate::auth::Secret,
    /// Whether a weak key may serve remote callers.
    pub domain: Domain,
    /// What is logged, and how.
    pub log: LogConfig,
}

impl CommonConfig {
    /// Reads the settings; errors are gathered in `env`.
    pub fn read(env: &mut Env, default_port: u16) -> Option<Self> {
        let host = env.text_either("R4_API_HOST", "API_HOST");
        let host = env.parse("API_HOST", host, "an IP address such as 127.0.0.1 or 0.0.0.0");
        let port = read_port(env);
        let log = read_log(env);
        let domain = Domain::parse(&env.text("DOMAIN").unwrap_or_default());
        let api = env.text_either("R4_API_KEY", "API_KEY");
        let internal = env.text("R4_INTERNAL_KEY").or_else(|| api.clone());
        let (Some(api), Some(internal)) = (api, internal) else {
            env.error(
                "R4_API_KEY is not set: choose a key, for example with `openssl rand -hex 32`",
            );
            return None;
        };
        let (api_key, internal_key) = (ApiKey::new(&api), ApiKey::new(&internal));
        for (name, key) in [("R4_API_KEY", &api_key), ("R4_INTERNAL_KEY", &internal_key)] {
            if domain.is_public() && key.strength() == KeyStrength::Weak {
                env.error(format!(
                    "{name} is too weak for a public DOMAIN: set at least 16 random characters, for \
                     example with `openssl rand -hex 32`"
                ));
            }
        }
        Some(Self {
            host: host.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: port.unwrap_or(default_port),
            api_key,
            internal_key,
            internal_secret: crate::auth::Secret::new(internal),
            domain,
            log,
        })
    }
}

/// Reads the port alone: what `healthcheck` needs.
pub fn read_port(env: &mut Env) -> Option<u16> {
    let port = env.text_either("R4_PORT", "PORT");
    env.parse("PORT", port, "a port number from 0 to 65535")
}

fn read_log(env: &mut Env) -> LogConfig {
    let level = env.text("R4_LOG_LEVEL");
    let level = env.parse("R4_LOG_LEVEL", level, "trace, debug, info, warning, error or critical");
    let format = env.text("R4_LOG_FORMAT");
    let format = env.parse::<LogFormat>("R4_LOG_FORMAT", format, "text or json");
    LogConfig { level: level.unwrap_or_default(), format: format.unwrap_or_default() }
}
