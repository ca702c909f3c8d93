//! `cargo xtask up`: the node without Docker, on a machine that has only the Rust toolchain.
//!
//! Everything it makes is in `.r4/`: `bin/re4_dump` with its manifest, `state/`, where r4-vrf
//! makes its development keys when it first starts, and `gateway/`, where r4-gateway keeps API keys.

mod logs;
pub(crate) mod node;
mod ready;
pub(crate) mod service;
mod settings;

use std::{
    fs::DirBuilder,
    io::{Write, stdout},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use self::{
    node::Node,
    service::Plan,
    settings::{Ports, Settings},
};
use crate::{binaries, dist, environment, sealed};

/// How long the services may take until all are ready.
const READY_SECONDS: u64 = 60;
/// How long the services may take to answer what is under way when they are stopped.
const DRAIN_SECONDS: u64 = 10;

/// Builds the node, runs it until Ctrl-C or SIGTERM, and stops it.
///
/// # Errors
/// A busy port, a failed build, a service that does not become ready, dies, or has to be killed.
pub fn run() -> Result<()> {
    let settings = Settings::from_environment()?;
    settings.ports.check_free()?;

    say("building the release programs (the first time takes some minutes)");
    let programs = binaries::build()?;
    say("building the sealed generator re4_dump");
    let sealed = sealed::build(&sealed::Options::default())?;

    let paths = Paths::prepare(programs, &sealed)?;

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot watch signals")?;
    }
    let mut node = Node::start(plans(&settings, &paths), stop)?;
    let served =
        node.wait_ready(Duration::from_secs(READY_SECONDS)).and_then(|ready| match ready {
            node::Watch::StopAsked => Ok(()),
            node::Watch::Ready => {
                welcome(&settings, &paths.programs.join("r4"));
                node.watch()
            }
        });
    say("stopping");
    let stopped = node.stop(Duration::from_secs(DRAIN_SECONDS));
    served.and(stopped)
}

/// Where everything is.
struct Paths {
    programs: PathBuf,
    sealed: PathBuf,
    manifest: PathBuf,
    state: PathBuf,
    gateway: PathBuf,
}

impl Paths {
    /// Makes `.r4/` and puts the sealed generator and its manifest there.
    fn prepare(programs: PathBuf, sealed: &Path) -> Result<Self> {
        let home = environment::root().join(".r4");
        let (bin, state, gateway) = (home.join("bin"), home.join("state"), home.join("gateway"));
        for dir in [&home, &state, &gateway] {
            private_folder(dir)?;
        }
        let sealed = dist::write_sealed(sealed, &bin)?;
        Ok(Self { programs, sealed, manifest: bin.join(dist::MANIFEST_FILE), state, gateway })
    }
}

/// Returns the services, in the order of what they need of each other.
fn plans(settings: &Settings, paths: &Paths) -> [Plan; 3] {
    let Ports { core, vrf, gateway, admin } = &settings.ports;
    let plan = |name, port| {
        let mut command = Command::new(paths.programs.join(name));
        settings.apply(&mut command, port);
        Plan { name, port, command }
    };
    let url = |port| format!("http://127.0.0.1:{port}");
    let (core_url, vrf_url) = (url(core.number), url(vrf.number));

    let mut core = plan("r4-core", core.number);
    core.command.env("R4_SEALED_CORE", &paths.sealed).env("R4_MANIFEST", &paths.manifest);
    let mut vrf = plan("r4-vrf", vrf.number);
    vrf.command.env("R4_STATE_DIR", &paths.state).env("R4_CORE_URL", &core_url);
    let mut gateway = plan("r4-gateway", gateway.number);
    gateway.command.env("R4_CORE_URL", core_url).env("R4_VRF_URL", vrf_url);
    gateway.command.env("R4_STATE_DIR", &paths.gateway);
    gateway.command.env("R4_ADMIN_PORT", admin.number.to_string()).env_remove("R4_ADMIN_HOST");
    [core, vrf, gateway]
}

/// Makes a folder that only its owner can enter, unless it exists.
pub(crate) fn private_folder(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot make the folder {}", dir.display()))
}

/// Prints what to try.
fn welcome(settings: &Settings, r4: &Path) {
    let key = settings.key_to_show();
    let (core, vrf) = (settings.ports.core.number, settings.ports.vrf.number);
    let gateway = format!("http://127.0.0.1:{}", settings.ports.gateway.number);
    let r4 = r4.display();
    let admin = format!(
        " --admin http://127.0.0.1:{} --token-file .r4/gateway/admin.token",
        settings.ports.admin.number
    );
    say(&format!(
        "the node is ready. Try:

  curl http://127.0.0.1:{core}/health
  curl http://127.0.0.1:{core}/version
  curl http://127.0.0.1:{vrf}/health
  curl {gateway}/v1/health
  curl -H \"X-API-Key: {key}\" \"{gateway}/v1/random?n=8&fmt=hex\"
  curl -H \"X-API-Key: {key}\" \"{gateway}/v1/vrf?sig=dual\" --output receipt.json
  curl {gateway}/v1/keys --output keys.json
  {r4} verify --keys keys.json receipt.json
  curl -H \"X-API-Key: {key}\" -H \"Content-Type: application/json\" \
    -d '{{\"kind\":\"dice\",\"count\":2,\"label\":\"round 1\"}}' \"{gateway}/v1/draws\" --output draw.json
  {r4} draw verify --keys keys.json draw.json
  {r4} keys create --name alice{admin}

The command r4 is {r4}
Stop the node with Ctrl-C.
"
    ));
}

/// Prints a line of our own. Nobody may be reading, which is no reason to stop.
fn say(text: &str) {
    let _unread = writeln!(stdout(), "up: {text}");
}
