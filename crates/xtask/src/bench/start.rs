//! From the start of each service until it is ready, and what it then has in memory.

use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    command::Running,
    http, processes,
    report::{Asked, Row, Section},
    rounds::{Named, Rounds},
    services::Services,
    work::Work,
};
use crate::up::service::Plan;

/// How often a service is asked whether it is ready.
const POLL: Duration = Duration::from_millis(1);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// When its memory is looked at.
const IDLE: Duration = Duration::from_secs(2);

/// A service that is started again and again.
struct Starter<'a> {
    name: &'static str,
    plan: Box<dyn Fn() -> Result<Plan> + 'a>,
}

/// What was seen of one start.
struct Seen {
    milliseconds: f64,
    mebibytes: f64,
    /// Of what the service has started itself.
    children: f64,
}

impl Named for Starter<'_> {
    fn name(&self) -> &'static str {
        self.name
    }
}

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let services = Services::build(work)?;
    let core = services.core("chacha20")?;
    // The state of the one that runs is not that of the one that is started.
    let vrf = services.vrf(core.port, "vrf")?;
    let ([core, vrf], _node) = work.start([core, vrf])?;
    let starters = [
        Starter { name: "r4-core", plan: Box::new(|| services.core("chacha20")) },
        Starter { name: "r4-vrf", plan: Box::new(|| services.vrf(core.port, "started")) },
        Starter {
            name: "r4-gateway",
            plan: Box::new(|| services.gateway(core.port, vrf.port, "gateway")),
        },
    ];
    // Keys and stores are made in the first start of all.
    for starter in &starters {
        starter.start(work, Duration::ZERO)?;
    }
    let rounds = work.either(10, 3);
    let rounds =
        Rounds::measure(work, "start", rounds, &starters, |starter| starter.start(work, IDLE))?;
    Ok(section(&rounds))
}

impl Starter<'_> {
    fn start(&self, work: &Work, idle: Duration) -> Result<Seen> {
        let Plan { port, mut command, .. } = (self.plan)()?;
        command.stdout(Stdio::null());
        let start = Instant::now();
        let service = Running::start(command)?;
        while http::get(port, "/ready").is_err() {
            work.go_on()?;
            ensure!(start.elapsed() < PATIENCE, "{} does not become ready", self.name);
            thread::sleep(POLL);
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        thread::sleep(idle);
        let children = processes::family(service.id())?.into_iter().skip(1);
        let children: Result<Vec<f64>> = children.map(processes::resident).collect();
        let mebibytes = processes::resident(service.id())?;
        service.stop()?;
        Ok(Seen { milliseconds, mebibytes, children: children?.into_iter().sum() })
    }
}

fn section(rounds: &Rounds<Seen>) -> Section {
    let times = rounds.names().map(|name| {
        let time = rounds.of(name, |seen| seen.milliseconds);
        Row::new(format!("{name}, from exec to ready, ms"), time, 0).asked(Asked::AtMost(300.0))
    });
    let memory = rounds.names().map(|name| {
        let memory = rounds.of(name, |seen| seen.mebibytes);
        Row::new(format!("{name}, resident memory when idle, MiB"), memory, 1)
            .asked(Asked::AtMost(20.0))
    });
    let mut table: Vec<Row> = times.chain(memory).collect();
    let sealed = rounds.of("r4-core", |seen| seen.children);
    table.push(Row::new("re4_dump beside r4-core, MiB", sealed, 1).asked(Asked::AtMost(20.0)));
    let text = "Each service by itself, without Docker; `/ready` is asked every millisecond. r4-core hashes, tests and starts its \
                sealed\ngenerator in that time, r4-vrf tests its keys, r4-gateway finds both upstreams. The first start \
                of all, which makes keys\nand stores, does not count. Memory is that of 2 s later.";
    Section { title: "Start", text: text.to_owned(), table, notes: String::new() }
}
