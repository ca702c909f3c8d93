//! `cargo xtask bench`: measures on loopback and on this machine's disk what the documents claim of
//! speed, and writes `proof/benchmarks.md`.
//!
//! What is compared is measured in turn (A B A B) in one run, so that a busy machine slows both. A
//! module for each subject returns a `report::Section`.

mod answers;
mod figures;
mod machine;
mod million;
mod programs;
mod report;

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use self::{machine::Machine, programs::Programs};
use crate::{environment, up::private_folder};

/// Where the report is, from the root of the workspace.
const REPORT: &str = "proof/benchmarks.md";

/// How much is measured, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether a short run is enough; its report is printed and not written.
    pub effort: Effort,
    /// A folder on the disk to measure; without it the one that cargo builds in.
    pub dir: Option<PathBuf>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// What the report is made of: some minutes.
    #[default]
    Full,
    /// Enough to see a gross change: a minute and a half.
    Quick,
}

impl Options {
    /// Reads the arguments after `bench`; none when they are not understood.
    pub fn parse(args: &[&str]) -> Option<Self> {
        match args {
            [] => Some(Self::default()),
            ["--quick", rest @ ..] => Some(Self { effort: Effort::Quick, ..Self::parse(rest)? }),
            ["--dir", dir, rest @ ..] if !dir.starts_with('-') => {
                Some(Self { dir: Some(dir.into()), ..Self::parse(rest)? })
            }
            _ => None,
        }
    }

    /// Returns the command that measures so again.
    fn command(&self) -> String {
        let quick = if self.effort == Effort::Quick { " --quick" } else { "" };
        let dir = if self.dir.is_some() { " --dir DIR" } else { "" };
        format!("cargo xtask bench{quick}{dir}")
    }
}

/// Builds, measures, prints the report, and writes it unless the run was a quick one.
///
/// # Errors
/// When something does not build, start or answer, or a signal ends the run.
pub fn run(options: &Options) -> Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot watch signals")?;
    }
    say("building (the first time takes some minutes)");
    let programs = Programs::build()?;
    let work = Work::begin(options)?;
    let machine = Machine::look(&work.dir)?;

    let sections = [answers::measure(&programs, &work, &stop)?, million::measure(&work, &stop)?];

    let load = machine::load()?;
    let report = report::write(&options.command(), &machine, load, &sections);
    // Nobody may be reading; the file is what counts.
    let _unread = stdout().write_all(report.as_bytes());
    if options.effort == Effort::Full {
        let path = environment::root().join(REPORT);
        fs::write(&path, report).with_context(|| format!("cannot write {}", path.display()))?;
        say(&format!("{} is written", path.display()));
    }
    Ok(())
}

/// A folder of this run's own, removed in the end.
struct Work {
    effort: Effort,
    dir: PathBuf,
}

impl Work {
    fn begin(options: &Options) -> Result<Self> {
        let above = match &options.dir {
            Some(dir) => std::path::absolute(dir).context("cannot resolve the folder")?,
            None => environment::target_dir()?,
        };
        let dir = above.join("r4-bench");
        remove(&dir)?;
        private_folder(&dir)?;
        Ok(Self { effort: options.effort, dir })
    }

    /// Returns the one of two numbers that fits the effort.
    fn either<T>(&self, full: T, quick: T) -> T {
        match self.effort {
            Effort::Full => full,
            Effort::Quick => quick,
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.dir) {
            say(&format!("{error:#}"));
        }
    }
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Prints how far the run is.
fn say(text: &str) {
    let _unread = writeln!(stderr(), "bench: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order() {
        let both = Options { effort: Effort::Quick, dir: Some("/d".into()) };
        assert_eq!(Options::parse(&["--quick", "--dir", "/d"]).as_ref(), Some(&both));
        assert_eq!(Options::parse(&["--dir", "/d", "--quick"]), Some(both));
        assert_eq!(Options::parse(&[]), Some(Options::default()));
        for bad in [&["--dir"][..], &["--dir", "--quick"], &["quick"], &["--quick", "x"]] {
            assert_eq!(Options::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_run_leaves_nothing_behind_and_takes_nothing_else_away() {
        let above = tempfile::tempdir().unwrap();
        let dir = Some(above.path().to_owned());
        let work = Work::begin(&Options { dir, ..Options::default() }).unwrap();
        fs::write(work.dir.join("state"), "").unwrap();
        fs::write(above.path().join("other"), "").unwrap();
        drop(work);
        let left = fs::read_dir(above.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["other"]);
    }
}
