//! Which backups are kept.

use std::collections::BTreeSet;

use super::manifest::{Manifest, archive_of, manifest_of};
use super::store::Store;
use crate::exit::Error;

const SECONDS_A_DAY: u64 = 86_400;

/// What is kept; without any of the two, everything.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Keep {
    /// Keep the newest N backups of this node; others go
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    keep_last: Option<u64>,
    /// Keep the newest of each of the newest N days (UTC); others go
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    keep_daily: Option<u64>,
}

impl Keep {
    /// Removes the backups of the node that `newest` is of and that are not kept; returns their names.
    /// The newest one has been written and checked.
    ///
    /// # Errors
    /// The store cannot be read, or a file cannot be removed.
    pub(super) fn apply(self, store: &Store, newest: &Manifest) -> Result<Vec<String>, Error> {
        if self.keep_last.is_none() && self.keep_daily.is_none() {
            return Ok(Vec::new());
        }
        let mut manifests = store.manifests()?.manifests;
        let node = |manifest: &Manifest| (manifest.key_hash.clone(), manifest.origin.clone());
        manifests.retain(|(_, manifest)| node(manifest) == node(newest));
        let times: Vec<u64> = manifests.iter().map(|(_, manifest)| manifest.time).collect();
        let kept = self.kept(&times);
        let unneeded = manifests
            .into_iter()
            .filter(|(_, manifest)| !kept.contains(&manifest.time) && manifest.time < newest.time);
        let names: Vec<String> = unneeded.map(|(name, _)| name).collect();
        for name in &names {
            // The manifest first: without it there is no such backup.
            store.remove(&manifest_of(name))?;
            store.remove(&archive_of(name))?;
        }
        Ok(names)
    }

    /// Returns those times that are kept of all times, which are the newest first.
    fn kept(self, times: &[u64]) -> BTreeSet<u64> {
        let most = |number: Option<u64>| usize::try_from(number.unwrap_or(0)).unwrap_or(usize::MAX);
        let mut kept: BTreeSet<u64> = times.iter().copied().take(most(self.keep_last)).collect();
        let mut days = BTreeSet::new();
        for time in times {
            let new = !days.contains(&(time / SECONDS_A_DAY));
            if new && days.len() < most(self.keep_daily) {
                days.insert(time / SECONDS_A_DAY);
                kept.insert(*time);
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_and_one_of_each_day_are_kept() {
        let at = |day: u64, hour: u64| day * SECONDS_A_DAY + hour * 3600;
        let times = [at(9, 5), at(9, 3), at(9, 1), at(7, 9), at(7, 8), at(3, 0), at(1, 1)];
        let kept = |keep_last, keep_daily| {
            Keep { keep_last, keep_daily }.kept(&times).into_iter().rev().collect::<Vec<_>>()
        };
        assert_eq!(kept(Some(2), None), [at(9, 5), at(9, 3)]);
        assert_eq!(kept(None, Some(3)), [at(9, 5), at(7, 9), at(3, 0)]);
        assert_eq!(kept(Some(2), Some(2)), [at(9, 5), at(9, 3), at(7, 9)]);
        assert_eq!(kept(Some(99), None), times);
    }
}
