//! Receipts: how many are issued beside what their arithmetic allows, and how long a check takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use super::{
    command,
    figures::Spread,
    http,
    open::{Flood, Open},
    programs::{build_bench, example},
    progress::Progress,
    report::{Asked, Row, Section},
    services::Services,
    work::Work,
    wrk::{Target, Wrk},
};
use crate::environment::{self, cargo_command};

const PATH: &str = "/v1/vrf?sig=dual";
const CONNECTIONS: u32 = 64;
/// The part of the capacity at which latency is measured.
const LOAD: f64 = 0.7;
/// Most requests at once in that.
const OPEN_CONNECTIONS: u32 = 256;
/// Runs of `r4 verify` in each round.
const COMMANDS: u32 = 20;

/// What one receipt costs to make: names in `crates/xtask/benches`.
const MAKING: [&str; 4] = ["ecvrf/prove", "ecdsa/sign", "mldsa65/sign", "receipt/check_own"];
/// What one costs to check.
const CHECKING: [&str; 2] = ["receipt/parse", "receipt/verify"];

/// What is asked about receipts.
struct Receipts<'a> {
    work: &'a Work,
    clients: Wrk<'a>,
    paced: Open<'a>,
    gateway: Target,
    verifier: Verifier,
}

/// Checks one receipt.
struct Verifier {
    r4: PathBuf,
    library: PathBuf,
    keys: PathBuf,
    receipt: PathBuf,
}

/// One round: everything once.
#[derive(Clone, Copy)]
struct Round {
    rate: f64,
    /// Milliseconds with clients that wait.
    waited: [f64; 2],
    /// Milliseconds at a part of the capacity: median and 99th percentile.
    paced: [f64; 2],
    /// Microseconds of each primitive.
    making: [f64; 4],
    checking: [f64; 2],
    /// Receipts a second that the library checks in one thread and in two.
    checked: [f64; 2],
    /// Milliseconds of `r4 verify`.
    command: f64,
}

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    build_bench("xtask", "primitives")?;
    let (services, library, paced) =
        (Services::build(work)?, example("verify")?, Open::build(work)?);
    let core = services.core("chacha20")?;
    let vrf = services.vrf(core.port, "vrf")?;
    let gateway = services.gateway(core.port, vrf.port, "gateway")?;
    let ([_, _, gateway], _node) = work.start([core, vrf, gateway])?;
    let receipts = Receipts {
        work,
        clients: Wrk::new(work, CONNECTIONS, work.either(8, 3))?,
        paced,
        gateway: Target { name: "r4-gateway /v1/vrf?sig=dual", server: gateway, path: PATH },
        verifier: Verifier::prepare(work, gateway.port, services.r4(), library)?,
    };

    let rounds = work.either(5, 2);
    let progress = Progress::begin("receipts", rounds);
    let mut done = Vec::new();
    for round in 1..=rounds {
        progress.now(format!("round {round} of {rounds}"));
        done.push(receipts.round()?);
        progress.done();
    }
    Ok(section(&done))
}

impl Receipts<'_> {
    fn round(&self) -> Result<Round> {
        let making = self.estimates(MAKING)?;
        let waited = self.clients.ask(&self.gateway)?;
        let flood = Flood {
            path: PATH,
            rate: waited.rate * LOAD,
            seconds: self.work.either(10, 4),
            connections: OPEN_CONNECTIONS,
        };
        let paced = self.paced.ask(self.gateway.server, &flood)?;
        let served = paced.of(&[200]);
        let lost = paced.sent + paced.unsent - served.count;
        // More than a handful would hide what the others had to wait.
        ensure!(
            lost <= 0.01 * paced.sent,
            "{lost} requests at {LOAD} of the capacity were not answered"
        );
        Ok(Round {
            rate: waited.rate,
            waited: [waited.median, waited.late],
            paced: [served.median, served.late],
            making,
            checking: self.estimates(CHECKING)?,
            checked: [self.verifier.rate(self.work, 1)?, self.verifier.rate(self.work, 2)?],
            command: self.verifier.command_milliseconds()?,
        })
    }

    /// Runs criterion; returns the median of each in microseconds.
    fn estimates<const N: usize>(&self, names: [&str; N]) -> Result<[f64; N]> {
        let args = ["bench", "--quiet", "--package", "xtask", "--bench", "primitives"];
        let mut cargo = cargo_command(&args)?;
        cargo.args(["--", "--quiet", "--noplot", &format!("^({})$", names.join("|"))]);
        command::output(cargo, &self.work.stop)?;
        let folder = environment::target_dir()?.join("criterion");
        let mut all = [0.0; N];
        for (name, place) in names.iter().zip(&mut all) {
            *place = estimate(&folder.join(name))?;
        }
        Ok(all)
    }
}

/// Reads criterion's median of one benchmark, in microseconds.
fn estimate(folder: &Path) -> Result<f64> {
    let path = folder.join("new/estimates.json");
    let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    median(&text).map(|nanoseconds| nanoseconds / 1e3).context("criterion names no median")
}

fn median(json: &str) -> Option<f64> {
    let (_, median) = json.split_once("\"median\":{")?;
    let (_, point) = median.split_once("},\"point_estimate\":")?;
    point.split([',', '}']).next()?.parse().ok()
}

impl Verifier {
    /// Keeps a receipt, and the keys that it is to be checked with.
    fn prepare(work: &Work, gateway: u16, r4: PathBuf, library: PathBuf) -> Result<Self> {
        let keep = |name: &str, path| {
            let file = work.dir.join(name);
            fs::write(&file, http::get(gateway, path)?).context("cannot keep a receipt")?;
            anyhow::Ok(file)
        };
        let (keys, receipt) = (keep("keys.json", "/v1/keys")?, keep("receipt.json", PATH)?);
        Ok(Self { r4, library, keys, receipt })
    }

    /// Returns how many receipts a second the library checks.
    fn rate(&self, work: &Work, threads: u32) -> Result<f64> {
        let mut verify = Command::new(&self.library);
        verify.arg(&self.keys).arg(&self.receipt);
        verify.args([threads, work.either(3, 1)].map(|number| number.to_string()));
        let text = command::output(verify, &work.stop)?;
        text.trim().parse().with_context(|| format!("the checks said {text:?}"))
    }

    /// Returns the median time of `r4 verify`, from its start to its end.
    fn command_milliseconds(&self) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..COMMANDS {
            let mut r4 = Command::new(&self.r4);
            r4.arg("verify").arg("--keys").arg(&self.keys).arg(&self.receipt);
            let start = Instant::now();
            let status = r4.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
            ensure!(status.success(), "r4 verify found the receipt wrong ({status})");
        }
        Ok(Spread::of(times).median)
    }
}

fn section(rounds: &[Round]) -> Section {
    let of = |value: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(value));
    let made = |round: &Round| round.making.iter().sum::<f64>();
    let cores = std::thread::available_parallelism()
        .map_or(f64::NAN, |cores| f64::from(u32::try_from(cores.get()).unwrap_or(u32::MAX)));
    let mut table = vec![
        Row::new(
            "/v1/vrf?sig=dual ÷ (cores ÷ arithmetic of a receipt)",
            of(&|round| round.rate * made(round) / 1e6 / cores),
            2,
        )
        .asked(Asked::AtLeast(0.85)),
        Row::new("p99 ÷ p50 at 70 % of the capacity", of(&|r| r.paced[1] / r.paced[0]), 2)
            .asked(Asked::AtMost(4.0)),
        Row::new(
            "receipt read and checked by the library, µs",
            of(&|r| r.checking.iter().sum()),
            0,
        )
        .asked(Asked::AtMost(300.0)),
        Row::new("checked in two threads ÷ in one", of(&|r| r.checked[1] / r.checked[0]), 2)
            .asked(Asked::AtLeast(1.8)),
        Row::new("/v1/vrf?sig=dual, requests/s", of(&|r| r.rate), 0),
        Row::new("– p50, ms", of(&|r| r.waited[0]), 1),
        Row::new("– p99, ms", of(&|r| r.waited[1]), 1),
        Row::new("at 70 % of the capacity, p50, ms", of(&|r| r.paced[0]), 1),
        Row::new("– p99, ms", of(&|r| r.paced[1]), 1),
        Row::new("arithmetic of a receipt, µs", of(&made), 0),
    ];
    for (place, name) in MAKING.iter().enumerate() {
        let one = of(&|round| round.making.get(place).copied().unwrap_or(f64::NAN));
        table.push(Row::new(format!("– {name}, µs"), one, 0));
    }
    table.extend([
        Row::new("checked by the library in one thread, receipts/s", of(&|r| r.checked[0]), 0),
        Row::new("– in two threads", of(&|r| r.checked[1]), 0),
        Row::new(
            "`r4 verify`, one receipt, with the start of the command, ms",
            of(&|r| r.command),
            1,
        ),
    ]);
    let text = format!(
        "{} rounds, {CONNECTIONS} connections, through the gateway, with the log. The arithmetic of a receipt is that of criterion\n\
         in the same round (`cargo bench -p xtask --bench primitives`):\n{}. A receipt is read\n\
         and checked in {}: dual, pinned, with its place in the log. In one thread and in two\n\
         it is `crates/xtask/examples/verify.rs`.",
        rounds.len(),
        MAKING.join(", "),
        CHECKING.join(" and ")
    );
    Section { title: "Receipts", text, table, notes: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criterions_median_is_read() {
        let json = r#"{"mean":{"confidence_interval":{"a":1.0},"point_estimate":1.5,"standard_error":2},
            "median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0},"point_estimate":127341.5,"standard_error":2.5},
            "slope":null}"#;
        assert_eq!(median(json).map(f64::to_bits), Some(127_341.5_f64.to_bits()));
        assert_eq!(median("{}"), None);
    }

    #[test]
    fn each_criterion_is_judged_by_its_own_figures() {
        let round = Round {
            rate: 1000.0,
            waited: [1.0, 1.0],
            paced: [1.0, 4.0],
            making: [1700.0, 0.0, 0.0, 0.0],
            checking: [100.0, 200.0],
            checked: [10.0, 18.0],
            command: 1.0,
        };
        let reached = |round| {
            let table = section(&[round]).table;
            table.iter().filter_map(Row::reached).collect::<Vec<bool>>()
        };
        let slow = |cores: f64| Round { rate: 1000.0 * cores / 2.0, ..round };
        let cores =
            f64::from(u32::try_from(std::thread::available_parallelism().unwrap().get()).unwrap());
        assert_eq!(reached(slow(cores)), [true; 4]);
        let bad = Round {
            paced: [1.0, 4.1],
            checking: [101.0, 200.0],
            checked: [10.0, 17.0],
            ..slow(cores * 0.9)
        };
        assert_eq!(reached(bad), [false; 4]);
    }
}
