//! What the log tells of key epochs.

use std::path::Path;

use r4_keystore::handover::noted_indexes;
use r4_keystore::state::SEED_FILE;
use r4_logstore::{LogStore, ReadError};
use r4_receipt::KeyHash;
use r4_receipt::entry::{Entry, EpochKeys};

use crate::error::StartError;

/// Entries read at a time.
const PAGE: usize = 1000;

/// The epochs of a log.
#[derive(Debug)]
pub(crate) struct History {
    /// Those that sign or have signed, the oldest first.
    pub(crate) used: Vec<EpochKeys>,
    /// Those that the active one has announced.
    pub(crate) announced: Vec<EpochKeys>,
}

impl History {
    /// Reads the epochs up to `active`, which must be the one whose entries are the newest.
    ///
    /// # Errors
    /// The log is not of this epoch, or cannot be read.
    pub(crate) fn read(
        state_dir: &Path,
        store: &LogStore,
        active: KeyHash,
    ) -> Result<Self, StartError> {
        let noted = noted_indexes(state_dir).into_iter();
        let noted = noted.filter_map(|index| one(store, index).transpose());
        let noted: Vec<EpochKeys> = noted.collect::<Result<_, _>>()?;
        let history = match Self::of(&noted, active) {
            Some(history) => Some(history),
            // The notes were lost, or are those of an older copy.
            None => Self::of(&all(store)?, active),
        };
        let other = |what| StartError::OtherLog { file: state_dir.join(SEED_FILE), what };
        let history = history.ok_or_else(|| other("is announced in the log"))?;
        let newest = newest(store)?;
        let before = history.used.iter().rev().nth(1).map(EpochKeys::key_hash);
        // An epoch that has just begun has no entry yet.
        if newest.is_none_or(|newest| newest == active || Some(newest) == before) {
            Ok(history)
        } else {
            Err(other("stands in the newest entries of the log"))
        }
    }

    /// Follows the epochs from `active` back to the first.
    fn of(entries: &[EpochKeys], active: KeyHash) -> Option<Self> {
        let find = |key_hash| entries.iter().find(|epoch| epoch.key_hash() == key_hash).cloned();
        let mut used = vec![find(active)?];
        while let Some(previous) = &used.last()?.previous {
            let before = find(previous.key_hash)?;
            let follows = used.last()?.follows(&before.keys) && before.index < used.last()?.index;
            used.push(follows.then_some(before)?);
        }
        used.reverse();
        let by_active = |epoch: &&EpochKeys| {
            epoch.previous.as_ref().is_some_and(|previous| previous.key_hash == active)
        };
        // Of one that was announced again, the last time counts.
        let announced = entries.iter().filter(by_active).rev().cloned().collect();
        (used.first()?.index == 0).then_some(Self { used, announced })
    }
}

/// Returns the epoch of the newest answer or missed index, if there is one.
fn newest(store: &LogStore) -> Result<Option<KeyHash>, StartError> {
    for index in (0..store.size()).rev() {
        let entries = store.entries(index, 1).map_err(StartError::Entry)?;
        let entry = entries.first().and_then(|entry| Entry::parse(entry).ok());
        match entry {
            Some(Entry::Keys(_)) | None => {}
            Some(entry) => return Ok(Some(entry.key_hash())),
        }
    }
    Ok(None)
}

fn one(store: &LogStore, index: u64) -> Result<Option<EpochKeys>, StartError> {
    if index >= store.size() {
        return Ok(None);
    }
    let entries = store.entries(index, 1).map_err(StartError::Entry)?;
    Ok(entries.first().and_then(|entry| epoch_keys(entry)))
}

/// Reads the whole log.
fn all(store: &LogStore) -> Result<Vec<EpochKeys>, StartError> {
    tracing::warn!("the notes of key epochs are not right: the whole log is read for them");
    let (mut found, mut from) = (Vec::new(), 0_u64);
    while from < store.size() {
        let page: Result<Vec<Vec<u8>>, ReadError> = store.entries(from, PAGE);
        let page = page.map_err(StartError::Entry)?;
        found.extend(page.iter().filter_map(|entry| epoch_keys(entry)));
        from = from.saturating_add(u64::try_from(page.len().max(1)).unwrap_or(u64::MAX));
    }
    Ok(found)
}

fn epoch_keys(entry: &[u8]) -> Option<EpochKeys> {
    match Entry::parse(entry) {
        Ok(Entry::Keys(keys)) => Some(*keys),
        _ => None,
    }
}
