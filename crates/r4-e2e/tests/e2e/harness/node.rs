//! The three services together, and each by itself with what it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use r4_api::manifest::Manifest;
use tempfile::TempDir;

use super::build;
use super::process::{Service, Variables};

/// API key of the nodes started here.
pub(crate) const KEY: &str = "demo";

/// A sealed core and its manifest, in a folder of their own.
pub(crate) struct Sealed {
    dir: TempDir,
}

impl Sealed {
    /// Copies the real `re4_dump`.
    pub(crate) fn genuine() -> Self {
        Self::of(build::re4_dump())
    }

    /// Compiles a sealed core that misbehaves as `behaviour` says, with its own right manifest.
    pub(crate) fn misbehaving(behaviour: &str) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let (source, program) = (dir.path().join("core.c"), dir.path().join("core"));
        fs::write(&source, MISBEHAVING).expect("written");
        let mut cc = Command::new("cc");
        cc.args(["-static", "-O1", "-D"]).arg(behaviour).arg("-o").arg(&program).arg(&source);
        let done = cc.output().expect("cc starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        Self::of(&program)
    }

    fn of(program: &Path) -> Self {
        let sealed = Self { dir: tempfile::tempdir().expect("folder") };
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

/// Sealed cores that fail in one way each.
const MISBEHAVING: &str = r#"
#include <string.h>
#include <unistd.h>

static void hang(void) {
    for (;;) pause();
}

int main(int argc, char **argv) {
    int testing = argc > 1 && strcmp(argv[1], "--selftest") == 0;
#if defined(HANGS)
    hang();
#elif defined(FAILS_SELFTEST)
    if (testing) {
        write(2, "known answer of chacha20 is wrong\n", 34);
        return 3;
    }
    hang();
#elif defined(HANGS_SERVING)
    if (!testing) hang();
#elif defined(DIES_SERVING)
    if (!testing) return 1;
#elif defined(DRIES_UP)
    /* Enough for the first read, then nothing. */
    static char bytes[256];
    if (!testing) {
        memset(bytes, 0x5a, sizeof bytes);
        write(1, bytes, sizeof bytes);
        hang();
    }
#else
#error "no behaviour"
#endif
    return 0;
}
"#;
