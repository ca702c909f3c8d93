//! On what it is measured: the machine, the versions, the day.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};

use crate::manifest;

/// What a reader must know to compare the figures with others.
pub(super) struct Machine {
    /// `2026-01-31`.
    pub(super) date: String,
    /// Commit that is checked out, with a sign when files differ from it.
    pub(super) commit: String,
    pub(super) compiler: String,
    pub(super) kernel: String,
    /// Model of the processor.
    pub(super) processor: String,
    pub(super) processors: usize,
    pub(super) memory_gib: u64,
    /// Type of the file system that was written to.
    pub(super) file_system: String,
    /// Load of the last minute before the run.
    pub(super) load: f64,
}

impl Machine {
    /// Asks the system; `dir` is on the disk to measure.
    pub(super) fn look(dir: &Path) -> Result<Self> {
        let dir = dir.to_string_lossy();
        let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]);
        let mark = if changed.is_ok_and(|files| files.is_empty()) { "" } else { " and changes" };
        Ok(Self {
            date: said("date", &["-u", "+%Y-%m-%d"])?,
            commit: manifest::commit() + mark,
            compiler: said("rustc", &["--version"])?,
            kernel: said("uname", &["-sr"])?,
            processor: field("/proc/cpuinfo", "model name")?,
            processors: std::thread::available_parallelism()?.get(),
            memory_gib: kibibytes(&field("/proc/meminfo", "MemTotal")?).div_ceil(1 << 20),
            file_system: said("stat", &["--file-system", "--format=%T", &dir])?,
            load: load()?,
        })
    }
}

/// Returns the load of the last minute.
pub(super) fn load() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    let first = text.split_whitespace().next().unwrap_or_default();
    first.parse().context("/proc/loadavg is no number")
}

fn said(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output();
    let output = output.with_context(|| format!("cannot start {program}"))?;
    ensure!(output.status.success(), "{program} {} failed", args.join(" "));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns a value of a file that the kernel makes.
pub(super) fn field(path: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let found = pairs.find(|(key, _)| key.trim() == name);
    Ok(found.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned()))
}

fn kibibytes(text: &str) -> u64 {
    text.trim_end_matches(" kB").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described() {
        let machine = Machine::look(Path::new("/")).unwrap();
        assert_eq!(machine.date.len(), 10, "{}", machine.date);
        assert!(machine.compiler.starts_with("rustc "), "{}", machine.compiler);
        assert!(machine.memory_gib > 0 && !machine.file_system.is_empty());
    }
}
