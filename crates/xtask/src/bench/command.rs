//! Runs the programs that measure, so that a signal ends them too.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How often the program is looked at.
const POLL: Duration = Duration::from_millis(5);
/// How long a program may take to end.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// A program in a process group of its own. Dropping it kills the group.
pub(super) struct Running(Child);

/// Runs a program to its end and returns what it wrote to standard output.
///
/// # Errors
/// When it does not start or fails, or `stop` is set, which kills it.
pub(super) fn output(mut command: Command, stop: &AtomicBool) -> Result<String> {
    let name = command.get_program().display().to_string();
    command.stdout(Stdio::piped());
    let mut program = Running::start(command)?;
    let mut pipe = program.0.stdout.take().context("there is no pipe")?;
    let reader = thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    let status = loop {
        ensure!(!stop.load(Ordering::SeqCst), "stopped");
        if let Some(status) = program.0.try_wait()? {
            break status;
        }
        thread::sleep(POLL);
    };
    drop(program);
    ensure!(status.success(), "{name} failed ({status}); what it said is above");
    let text = reader.join().map_err(|_| anyhow!("the reader has panicked"))?;
    text.with_context(|| format!("{name} wrote no text"))
}

impl Running {
    /// Starts a program, without anything to read.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn start(mut command: Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        let name = command.get_program().display();
        Ok(Self(child.with_context(|| format!("cannot start {name}"))?))
    }

    /// Returns the number of the process.
    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Asks the program to end and waits until it has, for a while.
    pub(super) fn stop(mut self) -> Result<()> {
        if let Some(process) = self.pid() {
            let _already_gone = kill_process(process, Signal::TERM);
        }
        let start = Instant::now();
        while self.0.try_wait()?.is_none() && start.elapsed() < LAST_WORDS {
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.0.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.pid() {
            let _already_gone = kill_process_group(group, Signal::KILL);
        }
        let _reaped = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(text: &str, stop: bool) -> Result<String> {
        let mut command = Command::new("sh");
        command.args(["-c", text]);
        output(command, &AtomicBool::new(stop))
    }

    #[test]
    fn what_a_program_writes_is_returned_unless_it_fails() {
        assert_eq!(sh("echo a; echo b", false).unwrap(), "a\nb\n");
        assert!(sh("echo a; exit 3", false).unwrap_err().to_string().contains("exit status: 3"));
    }

    #[test]
    fn a_polite_program_ends_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap ': >ended; exit' TERM; : >begun; while :; do sleep 0.01; done";
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(dir.path());
        let program = Running::start(command).unwrap();
        let start = Instant::now();
        while !dir.path().join("begun").exists() && start.elapsed() < LAST_WORDS {
            thread::sleep(POLL);
        }
        program.stop().unwrap();
        assert!(dir.path().join("ended").exists());
    }

    #[test]
    fn a_signal_ends_the_program_and_what_it_has_started() {
        let start = Instant::now();
        assert_eq!(sh("sleep 1000 & sleep 1000", true).unwrap_err().to_string(), "stopped");
        assert!(start.elapsed() < Duration::from_secs(100));
    }
}
