//! The confinement of the sealed program: a test build tries what is forbidden, and the kernel kills
//! it at that very call.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Output};

use rustix::process::Signal;

use crate::harness::build;
use crate::harness::external::skips_processes;
use crate::harness::node::Sealed;

/// Makes one byte after trying `call`.
fn tried(call: &str) -> Output {
    let fault = if call.is_empty() { String::new() } else { format!("call:{call}") };
    let mut command = Command::new(build::induced_re4_dump());
    command.args(["--bytes", "1"]).env_clear().env("R4_INDUCED_FAULT", fault);
    command.output().expect("it starts")
}

#[test]
fn a_forbidden_system_call_is_the_last() {
    if skips_processes() {
        return;
    }
    let control = tried("");
    assert!(control.status.success() && control.stdout.len() == 1, "{control:?}");
    for call in ["open", "socket", "fork", "execve", "ptrace", "mmap", "getpid"] {
        let output = tried(call);
        let killed = Signal::SYS.as_raw();
        assert_eq!(output.status.signal(), Some(killed), "{call}: {output:?}");
        assert!(output.stdout.is_empty(), "{call}: {output:?}");
    }
}

/// Without rights and without memory that it may lock, as in a container of an older engine.
#[test]
fn a_limit_on_locked_memory_is_a_warning() {
    if skips_processes() {
        return;
    }
    let sealed = Sealed::genuine();
    sealed.open_to_all();
    let mut command = Command::new("prlimit");
    command.arg("--memlock=0:0").arg(sealed.binary()).args(["--bytes", "32"]);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("prlimit starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout.len() == 32, "{output:?}");
    assert!(said.contains("warning: secret pages are not locked in memory"), "{said}");
}
