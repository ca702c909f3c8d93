//! `r4 deploy update` and `r4 deploy rollback`.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::DirArg;
use super::check;
use super::compose::{Config, Project, from_value, output};
use super::frozen::{Deployment, Deployments};
use super::gate::{self, Gate, Trouble};
use super::image;
use super::secrets;
use crate::exit::{Error, Exit};
use crate::output::note;

/// A node that is neither updated nor as it was.
const STUCK: Exit = Exit::Alarm(4);

/// Arguments of `r4 deploy update`.
#[derive(Debug, clap::Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    dir: DirArg,
    /// Make no backup before
    #[arg(long)]
    without_backup: bool,
    /// Go on although something is bad; what was bad before is tolerated after
    #[arg(long)]
    anyway: bool,
    /// The time server that the clock is compared with
    #[arg(long, value_name = "HOST", default_value = "pool.ntp.org")]
    ntp: String,
    #[command(flatten)]
    patience: Patience,
}

/// Arguments of `r4 deploy rollback`.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    dir: DirArg,
    /// What is bad now is tolerated after
    #[arg(long)]
    anyway: bool,
    #[command(flatten)]
    patience: Patience,
}

/// How long the node has to become well, and to stay so.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Patience {
    /// Seconds within which the node must become well
    #[arg(long, value_name = "S", default_value_t = 120)]
    wait: u64,
    /// Seconds for which it must stay well
    #[arg(long, value_name = "S", default_value_t = 20)]
    watch: u64,
}

impl Patience {
    fn gate<'a>(self, project: &'a Project, known: &'a [Trouble]) -> Gate<'a> {
        let seconds = Duration::from_secs;
        Gate { project, known, wait: seconds(self.wait), watch: seconds(self.watch) }
    }
}

/// Updates the node, and takes that back if it does not become well.
///
/// # Errors
/// Nothing was begun: what is wrong.
pub(super) fn run(args: &UpdateArgs) -> Result<Exit, Error> {
    let project = args.dir.open()?;
    let deployments = Deployments::open(&project)?;
    // What is left of a first start that was cut short is nothing to go back to.
    let first = deployments.is_unfinished() && deployments.current().is_none();
    if deployments.is_unfinished() && !first {
        let reason = "an update was cut short: first r4 deploy rollback";
        return Err(Error::unusable(project.dir.display(), reason));
    }
    checked(&project, args)?;
    let before = if first { None } else { as_it_runs(&project, &deployments)? };
    let runs = before.is_some();
    if runs && !args.without_backup {
        backup(&project)?;
    }
    let new = prepare(&project, &deployments)?;
    // Of what was wrong before, the update is not guilty; it may be what mends it.
    let known = if args.anyway && runs { gate::troubles(&project)? } else { Vec::new() };
    let gate = args.patience.gate(&project, &known);
    note("the new containers");
    deployments.try_out(&new)?;
    let Some(why) = put_in_place(&gate, &new)? else {
        deployments.settle(&new)?;
        note(&format!("updated: {}", gate.passed()));
        return Ok(Exit::Success);
    };
    note(&format!("the update failed: {why}"));
    let Some(before) = before else {
        note("nothing ran before, so there is nothing to go back to: see docker compose logs");
        deployments.finish()?;
        return Ok(STUCK);
    };
    back(&gate, &deployments, &before, Exit::Failed)
}

/// Goes back to what ran before.
///
/// # Errors
/// There is nothing to go back to.
pub(super) fn roll_back(args: &RollbackArgs) -> Result<Exit, Error> {
    let project = args.dir.open()?;
    let deployments = Deployments::open(&project)?;
    let target =
        if deployments.is_unfinished() { deployments.current() } else { deployments.previous() };
    let target = target.ok_or_else(|| {
        Error::unusable(project.dir.display(), "no update has put anything aside to go back to")
    })?;
    let known = if args.anyway { gate::troubles(&project)? } else { Vec::new() };
    back(&args.patience.gate(&project, &known), &deployments, &target, Exit::Success)
}

/// Puts back what ran; `done` is the exit code if that worked.
fn back(
    gate: &Gate<'_>,
    deployments: &Deployments,
    before: &Deployment,
    done: Exit,
) -> Result<Exit, Error> {
    note("putting back what ran before");
    remove_new(gate.project, deployments, before)?;
    if let Some(why) = put_in_place(gate, before)? {
        note(&format!(
            "it does not become well: {why}; see docker compose logs, and docs/RUNBOOK.md"
        ));
        return Ok(STUCK);
    }
    deployments.settle(before)?;
    note(&format!("all is as it was before, and {}", gate.passed()));
    Ok(done)
}

/// Removes the containers of services that were not there before.
fn remove_new(
    project: &Project,
    deployments: &Deployments,
    before: &Deployment,
) -> Result<(), Error> {
    let Some(now) = deployments.candidate().or_else(|| deployments.current()) else {
        return Ok(());
    };
    let known = before.in_order()?;
    let new: Vec<String> =
        now.in_order()?.into_iter().filter(|service| !known.contains(service)).collect();
    if new.is_empty() {
        return Ok(());
    }
    output(compose_of(project, &now).args(["rm", "--stop", "--force"]).args(new)).map(|_| ())
}

/// Returns the command `docker compose` for a deployment.
fn compose_of(project: &Project, deployment: &Deployment) -> Command {
    let mut command = project.compose(["--project-directory"]);
    command.arg(&project.dir).arg("--file").arg(deployment.file());
    command
}

fn checked(project: &Project, args: &UpdateArgs) -> Result<(), Error> {
    let findings = check::look(project, &args.ntp)?;
    let bad: Vec<_> = findings.iter().filter(|finding| finding.is_bad()).collect();
    for finding in &bad {
        note(finding.line().trim_end());
    }
    if bad.is_empty() || args.anyway {
        return Ok(());
    }
    Err(Error::Unusable("nothing was changed: mend this first, or say --anyway".to_owned()))
}

/// Keeps what runs, if an update has not already.
fn as_it_runs(project: &Project, deployments: &Deployments) -> Result<Option<Deployment>, Error> {
    let containers = project.containers()?;
    if containers.is_empty() {
        return Ok(None);
    }
    if let Some(current) = deployments.current() {
        return Ok(Some(current));
    }
    let mut config = project.config(false)?;
    let images: BTreeMap<String, String> = containers
        .into_iter()
        .map(|container| (container.service().to_owned(), container.image))
        .collect();
    // A service that is new was not there.
    if let Some(services) = config.get_mut("services").and_then(Value::as_object_mut) {
        services.retain(|name, _| images.contains_key(name));
    }
    note("kept what runs; its files are taken as they are now, because no update has kept them");
    let kept = deployments.freeze(project, config, &images)?;
    deployments.settle(&kept)?;
    Ok(Some(kept))
}

fn backup(project: &Project) -> Result<(), Error> {
    note("a backup");
    // Without its dependencies, which Compose would build and start anew, and nobody would watch.
    let made = output(&mut project.compose(["run", "--rm", "-T", "--no-deps", "r4-backup"]));
    let made = made.map_err(|error| {
        Error::Unusable(format!(
            "nothing was changed: {error}; docs/backup.md, or --without-backup"
        ))
    })?;
    note(made.trim());
    Ok(())
}

/// Makes or fetches the images, and keeps what Compose makes of the folder with them.
fn prepare(project: &Project, deployments: &Deployments) -> Result<Deployment, Error> {
    note("the images");
    let config = project.config(false)?;
    let typed: Config = from_value("docker compose config", config.clone())?;
    make_or_fetch(project, &typed)?;
    let sought = secrets::of(&typed);
    let mut images = BTreeMap::new();
    for (name, service) in &typed.services {
        let reference = service.image.as_deref().unwrap_or_default();
        let found = image::find(reference)?.ok_or_else(|| {
            Error::unusable(name, format!("its image {reference} is not on this machine"))
        })?;
        if let Some(secret) = found.secrets(&sought)?.first() {
            let reason = format!("the image {reference} has {secret} in it; nothing was changed");
            return Err(Error::unusable(name, reason));
        }
        images.insert(name.clone(), found.id);
    }
    deployments.freeze(project, config, &images)
}

/// Makes the images that are made here, and fetches those that are not on this machine. Without names Compose
/// would also make images that are published, and leave out those that it could make.
fn make_or_fetch(project: &Project, config: &Config) -> Result<(), Error> {
    let (mut made, mut missing) = (Vec::new(), Vec::new());
    for (name, service) in &config.services {
        if service.is_built() {
            made.push(name);
        } else if image::find(service.image.as_deref().unwrap_or_default())?.is_none() {
            missing.push(name);
        }
    }
    for (verb, names) in [("build", made), ("pull", missing)] {
        if !names.is_empty() {
            output(project.compose([verb, "--quiet"]).args(names))?;
        }
    }
    Ok(())
}

/// Starts a deployment and looks on; returns what is wrong with it.
fn put_in_place(gate: &Gate<'_>, deployment: &Deployment) -> Result<Option<String>, Error> {
    // One after the other, because Compose also starts anew what only depends on what has changed.
    for service in deployment.in_order()? {
        let mut command = compose_of(gate.project, deployment);
        command.args(["up", "--detach", "--no-build", "--no-deps", &service]);
        if let Err(error) = output(command.stdout(Stdio::null())) {
            return Ok(Some(error.to_string()));
        }
        if let Some(why) = gate.starts(&service)? {
            return Ok(Some(why));
        }
    }
    gate.stays_well()
}
