//! The gateway, beside bare reverse proxies before the same r4-core.

use anyhow::Result;

use super::{
    peers,
    report::{Asked, Row, Section},
    rounds::Rounds,
    services::{Services, log_to_file},
    work::Work,
    wrk::{self, Seen, Target, Wrk},
};

const GATEWAY: &str = "r4-gateway /v1/random?n=32";
const LOGGING: &str = "r4-gateway, each request logged to a file";
const NGINX: &str = "nginx";
const CADDY: &str = "Caddy";
const CORE: &str = "r4-core without a proxy";

const CONNECTIONS: u32 = 64;
const DIRECT: &str = "/random?n=32";
const THROUGH: &str = "/v1/random?n=32";

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let services = Services::build(work)?;
    let core = services.core("chacha20")?;
    let vrf = services.vrf(core.port, "vrf")?;
    let gateway = services.gateway(core.port, vrf.port, "gateway")?;
    let logging = services.gateway(core.port, vrf.port, "gateway-that-logs")?;
    let logging = log_to_file(logging, &work.dir.join("gateway.log"));
    let (nginx, caddy) = (peers::nginx(work, core.port)?, peers::caddy(work, core.port)?);
    let plans = [core, vrf, gateway, logging, nginx, caddy];
    let ([core, _, gateway, logging, nginx, caddy], _node) = work.start(plans)?;
    let targets = [
        Target { name: GATEWAY, server: gateway, path: THROUGH },
        Target { name: NGINX, server: nginx, path: DIRECT },
        Target { name: CADDY, server: caddy, path: DIRECT },
        Target { name: LOGGING, server: logging, path: THROUGH },
        Target { name: CORE, server: core, path: DIRECT },
    ];
    let load = Wrk::new(work, CONNECTIONS, work.either(5, 2))?;
    let rounds = load.in_turn("gateway", work.either(7, 2), &targets)?;
    Ok(section(&rounds))
}

fn section(rounds: &Rounds<Seen>) -> Section {
    let rate = |name, other| rounds.ratio(name, other, |seen| seen.rate);
    let late = |name, other| rounds.ratio(name, other, |seen| seen.late);
    let mut table = vec![
        Row::new("r4-gateway ÷ nginx, requests/s", rate(GATEWAY, NGINX), 2)
            .asked(Asked::AtLeast(1.0)),
        Row::new("r4-gateway ÷ nginx, p99", late(GATEWAY, NGINX), 2).asked(Asked::AtMost(1.2)),
        Row::new("r4-gateway ÷ Caddy, requests/s", rate(GATEWAY, CADDY), 2),
        Row::new("r4-gateway ÷ Caddy, p99", late(GATEWAY, CADDY), 2),
        Row::new("r4-gateway with its log ÷ without, requests/s", rate(LOGGING, GATEWAY), 2),
    ];
    table.extend(wrk::rows(rounds));
    let text = format!(
        "{CONNECTIONS} connections. nginx and Caddy only pass requests on: connections to r4-core stay open, access logs are\n\
         off; their settings are at the end. Processor time is the hop's alone, without r4-core's. The log is of level\n\
         info, a line for each request."
    );
    Section { title: "One hop to r4-core", text, table, notes: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_judged_beside_nginx() {
        let reached = |rate, late| {
            let seen = [(GATEWAY, rate, late), (NGINX, 10.0, 10.0), (CADDY, 1.0, 99.0)];
            let rounds = seen.map(|(name, rate, late)| (name, Seen::asked(rate, late)));
            let table = section(&Rounds::once(rounds)).table;
            table.iter().filter_map(Row::reached).collect::<Vec<bool>>()
        };
        assert_eq!(reached(10.0, 12.0), [true, true]);
        assert_eq!(reached(9.9, 12.1), [false, false]);
    }
}
