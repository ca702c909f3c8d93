//! Docker Compose: what it makes of a folder, and what it is told to do.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::exit::Error;

/// Docker Compose's labels of a container: its project, its service, whether it is of `run`.
const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";
const ONE_OFF: &str = "com.docker.compose.oneoff=False";

/// A folder with a node's docker-compose.yml.
#[derive(Debug)]
pub(super) struct Project {
    /// The folder, from the root on.
    pub(super) dir: PathBuf,
    /// What its containers are called by.
    name: String,
}

/// What of Compose's answer says the name.
#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What of Compose's understanding of the folder is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub(super) services: BTreeMap<String, Service>,
}

/// A service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Service {
    pub(super) image: Option<String>,
    pub(super) build: Option<Value>,
    pub(super) pull_policy: Option<String>,
    pub(super) environment: BTreeMap<String, Option<String>>,
    pub(super) depends_on: BTreeMap<String, Value>,
    pub(super) ports: Vec<Port>,
    pub(super) volumes: Vec<Volume>,
}

/// A port of this machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Port {
    pub(super) host_ip: Option<String>,
    pub(super) published: Option<String>,
}

/// A volume, or a file of this machine.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Volume {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) source: Option<PathBuf>,
    pub(super) target: PathBuf,
    pub(super) read_only: bool,
}

/// A container of the project.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Container {
    pub(super) id: String,
    /// The id of its image.
    pub(super) image: String,
    /// How often Docker has restarted it.
    pub(super) restart_count: u64,
    state: State,
    config: Settings,
    network_settings: Network,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    status: String,
    health: Option<Health>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Health {
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    labels: BTreeMap<String, String>,
    #[serde(default)]
    env: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    #[serde(default)]
    ports: BTreeMap<String, Option<Vec<Published>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Published {
    host_ip: String,
    host_port: String,
}

impl Container {
    /// Returns the service that it is one of.
    pub(super) fn service(&self) -> &str {
        self.config.labels.get(SERVICE).map_or("", String::as_str)
    }

    /// Returns a setting that it was started with.
    pub(super) fn setting(&self, name: &str) -> Option<&str> {
        self.config.env.iter().find_map(|set| set.strip_prefix(name)?.strip_prefix('='))
    }

    /// Returns the address on this machine that leads to one of its ports, which is called as `80/tcp`.
    pub(super) fn published(&self, port: &str) -> Option<String> {
        let Published { host_ip, host_port } =
            self.network_settings.ports.get(port)?.as_ref()?.first()?;
        let host = match host_ip.as_str() {
            "" | "0.0.0.0" => "127.0.0.1".to_owned(),
            "::" => "[::1]".to_owned(),
            v6 if v6.contains(':') => format!("[{v6}]"),
            v4 => v4.to_owned(),
        };
        Some(format!("{host}:{host_port}"))
    }

    /// Says what is wrong with it.
    pub(super) fn unwell(&self) -> Option<String> {
        let (service, status) = (self.service(), self.state.status.as_str());
        if status != "running" {
            return Some(format!("{service} is {status}"));
        }
        // Of some nobody asks how they are.
        let health = self.state.health.as_ref().map_or("healthy", |health| health.status.as_str());
        (health != "healthy").then(|| format!("{service} is {health}"))
    }
}

impl Service {
    /// Returns a setting's value as the service gets it.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let value = self.environment.get(name)?.as_ref()?;
        // Compose writes a dollar twice, so that it is not expanded again.
        Some(value.replace("$$", "$")).filter(|value| !value.is_empty())
    }

    /// Tells whether the image is made here.
    pub(super) fn is_built(&self) -> bool {
        self.build.is_some() && self.pull_policy.as_deref() != Some("missing")
    }
}

impl Project {
    /// Opens a folder.
    ///
    /// # Errors
    /// It is none, or holds no node that Compose understands; there is no Docker.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let full = dir.canonicalize().map_err(|error| Error::unusable(dir.display(), error))?;
        if !full.join("docker-compose.yml").is_file() {
            let reason = "there is no docker-compose.yml: name the node's folder with --dir";
            return Err(Error::unusable(full.display(), reason));
        }
        let mut project = Self { dir: full, name: String::new() };
        let named: Named = from_value("docker compose config", project.config(false)?)?;
        project.name = named.name;
        Ok(project)
    }

    /// Returns the command `docker compose` in this folder.
    pub(super) fn compose<S: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        let mut command = docker(["compose"]);
        command.args(words).current_dir(&self.dir);
        command
    }

    /// Asks Compose what it makes of the folder; the profile of backups included or not.
    ///
    /// # Errors
    /// There is no Docker, or a file is wrong.
    pub(super) fn config(&self, backup: bool) -> Result<Value, Error> {
        let profile: &[&str] = if backup { &["--profile", "backup"] } else { &[] };
        let words = [profile, &["config", "--format", "json"]].concat();
        parse("docker compose config", &output(&mut self.compose(words))?)
    }

    /// Lists the containers of the project's services.
    ///
    /// # Errors
    /// Docker does not answer.
    pub(super) fn containers(&self) -> Result<Vec<Container>, Error> {
        let ours = format!("label={PROJECT}={}", self.name);
        let not_run = format!("label={ONE_OFF}");
        let words =
            ["ps", "--all", "--quiet", "--no-trunc", "--filter", &ours, "--filter", &not_run];
        let ids = output(&mut docker(words))?;
        if ids.trim().is_empty() {
            return Ok(Vec::new());
        }
        let words = ["container", "inspect"].into_iter().chain(ids.lines());
        parse("docker container inspect", &output(&mut docker(words))?)
    }
}

/// Returns the command `docker`.
pub(super) fn docker<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("docker");
    command.args(words).stdin(Stdio::null());
    command
}

/// Runs a command; returns what it wrote on standard output.
///
/// # Errors
/// It cannot be started, or ends badly: with the end of what it wrote.
pub(super) fn output(command: &mut Command) -> Result<String, Error> {
    let name = name_of(command);
    let done = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::unusable(&name, "there is no docker on this machine")
        }
        _ => Error::unusable(&name, error),
    })?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let lines: Vec<&str> = said.trim().lines().collect();
    let end = lines.get(lines.len().saturating_sub(6)..).unwrap_or_default().join("; ");
    Err(Error::unusable(name, if end.is_empty() { done.status.to_string() } else { end }))
}

/// Reads JSON that a command wrote.
///
/// # Errors
/// It is none, or another than expected.
pub(super) fn parse<T: for<'a> Deserialize<'a>>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::unusable(what, error))
}

/// Takes a part of JSON.
///
/// # Errors
/// It is another than expected.
pub(super) fn from_value<T: for<'a> Deserialize<'a>>(what: &str, value: Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| Error::unusable(what, error))
}

/// Names a command by its first words; secrets are never among them.
fn name_of(command: &Command) -> String {
    let words = command.get_args().take(2).map(OsStr::to_string_lossy);
    words.fold("docker".to_owned(), |name, word| format!("{name} {word}"))
}
