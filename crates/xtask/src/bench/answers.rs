//! What the log costs the answers of r4-vrf: the service with it and without it, in turn, under
//! clients that each wait for one answer at a time.

use std::{
    fs::File,
    io::Write,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    KEY, command,
    figures::Spread,
    processes::processor_seconds,
    programs::{Twins, example},
    report::{Asked, Row, Section},
    say, services,
    work::{Server, Work},
};
use crate::up::{private_folder, service::Plan};

const PATH: &str = "/vrf?sig=dual";
/// Clients at once, of the criterion.
const CLIENTS: u32 = 64;
/// How long an answer waits for others, as by default.
const BATCH_MILLISECONDS: u32 = 10;
/// Syncs that are timed in each round.
const SYNCS: u32 = 100;
const SYNC_BYTES: usize = 4096;

const TEXT: &str = "\
`/vrf?sig=dual` of a release r4-vrf on 127.0.0.1, in turn without the log and with it. The clients share the cores
with the service: they are `crates/xtask/examples/load.rs`, a thread and an open connection each, which asks again
once it is answered. The product cannot do without its log: \"without\" is a build with the feature `benchmarks`, in
which `R4_WITHOUT_LOG` leaves out the append and the wait for it (`crates/r4-vrf/src/induced.rs`). Index, signatures
and self-check are the same; the answer has no field `log`. An fsync is 4 KiB appended to a file in the same folder,
and `fdatasync`.";

/// What the clients saw in one measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    rate: f64,
    median: f64,
    late: f64,
    body_bytes: f64,
    /// Milliseconds of the service's processor time for each answer.
    processor: f64,
}

/// One round: everything once.
struct Round {
    without: Seen,
    with: Seen,
    alone_without: Seen,
    alone_with: Seen,
    sync: f64,
}

/// A running service, asked by clients.
struct Service<'a> {
    clients: &'a Path,
    server: Server,
    work: &'a Work,
}

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let (twins, clients) = (Twins::build()?, example("load")?);
    let (rounds, seconds) = (work.either(7, 3), work.either(8.0, 4.0));
    let plans = [
        plan("without", &twins.vrf_for_benchmarks, &work.dir)?,
        plan("with", &twins.vrf, &work.dir)?,
    ];
    let ([without, with], node) = work.start(plans)?;
    let asked = |server| Service { clients: &clients, server, work };
    let (without, with) = (asked(without), asked(with));

    let mut done = Vec::new();
    for round in 1..=rounds {
        let sync = sync_milliseconds(&work.dir)?;
        let seen = Round {
            without: without.ask(CLIENTS, seconds)?,
            with: with.ask(CLIENTS, seconds)?,
            alone_without: without.ask(1, seconds / 4.0)?,
            alone_with: with.ask(1, seconds / 4.0)?,
            sync,
        };
        let (without, with) = (seen.without.rate, seen.with.rate);
        say(&format!(
            "answers, round {round} of {rounds}: {without:.0}/s without the log, {with:.0}/s with it"
        ));
        done.push(seen);
    }
    node.stop(Duration::from_secs(10))?;
    Ok(section(&done))
}

/// Returns an r4-vrf with or without its log, by its name.
fn plan(name: &'static str, program: &Path, dir: &Path) -> Result<Plan> {
    let (mut plan, state) = (services::plan(name, program)?, dir.join(name));
    private_folder(&state)?;
    plan.command.env("R4_STATE_DIR", state);
    plan.command.env("R4_LOG_BATCH_MS", BATCH_MILLISECONDS.to_string());
    if name == "without" {
        plan.command.env("R4_WITHOUT_LOG", "1");
    }
    Ok(plan)
}

impl Service<'_> {
    /// Lets so many clients ask for so long, after a warm-up.
    fn ask(&self, clients: u32, seconds: f64) -> Result<Seen> {
        let warm_up = seconds / 8.0;
        let mut command = Command::new(self.clients);
        command.args([&self.server.port.to_string(), PATH, KEY, &clients.to_string()]);
        command.args([warm_up.to_string(), seconds.to_string()]);
        let before = processor_seconds(self.server.process)?;
        let text = command::output(command, &self.work.stop)?;
        let spent = processor_seconds(self.server.process)? - before;
        // The warm-up is answered at the same rate, near enough.
        Seen::parse(&text, |rate| spent * 1e3 / (rate * (seconds + warm_up)))
            .with_context(|| format!("the clients said {text:?}"))
    }
}

impl Seen {
    fn parse(text: &str, processor: impl FnOnce(f64) -> f64) -> Option<Self> {
        let mut fields = text.split_whitespace().map(str::parse);
        let mut next = || fields.next()?.ok();
        let (rate, median, late, _longest, body_bytes) =
            (next()?, next()?, next()?, next()?, next()?);
        Some(Self { rate, median, late, body_bytes, processor: processor(rate) })
    }
}

/// Returns the median time of appending a little to a file and syncing it.
fn sync_milliseconds(dir: &Path) -> Result<f64> {
    let path = dir.join("synced");
    let mut file =
        File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut times = Vec::new();
    for _ in 0..SYNCS {
        let start = Instant::now();
        file.write_all(&[7; SYNC_BYTES]).and_then(|()| file.sync_data())?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Spread::of(times).median)
}

fn section(rounds: &[Round]) -> Section {
    let of = |value: fn(&Round) -> f64| Spread::of(rounds.iter().map(value));
    let sync = of(|round| round.sync);
    let allowed = f64::from(BATCH_MILLISECONDS) + sync.median;
    let rows = vec![
        Row::new("64 clients, answers a second, without", of(|r| r.without.rate), 0),
        Row::new("64 clients, answers a second, with", of(|r| r.with.rate), 0),
        Row::new("– with ÷ without", of(|r| r.with.rate / r.without.rate), 2)
            .asked(Asked::AtLeast(0.8)),
        Row::new("64 clients, p50 without, ms", of(|r| r.without.median), 1),
        Row::new("64 clients, p50 with, ms", of(|r| r.with.median), 1),
        Row::new("– added, ms", of(|r| r.with.median - r.without.median), 1)
            .asked(Asked::AtMost(allowed)),
        Row::new("64 clients, p99 without, ms", of(|r| r.without.late), 1),
        Row::new("64 clients, p99 with, ms", of(|r| r.with.late), 1),
        Row::new("service's processor time an answer, without, ms", of(|r| r.without.processor), 2),
        Row::new("service's processor time an answer, with, ms", of(|r| r.with.processor), 2),
        Row::new("bytes of an answer, without", of(|r| r.without.body_bytes), 0),
        Row::new("bytes of an answer, with", of(|r| r.with.body_bytes), 0),
        Row::new("1 client, p50 without, ms", of(|r| r.alone_without.median), 1),
        Row::new("1 client, p50 with, ms", of(|r| r.alone_with.median), 1),
        Row::new("fsync, ms", sync, 2),
    ];
    let notes = format!(
        "{} rounds. The latency that may be added is one batch interval (`R4_LOG_BATCH_MS={BATCH_MILLISECONDS}`) and\n\
         the median fsync. A client alone also waits for the two signatures of its batch's checkpoint and their check.",
        rounds.len()
    );
    Section { title: "The log's cost to an answer", text: TEXT.to_owned(), table: rows, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_clients_is_read() {
        let seen = Seen::parse("200.0\t3.5\t9.25\t20\t12000\n", |rate| rate * 2.0).unwrap();
        let want =
            Seen { rate: 200.0, median: 3.5, late: 9.25, body_bytes: 12000.0, processor: 400.0 };
        assert_eq!(seen, want);
        assert_eq!(Seen::parse("200.0\t3.5", |_| 0.0), None);
        assert_eq!(Seen::parse("a\tb\tc\td\te", |_| 0.0), None);
    }

    #[test]
    fn a_ratio_below_the_criterion_is_not_reached() {
        let seen = |rate, median| Seen { rate, median, late: 1.0, body_bytes: 1.0, processor: 1.0 };
        let round = |with, added| Round {
            without: seen(100.0, 10.0),
            with: seen(with, 10.0 + added),
            alone_without: seen(1.0, 1.0),
            alone_with: seen(1.0, 1.0),
            sync: 1.0,
        };
        let reached = |with, added| {
            let table = section(&[round(with, added)]).table;
            table.iter().filter_map(Row::reached).collect::<Vec<bool>>()
        };
        assert_eq!(reached(80.0, 11.0), [true, true]);
        assert_eq!(reached(79.0, 11.1), [false, false]);
    }
}
