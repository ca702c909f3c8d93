//! The three services together, and each by itself with what it needs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use r4_api::manifest::Manifest;
use tempfile::{NamedTempFile, TempDir};

use super::build;
use super::process::{Service, Variables};

/// API key of the nodes started here.
pub(crate) const KEY: &str = "demo";

/// A sealed core and its manifest, in a folder of their own.
pub(crate) struct Sealed {
    dir: TempDir,
    fault: Option<NamedTempFile>,
}

impl Sealed {
    /// Copies the real `re4_dump`.
    pub(crate) fn genuine() -> Self {
        Self::of(build::re4_dump())
    }

    /// Returns a sealed core whose faults are those that [`Self::induce`] names.
    pub(crate) fn inducing() -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let (source, program) = (dir.path().join("core.c"), dir.path().join("core"));
        let fault = NamedTempFile::new().expect("file");
        fs::write(&source, INDUCING).expect("written");
        let quoted = |name: &str, path: &Path| format!("-D{name}=\"{}\"", path.display());
        let mut cc = Command::new("cc");
        cc.args(["-static", "-O1"]).arg(quoted("PROGRAM", build::induced_re4_dump()));
        cc.arg(quoted("FAULT", fault.path())).arg("-o").arg(&program).arg(&source);
        let done = cc.output().expect("cc starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self { fault: Some(fault), ..Self::of(&program) }
    }

    /// Says how it fails when it is started next; empty: not at all.
    pub(crate) fn induce(&self, fault: &str) {
        let file = self.fault.as_ref().expect("it can be told to fail");
        fs::write(file.path(), fault).expect("written");
    }

    fn of(program: &Path) -> Self {
        let sealed = Self { dir: tempfile::tempdir().expect("folder"), fault: None };
        fs::copy(program, sealed.binary()).expect("copied");
        sealed.write_manifest();
        sealed
    }

    /// Writes the manifest of the binary as it is now.
    pub(crate) fn write_manifest(&self) {
        let bytes = fs::read(self.binary()).expect("read");
        let manifest = Manifest::of_bytes("re4_dump", "0.1.0", "e2e", &bytes);
        fs::write(self.manifest(), manifest.to_json()).expect("written");
    }

    /// Flips one bit of the byte at `at` of the binary.
    pub(crate) fn flip(&self, at: usize) {
        let mut bytes = fs::read(self.binary()).expect("read");
        bytes[at] ^= 1;
        fs::write(self.binary(), bytes).expect("written");
    }

    pub(crate) fn size(&self) -> usize {
        usize::try_from(fs::metadata(self.binary()).expect("there").len()).expect("fits")
    }

    /// Lets other users execute it.
    pub(crate) fn open_to_all(&self) {
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o755)).expect("our own");
    }

    pub(crate) fn binary(&self) -> PathBuf {
        self.dir.path().join("re4_dump")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.dir.path().join("manifest.json")
    }

    /// Starts r4-core on it; whether it serves is for the caller to see.
    #[track_caller]
    pub(crate) fn core(&self, env: Variables<'_>) -> Service {
        self.try_core(env).unwrap_or_else(|end| panic!("r4-core left: {end}"))
    }

    /// Starts r4-core on it; the error is what it said when it would not.
    pub(crate) fn try_core(&self, env: Variables<'_>) -> Result<Service, String> {
        let (binary, manifest) = (self.binary(), self.manifest());
        let own = [
            ("R4_API_KEY", KEY),
            ("R4_SEALED_CORE", binary.to_str().expect("UTF-8")),
            ("R4_MANIFEST", manifest.to_str().expect("UTF-8")),
        ];
        Service::try_start("r4-core", &[], &joined(&own, env))
    }
}

/// Starts r4-vrf on a state folder and waits until it is ready.
#[track_caller]
pub(crate) fn vrf(state: &Path, core_url: &str) -> Service {
    try_vrf(state, core_url).unwrap_or_else(|end| panic!("r4-vrf left: {end}")).ready()
}

/// Starts r4-vrf; the error is what it said when it would not.
pub(crate) fn try_vrf(state: &Path, core_url: &str) -> Result<Service, String> {
    let state = state.to_str().expect("UTF-8");
    let env = [("R4_API_KEY", KEY), ("R4_STATE_DIR", state), ("R4_CORE_URL", core_url)];
    Service::try_start("r4-vrf", &[], &env)
}

/// Starts r4-vrf without a core and with `env` besides what it needs, and waits until it is ready.
#[track_caller]
pub(crate) fn vrf_with(state: &Path, env: Variables<'_>) -> Service {
    let state = state.to_str().expect("UTF-8");
    let own = [("R4_API_KEY", KEY), ("R4_STATE_DIR", state), ("R4_CORE_URL", NOWHERE)];
    Service::start("r4-vrf", &[], &joined(&own, env)).ready()
}

/// Starts r4-gateway in front of two addresses.
#[track_caller]
pub(crate) fn gateway(core_url: &str, vrf_url: &str, env: Variables<'_>) -> Service {
    let own = [("R4_API_KEY", KEY), ("R4_CORE_URL", core_url), ("R4_VRF_URL", vrf_url)];
    Service::start("r4-gateway", &[], &joined(&own, env))
}

/// An address on which nothing listens.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

/// Limits that no test meets.
pub(crate) const UNLIMITED: Variables<'static> = &[
    ("R4_RATE_ADDRESS", "100000/s"),
    ("R4_BURST_ADDRESS", "100000"),
    ("R4_RATE_KEY", "100000/s"),
    ("R4_BURST_KEY", "100000"),
    ("R4_OPEN_ADDRESS", "100000"),
];

/// All three services on fresh state. Fields end in this order.
pub(crate) struct Node {
    pub(crate) gateway: Service,
    pub(crate) vrf: Service,
    pub(crate) core: Service,
    _sealed: Sealed,
    _state: TempDir,
}

impl Node {
    /// Starts a node whose services have `env` besides what they need, and waits until all are
    /// ready.
    #[track_caller]
    pub(crate) fn start(env: Variables<'_>) -> Self {
        let (sealed, state) = (Sealed::genuine(), tempfile::tempdir().expect("folder"));
        let core = sealed.core(env).ready();
        let core_url = core.url();
        let path = state.path().to_str().expect("UTF-8");
        let own = [("R4_API_KEY", KEY), ("R4_STATE_DIR", path), ("R4_CORE_URL", &core_url)];
        let vrf = Service::start("r4-vrf", &[], &joined(&own, env)).ready();
        let gateway = gateway(&core_url, &vrf.url(), env).ready();
        Self { gateway, vrf, core, _sealed: sealed, _state: state }
    }

    /// Returns a node without rate limits that tests share while any of them runs.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Node>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let node = Arc::new(Self::start(UNLIMITED));
            *shared = Arc::downgrade(&node);
            node
        })
    }
}

fn joined<'a>(own: &[(&'a str, &'a str)], more: Variables<'a>) -> Vec<(&'a str, &'a str)> {
    [own, more].concat()
}

/// Hands the fault over to a test build of `re4_dump`, which r4-core starts without an environment.
const INDUCING: &str = r#"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static char setting[512] = "R4_INDUCED_FAULT=";
    char *environment[] = {setting, 0};
    size_t name = strlen(setting);
    int file = open(FAULT, O_RDONLY);
    if (file < 0 || read(file, setting + name, sizeof setting - name - 1) < 0) return 9;
    execve(PROGRAM, argv, environment);
    return 9;
}
"#;
