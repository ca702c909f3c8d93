//! The log store alone, with a million entries: `crates/r4-logstore/benches/million`, whose lines are
//! made into a table here.

use anyhow::{Context, Result};

use super::{
    command,
    figures::Spread,
    programs::build_bench,
    report::{Asked, Row, Section},
    say,
    work::Work,
};
use crate::environment::cargo_command;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

const TEXT: &str = "\
r4-logstore by itself (`cargo bench -p r4-logstore --bench million`): entries of 147 bytes and bodies of 250, as of a
receipt signed by ECDSA; batches of 256 without a pause, each with one fsync and a checkpoint signed and checked by
keys of r4-keystore; a checkpoint published each second.";

/// What one run printed.
struct Run(Vec<Vec<String>>);

/// Measures all runs.
pub(super) fn measure(work: &Work) -> Result<Section> {
    build_bench("r4-logstore", "million")?;
    let (rounds, entries) = (work.either(5, 1), work.either(1_000_000, 200_000));
    let mut runs = Vec::new();
    for round in 1..=rounds {
        say(&format!("a log of {entries} entries, run {round} of {rounds}"));
        runs.push(run(work, entries)?);
    }
    section(&runs, entries).context("r4-logstore's benchmark did not print what is expected")
}

fn run(work: &Work, entries: u64) -> Result<Run> {
    let args = ["bench", "--quiet", "--package", "r4-logstore", "--bench", "million"];
    let mut cargo = cargo_command(&args)?;
    cargo.arg("--").arg("--dir").arg(&work.dir).args(["--entries", &entries.to_string()]);
    Ok(Run::parse(&command::output(cargo, &work.stop)?))
}

impl Run {
    fn parse(text: &str) -> Self {
        Self(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    }

    /// Returns the numbers of the lines that begin with these words.
    fn all(&self, words: &[&str]) -> Vec<Vec<f64>> {
        let lines = self.0.iter().filter(|line| {
            line.len() > words.len() && line.iter().zip(words).all(|(field, word)| field == word)
        });
        let numbers = lines.map(|line| {
            line.iter().skip(words.len()).filter_map(|field| field.parse().ok()).collect()
        });
        numbers.collect()
    }

    /// Returns one number of the only line that begins with these words.
    fn one(&self, words: &[&str], place: usize) -> Option<f64> {
        self.all(words).first()?.get(place).copied()
    }
}

/// Fields of the lines that begin with `append`.
const WALL: usize = 1;
const PROCESSOR: usize = 2;
const WRITTEN: usize = 3;

fn section(runs: &[Run], entries: u64) -> Option<Section> {
    let each = |words: &[&str], place: usize, unit: f64| {
        let values: Option<Vec<f64>> =
            runs.iter().map(|run| Some(run.one(words, place)? / unit)).collect();
        values.map(Spread::of)
    };
    let mut table = append_rows(runs)?;
    for (name, what) in [("random", "of any entry"), ("newest", "of the newest entry")] {
        let proof = |place| each(&["proof", name], place, 1e3);
        let asked = Asked::AtMost(1.0);
        table.push(
            Row::new(format!("inclusion proof {what}, median, ms"), proof(0)?, 3).asked(asked),
        );
        table.push(Row::new("– p99, ms", proof(1)?, 3).asked(asked));
    }
    for (name, what) in [("closed", "a clean end"), ("killed", "`kill -9` while appending")] {
        let what = format!("start after {what}, s");
        table.push(Row::new(what, each(&["open", name], 0, 1e3)?, 3).asked(Asked::AtMost(2.0)));
    }
    for (name, what) in [
        ("start", "before the first entry"),
        ("appended", "after the last"),
        ("proved", "after the proofs"),
        ("closed", "opened again after a clean end"),
        ("killed", "opened again after `kill -9`"),
    ] {
        let resident = each(&["resident", name], 0, MEBIBYTE)?;
        table.push(Row::new(format!("resident memory {what}, MiB"), resident, 1));
    }
    table.push(Row::new("on disk in the end, MiB", each(&["disk"], 0, MEBIBYTE)?, 0));
    let notes = format!(
        "Runs: {}, of {entries} entries each. What an append costs is the time of 100,000, from the first record to the\n\
         answer of the last, by their number. Flat means that none of these times (their median over the runs, or the\n\
         quickest, to which nobody else has added) is farther from the median of all than asked. Proofs are made and\n\
         checked by the store, from files in the page cache. The killed process had up to 65,000 ids in memory alone.",
        runs.len()
    );
    Some(Section { title: "The log by itself", text: TEXT.to_owned(), table, notes })
}

/// Returns the lines about appending: all chunks together, the first and the last.
fn append_rows(runs: &[Run]) -> Option<Vec<Row>> {
    let chunks: Vec<Vec<Vec<f64>>> = runs.iter().map(|run| run.all(&["append"])).collect();
    let last = chunks.first()?.len().checked_sub(1)?;
    let chunk = |number: usize, field: usize| {
        Spread::of(chunks.iter().filter_map(|run| run.get(number)?.get(field).copied()))
    };
    let medians = |field| Spread::of((0..=last).map(|number| chunk(number, field).median));
    let quickest = |field| Spread::of((0..=last).map(|number| chunk(number, field).least));
    Some(vec![
        Row::new("append of an entry, µs", medians(WALL), 2).asked(Asked::Within(0.1)),
        Row::new("– the quickest run of each", quickest(WALL), 2).asked(Asked::Within(0.1)),
        Row::new("– of the first 100,000", chunk(0, WALL), 2),
        Row::new("– of the last 100,000", chunk(last, WALL), 2),
        Row::new("append of an entry, processor time, µs", medians(PROCESSOR), 2),
        Row::new("– the quickest run of each", quickest(PROCESSOR), 2),
        Row::new("– of the first 100,000", chunk(0, PROCESSOR), 2),
        Row::new("– of the last 100,000", chunk(last, PROCESSOR), 2),
        Row::new("bytes written for an entry", medians(WRITTEN), 0),
        Row::new("– of the first 100,000", chunk(0, WRITTEN), 0),
        Row::new("– of the last 100,000", chunk(last, WRITTEN), 0),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "\
resident\tstart\t1048576
append\t100001\t10.0\t8.0\t600\t2097152
append\t200000\t12.0\t8.4\t700\t3145728
resident\tappended\t3145728
proof\trandom\t90.0\t1500.0\t2000.0
proof\tnewest\t10.0\t20.0\t30.0
resident\tproved\t3145728
close\t5.0
open\tclosed\t12.0\t200000
resident\tclosed\t1048576
open\tkilled\t2500.0\t250000
resident\tkilled\t1048576
disk\t10485760
";

    #[test]
    fn each_criterion_is_judged_by_its_own_lines() {
        let table = section(&[Run::parse(LINES)], 200_000).unwrap().table;
        let reached: Vec<bool> = table.iter().filter_map(Row::reached).collect();
        // Flat to ± 9 %, twice; proofs: random, p99, newest, p99; starts.
        assert_eq!(reached, [true, true, true, false, true, true, true, false]);
    }

    #[test]
    fn a_line_that_is_missing_is_noticed() {
        for missing in ["append", "proof\trandom", "open\tkilled", "resident\tproved", "disk"] {
            let lines = LINES.lines().filter(|line| !line.starts_with(missing));
            let run = Run::parse(&lines.collect::<Vec<_>>().join("\n"));
            assert!(section(&[run], 1).is_none(), "{missing}");
        }
    }
}
