//! `cargo xtask bench`: measures on loopback and on this machine's disk what the documents claim of
//! speed, and writes `proof/benchmarks.md`.
//!
//! What is compared is measured in turn (A B A B) in one run, so that a busy machine slows both. A
//! module for each subject returns a `report::Section`.

mod answers;
mod bulk;
mod command;
mod figures;
mod gateway;
mod growth;
mod http;
mod machine;
mod million;
mod open;
mod overload;
mod peers;
mod processes;
mod programs;
mod progress;
mod random;
mod receipts;
mod report;
mod rounds;
mod services;
mod start;
mod tools;
mod work;
mod wrk;

use std::{
    fs,
    io::{Write, stderr, stdout},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use self::{
    machine::Machine,
    report::Section,
    tools::{CADDY, NGINX, PYTHON, Tool, WRK},
    work::Work,
};
use crate::environment;

/// Key that every request has.
const KEY: &str = "a-key-for-the-benchmark";

/// A part of the report.
struct Subject {
    /// What `--only` calls it.
    name: &'static str,
    /// What must be installed.
    tools: &'static [&'static Tool],
    measure: fn(&Work) -> Result<Section>,
}

/// All parts, in the order of the report.
const SUBJECTS: [Subject; 9] = [
    Subject { name: "random", tools: &[&WRK, &NGINX, &PYTHON], measure: random::measure },
    Subject { name: "bulk", tools: &[&WRK, &NGINX], measure: bulk::measure },
    Subject { name: "gateway", tools: &[&WRK, &NGINX, &CADDY], measure: gateway::measure },
    Subject { name: "receipts", tools: &[&WRK], measure: receipts::measure },
    Subject { name: "start", tools: &[], measure: start::measure },
    Subject { name: "overload", tools: &[&WRK], measure: overload::measure },
    Subject { name: "growth", tools: &[&WRK], measure: growth::measure },
    Subject { name: "answers", tools: &[], measure: answers::measure },
    Subject { name: "million", tools: &[], measure: million::measure },
];

/// Where the report is, from the root of the workspace.
const REPORT: &str = "proof/benchmarks.md";

/// How much is measured, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether a short run is enough; its report is printed and not written.
    pub effort: Effort,
    /// A folder on the disk to measure; without it the one that cargo builds in.
    pub dir: Option<PathBuf>,
    /// The only part to measure; its report is printed and not written.
    pub only: Option<String>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// What the report is made of.
    #[default]
    Full,
    /// Enough to see a gross change.
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
            ["--only", name, rest @ ..] if SUBJECTS.iter().any(|known| known.name == *name) => {
                Some(Self { only: Some((*name).to_owned()), ..Self::parse(rest)? })
            }
            _ => None,
        }
    }

    fn subjects(&self) -> impl Iterator<Item = &'static Subject> {
        SUBJECTS.iter().filter(|one| self.only.as_ref().is_none_or(|only| only == one.name))
    }

    /// Returns the command that measures so again.
    fn command(&self) -> String {
        let quick = if self.effort == Effort::Quick { " --quick" } else { "" };
        let dir = if self.dir.is_some() { " --dir DIR" } else { "" };
        let only = self.only.as_ref().map(|name| format!(" --only {name}"));
        format!("cargo xtask bench{quick}{dir}{}", only.unwrap_or_default())
    }
}

/// Returns the names that `--only` takes.
pub fn parts() -> impl Iterator<Item = &'static str> {
    SUBJECTS.iter().map(|subject| subject.name)
}

/// Builds, measures, prints the report, and writes it unless the run was quick or of one part.
///
/// # Errors
/// When a tool is missing, something does not build, start or answer, or a signal ends the run.
pub fn run(options: &Options) -> Result<()> {
    let mut tools: Vec<&Tool> = options.subjects().flat_map(|one| one.tools).copied().collect();
    tools.sort_by_key(|tool| tool.name);
    tools.dedup();
    let peers = report::Peers::of(&tools)?;
    let work = Work::begin(options)?;
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let stop = Arc::clone(&work.stop);
        signal_hook::flag::register(signal, stop).context("cannot watch signals")?;
    }
    let machine = Machine::look(&work.dir)?;

    let sections: Result<Vec<Section>> = options
        .subjects()
        .map(|subject| {
            work.go_on()?;
            say(&format!("{}: building (the first time takes some minutes)", subject.name));
            (subject.measure)(&work).with_context(|| format!("in the part {}", subject.name))
        })
        .collect();

    let load = machine::load()?;
    let report = report::write(&options.command(), &machine, load, &peers, &sections?);
    // Nobody may be reading; the file is what counts.
    let _unread = stdout().write_all(report.as_bytes());
    if options.effort == Effort::Full && options.only.is_none() {
        let path = environment::root().join(REPORT);
        fs::write(&path, report).with_context(|| format!("cannot write {}", path.display()))?;
        say(&format!("{} is written", path.display()));
    }
    Ok(())
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
        let only = Some("bulk".to_owned());
        let all = Options { effort: Effort::Quick, dir: Some("/d".into()), only };
        let order = ["--quick", "--dir", "/d", "--only", "bulk"];
        assert_eq!(Options::parse(&order).as_ref(), Some(&all));
        assert_eq!(all.command(), "cargo xtask bench --quick --dir DIR --only bulk");
        assert_eq!(Options::parse(&["--only", "bulk", "--dir", "/d", "--quick"]), Some(all));
        assert_eq!(Options::parse(&[]), Some(Options::default()));
        for bad in ["--dir", "--dir --quick", "quick", "--quick x", "--only", "--only x"] {
            let args: Vec<&str> = bad.split(' ').collect();
            assert_eq!(Options::parse(&args), None, "{bad}");
        }
    }

    #[test]
    fn one_part_or_all_of_them() {
        let names = |options: Options| options.subjects().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(Options::default()), parts().collect::<Vec<_>>());
        let only = Some("million".to_owned());
        assert_eq!(names(Options { only, ..Options::default() }), ["million"]);
    }
}
