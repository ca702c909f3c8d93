//! Drives `wrk`: clients that ask again as soon as they are answered.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

use super::{
    KEY, command, processes,
    report::Row,
    rounds::{Named, Rounds},
    work::{Server, Work},
};

/// Prints what was seen in a form that no unit changes.
const REPORT: &str = include_str!("../../peers/report.lua");

/// How it is run, for the report.
pub(super) const HOW: &str = "\
Clients that ask again as soon as they are answered are `wrk -t1` on the same cores, with as many connections as each
part says, and the header `X-API-Key` in every request. An answer that is not 200 ends the run. wrk corrects latencies
for requests that it would have sent while it waited.";

/// A server that is asked for one path.
pub(super) struct Target {
    pub(super) name: &'static str,
    pub(super) server: Server,
    pub(super) path: &'static str,
}

/// How much is asked.
pub(super) struct Wrk<'a> {
    work: &'a Work,
    script: PathBuf,
    connections: u32,
    seconds: u32,
}

/// What one run has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Requests a second.
    pub(super) rate: f64,
    /// Bytes a second, heads included.
    pub(super) bytes: f64,
    /// Milliseconds.
    pub(super) median: f64,
    /// The 99th percentile in milliseconds.
    pub(super) late: f64,
    /// Microseconds of the service's processor time for each request.
    pub(super) processor: f64,
}

impl Named for Target {
    fn name(&self) -> &'static str {
        self.name
    }
}

impl<'a> Wrk<'a> {
    /// Runs of so many seconds over so many connections.
    pub(super) fn new(work: &'a Work, connections: u32, seconds: u32) -> Result<Self> {
        let script = work.dir.join("report.lua");
        fs::write(&script, REPORT).context("cannot write wrk's script")?;
        Ok(Self { work, script, connections, seconds })
    }

    /// Measures every target in each round, after a second that does not count.
    pub(super) fn in_turn(
        &self,
        subject: &'static str,
        rounds: usize,
        targets: &[Target],
    ) -> Result<Rounds<Seen>> {
        for target in targets {
            self.run(target, 1)?;
        }
        Rounds::measure(self.work, subject, rounds, targets, |target| self.ask(target))
    }

    /// Asks one target.
    pub(super) fn ask(&self, target: &Target) -> Result<Seen> {
        self.run(target, self.seconds)
    }

    fn run(&self, target: &Target, seconds: u32) -> Result<Seen> {
        let Target { name, path, server: Server { port, process } } = target;
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-c", &self.connections.to_string(), "-d", &seconds.to_string()]);
        wrk.args(["-H", &format!("X-API-Key: {KEY}"), "-s"]).arg(&self.script);
        wrk.arg(format!("http://127.0.0.1:{port}{path}"));
        let before = processes::processor_seconds(*process)?;
        let text = command::output(wrk, &self.work.stop)?;
        let spent = processes::processor_seconds(*process)? - before;
        Seen::parse(&text, spent).with_context(|| format!("{name}: wrk said {text:?}"))
    }
}

impl Seen {
    /// Reads the line of the script; `spent` is the service's processor time in seconds.
    fn parse(text: &str, spent: f64) -> Result<Self> {
        let fields = text.lines().last().unwrap_or_default().split('\t');
        let fields: Result<Vec<f64>, _> = fields.map(str::parse).collect();
        let fields = fields.context("this is not the script's line")?;
        let [requests, micros, bytes, median, late, failed] = fields[..] else {
            anyhow::bail!("six figures are expected");
        };
        ensure!(requests > 0.0 && failed == 0.0, "{failed} of {requests} answers were not 200");
        let second = micros / 1e6;
        Ok(Self {
            rate: requests / second,
            bytes: bytes / second,
            median: median / 1e3,
            late: late / 1e3,
            processor: spent * 1e6 / requests,
        })
    }
}

/// Returns the plain figures of small answers.
pub(super) fn rows(rounds: &Rounds<Seen>) -> Vec<Row> {
    let names = rounds.names().flat_map(|name| {
        [
            Row::new(format!("{name}, requests/s"), rounds.of(name, |seen| seen.rate), 0),
            Row::new("– p50, ms", rounds.of(name, |seen| seen.median), 2),
            Row::new("– p99, ms", rounds.of(name, |seen| seen.late), 2),
            Row::new("– processor time a request, µs", rounds.of(name, |seen| seen.processor), 1),
        ]
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Seen {
        /// What differs where something is asked.
        pub(in super::super) fn asked(rate: f64, late: f64) -> Self {
            Self { rate, bytes: rate, median: 1.0, late, processor: 1.0 }
        }
    }

    #[test]
    fn the_line_behind_what_wrk_says_first_is_read() {
        let text = "Running 2s test\nTransfer/sec: 13MB\n200\t2000000\t3000\t613\t3123\t0\n";
        let want = Seen { rate: 100.0, bytes: 1500.0, median: 0.613, late: 3.123, processor: 50.0 };
        assert_eq!(Seen::parse(text, 0.01).unwrap(), want);
    }

    #[test]
    fn answers_that_are_not_200_end_the_run() {
        for (text, part) in [
            ("200\t2000000\t3000\t613\t3123\t7\n", "7 of 200"),
            ("0\t2000000\t0\t0\t0\t0\n", "0 of 0"),
            ("1\t2", "six figures"),
            ("unable to connect", "not the script's line"),
            ("", "not the script's line"),
        ] {
            let error = Seen::parse(text, 0.0).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
