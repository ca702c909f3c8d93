//! The key epochs of a log: which root seed its end needs, and the public keys that verify all of it.

use std::fs::File;
use std::io;
use std::path::Path;

use r4_keystore::handover::{self, next_seed, note_index, noted_indexes};
use r4_keystore::keys::NodeKeys;
use r4_keystore::revoked;
use r4_keystore::seed::RootSeed;
use r4_keystore::state::SEED_FILE;
use r4_logstore::Scan;
use r4_receipt::entry::EpochKeys;
use r4_receipt::keys_document::{Epoch, Status};
use r4_receipt::{Entry, KeyHash, KeysDocument, Timestamp};

use crate::exit::Error;

/// What the entries of a log tell of epochs.
#[derive(Default)]
pub(super) struct Epochs {
    /// Those that are announced, in the order of the log.
    announced: Vec<EpochKeys>,
    /// That of the newest answer or missed index.
    newest: Option<KeyHash>,
}

impl Epochs {
    /// Reads the journal of a state folder.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn of_journal(state: &Path) -> Result<Self, Error> {
        let path = state.join("journal/journal");
        let mut epochs = Self::default();
        let scanned = File::open(&path).and_then(|journal| Scan::of(journal, 0, epochs.reader()));
        scanned.map_err(|e| Error::unusable(path.display(), e))?;
        Ok(epochs)
    }

    /// Returns what takes one entry after the other.
    pub(super) fn reader(&mut self) -> impl FnMut(&[u8]) + '_ {
        |entry| self.note(entry)
    }

    /// Takes an entry.
    pub(super) fn note(&mut self, entry: &[u8]) {
        match Entry::parse(entry) {
            Ok(Entry::Keys(keys)) => self.announced.push(*keys),
            Ok(entry) => self.newest = Some(entry.key_hash()),
            Err(_) => {}
        }
    }

    /// Returns the announcement of an epoch; of one that was announced again, the last.
    pub(super) fn find(&self, key_hash: &KeyHash) -> Option<&EpochKeys> {
        self.announced.iter().rev().find(|epoch| epoch.key_hash() == *key_hash)
    }

    /// Finds out whether the root seed of a state folder may go on at the end of this log, or the next
    /// one must take its place.
    ///
    /// # Errors
    /// Neither may.
    pub(super) fn follow(&self, state: &Path) -> Result<Option<RootSeed>, Error> {
        let root = root_key(state)?;
        let before = self.find(&root).and_then(|epoch| epoch.previous.as_ref());
        let before = before.map(|previous| previous.key_hash);
        if self.newest.is_none_or(|newest| newest == root || Some(newest) == before) {
            return Ok(None);
        }
        if let Some(seed) = next_seed(state).map_err(|e| Error::Unusable(e.to_string()))?
            && self.newest == Some(key_hash(&seed)?)
        {
            return Ok(Some(seed));
        }
        Err(Error::failed(
            "the node changed to another root seed after the backup, which does not have it: say \
             --close, or restore a later backup",
        ))
    }

    /// Notes in a state folder where the announcements are, and puts the next seed in its place.
    ///
    /// # Errors
    /// Something cannot be written.
    pub(super) fn settle(&self, state: &Path, next: Option<&RootSeed>) -> Result<(), Error> {
        let noted = noted_indexes(state);
        let new = self.announced.iter().map(|epoch| epoch.index);
        let noting = new
            .filter(|index| !noted.contains(index))
            .try_for_each(|index| note_index(state, index));
        noting.map_err(|e: io::Error| Error::unusable(state.display(), e))?;
        next.map_or(Ok(()), |seed| handover::change(state, seed))
            .map_err(|e| Error::Unusable(e.to_string()))
    }

    /// Lists the epochs that have signed, the last of them as the active one.
    ///
    /// # Errors
    /// The log does not announce them.
    pub(super) fn document(&self, state: &Path) -> Result<KeysDocument, Error> {
        let active = self.newest.map_or_else(|| root_key(state), Ok)?;
        let revoked = revoked::read(state).map_err(|e| Error::Unusable(e.to_string()))?;
        let time =
            |epoch: &EpochKeys| Timestamp::from_unix(epoch.previous.as_ref()?.valid_from).ok();
        let (mut epochs, mut next, mut end) = (Vec::new(), Some(active), None);
        while let Some(key_hash) = next {
            let epoch = self.find(&key_hash).filter(|_| epochs.len() < self.announced.len());
            let epoch = epoch.ok_or_else(|| {
                Error::failed(format!("the log does not announce the keys {key_hash}"))
            })?;
            let status = match key_hash {
                lost if revoked.contains(&lost) => Status::Revoked,
                newest if newest == active => Status::Active,
                _ => Status::Retired,
            };
            let (keys, valid_from) = (epoch.keys.clone(), time(epoch));
            epochs.push(Epoch { keys, status, valid_from, valid_until: end });
            end = valid_from;
            next = epoch.previous.as_ref().map(|previous| previous.key_hash);
        }
        epochs.reverse();
        Ok(KeysDocument::of_epochs(epochs))
    }
}

/// Returns the key hash of the root seed of a state folder.
///
/// # Errors
/// It cannot be used.
pub(super) fn root_key(state: &Path) -> Result<KeyHash, Error> {
    let seed = RootSeed::load(&state.join(SEED_FILE));
    key_hash(&seed.map_err(|e| Error::Unusable(e.to_string()))?)
}

/// Returns the key hash of a seed.
///
/// # Errors
/// Its keys cannot be derived.
pub(super) fn key_hash(seed: &RootSeed) -> Result<KeyHash, Error> {
    let keys = NodeKeys::derive(seed).map_err(|e| Error::Unusable(e.to_string()))?;
    Ok(keys.public_keys().key_set().key_hash())
}
