//! Large answers of r4-core, and where their bytes come from.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result};

use super::{
    command,
    figures::Spread,
    peers, processes,
    programs::build_bench,
    report::{Asked, Row, Section},
    rounds::{Named, Rounds},
    services::Services,
    work::{Server, Work},
    wrk::{Seen, Target, Wrk},
};
use crate::environment::cargo_command;

const CHACHA20: &str = "r4-core /random?n=1000000, chacha20";
const AES: &str = "r4-core /random?n=1000000, ctr-aes256";
const BARE: &str = "bare axum, 1 MB from memory";
const KERNEL: &str = "bare axum, 1 MB from getrandom each time";
const NGINX: &str = "nginx, static file of 1 MB";
const URANDOM: &str = "dd of /dev/urandom to /dev/null";

const CONNECTIONS: u32 = 8;
const BODY_MEBIBYTES: f64 = 1e6 / 1024.0 / 1024.0;
const PATH: &str = "/random?n=1000000";
/// Bytes of a gigabyte, for rates.
const GIGA: f64 = 1e9;

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    build_bench("re4-dump", "throughput")?;
    let services = Services::build(work)?;
    let (chacha20, aes) = (services.core("chacha20")?, services.core("ctr-aes256")?);
    let (bare, nginx) = (peers::bare()?, peers::nginx(work, chacha20.port)?);
    let ([chacha20, aes, bare, nginx], node) = work.start([chacha20, aes, bare, nginx])?;
    let idle = Memory::of([chacha20, aes])?;
    let targets = [
        Target { name: CHACHA20, server: chacha20, path: PATH },
        Target { name: AES, server: aes, path: PATH },
        Target { name: BARE, server: bare, path: "/1000000" },
        Target { name: KERNEL, server: bare, path: "/getrandom/1000000" },
        Target { name: NGINX, server: nginx, path: "/1000000" },
    ];
    let load = Wrk::new(work, CONNECTIONS, work.either(5, 2))?;
    // What the first round needs, all others must do with.
    let first = load.in_turn("bulk", 1, &targets)?;
    let early = Memory::of([chacha20, aes])?;
    let rounds = load.in_turn("bulk", work.either(7, 2), &targets)?;
    let late = Memory::of([chacha20, aes])?;
    drop((node, first));

    let kernel = Rounds::measure(work, "bulk", work.either(7, 2), &[Urandom], |_| urandom(work))?;
    let mut table = ratios(&rounds);
    table.extend(engines(work)?);
    table.extend(memory_rows(idle, early, late));
    table.extend(rows(&rounds));
    table.push(Row::new(format!("{URANDOM}, GB/s"), kernel.of(URANDOM, |rate| *rate), 2));
    Ok(section(table))
}

/// What two r4-core have in memory, each with its `re4_dump`.
#[derive(Clone, Copy)]
struct Memory {
    now: [f64; 2],
    most: [f64; 2],
}

impl Memory {
    fn of(cores: [Server; 2]) -> Result<Self> {
        let mut memory = Self { now: [0.0; 2], most: [0.0; 2] };
        for (core, (now, most)) in cores.iter().zip(memory.now.iter_mut().zip(&mut memory.most)) {
            for process in processes::family(core.process)? {
                *now += processes::resident(process)?;
                *most += processes::most_resident(process)?;
            }
        }
        Ok(memory)
    }
}

fn ratios(rounds: &Rounds<Seen>) -> Vec<Row> {
    let cores = [(CHACHA20, "chacha20"), (AES, "ctr-aes256")];
    let rows = cores.into_iter().flat_map(|(core, engine)| {
        let to = |other| rounds.ratio(core, other, |seen| seen.bytes);
        [
            Row::new(format!("r4-core ({engine}) ÷ bare axum from memory, bytes/s"), to(BARE), 2)
                .asked(Asked::AtLeast(0.75)),
            Row::new(
                format!("r4-core ({engine}) ÷ bare axum on getrandom, bytes/s"),
                to(KERNEL),
                2,
            )
            .asked(Asked::AtLeast(3.0)),
            Row::new(format!("r4-core ({engine}) ÷ nginx, bytes/s"), to(NGINX), 2),
        ]
    });
    rows.collect()
}

fn memory_rows(idle: Memory, early: Memory, late: Memory) -> [Row; 3] {
    let both = |of: fn(f64, f64) -> f64, one: [f64; 2], other: [f64; 2]| {
        Spread::of(one.into_iter().zip(other).map(|(one, other)| of(one, other)))
    };
    let same = both(|now, _| now, idle.now, idle.now);
    let added = both(|most, idle| most - idle, early.most, idle.now);
    let grown = both(|late, early| late - early, late.most, early.most);
    [
        Row::new("r4-core with re4_dump, resident memory when idle, MiB", same, 1),
        Row::new("– most under load, above that, MiB", added, 1)
            .asked(Asked::AtMost(f64::from(CONNECTIONS) * BODY_MEBIBYTES)),
        Row::new("– most in all other rounds, above the most in the first, MiB", grown, 1)
            .asked(Asked::AtMost(1.0)),
    ]
}

fn rows(rounds: &Rounds<Seen>) -> Vec<Row> {
    let rows = rounds.names().flat_map(|name| {
        [
            Row::new(format!("{name}, GB/s"), rounds.of(name, |seen| seen.bytes / GIGA), 2),
            Row::new("– p50, ms", rounds.of(name, |seen| seen.median), 2),
            Row::new("– p99, ms", rounds.of(name, |seen| seen.late), 2),
            Row::new("– processor time a request, µs", rounds.of(name, |seen| seen.processor), 0),
        ]
    });
    rows.collect()
}

/// `/dev/urandom`.
struct Urandom;

impl Named for Urandom {
    fn name(&self) -> &'static str {
        URANDOM
    }
}

/// Returns how many gigabytes a second `dd` reads.
fn urandom(work: &Work) -> Result<f64> {
    let mebibytes = work.either(1024_u32, 256);
    let mut dd = Command::new("dd");
    dd.args(["if=/dev/urandom", "of=/dev/null", "bs=1M", "status=none"]);
    dd.arg(format!("count={mebibytes}"));
    let start = Instant::now();
    command::output(dd, &work.stop)?;
    Ok(f64::from(mebibytes) * 1024.0 * 1024.0 / start.elapsed().as_secs_f64() / GIGA)
}

/// What the benchmark of re4-dump says of one engine.
#[derive(Debug, PartialEq)]
struct Engine {
    name: String,
    in_process: f64,
    to_null: f64,
    ratio: Spread,
}

/// Compares `re4_dump` with its engines in process.
fn engines(work: &Work) -> Result<Vec<Row>> {
    let mut cargo =
        cargo_command(&["bench", "--quiet", "--package", "re4-dump", "--bench", "throughput"])?;
    cargo.args(["--"]).args(work.either(&[][..], &["--quick"]));
    let text = command::output(cargo, &work.stop)?;
    let engines: Option<Vec<Engine>> = text.lines().skip(1).map(Engine::parse).collect();
    let engines = engines.filter(|engines| !engines.is_empty());
    let engines = engines.with_context(|| format!("re4-dump's benchmark said {text:?}"))?;
    let rows = engines.into_iter().flat_map(|Engine { name, in_process, to_null, ratio }| {
        [
            Row::new(format!("re4_dump to /dev/null ÷ fill in process, {name}"), ratio, 2)
                .asked(Asked::AtLeast(0.85)),
            Row::new("– re4_dump, GB/s", Spread::of([to_null]), 2),
            Row::new("– fill in process, GB/s", Spread::of([in_process]), 2),
        ]
    });
    Ok(rows.collect())
}

impl Engine {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let mut next = || {
            let number = words.find(|word| *word != "GB/s")?;
            number.trim_matches(['(', ',', ')']).parse().ok()
        };
        let (in_process, to_null) = (next()?, next()?);
        let (median, least, most) = (next()?, next()?, next()?);
        Some(Self { name, in_process, to_null, ratio: Spread { least, median, most } })
    }
}

fn section(table: Vec<Row>) -> Section {
    let text = format!(
        "{CONNECTIONS} connections, bodies of 1 MB; rates over HTTP count heads, too. The memory is that of the two r4-core, one for\n\
         each engine, and its peak (`VmHWM`) under load is to stay below the bodies that are under way, and not to grow.\n\
         re4_dump and its engine in process are measured in turn by `cargo bench -p re4-dump --bench throughput`; their\n\
         figures beside the ratio are of the median round."
    );
    Section { title: "Bytes in bulk", text, table, notes: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_an_engine_is_read() {
        let line = "chacha20          1.47 GB/s      1.45 GB/s   0.98 (0.96, 1.01)";
        let want = Engine {
            name: "chacha20".to_owned(),
            in_process: 1.47,
            to_null: 1.45,
            ratio: Spread { least: 0.96, median: 0.98, most: 1.01 },
        };
        assert_eq!(Engine::parse(line), Some(want));
        assert_eq!(Engine::parse("chacha20 1.47 GB/s"), None);
        assert_eq!(Engine::parse(""), None);
    }

    #[test]
    fn memory_that_grows_is_not_flat() {
        let memory = |now, most| Memory { now: [now; 2], most: [most; 2] };
        let reached = |early, late| {
            let rows = memory_rows(memory(10.0, 10.0), memory(10.0, early), memory(10.0, late));
            rows.iter().filter_map(Row::reached).collect::<Vec<bool>>()
        };
        assert_eq!(reached(17.0, 17.9), [true, true]);
        assert_eq!(reached(18.0, 18.0), [false, true]);
        assert_eq!(reached(11.0, 12.1), [true, false]);
    }
}
