//! Settings of the witness: flags, and the environment where a flag is not given.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use r4_service::config::Env;
use r4_service::trace::LogConfig;
use r4_tlog::{Algorithm, VerifierKey};

use super::{IdentityArgs, ListenArgs, RunArgs};
use crate::exit::Error;
use crate::log::url_prefix;

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8083);

/// All settings.
#[derive(Debug)]
pub(super) struct Config {
    /// Who it is.
    pub(super) identity: Identity,
    /// Where it listens.
    pub(super) listen: SocketAddr,
    /// Keys of logs.
    pub(super) log_keys: Vec<VerifierKey>,
    /// Prefixes of logs whose nodes name the keys.
    pub(super) log_urls: Vec<String>,
    /// What is logged, and how.
    pub(super) log: LogConfig,
}

/// Where its secret is and how it is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// The state folder.
    pub(super) state: PathBuf,
    /// The name of both keys.
    pub(super) name: String,
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// All of what is missing or malformed, together.
    pub(super) fn read(args: &RunArgs) -> Result<Self, Error> {
        finish(Env::from_process(), |env| Self::read_from(args, env))
    }

    fn read_from(args: &RunArgs, env: &mut Env) -> Option<Self> {
        let identity = Identity::read_from(&args.identity, env);
        let listen = read_listen(&args.listen, env);
        let log_keys = list(&args.log, env, "R4_WITNESS_LOG");
        let log_keys = log_keys.iter().map(|vkey| log_key(env, vkey)).collect::<Option<Vec<_>>>();
        let log_urls = list(&args.log_url, env, "R4_WITNESS_LOG_URL");
        let log_urls = log_urls.iter().map(|url| log_url(env, url)).collect::<Option<Vec<_>>>();
        let log = read_log(env);
        let (log_keys, log_urls) = (log_keys?, log_urls?);
        if log_keys.is_empty() && log_urls.is_empty() {
            env.error("no log is named: give --log or --log-url");
        }
        Some(Self { identity: identity?, listen: listen?, log_keys, log_urls, log })
    }
}

impl Identity {
    /// Reads who the witness is.
    ///
    /// # Errors
    /// The folder or the name is missing.
    pub(super) fn read(args: &IdentityArgs) -> Result<Self, Error> {
        finish(Env::from_process(), |env| Self::read_from(args, env))
    }

    fn read_from(args: &IdentityArgs, env: &mut Env) -> Option<Self> {
        let state = env.text("R4_WITNESS_STATE_DIR").map(PathBuf::from);
        let state = args.state.clone().or(state);
        let name = env.text("R4_WITNESS_NAME");
        let name = args.name.clone().or(name);
        if state.is_none() {
            env.error("no state folder is named: give --state or set R4_WITNESS_STATE_DIR");
        }
        if name.is_none() {
            env.error("the witness has no name: give --name or set R4_WITNESS_NAME");
        }
        Some(Self { state: state?, name: name? })
    }
}

/// Returns where a witness on this machine can be asked.
///
/// # Errors
/// The environment has no address.
pub(super) fn own_address(args: &ListenArgs) -> Result<SocketAddr, Error> {
    let mut address = finish(Env::from_process(), |env| read_listen(args, env))?;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    Ok(address)
}

fn finish<T>(mut env: Env, read: impl FnOnce(&mut Env) -> Option<T>) -> Result<T, Error> {
    let config = read(&mut env);
    env.finish(config).map_err(|errors| Error::Unusable(errors.to_string()))
}

fn read_listen(args: &ListenArgs, env: &mut Env) -> Option<SocketAddr> {
    let given = env.text("R4_WITNESS_LISTEN");
    match (args.listen, given) {
        (Some(address), _) => Some(address),
        (None, None) => Some(LISTEN),
        (None, given) => env.parse("R4_WITNESS_LISTEN", given, "an address such as 0.0.0.0:8083"),
    }
}

fn read_log(env: &mut Env) -> LogConfig {
    let level = env.parsed("R4_LOG_LEVEL", "trace, debug, info, warning, error or critical");
    let format = env.parsed("R4_LOG_FORMAT", "text or json");
    LogConfig { level: level.unwrap_or_default(), format: format.unwrap_or_default() }
}

/// Returns what the flags list, else what the variable lists.
fn list(given: &[String], env: &mut Env, key: &'static str) -> Vec<String> {
    let text = env.text(key).unwrap_or_default();
    if !given.is_empty() {
        return given.to_vec();
    }
    let items = text.split(|c: char| c == ',' || c.is_whitespace());
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn log_key(env: &mut Env, vkey: &str) -> Option<VerifierKey> {
    match VerifierKey::parse(vkey) {
        Ok(key) if key.algorithm() == Algorithm::CosignatureEd25519 => {
            env.error(format!("{vkey} is the key of a witness, not of a log"));
            None
        }
        Ok(key) => Some(key),
        Err(error) => {
            env.error(format!("{vkey} is no key of a log: {error}"));
            None
        }
    }
}

fn log_url(env: &mut Env, url: &str) -> Option<String> {
    url_prefix(url).map_err(|error| env.error(error.to_string())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &RunArgs, pairs: &[(&str, &str)]) -> Result<Config, String> {
        let env = Env::of(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        finish(env, |env| Config::read_from(args, env)).map_err(|error| error.to_string())
    }

    fn args(state: Option<&str>, log_url: &[&str]) -> RunArgs {
        RunArgs {
            identity: IdentityArgs { state: state.map(PathBuf::from), name: None },
            listen: ListenArgs { listen: None },
            log: Vec::new(),
            log_url: log_url.iter().map(|url| (*url).to_owned()).collect(),
        }
    }

    #[test]
    fn flags_go_before_the_environment() {
        let pairs = [
            ("R4_WITNESS_STATE_DIR", "/b"),
            ("R4_WITNESS_NAME", "w"),
            ("R4_WITNESS_LISTEN", "0.0.0.0:9"),
            ("R4_WITNESS_LOG_URL", "http://a/log, http://b/log/"),
        ];
        let config = read(&args(Some("/a"), &[]), &pairs).unwrap();
        assert_eq!(config.identity, Identity { state: "/a".into(), name: "w".into() });
        assert_eq!(config.listen.to_string(), "0.0.0.0:9");
        assert_eq!(config.log_urls, ["http://a/log", "http://b/log"]);
        let config = read(&args(None, &["http://c/log"]), &pairs).unwrap();
        assert_eq!(config.identity.state, PathBuf::from("/b"));
        assert_eq!(config.log_urls, ["http://c/log"]);
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let pairs = [("R4_WITNESS_LISTEN", "here"), ("R4_LOG_LEVEL", "loud")];
        let text = read(&args(None, &["ftp://x"]), &pairs).unwrap_err();
        for words in ["--state", "--name", "R4_WITNESS_LISTEN", "R4_LOG_LEVEL", "ftp://x"] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let text = read(&args(Some("/a"), &[]), &[("R4_WITNESS_NAME", "w")]).unwrap_err();
        assert!(text.contains("--log or --log-url"), "{text}");
    }

    #[test]
    fn every_variable_read_is_in_the_help() {
        let mut env = Env::of([]);
        let _ = Config::read_from(&args(None, &[]), &mut env);
        assert_eq!(env.keys_read().len(), 7);
        for key in env.keys_read() {
            assert!(super::super::RUN_HELP.contains(key), "{key}");
        }
    }
}
