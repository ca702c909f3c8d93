//! Builds the program that does the work, and runs it under callgrind.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::say;
use crate::{
    dist::{self, MANIFEST_FILE},
    environment,
    manifest::SEALED_FILE,
    sealed,
};

/// The function whose instructions are counted, with all that it calls.
const COUNTED: &str = "*counted_work*";
/// Settings of the C library: from what length on `memcpy` leaves the work to one instruction, which callgrind counts
/// as one for each byte, or goes past the cache, would else follow from the processor.
const TUNABLES: &str = "glibc.cpu.x86_rep_movsb_threshold=1073741824:\
                        glibc.cpu.x86_rep_stosb_threshold=1073741824:\
                        glibc.cpu.x86_non_temporal_threshold=1073741824";
/// Most time for a piece of work; the slowest needs some seconds.
const DEADLINE: Duration = Duration::from_mins(2);
/// The key by which the services are asked.
const API_KEY: &str = "counted";

/// Returns valgrind's version.
///
/// # Errors
/// When it is not installed, with the name of the package.
pub(super) fn version() -> Result<String> {
    let output = Command::new("valgrind").arg("--version").output();
    let output = output.context("cannot start valgrind; install the package valgrind")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The program, and what it can do.
pub(super) struct Program {
    path: PathBuf,
    works: Vec<Work>,
    /// A folder for the sealed generator and callgrind's files.
    dir: PathBuf,
}

/// A piece of work.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    name: String,
    times: u64,
    bytes: u32,
}

/// A piece of work with its instructions.
pub(super) struct Counted {
    pub(super) name: String,
    /// The mean.
    pub(super) instructions: u32,
    pub(super) bytes: u32,
    /// What the program saw of the processor.
    processor: String,
}

impl Program {
    /// Builds the program as a release is built, and the sealed generator.
    pub(super) fn build() -> Result<Self> {
        let target = environment::target_dir()?;
        let args = ["bench", "--quiet", "--package", "xtask", "--bench", "instructions"];
        let mut cargo = environment::cargo_command(&args)?;
        cargo.args(["--features", "callgrind"]);
        let output = cargo.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        ensure!(output.status.success(), "the program does not build or run ({})", output.status);
        let (path, works) = parse_list(&String::from_utf8_lossy(&output.stdout))
            .context("the program does not list its work")?;

        let dir = target.join("instructions");
        let sealed = sealed::build(&sealed::Options::default())?;
        dist::write_sealed(&sealed, &dir)?;
        Ok(Self { path, works, dir })
    }

    /// Counts everything, on every processor at once; also returns what was seen of the processor.
    pub(super) fn count_all(&self) -> Result<(Vec<Counted>, String)> {
        let next = AtomicUsize::new(0);
        let some = || -> Result<Vec<(usize, Counted)>> {
            let mut counted = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(work) = self.works.get(at) else { return Ok(counted) };
                say(&work.name);
                counted.push((at, self.count(work)?));
            }
        };
        let workers = thread::available_parallelism()?.get();
        let results = thread::scope(|scope| {
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(some)).collect();
            workers.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        let mut all = Vec::new();
        for result in results {
            all.extend(result.map_err(|_| anyhow!("a worker has panicked"))??);
        }
        all.sort_by_key(|(at, _)| *at);
        let counted: Vec<Counted> = all.into_iter().map(|(_, counted)| counted).collect();
        let processor = counted.first().context("there is nothing to count")?.processor.clone();
        ensure!(
            counted.iter().all(|counted| counted.processor == processor),
            "the processor changed"
        );
        Ok((counted, processor))
    }

    fn count(&self, work: &Work) -> Result<Counted> {
        let Work { name, times, bytes } = work;
        let totals = self.dir.join(format!("{}.callgrind", name.replace('/', "-")));
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--tool=callgrind", "--collect-atstart=no"]);
        valgrind.arg(format!("--toggle-collect={COUNTED}"));
        valgrind.arg(format!("--callgrind-out-file={}", totals.display()));
        valgrind.arg(&self.path).args([name, &times.to_string()]);
        self.environment(&mut valgrind);
        let output = output(&mut valgrind, DEADLINE).with_context(|| name.clone())?;
        if !output.status.success() {
            bail!(
                "{name} failed ({}):\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let total = total(&totals)?;
        fs::remove_file(&totals)?;
        ensure!(total > 0, "{name}: callgrind has not found the function {COUNTED}");
        Ok(Counted {
            name: name.clone(),
            instructions: total.checked_div(*times).unwrap_or(0).try_into()?,
            bytes: *bytes,
            processor: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        })
    }

    /// Sets the whole environment: what is on a program's stack moves what lies beyond.
    fn environment(&self, command: &mut Command) {
        command.env_clear().env("PATH", environment::text("PATH").unwrap_or_default());
        command.env("GLIBC_TUNABLES", TUNABLES).env("R4_API_KEY", API_KEY);
        command.env("R4_SEALED_CORE", self.dir.join(SEALED_FILE));
        command.env("R4_MANIFEST", self.dir.join(MANIFEST_FILE));
    }
}

/// Runs a program that says little to its end, or to the deadline.
fn output(command: &mut Command, deadline: Duration) -> Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the program")?;
    let start = Instant::now();
    while child.try_wait()?.is_none() {
        if start.elapsed() > deadline {
            child.kill()?;
            let output = child.wait_with_output()?;
            bail!("not done in time:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(child.wait_with_output()?)
}

/// Reads the program's list: its own path, then name, times and bytes of each piece of work.
fn parse_list(text: &str) -> Option<(PathBuf, Vec<Work>)> {
    let mut lines = text.lines();
    let path = lines.next()?.into();
    let work = |line: &str| {
        let [name, times, bytes] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        Some(Work { name: name.to_owned(), times: times.parse().ok()?, bytes: bytes.parse().ok()? })
    };
    Some((path, lines.map(work).collect::<Option<_>>()?))
}

/// Reads the sum of a file of callgrind's.
fn total(path: &Path) -> Result<u64> {
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = String::from_utf8_lossy(&text);
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).context("callgrind wrote no sum")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whole_or_not_at_all() {
        let work = Work { name: "a/b".into(), times: 64, bytes: 0 };
        assert_eq!(parse_list("/p\na/b\t64\t0\n"), Some(("/p".into(), vec![work])));
        for bad in ["", "/p\na/b\t64\n", "/p\na/b\tx\t0\n", "/p\na/b\t64\t0\t1\n"] {
            assert_eq!(parse_list(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut sleep = Command::new("sleep");
        let error = output(sleep.arg("1000"), Duration::from_millis(20)).unwrap_err();
        assert!(error.to_string().contains("not done in time"), "{error}");
        let said = output(Command::new("echo").arg("a"), DEADLINE).unwrap();
        assert!(said.status.success() && said.stdout == b"a\n");
    }

    #[test]
    fn the_sum_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        fs::write(&path, "events: Ir\nfn=(1) a\n0 5\ntotals: 123\n").unwrap();
        assert_eq!(total(&path).unwrap(), 123);
        fs::write(&path, "events: Ir\n").unwrap();
        assert!(total(&path).is_err());
        assert!(total(&dir.path().join("gone")).is_err());
    }
}
