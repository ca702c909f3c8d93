//! Builds the programs under test, once a process.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use xtask::sealed;

use super::external;

/// Packages of the programs.
const PACKAGES: [&str; 4] = ["r4-core", "r4-vrf", "r4-gateway", "r4-cli"];

/// Returns the path of a program: a service or `r4`.
pub(crate) fn program(name: &str) -> &'static Path {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        // A node that stands already has its own services; only the command is needed.
        let only_r4 = external::base().is_some();
        build(if only_r4 { &PACKAGES[3..] } else { &PACKAGES })
    });
    built.get(name).unwrap_or_else(|| panic!("cargo built no {name}; it built {built:?}"))
}

/// Returns the path of `re4_dump`, linked statically.
pub(crate) fn re4_dump() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let target_dir = Some(target_dir().join("sealed"));
        let options = sealed::Options { target_dir, progress: sealed::Progress::Quiet };
        sealed::build(&options).expect("re4_dump builds")
    })
}

/// Returns the path of a `re4_dump` that fails as `R4_INDUCED_FAULT` says. It has a target folder of
/// its own, so that the feature reaches no other build.
pub(crate) fn induced_re4_dump() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let feature = ["--package", "re4-dump", "--features", "induced-faults"];
        let mut built = cargo_build(&feature, &target_dir().join("induced"), "dev");
        built.remove("re4_dump").expect("cargo built re4_dump")
    })
}

/// Returns the path of an r4-vrf that ends itself where `R4_CRASH_AT` says.
pub(crate) fn induced_r4_vrf() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let feature = ["--package", "r4-vrf", "--features", "induced-faults"];
        let mut built = cargo_build(&feature, &target_dir().join("induced"), "dev");
        built.remove("r4-vrf").expect("cargo built r4-vrf")
    })
}

/// Returns the root folder of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/r4-e2e")
}

/// Returns the folder of the profile that this test was built with: `target/debug`.
fn profile_dir() -> PathBuf {
    let itself = env::current_exe().expect("path of this test");
    itself.ancestors().nth(2).expect("target/PROFILE/deps/e2e").to_owned()
}

fn target_dir() -> PathBuf {
    profile_dir().parent().expect("target folder").to_owned()
}

/// Builds with the profile and in the folder of this test.
fn build(packages: &[&str]) -> BTreeMap<String, PathBuf> {
    let profile = profile_dir();
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let packages: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    cargo_build(&packages, &target_dir(), profile)
}

/// Builds, and takes the paths of the programs from cargo's messages.
fn cargo_build(what: &[&str], target_dir: &Path, profile: &str) -> BTreeMap<String, PathBuf> {
    let cargo = external::text("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["build", "--message-format=json-render-diagnostics", "--profile", profile]);
    command.args(what).arg("--target-dir").arg(target_dir).current_dir(workspace());
    // What cargo set for this test would make build scripts run again.
    for (key, _) in env::vars_os() {
        let key = key.to_string_lossy();
        if key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*key);
        }
    }
    let built = command.stderr(Stdio::inherit()).output().expect("cargo starts");
    assert!(built.status.success(), "the programs do not build ({})", built.status);
    String::from_utf8(built.stdout).expect("UTF-8").lines().filter_map(executable).collect()
}

/// Returns name and path of a program that a message of cargo tells of.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message.get("executable")?.as_str()?;
    let is_bin = message["target"]["kind"][0] == "bin";
    is_bin.then(|| Some((message["target"]["name"].as_str()?.to_owned(), path.into())))?
}
