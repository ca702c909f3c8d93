//! The command `r4`, run for real.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::build;
use super::process::Variables;

/// How `r4` ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `r4` with an empty environment and `input` on standard input.
pub(crate) fn r4(args: &[&str], input: &[u8]) -> Said {
    r4_with(args, &[], input)
}

/// Runs `r4` with the environment `env` and nothing else.
pub(crate) fn r4_with(args: &[&str], env: Variables<'_>, input: &[u8]) -> Said {
    let mut command = Command::new(build::program("r4"));
    command.args(args).env_clear().envs(env.iter().copied()).stdin(Stdio::piped());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("r4 starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // r4 may stop reading once it has seen enough.
        let _enough = stdin.write_all(&input);
    });
    let done = child.wait_with_output().expect("r4 ends");
    writer.join().expect("written");
    Said {
        code: done.status.code().expect("r4 is not killed by a signal"),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}
