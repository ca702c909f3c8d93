//! Settings of r4-vrf.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use axum::http::uri::Scheme;
use r4_logstore::Settings;
use r4_service::common::CommonConfig;
use r4_service::config::{ConfigErrors, Env};

use crate::witness::Witness;

/// Port without `PORT`.
pub const DEFAULT_PORT: u16 = 8081;
const STATE_DIR: &str = "/var/lib/r4";
/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;
const MOST_NOTICE: u64 = 366 * DAY;
const CORE_URL: &str = "http://127.0.0.1:8080";

/// Help text about the variables read here.
pub const ENVIRONMENT: &str = "  API_KEY, R4_API_KEY        key that callers present (required)
  R4_INTERNAL_KEY            key between the services (default: the API key)
  R4_API_KEY_FILE            file with the API key, instead of the key itself; in the same way:
                             R4_INTERNAL_KEY_FILE. Both are read again at SIGHUP, and may have several
                             keys: the first is sent, all are accepted
  API_HOST, R4_API_HOST      address to listen on (default 127.0.0.1)
  PORT, R4_PORT              port to listen on (default 8081; 0: any free one)
  R4_STATE_DIR               folder of the seeds, the index and the log (default /var/lib/r4)
  R4_LOG_ORIGIN              name of the log, fixed at the first start: its address without https://
                             (default DOMAIN/v1/log, or localhost/v1/log)
  R4_LOG_BATCH_MS            milliseconds between two batches of answers that are written together
                             (default 10)
  R4_LOG_BATCH_SIZE          answers that are written together at most (default 256)
  R4_WITNESSES               witnesses of the log's checkpoints: KEY@URL, with commas; KEY is a
                             verifier key (r4 witness keys), one of Ed25519 or ML-DSA-44 each
  R4_WITNESS_INTERVAL        seconds between two checkpoints that witnesses are asked for (default 10, at most 30)
  R4_EPOCH_NOTICE            seconds between the announcement of a new root seed's keys and their use
                             (default 86400; less only without a public DOMAIN)
  R4_CORE_URL                where r4-core is (default http://127.0.0.1:8080)
  DOMAIN                     public name of the node: a weak key is then refused
  R4_LOG_LEVEL               trace, debug, info (default), warning, error, critical
  R4_LOG_FORMAT              text (default) or json
  R4_OTLP_ENDPOINT           collector of traces by OTLP/HTTP, such as http://host:4318 (default: off)
  R4_OTLP_RATIO              share of new traces that is sent there, 0 to 1 (default 1)";

/// All settings.
#[derive(Debug)]
pub struct Config {
    /// Listener, keys and logs.
    pub common: CommonConfig,
    /// Folder of the seeds, the index and the log.
    pub state_dir: PathBuf,
    /// The log's name at the first start.
    pub origin: Origin,
    /// How answers are written together.
    pub batches: Settings,
    /// Who is asked to cosign the log's checkpoints.
    pub witnesses: Vec<Witness>,
    /// Time between two rounds of cosigning.
    pub witness_interval: Duration,
    /// Time between the announcement of a key epoch and its use.
    pub notice: Duration,
    /// Where r4-core is, `http://host:port`.
    pub core_url: Uri,
}

/// The name that a log gets at the first start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address of the log, without its scheme.
    pub name: String,
    /// Whether `R4_LOG_ORIGIN` says so.
    pub chosen: bool,
}

impl Default for Origin {
    /// The name for a node without a public name.
    fn default() -> Self {
        Self { name: "localhost/v1/log".to_owned(), chosen: false }
    }
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
        let (batches, witness_interval) = (read_batches(env), read_interval(env));
        let notice = number(env, "R4_EPOCH_NOTICE", DAY, 1..=MOST_NOTICE);
        let origin = env.text("R4_LOG_ORIGIN");
        let witnesses = read_witnesses(env);
        let common = common?;
        if common.domain.is_public() && notice.is_some_and(|notice| notice < DAY) {
            env.error(
                "R4_EPOCH_NOTICE is less than a day, which a node with a public DOMAIN may not \
                 have: whoever relies on its keys must have the time to see a change",
            );
        }
        let origin = read_origin(env, origin, &common);
        Some(Self {
            common,
            state_dir,
            origin: origin?,
            batches: batches?,
            witnesses: witnesses?,
            witness_interval: witness_interval?,
            notice: Duration::from_secs(notice?),
            core_url: core_url?,
        })
    }
}

fn read_origin(env: &mut Env, chosen: Option<String>, common: &CommonConfig) -> Option<Origin> {
    let Some(name) = chosen else {
        let host = common.domain.public_name();
        let named = host.map(|host| Origin { name: format!("{host}/v1/log"), chosen: false });
        return Some(named.unwrap_or_default());
    };
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.contains("://") || name.ends_with('/') || name.len() > 255 || name.contains(bad) {
        env.error(
            "R4_LOG_ORIGIN must be the log's address without https:// and without a / at its end, \
             for example random.example.org/v1/log",
        );
        return None;
    }
    Some(Origin { name, chosen: true })
}

fn read_batches(env: &mut Env) -> Option<Settings> {
    let interval = number(env, "R4_LOG_BATCH_MS", 10, 1..=1000);
    let size = number(env, "R4_LOG_BATCH_SIZE", 256, 1..=4096);
    let batch_interval = Duration::from_millis(interval?);
    Some(Settings { batch_interval, batch_size: usize::try_from(size?).ok()? })
}

fn read_interval(env: &mut Env) -> Option<Duration> {
    number(env, "R4_WITNESS_INTERVAL", 10, 1..=30).map(Duration::from_secs)
}

fn number(
    env: &mut Env,
    key: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
) -> Option<u64> {
    let Some(text) = env.text(key) else { return Some(default) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let (least, most) = (range.start(), range.end());
        env.error(format!("{key} must be a whole number from {least} to {most}"));
    }
    number
}

fn read_witnesses(env: &mut Env) -> Option<Vec<Witness>> {
    let text = env.text("R4_WITNESSES").unwrap_or_default();
    let witnesses = Witness::parse_list(&text);
    if let Err(error) = &witnesses {
        env.error(format!("R4_WITNESSES: {error}"));
    }
    witnesses.ok()
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
    fn the_log_is_named_after_the_node_unless_it_is_told() {
        let origin = |pairs: &[(&str, &str)]| {
            let key = ("R4_API_KEY", "a-key-of-more-than-16-characters");
            read(&[&[key], pairs].concat()).map(|config| (config.origin.name, config.origin.chosen))
        };
        assert_eq!(origin(&[]).unwrap(), ("localhost/v1/log".to_owned(), false));
        let domain = ("DOMAIN", "localhost, a.example");
        assert_eq!(origin(&[domain]).unwrap(), ("a.example/v1/log".to_owned(), false));
        let chosen = ("R4_LOG_ORIGIN", "b.example/log");
        assert_eq!(origin(&[domain, chosen]).unwrap(), ("b.example/log".to_owned(), true));
        for bad in ["https://a.example/log", "a.example/log/", "a b", "a+b"] {
            assert!(origin(&[("R4_LOG_ORIGIN", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_public_node_announces_its_keys_a_day_before() {
        let notice = |domain, notice| {
            let key = ("R4_API_KEY", "a-key-of-more-than-16-characters");
            let pairs = [key, ("DOMAIN", domain), ("R4_EPOCH_NOTICE", notice)];
            read(&pairs).map(|config| config.notice.as_secs())
        };
        assert_eq!(notice("", "").unwrap(), 86_400);
        assert_eq!(notice("localhost", "1").unwrap(), 1);
        assert_eq!(notice("a.example", "86400").unwrap(), 86_400);
        let refused = notice("a.example", "86399").expect_err("too short").to_string();
        assert!(refused.contains("R4_EPOCH_NOTICE is less than a day"), "{refused}");
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let bad = [
            ("R4_CORE_URL", "https://core"),
            ("PORT", "x"),
            ("R4_LOG_BATCH_MS", "0"),
            ("R4_LOG_BATCH_SIZE", "5000"),
            ("R4_WITNESS_INTERVAL", "-1"),
            ("R4_WITNESSES", "no-key"),
            ("R4_EPOCH_NOTICE", "0"),
        ];
        let text = read(&bad).expect_err("bad");
        for word in bad.map(|(key, _)| key).into_iter().chain(["R4_API_KEY"]) {
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
