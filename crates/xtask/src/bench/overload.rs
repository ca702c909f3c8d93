//! Four times as many requests as the node can answer, for a minute.

use std::{thread, time::Duration};

use anyhow::{Context, Result, anyhow};

use super::{
    figures::Spread,
    open::{self, Flood, Open},
    processes,
    progress::Progress,
    report::{Asked, Row, Section},
    services::Services,
    work::{Server, Work},
    wrk::{Target, Wrk},
};

/// Requests that come for each that can be answered.
const TIMES: f64 = 4.0;
/// More than the services take at once; the excess must be refused.
const CONNECTIONS: u32 = 768;
/// Connections of the clients that find the capacity.
const CLIENTS: u32 = 64;
const REFUSED: [u16; 2] = [429, 503];

/// What became of one flood.
struct Seen {
    path: &'static str,
    /// Answers a second to clients that wait.
    capacity: f64,
    seconds: f64,
    flood: open::Seen,
    memory: Memory,
}

/// Memory of all services together, in MiB.
struct Memory {
    idle: f64,
    half: f64,
    most: f64,
}

/// Measures both paths, each with services of its own.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let (services, open) = (Services::build(work)?, Open::build(work)?);
    let paths = ["/v1/vrf?sig=dual", "/v1/random?n=32"];
    let progress = Progress::begin("overload", paths.len());
    let mut table = Vec::new();
    for (path, state) in paths.into_iter().zip(["one", "two"]) {
        progress.now(path.to_owned());
        table.extend(rows(&flood(work, &services, &open, path, state)?));
        progress.done();
    }
    let text = format!(
        "The capacity is that of {CLIENTS} clients that wait, found just before; then {TIMES} times as many requests are due for\n\
         {} s, over at most {CONNECTIONS} connections. Those that find no free connection, or for which the clients have no\n\
         processor time left, are not sent; where no request was refused, the time of refusals is 0. Recovered is the node\n\
         when one client alone is answered 200 no later than the slowest of 50 answers before. Memory is that of r4-core,\n\
         re4_dump, r4-vrf and r4-gateway together.",
        seconds(work)
    );
    Ok(Section { title: "Overload", text, table, notes: String::new() })
}

fn seconds(work: &Work) -> u32 {
    work.either(60, 10)
}

fn flood(
    work: &Work,
    services: &Services,
    open: &Open<'_>,
    path: &'static str,
    state: &str,
) -> Result<Seen> {
    let core = services.core("chacha20")?;
    let vrf = services.vrf(core.port, &format!("vrf-{state}"))?;
    let gateway = services.gateway(core.port, vrf.port, &format!("gateway-{state}"))?;
    let (servers, _node) = work.start([core, vrf, gateway])?;
    let [_, _, gateway] = servers;
    let seconds = seconds(work);
    let idle = total(&servers, processes::resident)?;
    let target = Target { name: "r4-gateway", server: gateway, path };
    let capacity = Wrk::new(work, CLIENTS, work.either(10, 3))?.ask(&target)?.rate;

    let order = Flood { path, rate: capacity * TIMES, seconds, connections: CONNECTIONS };
    let (flood, half) = thread::scope(|scope| {
        let flood = scope.spawn(|| open.ask(gateway, &order));
        thread::sleep(Duration::from_secs(u64::from(seconds / 2)));
        let half = total(&servers, processes::most_resident);
        (flood.join(), half)
    });
    let flood = flood.map_err(|_| anyhow!("the flood has panicked"))?;
    let most = total(&servers, processes::most_resident).context("a service has ended")?;
    let memory = Memory { idle, half: half?, most };
    Ok(Seen { path, capacity, seconds: f64::from(seconds), flood: flood?, memory })
}

/// Returns the memory of the servers and of what they have started.
fn total(servers: &[Server], memory: fn(u32) -> Result<f64>) -> Result<f64> {
    let mut total = 0.0;
    for server in servers {
        for process in processes::family(server.process)? {
            total += memory(process)?;
        }
    }
    Ok(total)
}

fn rows(seen: &Seen) -> Vec<Row> {
    let Seen { path, capacity, seconds, flood, memory } = seen;
    let (served, refused) = (flood.of(&[200]), flood.of(&REFUSED));
    let lost = flood.sent - served.count - refused.count;
    let goodput = served.early / seconds;
    let row = |what: &str, value: f64, decimals| {
        Row::new(format!("{path}, {what}"), Spread::of([value]), decimals)
    };
    vec![
        row("goodput ÷ capacity", goodput / capacity, 2).asked(Asked::AtLeast(0.9)),
        row("refusals (429, 503), p99, ms", refused.late, 1).asked(Asked::AtMost(50.0)),
        row("refusals, the longest, ms", refused.longest, 1).asked(Asked::AtMost(50.0)),
        row("sent, but neither answered nor refused", lost, 0).asked(Asked::AtMost(0.0)),
        row("recovered after, ms", flood.recovered, 0).asked(Asked::AtMost(1000.0)),
        row("most memory ÷ most in the first half", memory.most / memory.half, 2)
            .asked(Asked::AtMost(1.05)),
        row("memory when idle, MiB", memory.idle, 1),
        row("most memory, MiB", memory.most, 1),
        row("capacity, requests/s", *capacity, 0),
        row("due, requests/s", (flood.sent + flood.unsent) / seconds, 0),
        row("sent, requests/s", flood.sent / seconds, 0),
        row("answered with 200 in time, requests/s", goodput, 0),
        row("refused, requests/s", refused.count / seconds, 0),
        row("answers, p50, ms", served.median, 1),
        row("answers, p99, ms", served.late, 1),
        row("cores that the clients took", flood.processor / seconds, 2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(lines: &str, most: f64) -> Vec<bool> {
        let seen = Seen {
            path: "/p",
            capacity: 100.0,
            seconds: 10.0,
            flood: open::Seen::parse(lines).unwrap(),
            memory: Memory { idle: 10.0, half: 20.0, most },
        };
        rows(&seen).iter().filter_map(Row::reached).collect()
    }

    #[test]
    fn each_criterion_is_judged_by_its_own_figures() {
        let good = "sent\t3900\nunsent\t100\nstatus\t200\t1000\t900\t9\t90\t900\n\
                    status\t429\t1900\t1900\t1\t50\t50\nstatus\t503\t1000\t1000\t2\t20\t50\n\
                    processor\t4\nrecovered\t1000\n";
        assert_eq!(reached(good, 21.0), [true; 6]);
        let bad = "sent\t3900\nunsent\t100\nstatus\t0\t1\t0\t9\t9\t9\nstatus\t200\t1000\t899\t9\t90\t900\n\
                   status\t429\t1899\t1899\t1\t50\t50\nstatus\t503\t1000\t1000\t2\t50.1\t51\n\
                   processor\t4\nrecovered\t1001\n";
        assert_eq!(reached(bad, 21.1), [false; 6]);
    }
}
