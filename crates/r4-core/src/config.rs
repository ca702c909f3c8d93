//! Settings of r4-core.

use std::path::PathBuf;

use r4_api::manifest::parse_public_key;
use r4_drbg::Engine;
use r4_service::common::CommonConfig;
use r4_service::config::{ConfigErrors, Env};

/// Port without `PORT`.
pub const DEFAULT_PORT: u16 = 8080;
const SEALED_CORE: &str = "/app/runtime/bin/re4_dump";
const MANIFEST: &str = "/app/selftest/manifest.json";
const INDUCED_FAULT: &str = "R4_INDUCED_FAULT";

/// Help text about the variables read here.
pub const ENVIRONMENT: &str = "  API_KEY, R4_API_KEY        key that callers present (required)
  R4_INTERNAL_KEY            key that the other services present (default: the API key)
  R4_API_KEY_FILE            file with the API key, instead of the key itself; in the same way:
                             R4_INTERNAL_KEY_FILE. Both are read again at SIGHUP, and may have several
                             keys: the first is sent, all are accepted
  API_HOST, R4_API_HOST      address to listen on (default 127.0.0.1)
  PORT, R4_PORT              port to listen on (default 8080; 0: any free one)
  STRICT_FIPS, R4_STRICT_FIPS  1: answer 503 rather than fall back to the kernel's generator
  R4_DRBG                    engine of the sealed core: chacha20 (default) or ctr-aes256 (default
                             and the only one with STRICT_FIPS=1)
  R4_SEALED_CORE             sealed binary (default /app/runtime/bin/re4_dump)
  R4_MANIFEST                its manifest (default /app/selftest/manifest.json)
  R4_MANIFEST_PUBLIC_KEY     Ed25519 key, 64 hex digits, that must have signed the manifest
  DOMAIN                     public name of the node: a weak key is then refused
  R4_LOG_LEVEL               trace, debug, info (default), warning, error, critical
  R4_LOG_FORMAT              text (default) or json
  R4_OTLP_ENDPOINT           collector of traces by OTLP/HTTP, such as http://host:4318 (default: off)
  R4_OTLP_RATIO              share of new traces that is sent there, 0 to 1 (default 1)";

/// Where the bytes come from.
#[derive(Debug, PartialEq, Eq)]
pub enum SourceConfig {
    /// The sealed binary.
    Sealed(SealedConfig),
    /// The kernel's generator, for development.
    Dev,
}

/// The sealed binary and how it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedConfig {
    /// The binary.
    pub binary: PathBuf,
    /// Its manifest; a signature stands beside it with `.sig` added.
    pub manifest: PathBuf,
    /// Ed25519 key that must have signed the manifest.
    pub public_key: Option<[u8; 32]>,
    /// Engine that makes the bytes.
    pub engine: Engine,
}

/// What happens when the sealed generator fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Serve the kernel's bytes and say so.
    FallBack,
    /// Serve nothing (strict mode).
    Block,
}

/// All settings.
#[derive(Debug)]
pub struct Config {
    /// Listener, keys and logs.
    pub common: CommonConfig,
    /// Where the bytes come from.
    pub source: SourceConfig,
    /// Strict mode or not.
    pub on_failure: OnFailure,
}

impl Config {
    /// Reads the settings; `dev` is the flag `--dev`.
    ///
    /// # Errors
    /// Every error of the environment together.
    pub fn read(mut env: Env, dev: bool) -> Result<Self, ConfigErrors> {
        let config = Self::read_from(&mut env, dev);
        // Not a setting: who sets it wants a broken generator, and would get a good one.
        if env.text(INDUCED_FAULT).is_some() {
            env.error(format!("{INDUCED_FAULT} is set, but only test builds of re4_dump know it"));
        }
        env.finish(config)
    }

    fn read_from(env: &mut Env, dev: bool) -> Option<Self> {
        let common = CommonConfig::read(env, DEFAULT_PORT);
        let strict = env.text_either("R4_STRICT_FIPS", "STRICT_FIPS");
        let strict = env.boolean("R4_STRICT_FIPS", strict.as_deref());
        let sealed = SealedConfig {
            binary: env.text("R4_SEALED_CORE").unwrap_or_else(|| SEALED_CORE.to_owned()).into(),
            manifest: env.text("R4_MANIFEST").unwrap_or_else(|| MANIFEST.to_owned()).into(),
            public_key: read_public_key(env),
            engine: read_engine(env, strict),
        };
        if dev && strict {
            env.error("--dev serves the kernel's bytes, which strict mode forbids: drop one");
        }
        Some(Self {
            common: common?,
            source: if dev { SourceConfig::Dev } else { SourceConfig::Sealed(sealed) },
            on_failure: if strict { OnFailure::Block } else { OnFailure::FallBack },
        })
    }
}

fn read_public_key(env: &mut Env) -> Option<[u8; 32]> {
    let key = parse_public_key(&env.text("R4_MANIFEST_PUBLIC_KEY")?);
    if key.is_err() {
        env.error(
            "R4_MANIFEST_PUBLIC_KEY must be 64 hex digits, as `r4 manifest keygen` prints them",
        );
    }
    key.ok()
}

/// Strict mode runs `ctr-aes256` alone, and so need not be told.
fn read_engine(env: &mut Env, strict: bool) -> Engine {
    let default = if strict { Engine::CtrAes256 } else { Engine::default() };
    let Some(name) = env.text("R4_DRBG") else { return default };
    match Engine::named(&name) {
        Some(engine) if strict && engine != default => env.error(
            "R4_DRBG is chacha20, but strict mode runs ctr-aes256 alone: drop one of the two \
             settings",
        ),
        Some(engine) => return engine,
        None => env.error("R4_DRBG must be chacha20 or ctr-aes256"),
    }
    default
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)], dev: bool) -> Result<Config, ConfigErrors> {
        Config::read(Env::of(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into()))), dev)
    }

    #[test]
    fn the_manifest_key_is_hex() {
        let key = "ab".repeat(32);
        for good in [key.clone(), format!("0x{key}")] {
            let pairs = [("API_KEY", "demo"), ("R4_MANIFEST_PUBLIC_KEY", good.as_str())];
            let SourceConfig::Sealed(sealed) = read(&pairs, false).expect("good").source else {
                panic!("sealed");
            };
            assert_eq!(sealed.public_key, Some([0xab; 32]));
        }
        for bad in ["zz", &key[1..], &format!("{key}00")] {
            let pairs = [("API_KEY", "demo"), ("R4_MANIFEST_PUBLIC_KEY", bad)];
            let text = read(&pairs, false).expect_err(bad).to_string();
            assert!(text.contains("R4_MANIFEST_PUBLIC_KEY must be"), "{text}");
        }
    }

    #[test]
    fn dev_and_strict_exclude_each_other() {
        let pairs = [("API_KEY", "demo"), ("STRICT_FIPS", "true")];
        assert!(read(&pairs, true).expect_err("refused").to_string().contains("--dev"));
        assert_eq!(read(&pairs, false).expect("good").on_failure, OnFailure::Block);
        assert_eq!(read(&pairs[..1], true).expect("good").source, SourceConfig::Dev);
    }

    #[test]
    fn the_engine_follows_strict_mode_and_never_weakens_it() {
        let engine = |pairs: &[(&str, &str)]| {
            let pairs = [&[("API_KEY", "demo")], pairs].concat();
            match read(&pairs, false).map(|config| config.source) {
                Ok(SourceConfig::Sealed(sealed)) => Ok(sealed.engine),
                Ok(SourceConfig::Dev) => panic!("sealed"),
                Err(errors) => Err(errors.to_string()),
            }
        };
        let strict = ("R4_STRICT_FIPS", "1");
        assert_eq!(engine(&[]), Ok(Engine::ChaCha20));
        assert_eq!(engine(&[("R4_DRBG", "")]), Ok(Engine::ChaCha20));
        assert_eq!(engine(&[strict]), Ok(Engine::CtrAes256));
        for name in [Engine::ChaCha20, Engine::CtrAes256] {
            assert_eq!(engine(&[("R4_DRBG", name.name())]), Ok(name));
        }
        assert_eq!(engine(&[("R4_DRBG", "ctr-aes256"), strict]), Ok(Engine::CtrAes256));
        let refused = engine(&[("R4_DRBG", "chacha20"), strict]).expect_err("strict");
        assert!(refused.contains("strict mode runs ctr-aes256 alone"), "{refused}");
        let unknown = engine(&[("R4_DRBG", "aes")]).expect_err("unknown");
        assert!(unknown.contains("R4_DRBG must be"), "{unknown}");
    }

    #[test]
    fn an_induced_fault_is_refused_by_name() {
        let pairs = [("API_KEY", "demo"), ("R4_INDUCED_FAULT", "jitter-stuck")];
        for dev in [false, true] {
            let refused = read(&pairs, dev).expect_err("refused").to_string();
            assert!(refused.contains("R4_INDUCED_FAULT"), "{refused}");
        }
    }

    #[test]
    fn a_key_is_required_and_a_weak_one_refused_on_a_public_domain() {
        assert!(read(&[], false).expect_err("no key").to_string().contains("R4_API_KEY"));
        let public = [("API_KEY", "demo"), ("DOMAIN", "r4.example.org")];
        assert!(read(&public, false).expect_err("weak").to_string().contains("16 random"));
    }

    #[test]
    fn every_variable_read_is_in_the_help() {
        let mut env = Env::of([]);
        let _ = Config::read_from(&mut env, false);
        for key in env.keys_read() {
            assert!(ENVIRONMENT.contains(key), "{key}");
        }
    }
}
