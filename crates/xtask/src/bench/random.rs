//! Small answers of r4-core, beside the least that a server can be and what it replaces.

use anyhow::Result;

use super::{
    peers,
    report::{Asked, Row, Section},
    rounds::Rounds,
    services::Services,
    work::Work,
    wrk::{self, Seen, Target, Wrk},
};

const CORE: &str = "r4-core /random?n=32&fmt=hex";
const BARE: &str = "bare axum, 64 bytes from memory";
const KERNEL: &str = "bare axum, 32 bytes from getrandom each time";
const NGINX: &str = "nginx, static file of 64 bytes";
const FASTAPI: &str = "FastAPI, one worker";
const FASTAPI_TWO: &str = "FastAPI, two workers";

const CONNECTIONS: u32 = 64;
const PATH: &str = "/random?n=32&fmt=hex";

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let core = Services::build(work)?.core("chacha20")?;
    let nginx = peers::nginx(work, core.port)?;
    let (bare, one, two) = (peers::bare()?, peers::fastapi(work, 1)?, peers::fastapi(work, 2)?);
    let ([core, bare, nginx, one, two], _node) = work.start([core, bare, nginx, one, two])?;
    let targets = [
        Target { name: CORE, server: core, path: PATH },
        Target { name: BARE, server: bare, path: "/64" },
        Target { name: KERNEL, server: bare, path: "/getrandom/32" },
        Target { name: NGINX, server: nginx, path: "/64" },
        Target { name: FASTAPI, server: one, path: PATH },
        Target { name: FASTAPI_TWO, server: two, path: PATH },
    ];
    let load = Wrk::new(work, CONNECTIONS, work.either(5, 2))?;
    let rounds = load.in_turn("random", work.either(7, 2), &targets)?;
    Ok(section(&rounds))
}

fn section(rounds: &Rounds<Seen>) -> Section {
    let bare = |figure: fn(&Seen) -> f64| rounds.ratio(CORE, BARE, figure);
    let fastapi = rounds.against(CORE, &[FASTAPI, FASTAPI_TWO], |core, fastapi| {
        core.rate / fastapi.iter().map(|one| one.rate).fold(f64::NAN, f64::max)
    });
    let mut table = vec![
        Row::new("r4-core ÷ bare axum, requests/s", bare(|seen| seen.rate), 2)
            .asked(Asked::AtLeast(0.95)),
        Row::new("r4-core ÷ bare axum, p99", bare(|seen| seen.late), 2).asked(Asked::AtMost(1.2)),
        Row::new("r4-core ÷ the better FastAPI, requests/s", fastapi, 1)
            .asked(Asked::AtLeast(12.0)),
    ];
    table.extend(wrk::rows(rounds));
    let text = format!(
        "{CONNECTIONS} connections. Bare axum is `crates/xtask/examples/bare.rs`: no authentication, no log, no metrics, no\n\
         limits. {}.",
        peers::FASTAPI_HOW
    );
    Section { title: "Small answers", text, table, notes: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_criterion_is_judged_by_its_own_figures() {
        let reached = |rate, late, two| {
            let seen = [(CORE, rate, late), (BARE, 100.0, 10.0), (FASTAPI, 5.0, 1.0)];
            let seen = seen.into_iter().chain([(FASTAPI_TWO, two, 1.0)]);
            let rounds = seen.map(|(name, rate, late)| (name, Seen::asked(rate, late)));
            let table = section(&Rounds::once(rounds)).table;
            table.iter().filter_map(Row::reached).collect::<Vec<bool>>()
        };
        assert_eq!(reached(96.0, 12.0, 8.0), [true, true, true]);
        assert_eq!(reached(94.0, 12.0, 2.0), [false, true, true]);
        assert_eq!(reached(96.0, 12.1, 8.1), [true, false, false], "the better FastAPI counts");
    }
}
