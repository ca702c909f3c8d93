//! How the cost of a request grows: with the bytes that it asks for, and with who else asks.

use anyhow::{Context, Result};

use super::{
    report::Section,
    rounds::{Named, Rounds},
    services::Services,
    work::Work,
    wrk::{self, Target, Wrk},
};

/// What is asked for, and over how many connections: `/v1` of the gateway, else of r4-core.
struct Step(&'static str);

const STEPS: [Step; 15] = [
    Step("/random?n=32, 8 connections"),
    Step("/random?n=1000, 8 connections"),
    Step("/random?n=10000, 8 connections"),
    Step("/random?n=100000, 8 connections"),
    Step("/random?n=1000000, 8 connections"),
    Step("/random?n=32, 1 connection"),
    Step("/random?n=32, 64 connections"),
    Step("/random?n=32, 512 connections"),
    Step("/v1/random?n=32, 1 connection"),
    Step("/v1/random?n=32, 8 connections"),
    Step("/v1/random?n=32, 64 connections"),
    Step("/v1/random?n=32, 512 connections"),
    Step("/v1/vrf?sig=dual, 1 connection"),
    Step("/v1/vrf?sig=dual, 8 connections"),
    Step("/v1/vrf?sig=dual, 256 connections"),
];

impl Named for Step {
    fn name(&self) -> &'static str {
        self.0
    }
}

impl Step {
    fn parse(&self) -> Result<(&'static str, u32)> {
        let (path, connections) = self.0.split_once(", ").context("a step has two parts")?;
        let number = connections.split_whitespace().next().unwrap_or_default();
        Ok((path, number.parse()?))
    }
}

/// Measures all rounds.
pub(super) fn measure(work: &Work) -> Result<Section> {
    let services = Services::build(work)?;
    let core = services.core("chacha20")?;
    let vrf = services.vrf(core.port, "vrf")?;
    let gateway = services.gateway(core.port, vrf.port, "gateway")?;
    let ([core, _, gateway], _node) = work.start([core, vrf, gateway])?;
    let (rounds, seconds) = (work.either(5, 1), work.either(4, 1));
    let rounds = Rounds::measure(work, "growth", rounds, &STEPS, |step| {
        let (path, connections) = step.parse()?;
        let server = if path.starts_with("/v1/") { gateway } else { core };
        Wrk::new(work, connections, seconds)?.ask(&Target { name: step.0, server, path })
    })?;
    let text =
        "Processor time is that of the service that is asked, without those that it asks itself.";
    Ok(Section {
        title: "How it grows",
        text: text.to_owned(),
        table: wrk::rows(&rounds),
        notes: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_can_be_asked() {
        assert_eq!(STEPS[4].parse().unwrap(), ("/random?n=1000000", 8));
        for step in STEPS {
            assert!(step.parse().is_ok_and(|(path, most)| path.starts_with('/') && most > 0));
        }
    }
}
