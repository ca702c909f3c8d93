//! Where the gateway keeps what it must not forget, and who may change it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use r4_service::auth::{ApiKey, KeyStrength};
use r4_service::config::Env;
use r4_service::secrets;
use zeroize::Zeroizing;

use crate::redis_rates::RedisUrl;

/// Where API keys, usage and draws are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreConfig {
    /// Nowhere: they are forgotten at the end.
    Memory,
    /// In a file in this folder.
    Folder(PathBuf),
    /// In the PostgreSQL database of this URL, which holds a password.
    Database(SecretUrl),
}

/// A URL that may hold a password, and does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Zeroizing<String>);

impl SecretUrl {
    /// Returns the URL, password included.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl(..)")
    }
}

/// Where the operator's API listens, and its token, unless that is in the state folder.
#[derive(Debug)]
pub struct AdminConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// The token of `R4_ADMIN_TOKEN`.
    pub token: Option<ApiKey>,
}

/// Settings about what is kept.
#[derive(Debug)]
pub struct Keeping {
    /// Where API keys, usage and draws are kept.
    pub store: StoreConfig,
    /// Folder of the state, for the admin API's token.
    pub state_dir: Option<PathBuf>,
    /// Redis, where the limits are shared.
    pub redis: Option<RedisUrl>,
    /// The operator's API.
    pub admin: Option<AdminConfig>,
}

impl Keeping {
    /// Reads the settings; errors are gathered in `env`.
    pub(super) fn read(env: &mut Env) -> Self {
        let state_dir: Option<PathBuf> = env.text("R4_STATE_DIR").map(PathBuf::from);
        let (database, redis) = (read_database(env), read_redis(env));
        let admin = read_admin(env, state_dir.is_some());
        let store = match (database, &state_dir) {
            (Some(url), _) => StoreConfig::Database(url),
            (None, Some(folder)) => StoreConfig::Folder(folder.clone()),
            (None, None) => StoreConfig::Memory,
        };
        Self { store, state_dir, redis, admin }
    }
}

fn read_database(env: &mut Env) -> Option<SecretUrl> {
    let text = secrets::DATABASE_URL.read(env)?;
    if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        // The value is not shown: it may hold a password.
        env.error("R4_DATABASE_URL must be postgres://user:password@host/name");
        return None;
    }
    Some(SecretUrl(text))
}

fn read_redis(env: &mut Env) -> Option<RedisUrl> {
    let parsed = secrets::REDIS_URL.read(env)?.parse();
    if let Err(error) = &parsed {
        env.error(format!("R4_REDIS_URL: {error}"));
    }
    parsed.ok()
}

fn read_admin(env: &mut Env, has_folder: bool) -> Option<AdminConfig> {
    let host = env.parsed::<IpAddr>("R4_ADMIN_HOST", "an IP address such as 127.0.0.1");
    let port = env.parsed::<u16>("R4_ADMIN_PORT", "a port number");
    let token = secrets::ADMIN_TOKEN.read(env).map(|token| ApiKey::new(&token));
    if token.as_ref().is_some_and(|token| token.strength() == KeyStrength::Weak) {
        env.error(
            "R4_ADMIN_TOKEN is too weak: set at least 16 random characters, for example with \
             `openssl rand -hex 32`",
        );
    }
    let port = port?;
    if token.is_none() && !has_folder {
        env.error("R4_ADMIN_PORT needs R4_ADMIN_TOKEN, or R4_STATE_DIR for the token's file");
    }
    let listen = SocketAddr::new(host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port);
    Some(AdminConfig { listen, token })
}
