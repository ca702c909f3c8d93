//! The node's own services, as they are released, set up to be measured.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{KEY, work::Work};
use crate::{
    binaries, dist, sealed,
    up::{private_folder, service::Plan},
};

/// How the services are set up, for the report.
pub(super) const HOW: &str = "\
The services are release builds on 127.0.0.1 with `R4_LOG_LEVEL=warning`; r4-core runs the sealed re4_dump, by default
with the engine chacha20. The gateway has authentication, limits and metrics on; its limits are set so high that they
refuse nothing (`R4_RATE_KEY=1000000/s R4_RATE_ADDRESS=1000000/s R4_OPEN_ADDRESS=4096`). Ratios are of the same round.
Processor time is that of all processes of one server, and memory what the kernel counts as resident.";

/// Where the programs are.
pub(super) struct Services {
    programs: PathBuf,
    sealed: PathBuf,
    manifest: PathBuf,
    state: PathBuf,
}

impl Services {
    /// Builds everything that a release has.
    pub(super) fn build(work: &Work) -> Result<Self> {
        let programs = binaries::build()?;
        let built = sealed::build(&sealed::Options::default())?;
        let dir = work.dir.join("sealed");
        let sealed = dist::write_sealed(&built, &dir)?;
        // What another part has left behind is not found again.
        let state = work.empty("state")?;
        Ok(Self { programs, sealed, manifest: dir.join(dist::MANIFEST_FILE), state })
    }

    /// Returns the path of `r4`.
    pub(super) fn r4(&self) -> PathBuf {
        self.programs.join("r4")
    }

    /// Returns r4-core with one of its engines.
    pub(super) fn core(&self, engine: &str) -> Result<Plan> {
        let mut plan = plan("r4-core", &self.programs.join("r4-core"))?;
        plan.command.env("R4_SEALED_CORE", &self.sealed).env("R4_MANIFEST", &self.manifest);
        plan.command.env("R4_DRBG", engine);
        Ok(plan)
    }

    /// Returns r4-vrf with the r4-core at this port; `state` is the name of its folder.
    pub(super) fn vrf(&self, core: u16, state: &str) -> Result<Plan> {
        let mut plan = plan("r4-vrf", &self.programs.join("r4-vrf"))?;
        plan.command.env("R4_CORE_URL", url(core));
        self.keep_state(plan, state)
    }

    /// Returns r4-gateway with the upstreams at these ports; `state` is the name of its folder.
    pub(super) fn gateway(&self, core: u16, vrf: u16, state: &str) -> Result<Plan> {
        let mut plan = plan("r4-gateway", &self.programs.join("r4-gateway"))?;
        plan.command.env("R4_CORE_URL", url(core)).env("R4_VRF_URL", url(vrf));
        plan.command.env("R4_RATE_KEY", "1000000/s").env("R4_RATE_ADDRESS", "1000000/s");
        plan.command.env("R4_OPEN_ADDRESS", "4096");
        self.keep_state(plan, state)
    }

    fn keep_state(&self, mut plan: Plan, name: &str) -> Result<Plan> {
        let state = self.state.join(name);
        private_folder(&state)?;
        plan.command.env("R4_STATE_DIR", state);
        Ok(plan)
    }
}

/// Returns a service of ours that knows nothing of the caller's environment.
pub(super) fn plan(name: &'static str, program: &Path) -> Result<Plan> {
    let port = free_port()?;
    let mut command = Command::new(program);
    command.env_clear().env("R4_API_KEY", KEY).env("PORT", port.to_string());
    command.env("API_HOST", "127.0.0.1").env("R4_LOG_LEVEL", "warning");
    Ok(Plan { name, port, command })
}

/// Lets a service write its log, of every request, to a file instead.
pub(super) fn log_to_file(plan: Plan, file: &Path) -> Plan {
    let Plan { name, port, command: service } = plan;
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$@\" >\"$0\" 2>&1"]).arg(file).arg(service.get_program());
    command.env_clear();
    command.envs(service.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("R4_LOG_LEVEL", "info");
    Plan { name, port, command }
}

/// Returns a port that nobody listens on.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_service_that_logs_to_a_file_is_the_same_otherwise() {
        let dir = tempfile::tempdir().unwrap();
        let mut service = plan("x", Path::new("/usr/bin/env")).unwrap();
        service.command.env("R4_STATE_DIR", "/s t");
        let file = dir.path().join("the log");
        let port = service.port;
        let mut logged = log_to_file(service, &file);
        assert!(logged.command.status().unwrap().success());
        let text = fs::read_to_string(file).unwrap();
        for line in [&format!("PORT={port}"), "R4_STATE_DIR=/s t", "R4_LOG_LEVEL=info"] {
            assert!(text.lines().any(|one| one == line), "{line} in {text}");
        }
    }
}
