//! Drives `crates/xtask/examples/open/`: clients that do not wait for each other.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use super::{
    KEY, command, programs,
    work::{Server, Work},
};

/// How it is run, for the report.
pub(super) const HOW: &str = "\
Requests that are due at a fixed pace, whatever becomes of those before, come from `crates/xtask/examples/open/`, one
thread on the same cores. Times count from when a request was due, and are up to 0.3 ms too long.";

/// The clients.
pub(super) struct Open<'a> {
    work: &'a Work,
    program: PathBuf,
}

/// What they are to do.
pub(super) struct Flood {
    pub(super) path: &'static str,
    /// Requests a second.
    pub(super) rate: f64,
    pub(super) seconds: u32,
    pub(super) connections: u32,
}

/// What they have seen.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) sent: f64,
    /// Requests that were due while no connection was free.
    pub(super) unsent: f64,
    /// Milliseconds until one client alone was answered as before.
    pub(super) recovered: f64,
    /// Seconds of processor time that the clients took themselves.
    pub(super) processor: f64,
    answers: Vec<Answers>,
}

/// Answers of one status.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Answers {
    status: u16,
    pub(super) count: f64,
    /// Those before the last request was due.
    pub(super) early: f64,
    /// Milliseconds.
    pub(super) median: f64,
    /// The 99th percentile in milliseconds.
    pub(super) late: f64,
    /// Milliseconds.
    pub(super) longest: f64,
}

const NONE: Answers =
    Answers { status: 0, count: 0.0, early: 0.0, median: 0.0, late: 0.0, longest: 0.0 };

impl<'a> Open<'a> {
    /// Builds the program.
    pub(super) fn build(work: &'a Work) -> Result<Self> {
        Ok(Self { work, program: programs::example("open")? })
    }

    /// Lets the requests come.
    pub(super) fn ask(&self, server: Server, flood: &Flood) -> Result<Seen> {
        let Flood { path, rate, seconds, connections } = flood;
        let mut clients = Command::new(&self.program);
        clients.args([server.port.to_string().as_str(), path, KEY]);
        clients.args([rate.to_string(), seconds.to_string(), connections.to_string()]);
        let text = command::output(clients, &self.work.stop)?;
        Seen::parse(&text).with_context(|| format!("the clients said {text:?}"))
    }
}

impl Seen {
    /// Returns the answers of these statuses together; the times are those of the slowest status, and
    /// none where there was no answer.
    pub(super) fn of(&self, statuses: &[u16]) -> Answers {
        let wanted = |one: &&Answers| statuses.contains(&one.status);
        self.answers.iter().filter(wanted).fold(NONE, |sum, one| Answers {
            count: sum.count + one.count,
            early: sum.early + one.early,
            median: sum.median.max(one.median),
            late: sum.late.max(one.late),
            longest: sum.longest.max(one.longest),
            ..sum
        })
    }

    /// Reads the lines of the program.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
        let one = |word: &str| {
            lines.iter().find_map(|line| match line[..] {
                [first, number] if first == word => number.parse().ok(),
                _ => None,
            })
        };
        let answers = lines.iter().filter_map(|line| match line[..] {
            ["status", status, ref numbers @ ..] => Some(Answers::parse(status, numbers)),
            _ => None,
        });
        Some(Self {
            sent: one("sent")?,
            unsent: one("unsent")?,
            recovered: one("recovered")?,
            processor: one("processor")?,
            answers: answers.collect::<Option<_>>()?,
        })
    }
}

impl Answers {
    fn parse(status: &str, numbers: &[&str]) -> Option<Self> {
        let numbers: Result<Vec<f64>, _> = numbers.iter().map(|number| number.parse()).collect();
        let [count, early, median, late, longest] = numbers.ok()?[..] else { return None };
        Some(Self { status: status.parse().ok()?, count, early, median, late, longest })
    }
}
