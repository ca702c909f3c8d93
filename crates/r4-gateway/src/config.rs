//! Settings of the gateway, read once from the environment.

mod keeping;

use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use r4_service::common::CommonConfig;
use r4_service::config::{ConfigErrors, Env};
use r4_service::upstream::UpstreamLimits;

use crate::limits::{Count, Policy, Rate};
use crate::proxies::TrustedProxies;

pub use keeping::{AdminConfig, Keeping, SecretUrl, StoreConfig};

/// Port without `PORT`.
pub const DEFAULT_PORT: u16 = 8082;

/// The variables that the gateway reads, for `--help`.
pub const ENVIRONMENT: &str = "  R4_API_KEY | API_KEY      key that callers present (needed)
  R4_INTERNAL_KEY           key for r4-core and r4-vrf (R4_API_KEY)
  R4_API_KEY_FILE           file with R4_API_KEY, instead of the key itself; in the same way:
                            R4_INTERNAL_KEY_FILE, R4_ADMIN_TOKEN_FILE, R4_DATABASE_URL_FILE,
                            R4_REDIS_URL_FILE. The files of the first two are read again at SIGHUP,
                            and may have several keys: the first is sent, all are accepted
  R4_API_HOST | API_HOST    address to listen on (127.0.0.1)
  R4_PORT | PORT            port to listen on (8082)
  R4_CORE_URL               where r4-core listens (http://127.0.0.1:8080)
  R4_VRF_URL                where r4-vrf listens (http://127.0.0.1:8081)
  R4_TRUSTED_PROXIES        peers whose X-Forwarded-For is believed: CIDRs, addresses, host names
  R4_RATE_ADDRESS           requests per client address (10/s); 600/m and 1000/h work too
  R4_BURST_ADDRESS          how many of them may come at once (one second's worth)
  R4_RATE_KEY               units per second of R4_API_KEY, and of keys made without a rate (50/s);
                            32 bytes cost one, a receipt or a draw five
  R4_BURST_KEY              how many of them may be spent at once (one second's worth)
  R4_OPEN_ADDRESS           requests that a client address may have open at once (32)
  R4_STATE_DIR              folder of API keys, usage and draws; without it they are forgotten
                            at the end
  R4_DATABASE_URL           postgres://user:password@host/name: keys, usage and audit are shared
                            there by several gateways, instead of in R4_STATE_DIR
  R4_REDIS_URL              redis://host: rate limits are shared there by several gateways
  R4_ADMIN_HOST             address of the admin API (127.0.0.1)
  R4_ADMIN_PORT             port of the admin API, for r4 keys; without it there is none
  R4_ADMIN_TOKEN            token of the admin API (the file admin.token in R4_STATE_DIR, which is
                            made at the first start)
  R4_DEMO                   how often one address may use /v1/demo without a key (30/m); all
                            together twice as often; 0: never
  DOMAIN                    public name of the node; a weak key is then refused
  R4_LOG_LEVEL              trace, debug, info, warning, error or critical (info)
  R4_LOG_FORMAT             text or json (text)
  R4_OTLP_ENDPOINT          collector of traces by OTLP/HTTP, such as http://collector:4318 (off)
  R4_OTLP_RATIO             share of new traces that is sent there, 0 to 1 (1)
";

/// Everything that the gateway is told from outside.
#[derive(Debug)]
pub struct GatewayConfig {
    /// Listener, keys and logs.
    pub common: CommonConfig,
    /// Where r4-core listens.
    pub core_url: Uri,
    /// Where r4-vrf listens.
    pub vrf_url: Uri,
    /// Peers whose `X-Forwarded-For` is believed.
    pub proxies: Arc<TrustedProxies>,
    /// Limit of a client address.
    pub address_policy: Policy,
    /// Limit of `R4_API_KEY`.
    pub key_policy: Policy,
    /// Where things are kept, and who may change them.
    pub keeping: Keeping,
    /// How often an address may use the demonstration, which needs no key; `None` when it is off.
    pub demo: Option<Rate>,
    /// Most requests that a client address may have open at once.
    pub open_per_address: NonZeroU32,
    /// Time-outs.
    pub deadlines: Deadlines,
}

/// How long the gateway waits for whom.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Bounds on a call of an upstream, until the head of its answer.
    pub upstream: UpstreamLimits,
    /// Most time to pass a long body on, from its first byte to its last.
    pub answer_body: Duration,
    /// Most time to receive the body of a request.
    pub request_body: Duration,
    /// Most time to answer any request's head; longer than the others together.
    pub head: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            upstream: UpstreamLimits::default(),
            answer_body: Duration::from_mins(1),
            request_body: Duration::from_secs(5),
            head: Duration::from_secs(20),
        }
    }
}

impl GatewayConfig {
    /// Reads the settings; all that is wrong is reported together.
    ///
    /// # Errors
    /// [`ConfigErrors`].
    pub fn read(mut env: Env) -> Result<Self, ConfigErrors> {
        let config = Self::gather(&mut env);
        env.finish(config)
    }

    /// Reads the settings; errors are gathered in `env`.
    fn gather(env: &mut Env) -> Option<Self> {
        let common = CommonConfig::read(env, DEFAULT_PORT);
        let core_url = read_url(env, "R4_CORE_URL", "http://127.0.0.1:8080");
        let vrf_url = read_url(env, "R4_VRF_URL", "http://127.0.0.1:8081");
        let proxies = read_proxies(env);
        let address_policy =
            read_policy(env, "default", ("R4_RATE_ADDRESS", "R4_BURST_ADDRESS"), PER_ADDRESS);
        let key_policy = read_policy(env, "key", ("R4_RATE_KEY", "R4_BURST_KEY"), PER_KEY);
        let open_per_address = read_count(env, "R4_OPEN_ADDRESS").unwrap_or(OPEN_PER_ADDRESS);
        let keeping = Keeping::read(env);
        let demo = read_demo(env);
        common.map(|common| Self {
            common,
            core_url,
            vrf_url,
            proxies: Arc::new(proxies),
            address_policy,
            key_policy,
            keeping,
            demo,
            open_per_address,
            deadlines: Deadlines::default(),
        })
    }
}

const PER_ADDRESS: Rate =
    Rate { count: NonZeroU32::MIN.saturating_add(9), per: Duration::from_secs(1) };
const PER_KEY: Rate =
    Rate { count: NonZeroU32::MIN.saturating_add(49), per: Duration::from_secs(1) };
const DEMO: Rate = Rate { count: NonZeroU32::MIN.saturating_add(29), per: Duration::from_mins(1) };
const OPEN_PER_ADDRESS: NonZeroU32 = NonZeroU32::MIN.saturating_add(31);

fn read_count(env: &mut Env, key: &'static str) -> Option<NonZeroU32> {
    env.parsed(key, "a whole number from 1 to 1000000").map(|Count(count)| count)
}

fn read_demo(env: &mut Env) -> Option<Rate> {
    match env.text("R4_DEMO") {
        Some(off) if off == "0" => None,
        given => {
            let rate = env.parse("R4_DEMO", given, "0, or a rate such as 30/m");
            Some(rate.unwrap_or(DEMO))
        }
    }
}

fn read_policy(
    env: &mut Env,
    name: &'static str,
    (rate_key, burst_key): (&'static str, &'static str),
    default: Rate,
) -> Policy {
    let rate = env.parsed::<Rate>(rate_key, "a rate such as 10/s, 600/m or 1000/h");
    let burst = read_count(env, burst_key);
    let rate = rate.unwrap_or(default);
    Policy { name, rate, burst: burst.unwrap_or_else(|| rate.each_second()) }
}

fn read_proxies(env: &mut Env) -> TrustedProxies {
    let text = env.text("R4_TRUSTED_PROXIES").unwrap_or_default();
    text.parse().unwrap_or_else(|error| {
        env.error(format!("R4_TRUSTED_PROXIES: {error}"));
        TrustedProxies::default()
    })
}

fn read_url(env: &mut Env, key: &'static str, default: &'static str) -> Uri {
    let given = env.parsed::<BaseUrl>(key, "a URL such as http://127.0.0.1:8080, without a path");
    given.map_or_else(|| Uri::from_static(default), |base| base.0)
}

/// `http://host[:port]` and nothing more.
struct BaseUrl(Uri);

impl FromStr for BaseUrl {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uri: Uri = text.parse().map_err(|_| ())?;
        let authority = uri.authority().ok_or(())?.as_str();
        let bare = uri.path_and_query().is_none_or(|p| p.as_str() == "/");
        let good = uri.scheme_str() == Some("http") && bare && !authority.contains('@');
        if good { Ok(Self(uri)) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<GatewayConfig, ConfigErrors> {
        let pairs = pairs.iter().chain(&[("R4_API_KEY", "demo")]);
        GatewayConfig::read(Env::of(pairs.map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))))
    }

    #[test]
    fn defaults() {
        let config = read(&[]).expect("defaults");
        assert_eq!(config.core_url, "http://127.0.0.1:8080");
        assert_eq!(config.vrf_url, "http://127.0.0.1:8081");
        assert_eq!(config.common.port, 8082);
        assert_eq!(
            (config.address_policy.rate, config.address_policy.burst.get()),
            (PER_ADDRESS, 10)
        );
        assert_eq!((config.key_policy.rate, config.key_policy.burst.get()), (PER_KEY, 50));
    }

    #[test]
    fn rates_and_bursts() {
        let config = read(&[("R4_RATE_ADDRESS", "600/m"), ("R4_BURST_ADDRESS", "7")]).expect("set");
        assert_eq!(config.address_policy.burst.get(), 7);
        assert_eq!(config.address_policy.rate.per, Duration::from_mins(1));
        let config = read(&[("R4_RATE_KEY", "90/m")]).expect("set");
        assert_eq!(config.key_policy.burst.get(), 2);
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let bad = [
            ("R4_CORE_URL", "https://core"),
            ("R4_VRF_URL", "http://vrf/path"),
            ("R4_TRUSTED_PROXIES", "10.0.0.0/33"),
            ("R4_RATE_ADDRESS", "10"),
            ("R4_BURST_ADDRESS", "0"),
            ("R4_RATE_KEY", "0/s"),
            ("R4_BURST_KEY", "1000001"),
            ("R4_OPEN_ADDRESS", "-1"),
            ("R4_DATABASE_URL", "mysql://user:secret@host/name"),
            ("R4_REDIS_URL", "host:6379"),
            ("R4_ADMIN_HOST", "localhost"),
            ("R4_ADMIN_PORT", "70000"),
            ("R4_ADMIN_TOKEN", "short"),
            ("R4_DEMO", "maybe"),
        ];
        let errors = read(&bad).expect_err("every one").0;
        assert!(!errors.concat().contains("secret"), "{errors:?}");
        assert_eq!(errors.len(), bad.len(), "{errors:?}");
        for ((key, _), error) in bad.iter().zip(&errors) {
            assert!(errors.iter().any(|e| e.starts_with(key)), "{key} {error}");
        }
    }

    #[test]
    fn help_names_every_variable_read() {
        let mut env = Env::of([("R4_API_KEY".to_owned(), "demo".to_owned())]);
        GatewayConfig::gather(&mut env);
        for key in env.keys_read() {
            assert!(ENVIRONMENT.contains(key), "{key}");
        }
    }
}
