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

/// What must be right after a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate<'a> {
    pub(super) project: &'a Project,
    /// What may be wrong, because it was before.
    pub(super) known: &'a [String],
    /// Within what time it must be right.
    pub(super) wait: Duration,
    /// For how long it must stay so.
    pub(super) watch: Duration,
}

/// Says what is wrong with the node now.
///
/// # Errors
/// Docker does not answer.
pub(super) fn troubles(project: &Project) -> Result<Vec<String>, Error> {
    let containers = project.containers()?;
    let mut found: Vec<String> = containers.iter().filter_map(Container::unwell).collect();
    let ready = ["exec", "-T", "r4-gateway", "/usr/local/bin/r4-gateway", "healthcheck", "--ready"];
    if let Err(error) = output(&mut project.compose(ready)) {
        found.push(format!("the gateway is not ready: {error}"));
    }
    found.extend(front::unreached(&containers));
    Ok(found)
}

impl Gate<'_> {
    /// Waits until the containers of a service are well: returns what is wrong with them.
    ///
    /// # Errors
    /// Docker does not answer.
    pub(super) fn starts(&self, service: &str) -> Result<Option<String>, Error> {
        within(self.wait, || {
            let containers = self.project.containers()?;
            let ours = containers.iter().filter(|container| container.service() == service);
            Ok(self.new_among(ours.filter_map(Container::unwell)))
        })
    }

    /// Waits until the node is well, and looks on: returns what is wrong with it.
    ///
    /// # Errors
    /// Docker does not answer.
    pub(super) fn stays_well(&self) -> Result<Option<String>, Error> {
        if let Some(why) = within(self.wait, || self.wrong())? {
            return Ok(Some(why));
        }
        let restarts = restarts(self.project)?;
        let until = Instant::now() + self.watch;
        let mut unready = 0_u32;
        while Instant::now() < until {
            thread::sleep(LOOK);
            match self.wrong()? {
                None => unready = 0,
                Some(why) => {
                    unready = unready.saturating_add(1);
                    if unready > PATIENCE {
                        return Ok(Some(why));
                    }
                }
            }
            if self::restarts(self.project)? != restarts {
                return Ok(Some("a container was restarted".to_owned()));
            }
        }
        Ok(None)
    }

    fn wrong(&self) -> Result<Option<String>, Error> {
        Ok(self.new_among(troubles(self.project)?))
    }

    fn new_among(&self, troubles: impl IntoIterator<Item = String>) -> Option<String> {
        troubles.into_iter().find(|trouble| !self.known.contains(trouble))
    }
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

/// How often Docker has restarted each container.
fn restarts(project: &Project) -> Result<BTreeMap<String, u64>, Error> {
    let containers = project.containers()?.into_iter();
    Ok(containers.map(|container| (container.id, container.restart_count)).collect())
}
