//! Whether a node is well, and stays so.

mod front;

use std::collections::BTreeMap;
use std::fmt;
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
    pub(super) known: &'a [Trouble],
    /// Within what time it must be right.
    pub(super) wait: Duration,
    /// For how long it must stay so.
    pub(super) watch: Duration,
}

/// Something that is wrong with a node.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    /// What: the same words as long as it lasts.
    what: String,
    /// Why, as it is known now.
    why: Option<String>,
}

impl From<String> for Trouble {
    fn from(what: String) -> Self {
        Self { what, why: None }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

/// Says what is wrong with the node now.
///
/// # Errors
/// Docker does not answer.
pub(super) fn troubles(project: &Project) -> Result<Vec<Trouble>, Error> {
    let containers = project.containers()?;
    let mut found: Vec<Trouble> =
        containers.iter().filter_map(Container::unwell).map(Trouble::from).collect();
    // It is not ready either while one of the others is not.
    if let Some(trouble) = unready(project, "r4-gateway") {
        found.push(trouble);
        found.extend(["r4-core", "r4-vrf"].into_iter().filter_map(|name| unready(project, name)));
    }
    found.extend(front::unreached(&containers).map(Trouble::from));
    Ok(found)
}

fn unready(project: &Project, service: &str) -> Option<Trouble> {
    let program = format!("/usr/local/bin/{service}");
    let words = ["exec", "-T", service, &program, "healthcheck", "--ready"];
    let why = output(&mut project.compose(words)).err()?.to_string();
    Some(Trouble { what: format!("{service} is not ready"), why: Some(why) })
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
            Ok(self.new_among(ours.filter_map(Container::unwell).map(Trouble::from)))
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

    /// Says what it means that nothing was found.
    pub(super) const fn passed(&self) -> &'static str {
        if self.known.is_empty() { "the node is well" } else { "nothing is wrong that was not" }
    }

    fn wrong(&self) -> Result<Option<String>, Error> {
        Ok(self.new_among(troubles(self.project)?))
    }

    fn new_among(&self, troubles: impl IntoIterator<Item = Trouble>) -> Option<String> {
        let known = |what: &str| self.known.iter().any(|known| known.what == what);
        let new = troubles.into_iter().find(|trouble| !known(&trouble.what))?;
        Some(new.to_string())
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
