//! Settings that every service has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::http::Uri;

use crate::config::Env;
use crate::domain::Domain;
use crate::keys::Keys;
use crate::otlp::OtlpConfig;
use crate::trace::{LogConfig, LogFormat};

/// Where a service listens unless it is told.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Listener, keys and logs of a service.
#[derive(Debug)]
pub struct CommonConfig {
    /// Address to listen on; loopback unless `API_HOST` says otherwise.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// Keys of callers and of the services.
    pub keys: Keys,
    /// Whether a weak key may serve remote callers.
    pub domain: Domain,
    /// What is logged, and how.
    pub log: LogConfig,
    /// Where traces go, if anywhere.
    pub otlp: Option<OtlpConfig>,
}

impl CommonConfig {
    /// Reads the settings; errors are gathered in `env`.
    pub fn read(env: &mut Env, default_port: u16) -> Option<Self> {
        let (host, port) = (read_host(env), read_port(env));
        let (log, otlp) = (read_log(env), read_otlp(env));
        let domain = Domain::parse(&env.text("DOMAIN").unwrap_or_default());
        let keys = Keys::read(env, &domain)?;
        Some(Self {
            host: host.unwrap_or(LOOPBACK),
            port: port.unwrap_or(default_port),
            keys,
            domain,
            log,
            otlp,
        })
    }
}

/// Returns where the service itself can be asked: what `healthcheck` needs.
pub fn read_own_address(env: &mut Env, default_port: u16) -> SocketAddr {
    let (host, port) = (read_host(env), read_port(env));
    let host = match host.unwrap_or(LOOPBACK) {
        IpAddr::V4(ip) if ip.is_unspecified() => LOOPBACK,
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(host, port.unwrap_or(default_port))
}

fn read_host(env: &mut Env) -> Option<IpAddr> {
    let host = env.text_either("R4_API_HOST", "API_HOST");
    env.parse("API_HOST", host, "an IP address such as 127.0.0.1 or 0.0.0.0")
}

fn read_port(env: &mut Env) -> Option<u16> {
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

fn read_otlp(env: &mut Env) -> Option<OtlpConfig> {
    let endpoint =
        env.parsed::<Collector>("R4_OTLP_ENDPOINT", "an address such as http://host:4318");
    let ratio = env.parsed::<Ratio>("R4_OTLP_RATIO", "a number from 0 to 1");
    let Collector(endpoint) = endpoint?;
    Some(OtlpConfig { endpoint, ratio: ratio.map_or(1.0, |Ratio(ratio)| ratio) })
}

/// `http://host[:port]` and nothing more.
struct Collector(Uri);

impl FromStr for Collector {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let authority = uri.authority().ok_or(())?.as_str();
        let bare = uri.path_and_query().is_none_or(|p| p.as_str() == "/");
        let good = uri.scheme_str() == Some("http") && bare && !authority.contains('@');
        if good { Ok(Self(uri)) } else { Err(()) }
    }
}

struct Ratio(f64);

impl FromStr for Ratio {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let ratio: f64 = text.parse().map_err(|_| ())?;
        if (0.0..=1.0).contains(&ratio) { Ok(Self(ratio)) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<CommonConfig, String> {
        let mut env = Env::of(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let config = CommonConfig::read(&mut env, 8080);
        env.finish(config).map_err(|errors| errors.to_string())
    }

    #[test]
    fn a_key_that_no_header_carries_is_refused_by_name() {
        for key in ["ключ-из-шестнадцати", "a\u{1}b"] {
            assert!(read(&[("R4_API_KEY", key)]).expect_err(key).contains("R4_API_KEY must"));
            let both = [("R4_API_KEY", "demo"), ("R4_INTERNAL_KEY", key)];
            assert!(read(&both).expect_err(key).contains("R4_INTERNAL_KEY must"));
        }
        // One key with spaces in it would be several weak ones.
        let spaced = read(&[("R4_API_KEY", "with a space in it")]).expect_err("weak");
        assert!(spaced.contains("R4_API_KEY has several keys"), "{spaced}");
    }

    #[test]
    fn only_the_weak_key_that_was_set_is_blamed() {
        let errors = read(&[("R4_API_KEY", "demo"), ("DOMAIN", "node.example.org")]);
        let text = errors.expect_err("weak");
        assert!(text.contains("R4_API_KEY is too weak") && !text.contains("INTERNAL"), "{text}");
    }

    #[test]
    fn the_collector_and_the_share_of_traces() {
        let otlp = |pairs: &[(&str, &str)]| {
            read(&[&[("R4_API_KEY", "demo")], pairs].concat()).map(|config| config.otlp)
        };
        assert_eq!(otlp(&[]).expect("off"), None);
        let config = otlp(&[("R4_OTLP_ENDPOINT", "http://collector:4318")]).expect("on");
        let config = config.expect("on");
        assert_eq!((config.endpoint.port_u16(), config.ratio), (Some(4318), 1.0));
        for (key, bad) in [
            ("R4_OTLP_ENDPOINT", "https://collector"),
            ("R4_OTLP_ENDPOINT", "http://user:password@collector"),
            ("R4_OTLP_ENDPOINT", "http://collector/v1/traces"),
            ("R4_OTLP_RATIO", "1.5"),
            ("R4_OTLP_RATIO", "-0.1"),
            ("R4_OTLP_RATIO", "NaN"),
        ] {
            let errors = otlp(&[(key, bad)]).expect_err(bad);
            assert!(errors.contains(key) && !errors.contains("password"), "{errors}");
        }
    }

    #[test]
    fn the_own_address_is_one_that_can_be_asked() {
        let address = |host: &str| {
            let mut env = Env::of([("API_HOST".to_owned(), host.to_owned())]);
            read_own_address(&mut env, 8080).to_string()
        };
        assert_eq!(address(""), "127.0.0.1:8080");
        assert_eq!(address("0.0.0.0"), "127.0.0.1:8080");
        assert_eq!(address("::"), "[::1]:8080");
        assert_eq!(address("192.0.2.7"), "192.0.2.7:8080");
    }
}
