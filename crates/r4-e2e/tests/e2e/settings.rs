//! What can be set: `.env.example` and the compose file against what the programs say they read.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Output};

use crate::harness::build::{program, workspace};
use crate::harness::external::skips_processes;
use crate::harness::process::{Service, Variables, healthcheck};

const SERVICES: [&str; 3] = ["r4-core", "r4-vrf", "r4-gateway"];

/// Read by the compose file, Caddy, `r4 witness` and `r4 backup`, by none of the services.
const COMPOSE_ALONE: [&str; 24] = [
    "R4_GRAFANA_PASSWORD",
    "R4_GRAFANA_PORT",
    "R4_PROMETHEUS_PORT",
    "CADDY_EMAIL",
    "R4_GATEWAY_REPLICAS",
    "R4_SHARED_PASSWORD",
    "R4_IPV6",
    "R4_WITNESS_NAME",
    "R4_BACKUP_DIR",
    "R4_BACKUP_RECIPIENT",
    "R4_BACKUP_S3_ENDPOINT",
    "R4_BACKUP_S3_KEY_ID",
    "R4_BACKUP_S3_REGION",
    "R4_BACKUP_S3_SECRET",
    "R4_BACKUP_STORE",
    "R4_MANIFEST_SIGNATURE",
    "R4_CORE_IMAGE",
    "R4_VRF_IMAGE",
    "R4_GATEWAY_IMAGE",
    "R4_HTTP_PORT",
    "R4_HTTPS_PORT",
    "R4_CORE_PORT",
    "R4_VRF_PORT",
    "R4_GATEWAY_PORT",
];

/// Read by a program and fixed inside its container: setting them in `.env` would change nothing.
const FIXED_IN_CONTAINERS: [&str; 18] = [
    "API_HOST",
    "API_KEY",
    "PORT",
    "R4_ADMIN_HOST",
    "R4_ADMIN_PORT",
    "R4_ADMIN_TOKEN_FILE",
    "R4_API_HOST",
    "R4_API_KEY_FILE",
    "R4_CORE_URL",
    "R4_DATABASE_URL_FILE",
    "R4_INTERNAL_KEY_FILE",
    "R4_MANIFEST",
    "R4_PORT",
    "R4_REDIS_URL_FILE",
    "R4_SEALED_CORE",
    "R4_STATE_DIR",
    "R4_VRF_URL",
    "STRICT_FIPS",
];

fn read(file: &str) -> String {
    fs::read_to_string(workspace().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn run(name: &str, args: &[&str]) -> Output {
    Command::new(program(name)).args(args).env_clear().output().expect("starts")
}

/// Returns the words in capitals that may be keys.
fn keys_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let known = |word: &&str| {
        word.starts_with("R4_")
            || ["API_HOST", "API_KEY", "PORT", "STRICT_FIPS", "DOMAIN"].contains(word)
    };
    text.split(word).filter(known).map(str::to_owned).collect()
}

/// Returns the keys that the services name in the section `Environment` of their help.
fn keys_read() -> BTreeSet<String> {
    let help = |name: &str| {
        let said = run(name, &["--help"]);
        assert!(said.status.success(), "{name} --help");
        let text = String::from_utf8(said.stdout).unwrap();
        let (_, environment) = text.split_once("Environment").expect("a section Environment");
        keys_in(environment)
    };
    SERVICES.iter().flat_map(|name| help(name)).collect()
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn env_example_lists_exactly_what_can_be_set() {
    if skips_processes() {
        return;
    }
    let example = read(".env.example");
    let lines = example.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let pairs: Vec<(&str, &str)> = lines.map(|line| line.split_once('=').unwrap()).collect();
    let listed: BTreeSet<String> = pairs.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(listed.len(), pairs.len(), "a key is listed twice");
    for (key, value) in &pairs {
        assert_eq!(*value, "", "{key}: a copied file must behave as none");
    }
    let read = keys_read();
    assert!(read.is_superset(&set(&["R4_API_KEY", "R4_CORE_URL", "R4_STATE_DIR", "DOMAIN"])));
    let settable: BTreeSet<String> =
        read.difference(&set(&FIXED_IN_CONTAINERS)).cloned().chain(set(&COMPOSE_ALONE)).collect();
    assert_eq!(listed, settable, "left: listed; right: what can be set");
    // Those that are fixed are settings of the bare programs; each must still be read by one.
    assert!(read.is_superset(&set(&FIXED_IN_CONTAINERS)), "fixed, but read by nobody: {read:?}");
}

#[test]
fn the_compose_file_passes_on_exactly_what_is_listed() {
    if skips_processes() {
        return;
    }
    let used = |text: &str| -> BTreeSet<String> {
        let starts = text.split("${").skip(1);
        let name = |rest: &str| rest.split([':', '}', '-', '+', '?']).next().unwrap().to_owned();
        starts.map(name).collect()
    };
    let compose = read("docker-compose.yml") + &read("docker-compose.variants.yml");
    let listed: BTreeSet<String> = read(".env.example")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once('=')?.0.to_owned()))
        .collect();
    assert_eq!(used(&compose), listed, "left: used by compose; right: .env.example");
}

#[test]
fn every_program_explains_itself() {
    if skips_processes() {
        return;
    }
    for name in SERVICES.iter().chain(&["r4"]) {
        let help = run(name, &["--help"]);
        assert!(help.status.success() && help.stderr.is_empty(), "{name}: {help:?}");
        let version = run(name, &["--version"]);
        let version = String::from_utf8(version.stdout).unwrap();
        assert!(version.starts_with(&format!("{name} 0.")), "{name}: {version}");
        let unknown = run(name, &["--no-such-flag"]);
        assert_eq!(unknown.status.code(), Some(2), "{name}: {unknown:?}");
        assert!(String::from_utf8_lossy(&unknown.stderr).contains("--no-such-flag"), "{unknown:?}");
    }
}

#[test]
fn the_health_check_asks_the_service_itself() {
    if skips_processes() {
        return;
    }
    let core = Service::start("r4-core", &["--dev"], &[("API_KEY", "demo")]);
    let address = core.address();
    // The routes are alike, so any program can ask any port.
    for name in SERVICES {
        assert_eq!(healthcheck(name, address, &[]), (Some(0), "ok\n".to_owned()), "{name}");
        assert_eq!(healthcheck(name, address, &["/version"]).0, Some(0), "{name}");
        let (exit, said) = healthcheck(name, address, &["/nowhere"]);
        assert!(exit == Some(1) && said.contains("did not answer 200: "), "{name}: {said}");
        assert_eq!(healthcheck(name, address, &["ready"]).0, Some(2), "{name}");
    }
    core.kill();
    for name in SERVICES {
        let (exit, said) = healthcheck(name, address, &[]);
        assert!(exit == Some(1) && said.contains("no answer"), "{name}: {said}");
    }
}

#[test]
fn a_bad_setting_is_named_before_anything_starts() {
    if skips_processes() {
        return;
    }
    for name in SERVICES {
        let table: [(Variables<'_>, &[&str]); 8] = [
            (&[], &["R4_API_KEY"]),
            (&[("R4_API_KEY", "")], &["R4_API_KEY"]),
            (&[("R4_API_KEY", "a"), ("API_KEY", "b")], &["R4_API_KEY", " API_KEY"]),
            (&[("R4_API_KEY", "a"), ("R4_API_KEY_FILE", "/x")], &["R4_API_KEY_FILE are both set"]),
            (&[("R4_API_KEY_FILE", "/no/key")], &["R4_API_KEY_FILE /no/key: it cannot be read"]),
            (&[("API_KEY", "demo"), ("DOMAIN", "r4.example.org")], &["16 random characters"]),
            (&[("API_KEY", "demo"), ("API_HOST", "everywhere")], &["API_HOST"]),
            (
                &[("API_KEY", "demo"), ("R4_LOG_LEVEL", "loud"), ("R4_LOG_FORMAT", "xml")],
                &["R4_LOG_LEVEL", "R4_LOG_FORMAT"],
            ),
        ];
        for (env, words) in table {
            let left = Service::try_start(name, &[], env).err().expect("refused");
            for word in words {
                assert!(left.contains(word), "{name} {env:?}: {left}");
            }
            for secret in ["demo", "\"a\"", "\"b\""] {
                assert!(!left.contains(secret), "{name} {env:?} shows a key: {left}");
            }
        }
        // A taken port is named.
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let state = tempfile::tempdir().unwrap();
        let state = state.path().to_str().unwrap();
        let env = [("API_KEY", "demo"), ("PORT", &port), ("R4_STATE_DIR", state)];
        let left = Service::try_start(name, &[], &env).err().expect("refused");
        assert!(left.contains(&port), "{name}: {left}");
    }
}
