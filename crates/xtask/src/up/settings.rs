//! What the environment decides about `cargo xtask up`.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
    process::Command,
};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::environment;

/// The key of a node that nobody else can reach.
const DEFAULT_KEY: &str = "demo";

/// Ports and API key.
pub(super) struct Settings {
    pub(super) ports: Ports,
    api_key: String,
}

/// The port of each service, and of the operator's API of r4-gateway.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) core: Port,
    pub(super) vrf: Port,
    pub(super) gateway: Port,
    pub(super) admin: Port,
}

/// A port, and the variable that changes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Port {
    pub(super) number: u16,
    variable: &'static str,
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// A port that is not one, the same port twice, or two different API keys.
    pub(super) fn from_environment() -> Result<Self> {
        let ports = Ports::parse(environment::text)?;
        let api_key = match (environment::text("R4_API_KEY"), environment::text("API_KEY")) {
            (Some(a), Some(b)) if a != b => {
                bail!("R4_API_KEY and API_KEY are set to different values; set one")
            }
            (a, b) => a.or(b).unwrap_or_else(|| DEFAULT_KEY.to_owned()),
        };
        Ok(Self { ports, api_key })
    }

    /// Gives a service the variables that all of them have.
    ///
    /// Their other names, and what only a public node has, may be set in the caller's shell.
    pub(super) fn apply(&self, command: &mut Command, port: u16) {
        command.env("PORT", port.to_string()).env_remove("R4_PORT");
        command.env("API_HOST", "127.0.0.1").env_remove("R4_API_HOST");
        command
            .env("R4_API_KEY", &self.api_key)
            .env_remove("API_KEY")
            .env_remove("R4_API_KEY_FILE");
        command.env_remove("DOMAIN");
    }

    /// Returns what to write in an example for the key: a key of the user's own is not printed.
    pub(super) fn key_to_show(&self) -> &str {
        if self.api_key == DEFAULT_KEY { DEFAULT_KEY } else { "$R4_API_KEY" }
    }
}

impl Ports {
    fn parse(read: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let port = |variable, default| {
            let Some(text) = read(variable) else { return Ok(Port { number: default, variable }) };
            let number = text.parse().ok().filter(|&number| number != 0);
            let number = number.ok_or_else(|| anyhow!("{variable} must be a port, 1 to 65535"))?;
            anyhow::Ok(Port { number, variable })
        };
        let core = port("R4_CORE_PORT", 8080)?;
        let vrf = port("R4_VRF_PORT", 8081)?;
        let gateway = port("R4_GATEWAY_PORT", 8082)?;
        let admin = port("R4_ADMIN_PORT", 8084)?;
        let ports = Self { core, vrf, gateway, admin };
        for (place, a) in ports.all().into_iter().enumerate() {
            for b in ports.all().into_iter().skip(place.saturating_add(1)) {
                let (number, one, two) = (a.number, a.variable, b.variable);
                ensure!(number != b.number, "{one} and {two} are both {number}; change one");
            }
        }
        Ok(ports)
    }

    fn all(&self) -> [&Port; 4] {
        [&self.core, &self.vrf, &self.gateway, &self.admin]
    }

    /// Checks that nothing else listens on a port. Done before the build, which takes long.
    ///
    /// # Errors
    /// A sentence that names the port and the variable that changes it.
    pub(super) fn check_free(&self) -> Result<()> {
        for Port { number, variable } in self.all() {
            match TcpListener::bind((Ipv4Addr::LOCALHOST, *number)) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::AddrInUse => {
                    bail!("port {number} is in use; set {variable} to a free one")
                }
                Err(error) => {
                    let sentence =
                        format!("cannot listen on port {number}; set {variable} to another one");
                    return Err(error).context(sentence);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(set: &[(&str, &str)]) -> Result<Ports> {
        Ports::parse(|key| {
            set.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn ports_have_defaults_and_can_be_changed() {
        let numbers = |set| {
            let ports = ports(set).unwrap();
            ports.all().map(|port| port.number)
        };
        assert_eq!(numbers(&[]), [8080, 8081, 8082, 8084]);
        assert_eq!(numbers(&[("R4_VRF_PORT", "9000")]), [8080, 9000, 8082, 8084]);
    }

    #[test]
    fn ports_that_cannot_work_are_refused_by_name() {
        for (set, part) in [
            (&[("R4_CORE_PORT", "0")][..], "R4_CORE_PORT must be a port"),
            (&[("R4_VRF_PORT", "65536")], "R4_VRF_PORT must be a port"),
            (&[("R4_GATEWAY_PORT", "http")], "R4_GATEWAY_PORT must be a port"),
            (&[("R4_CORE_PORT", "8082")], "R4_CORE_PORT and R4_GATEWAY_PORT are both 8082"),
        ] {
            let error = ports(set).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_busy_port_is_named_with_the_variable_that_changes_it() {
        let busy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let number = busy.local_addr().unwrap().port();
        let free = |variable| Port { number: free_port(), variable };
        let ports = Ports {
            core: free("R4_CORE_PORT"),
            vrf: Port { number, variable: "R4_VRF_PORT" },
            gateway: free("R4_GATEWAY_PORT"),
            admin: free("R4_ADMIN_PORT"),
        };
        let error = ports.check_free().unwrap_err().to_string();
        assert_eq!(error, format!("port {number} is in use; set R4_VRF_PORT to a free one"));
        drop(busy);
        ports.check_free().unwrap();
    }

    fn free_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    }
}
