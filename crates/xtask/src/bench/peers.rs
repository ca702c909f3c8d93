//! Servers of others, and the least that a server can be, to compare with. Their settings are in
//! `crates/xtask/peers/`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use rustix::process::geteuid;

use super::{KEY, command, programs, services::free_port, work::Work};
use crate::{environment, up::service::Plan};

/// Settings of nginx.
pub(super) const NGINX: &str = include_str!("../../peers/nginx.conf");
/// Settings of Caddy.
pub(super) const CADDY: &str = include_str!("../../peers/Caddyfile");
/// Packages of `FastAPI`, with their versions.
const REQUIREMENTS: &str = include_str!("../../peers/requirements.txt");

/// How `FastAPI` is run, for the text of a section.
pub(super) const FASTAPI_HOW: &str = "\
FastAPI is `crates/xtask/peers/fastapi_core.py` by\n`uvicorn --loop uvloop --http httptools --no-access-log`, with the packages of `requirements.txt` there";

/// Lengths of nginx's static files.
const STATIC_BYTES: [usize; 2] = [64, 1_000_000];

/// Returns `crates/xtask/examples/bare.rs`.
pub(super) fn bare() -> Result<Plan> {
    let port = free_port()?;
    let mut command = Command::new(programs::example("bare")?);
    command.arg(port.to_string());
    Ok(Plan { name: "bare axum", port, command })
}

/// Returns nginx with files of its own, `/64` and `/1000000`, and as a proxy before an r4-core.
pub(super) fn nginx(work: &Work, core: u16) -> Result<Plan> {
    let (dir, port) = (work.dir.join("nginx"), free_port()?);
    // Its workers give up root's rights, and could not read the files.
    let user = if geteuid().is_root() { "user root;" } else { "" };
    let ports = [port, core].map(|port| port.to_string());
    let settings = fill(NGINX, &[("PORT", &ports[0]), ("CORE", &ports[1]), ("USER", user)])?;
    write(&dir.join("nginx.conf"), settings.as_bytes())?;
    for length in STATIC_BYTES {
        write(&dir.join("static").join(length.to_string()), &vec![b'0'; length])?;
    }
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]).arg(dir);
    Ok(Plan { name: "nginx", port, command })
}

/// Returns Caddy as a proxy before an r4-core.
pub(super) fn caddy(work: &Work, core: u16) -> Result<Plan> {
    let (dir, port) = (work.dir.join("caddy"), free_port()?);
    let file = dir.join("Caddyfile");
    let ports = [port, core].map(|port| port.to_string());
    write(&file, fill(CADDY, &[("PORT", &ports[0]), ("CORE", &ports[1])])?.as_bytes())?;
    let mut command = Command::new("caddy");
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("HOME", &dir).env("XDG_CONFIG_HOME", &dir).env("XDG_DATA_HOME", &dir);
    Ok(Plan { name: "Caddy", port, command })
}

/// Returns `FastAPI` with so many processes; its packages are fetched if they are not there.
pub(super) fn fastapi(work: &Work, workers: u32) -> Result<Plan> {
    let (python, port) = (venv(work)?, free_port()?);
    let mut command = Command::new(python);
    command.args(["-m", "uvicorn", "fastapi_core:app", "--app-dir"]).arg(folder());
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    command.args(["--loop", "uvloop", "--http", "httptools", "--no-access-log"]);
    command.args(["--log-level", "warning", "--workers", &workers.to_string()]);
    command.env("R4_API_KEY", KEY).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(Plan { name: "FastAPI", port, command })
}

/// Returns the Python that has the packages.
fn venv(work: &Work) -> Result<PathBuf> {
    let dir = environment::target_dir()?.join("r4-bench-venv");
    let (python, there) = (dir.join("bin/python"), dir.join("requirements.txt"));
    if fs::read_to_string(&there).is_ok_and(|there| there == REQUIREMENTS) {
        return Ok(python);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&dir);
    command::output(make, &work.stop)?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(folder().join("requirements.txt"));
    command::output(install, &work.stop)?;
    // Written last: a folder without it is made again.
    write(&there, REQUIREMENTS.as_bytes())?;
    Ok(python)
}

/// Returns the version of one of the packages.
pub(super) fn version(package: &str) -> Option<&'static str> {
    let pairs = REQUIREMENTS.lines().filter_map(|line| line.split_once("=="));
    pairs.filter(|(name, _)| *name == package).map(|(_, version)| version).next()
}

fn folder() -> PathBuf {
    environment::root().join("crates/xtask/peers")
}

/// Puts values in the places that are marked `@NAME@`.
fn fill(settings: &str, values: &[(&str, &str)]) -> Result<String> {
    let mut text = settings.to_owned();
    for (name, value) in values {
        let place = format!("@{name}@");
        ensure!(text.contains(&place), "the settings have no {place}");
        text = text.replace(&place, value);
    }
    ensure!(!text.contains('@'), "a place in the settings has no value");
    Ok(text)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_in_the_settings_gets_its_value_and_no_other_is_left() {
        let both = [("PORT", "1"), ("CORE", "2")];
        assert!(fill(CADDY, &both).unwrap().contains("reverse_proxy 127.0.0.1:2 {"));
        assert!(fill(CADDY, &[("PORT", "1")]).is_err(), "one has no value");
        assert!(fill(CADDY, &[("PORT", "1"), ("CORE", "2"), ("USER", "")]).is_err());
        let nginx = fill(NGINX, &[("PORT", "1"), ("CORE", "2"), ("USER", "user x;")]).unwrap();
        for line in ["user x;", "listen 127.0.0.1:1 reuseport;", "server 127.0.0.1:2;"] {
            assert!(nginx.lines().any(|one| one.trim() == line), "{line}");
        }
    }

    #[test]
    fn every_package_has_its_version() {
        for name in ["fastapi", "uvicorn", "uvloop", "httptools"] {
            assert!(version(name).is_some(), "{name}");
        }
        assert!(REQUIREMENTS.lines().all(|line| line.contains("==")));
        assert_eq!(version("api"), None);
    }
}
