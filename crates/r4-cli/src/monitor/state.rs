//! Who was told what, kept between two runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::exit::Error;
use crate::input;

/// More bytes than a state has.
const MOST_BYTES: u64 = 4 << 20;

/// The names of what is wrong, by the address that was told.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    told: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    /// Reads the file; without one, all was well before.
    ///
    /// # Errors
    /// It cannot be read, or is damaged.
    pub(super) fn load(path: &Path) -> Result<Self, Error> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = input::file(path, "a state of r4 monitor", MOST_BYTES)?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let reason = "it is no state of r4 monitor; without it, whatever is wrong is told anew";
            Error::unusable(path.display(), reason)
        })
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let text =
            serde_json::to_vec_pretty(self).map_err(|e| Error::unusable(path.display(), e))?;
        atomic_file::keep(path, &text)
    }

    /// Returns what an address was told last; nothing: that all is well.
    pub(super) fn told(&self, channel: &str) -> BTreeSet<String> {
        self.told.get(channel).cloned().unwrap_or_default()
    }

    /// Notes what an address was told.
    pub(super) fn tell(&mut self, channel: &str, names: BTreeSet<String>) {
        self.told.insert(channel.to_owned(), names);
    }
}
