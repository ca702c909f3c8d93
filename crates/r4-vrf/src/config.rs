//! Settings of r4-vrf.

use std::path::PathBuf;

use axum::http::Uri;
use axum::http::uri::Scheme;
use r4_service::common::CommonConfig;
use r4_service::config::{ConfigErrors, Env};

/// Port without `PORT`.
pub const DEFAULT_PORT: u16 = 8081;
const STATE_DIR: &str = "/var/lib/r4";
const CORE_URL: &str = "http://127.0.0.1:8080";

/// Help text about the variables read here.
pub const ENVIRONMENT: &str = "  API_KEY, R4_API_KEY        key that callers present (required)
  R4_INTERNAL_KEY            key between the services (default: the API key)
  API_HOST, R4_API_HOST      address to listen on (default 127.0.0.1)
  PORT, R4_PORT              port to listen on (default 8081; 0: any free one)
  R4_STATE_DIR               folder of the root seed and the index (default /var/lib/r4)
  R4_CORE_URL                where r4-core is (default http://127.0.0.1:8080)
  DOMAIN                     public name of the node: a weak key is then refused
  R4_LOG_LEVEL               trace, debug, info (default), warning, error, critical
  R4_LOG_FORMAT              text (default) or json";

/// All settings.
#[derive(Debug)]
pub struct Config {
    /// Listener, keys and logs.
    pub common: CommonConfig,
    /// Folder of the root seed and the index.
    pub state_dir: PathBuf,
    /// Where r4-core is, `http://host:port`.
    pub core_url: Uri,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// Every error of the environment together.
    pub fn read(mut env: Env) -> Result<Self, ConfigErrors> {
        let config = Self::read_from(&mut env);
        env.finish(config)
    }

    fn read_from(env: &mut Env) -> Option<Self> {
        let common = CommonConfig::read(env, DEFAULT_PORT);
        let state_dir = env.text("R4_STATE_DIR").unwrap_or_else(|| STATE_DIR.to_owned()).into();
        let core_url = env.text("R4_CORE_URL").unwrap_or_else(|| CORE_URL.to_owned());
        let core_url = base_url(&core_url);
        if core_url.is_none() {
            env.error("R4_CORE_URL must be http://host:port, without a path");
        }
        Some(Self { common: common?, state_dir, core_url: core_url? })
    }
}

fn base_url(text: &str) -> Option<Uri> {
    let url: Uri = text.parse().ok()?;
    let authority = url.authority()?;
    let bare = url.scheme() == Some(&Scheme::HTTP)
        && !authority.as_str().contains('@')
        && url.path() == "/"
        && url.query().is_none();
    bare.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        Config::read(Env::of(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()))))
    }

    #[test]
    fn defaults() {
        let config = read(&[("R4_API_KEY", "demo")]).expect("good");
        assert_eq!(config.common.port, 8081);
        assert!(config.common.host.is_loopback());
        assert_eq!(config.state_dir, PathBuf::from("/var/lib/r4"));
        assert_eq!(config.core_url, "http://127.0.0.1:8080/");
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let text = read(&[("R4_CORE_URL", "https://core"), ("PORT", "x")]).expect_err("bad");
        for word in ["R4_CORE_URL", "PORT", "R4_API_KEY"] {
            assert!(text.to_string().contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn the_core_is_named_by_a_bare_http_address() {
        for good in ["http://r4-core:8080", "http://[::1]:8080/", "http://127.0.0.1"] {
            assert!(base_url(good).is_some(), "{good}");
        }
        for bad in ["r4-core:8080", "/x", "http://h/p", "http://h/?q", "http://u:p@h", "x y"] {
            assert!(base_url(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_variable_read_is_in_the_help() {
        let mut env = Env::of([]);
        let _ = Config::read_from(&mut env);
        assert!(env.keys_read().contains(&"R4_STATE_DIR"));
        for key in env.keys_read() {
            assert!(ENVIRONMENT.contains(key), "{key}");
        }
    }
}
