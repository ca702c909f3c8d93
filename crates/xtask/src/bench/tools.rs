//! Programs of others that must be installed: those that measure, and the peers.

use std::process::Command;

use anyhow::{Result, ensure};

/// A program, how it says its version, and how to get it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// The program and its arguments.
    command: &'static [&'static str],
    /// What its answer begins with.
    begins: &'static str,
    /// Package of Debian and Ubuntu.
    package: &'static str,
}

/// Makes requests.
pub(super) const WRK: Tool =
    Tool { name: "wrk", command: &["wrk", "-v"], begins: "wrk ", package: "wrk" };
/// A static server and a reverse proxy.
pub(super) const NGINX: Tool = Tool {
    name: "nginx",
    command: &["nginx", "-v"],
    begins: "nginx version: nginx/",
    package: "nginx",
};
/// A reverse proxy.
pub(super) const CADDY: Tool =
    Tool { name: "Caddy", command: &["caddy", "version"], begins: "", package: "caddy" };
/// Runs `FastAPI`.
pub(super) const PYTHON: Tool = Tool {
    name: "Python",
    command: &["python3", "-c", "import ensurepip, sys, venv; print('Python', sys.version)"],
    begins: "Python ",
    package: "python3-venv",
};

/// Returns the versions of the tools.
///
/// # Errors
/// A sentence that names all that are missing, with their packages.
pub(super) fn versions(tools: &[&Tool]) -> Result<Vec<String>> {
    let asked: Vec<_> = tools.iter().map(|tool| (tool, tool.version())).collect();
    let missing = asked.iter().filter(|(_, version)| version.is_none());
    let (names, packages): (Vec<_>, Vec<_>) =
        missing.map(|(tool, _)| (tool.name, tool.package)).unzip();
    ensure!(
        names.is_empty(),
        "not installed: {}; Debian and Ubuntu: apt-get install {}",
        names.join(", "),
        packages.join(" ")
    );
    Ok(asked.into_iter().filter_map(|(_, version)| version).collect())
}

impl Tool {
    fn version(&self) -> Option<String> {
        let (program, args) = self.command.split_first()?;
        let said = Command::new(program).args(args).output().ok()?;
        let all = [said.stdout, said.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        let version = all.lines().next()?.strip_prefix(self.begins)?;
        // Behind the version stands how it was built.
        Some(format!("{} {}", self.name, version.split_whitespace().next()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Tool =
        Tool { name: "shell", command: &["sh", "-c", "echo v 1 2"], begins: "v ", package: "sh" };

    #[test]
    fn a_version_is_one_word() {
        assert_eq!(versions(&[&SHELL]).unwrap(), ["shell 1"]);
    }

    #[test]
    fn everything_that_is_missing_is_named_at_once() {
        let missing = Tool { command: &["/nowhere/a"], name: "a", package: "b", ..SHELL };
        let wrong = Tool { command: &["sh", "-c", "nothing-of-that-name"], name: "c", ..SHELL };
        let error = versions(&[&SHELL, &missing, &wrong]).unwrap_err().to_string();
        assert_eq!(error, "not installed: a, c; Debian and Ubuntu: apt-get install b sh");
    }
}
