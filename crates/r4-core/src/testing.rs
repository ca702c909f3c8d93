//! Shell scripts that stand for the sealed core in the tests.

use std::path::Path;

use tokio::process::Command;

use crate::child::command;

/// A good report, to be written by a script to its standard error.
pub(crate) const REPORT: &str = r#"{"engine":"chacha20","reseeds":0,"sources":[
{"name":"jitter","state":"ok","credited_bits":0,"samples":2048,"intermittent_failures":0,
"permanent_failures":0,"failed_test":null}]}"#;

/// Returns the command that runs `script`, in which `$REPORT` is a good report of one line.
pub(crate) fn script(script: &str) -> Command {
    let mut command = command(Path::new("/bin/sh"));
    command.arg("-c").arg(script).env("REPORT", REPORT.replace('\n', ""));
    command
}
