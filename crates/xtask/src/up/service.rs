//! One service as a child process.

use std::{
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::logs;

/// How often a condition is looked at again.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// How long the last lines of a service may take to be printed.
const LAST_LINES: Duration = Duration::from_secs(1);

/// A service that is not started yet.
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) port: u16,
    /// The program with its environment.
    pub(crate) command: Command,
}

/// A running service. Dropping it kills it.
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) port: u16,
    child: Child,
    /// Print the service's standard output and standard error.
    copiers: [Option<JoinHandle<()>>; 2],
}

/// How a service ended when it was asked to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It finished by itself.
    Ended(ExitStatus),
    /// It did not, and was killed.
    Killed,
}

impl Service {
    /// Starts the service in a process group of its own, so that Ctrl-C reaches it through us only.
    ///
    /// # Errors
    /// When the program does not start.
    pub(super) fn start(plan: Plan, place: usize) -> Result<Self> {
        let Plan { name, port, mut command } = plan;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_owned();
        let mut child = command
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let prefix = logs::prefix(name, place);
        let out = child.stdout.take().map(|out| logs::copy(prefix.clone(), out));
        let err = child.stderr.take().map(|err| logs::copy(prefix, err));
        Ok(Self { name, port, child, copiers: [out, err] })
    }

    /// Returns how the service ended, if it has.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot watch {}", self.name))
    }

    /// Sends SIGTERM and waits until the service has ended, or `give_up` says so; then kills it
    /// and whatever it started.
    ///
    /// # Errors
    /// When the kernel does not say how it ended.
    pub(super) fn stop(mut self, give_up: impl Fn() -> bool) -> Result<Stopped> {
        if let Some(pid) = self.pid() {
            let _already_gone = kill_process(pid, Signal::TERM);
        }
        loop {
            if let Some(status) = self.ended()? {
                return Ok(Stopped::Ended(status));
            }
            if give_up() {
                return Ok(Stopped::Killed);
            }
            thread::sleep(POLL);
        }
    }

    /// Returns the number of the process.
    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The group outlives its leader while anything in it runs: nothing stays behind.
        if let Some(pid) = self.pid() {
            let _already_gone = kill_process_group(pid, Signal::KILL);
        }
        let _reaped = self.child.wait();
        // Its last lines are printed before anything that is said about its end.
        let start = Instant::now();
        while self.copiers.iter().flatten().any(|copier| !copier.is_finished())
            && start.elapsed() < LAST_LINES
        {
            thread::sleep(POLL);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A service that is a shell script.
    pub(crate) fn script(name: &'static str, text: &str) -> Plan {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        Plan { name, port: 1, command }
    }

    /// A shell that has set its traps writes a line; here it touches a file instead.
    fn started(text: &str) -> Service {
        let dir = tempfile::tempdir().unwrap();
        let mark = dir.path().join("mark");
        let mut plan = script("script", text);
        plan.command.env("MARK", &mark);
        let service = Service::start(plan, 0).unwrap();
        let start = Instant::now();
        while !mark.exists() {
            assert!(start.elapsed() < Duration::from_secs(30), "the script does not start");
            thread::sleep(POLL);
        }
        service
    }

    #[test]
    fn a_polite_service_is_waited_for() {
        let service = started("trap 'exit 3' TERM; : >$MARK; while :; do sleep 0.05; done");
        let Stopped::Ended(status) = service.stop(|| false).unwrap() else {
            panic!("it was killed")
        };
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn a_deaf_service_is_killed_with_its_children() {
        let service = started("trap '' TERM; sleep 1000 & : >$MARK; while :; do sleep 1; done");
        let group = service.pid().unwrap();
        assert_eq!(service.stop(|| true).unwrap(), Stopped::Killed);
        let gone = || rustix::process::test_kill_process_group(group).is_err();
        let start = Instant::now();
        while !gone() && start.elapsed() < Duration::from_secs(30) {
            thread::sleep(POLL);
        }
        assert!(gone(), "something of the group still runs");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let plan = Plan { name: "x", port: 1, command: Command::new("/nowhere/r4-core") };
        let error = Service::start(plan, 0).err().unwrap();
        assert!(error.to_string().contains("/nowhere/r4-core"), "{error}");
    }
}
