//! `cargo bench -p r4-logstore --bench million [-- --dir DIR] [--entries N]`: a log of a million
//! entries, alone on its disk, with the keys that sign a node's checkpoints.
//!
//! Prints a line for each measurement, its name and values between tabs; `cargo xtask bench` makes a
//! table of them. Each step is a process of its own, so that memory is counted from nothing and one
//! can be killed: `append` makes the log, measures proofs and closes it; `open` opens it; `grow`
//! appends until it is killed.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops at a surprise"
)]

mod host;
mod measure;
mod steps;

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Appended before the process is killed: the ids of nearly a whole file are then in memory alone,
/// and a start reads them from entry bundles.
const GROWN: u64 = 48_000;

fn main() {
    // cargo adds `--bench`.
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["append", dir, entries] => steps::append(Path::new(dir), number(entries)),
        ["open", dir, name] => steps::open(Path::new(dir), name),
        ["grow", dir] => steps::grow(Path::new(dir)),
        options => {
            let option = |name| {
                let mut pairs = options.chunks_exact(2);
                pairs.find(|pair| pair.first() == Some(&name)).and_then(|pair| pair.last().copied())
            };
            let dir = option("--dir").unwrap_or(env!("CARGO_TARGET_TMPDIR"));
            run(
                &Path::new(dir).join("r4-million"),
                number(option("--entries").unwrap_or("1000000")),
            );
        }
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number of entries")
}

/// Runs every step on a log in `dir`, which is made anew and removed in the end.
fn run(dir: &Path, entries: u64) {
    drop(fs::remove_dir_all(dir));
    fs::create_dir_all(dir).expect("a folder for the log");
    finish(step("append", dir, &[&entries.to_string()]));
    finish(step("open", dir, &["closed"]));
    kill(step("grow", dir, &[]));
    finish(step("open", dir, &["killed"]));
    println!("disk\t{}", measure::bytes_in(dir));
    fs::remove_dir_all(dir).expect("the log is removed");
}

fn step(name: &str, dir: &Path, more: &[&str]) -> Command {
    let itself: PathBuf = env::current_exe().expect("this program has a path");
    let mut command = Command::new(itself);
    command.arg(name).arg(dir).args(more);
    command
}

fn finish(mut step: Command) {
    let status = step.status().expect("a step starts");
    assert!(status.success(), "{step:?}: {status}");
}

/// Kills a step that is in the middle of appending.
fn kill(mut step: Command) {
    let mut child = step.stdout(Stdio::piped()).spawn().expect("a step starts");
    let said = child.stdout.take().expect("its output is a pipe");
    let grown = BufReader::new(said).lines().map_while(Result::ok).map(|line| number(&line));
    let mut grown = grown.skip_while(|grown| *grown < GROWN);
    assert!(grown.next().is_some(), "the step ended by itself");
    child.kill().expect("a process can be killed");
    child.wait().expect("it has ended");
}
