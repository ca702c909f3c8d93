//! Ports that others reach, and whether what goes through them is in clear.

use std::net::IpAddr;

use super::{Finding, Subject, or_good};
use crate::deploy::compose::Port;

const CHECK: &str = "ports";
/// The service that is to be reached.
const PUBLIC: &str = "caddy";

pub(super) fn look(subject: &Subject<'_>) -> Vec<Finding> {
    let services = &subject.config.services;
    let mut findings = Vec::new();
    for (name, service) in services.iter().filter(|(name, _)| *name != PUBLIC) {
        for port in service.ports.iter().filter(|port| !is_local(port)) {
            let number = port.published.as_deref().unwrap_or("?");
            findings.push(Finding::bad(
                CHECK,
                format!("others reach {name} on port {number}, past Caddy: bind it to 127.0.0.1"),
            ));
        }
    }
    let caddy = services.get(PUBLIC);
    let domain = caddy.and_then(|caddy| caddy.setting("DOMAIN")).unwrap_or_default();
    let reached = caddy.is_some_and(|caddy| caddy.ports.iter().any(|port| !is_local(port)));
    if reached && (domain.is_empty() || domain.starts_with("http://")) {
        findings.push(Finding::remark(
            CHECK,
            "without DOMAIN there is no TLS: API keys travel in clear, and anyone in between can \
             change an answer",
        ));
    }
    or_good(findings, CHECK, "others reach Caddy alone, by TLS")
}

fn is_local(port: &Port) -> bool {
    let address = port.host_ip.as_deref().unwrap_or_default();
    address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
