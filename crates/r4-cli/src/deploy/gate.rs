//! Whether a node is well, and stays so.

mod front;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::compose::{Container, Project, output};
use crate::exit::Error;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);
/// So many looks in a row may find the gateway not ready, once it was.
const PATIENCE: u32 = 2;

/// Says what is wrong with the node now.
///
/// # Errors
/// Docker does not answer.
pub(super) fn well(project: &Project) -> Result<Option<String>, Error> {
    let containers = project.containers()?;
    if let Some(why) = containers.iter().find_map(Container::unwell) {
        return Ok(Some(why));
    }
    let ready = ["exec", "-T", "r4-gateway", "/usr/local/bin/r4-gateway", "healthcheck", "--ready"];
    if let Err(error) = output(&mut project.compose(ready)) {
        return Ok(Some(format!("the gateway is not ready: {error}")));
    }
    Ok(front::unreached(&containers))
}

/// Waits until the containers of a service are well: returns what is wrong with them.
///
/// # Errors
/// Docker does not answer.
pub(super) fn starts(
    project: &Project,
    service: &str,
    wait: Duration,
) -> Result<Option<String>, Error> {
    within(wait, || {
        let containers = project.containers()?;
        let mut ours = containers.iter().filter(|container| container.service() == service);
        Ok(ours.find_map(Container::unwell))
    })
}

/// Looks until nothing is wrong or the time is over: returns what is wrong then.
fn within(
    wait: Duration,
    look: impl Fn() -> Result<Option<String>, Error>,
) -> Result<Option<String>, Error> {
    let until = Instant::now() + wait;
    loop {
        let found = look()?;
        if found.is_none() || Instant::now() >= until {
            return Ok(found);
        }
        thread::sleep(LOOK);
    }
}

/// Waits until the node is well, and looks on: returns what is wrong with it.
///
/// # Errors
/// Docker does not answer.
pub(super) fn stays_well(
    project: &Project,
    wait: Duration,
    watch: Duration,
) -> Result<Option<String>, Error> {
    if let Some(why) = within(wait, || well(project))? {
        return Ok(Some(why));
    }
    let restarts = restarts(project)?;
    let until = Instant::now() + watch;
    let mut unready = 0_u32;
    while Instant::now() < until {
        thread::sleep(LOOK);
        match well(project)? {
            None => unready = 0,
            Some(why) => {
                unready = unready.saturating_add(1);
                if unready > PATIENCE {
                    return Ok(Some(why));
                }
            }
        }
        if self::restarts(project)? != restarts {
            return Ok(Some("a container was restarted".to_owned()));
        }
    }
    Ok(None)
}

/// How often Docker has restarted each container.
fn restarts(project: &Project) -> Result<BTreeMap<String, u64>, Error> {
    let containers = project.containers()?.into_iter();
    Ok(containers.map(|container| (container.id, container.restart_count)).collect())
}
