//! What every entry must be: at its own index, of an announced key epoch, and, where nobody was
//! answered, with the output that this index has.

use std::collections::{BTreeMap, VecDeque};

use r4_ecvrf::PublicKey;
use r4_receipt::entry::{EpochKeys, Missed};
use r4_receipt::keys_document::Epoch;
use r4_receipt::{Entry, KeyHash};

use super::finding::{Alarm, Finding};
use super::trust::Trust;

/// Entries over which the share of missed ones is taken, at least.
pub(super) const WINDOW: u64 = 1000;

/// How many entries there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// VRF receipts.
    pub(super) vrf: u64,
    /// Attestations of random bytes.
    pub(super) attested: u64,
    /// Indexes that nobody was answered with.
    pub(super) missed: u64,
    /// Announcements of keys.
    pub(super) keys: u64,
}

impl Counts {
    /// Returns how many there are together.
    pub(super) fn total(self) -> u64 {
        [self.vrf, self.attested, self.missed, self.keys].iter().sum()
    }
}

/// Checks entries one after the other, from the first or from where an earlier check ended.
#[derive(Debug)]
pub(super) struct Audit<'a> {
    /// The pinned epochs by their key hashes.
    pinned: BTreeMap<KeyHash, &'a Epoch>,
    progress: Progress,
    /// The entries that this audit has checked.
    pub(super) counts: Counts,
}

/// What an audit must know of the entries before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The epochs that were announced, the newest last.
    pub(super) announced: Vec<KeyHash>,
    /// The indexes of the missed entries among the last ones.
    pub(super) missed: VecDeque<u64>,
}

impl<'a> Audit<'a> {
    /// Goes on after what `progress` tells of.
    pub(super) fn after(progress: Progress, trust: &'a Trust) -> Self {
        let epochs = trust.document.epochs().iter();
        let pinned = epochs.map(|epoch| (epoch.key_hash(), epoch)).collect();
        Self { pinned, progress, counts: Counts::default() }
    }

    /// Checks the entry in the log's place `position`.
    ///
    /// # Errors
    /// `gap`: it has another index. `key-change`: it announces unknown keys. `invalid`: the rest.
    pub(super) fn entry(&mut self, position: u64, bytes: &[u8]) -> Result<(), Finding> {
        let entry = Entry::parse(bytes)
            .map_err(|error| Finding::invalid(format!("entry {position}: {error}")))?;
        let index = entry.index();
        if index != position {
            let reason = format!("the entry in place {position} has the index {index}");
            return Err(Finding::new(Alarm::Gap, reason));
        }
        let count = match &entry {
            Entry::Keys(keys) => {
                self.announce(position, keys)?;
                &mut self.counts.keys
            }
            Entry::Missed(missed) => {
                self.missed(position, missed)?;
                &mut self.counts.missed
            }
            Entry::Vrf(answer) => {
                self.epoch(position, &answer.key_hash)?;
                &mut self.counts.vrf
            }
            Entry::Attested(answer) => {
                self.epoch(position, &answer.key_hash)?;
                &mut self.counts.attested
            }
        };
        *count = count.saturating_add(1);
        let outdated = |index: &u64| position.saturating_sub(*index) >= WINDOW;
        while self.progress.missed.front().is_some_and(outdated) {
            self.progress.missed.pop_front();
        }
        Ok(())
    }

    /// Returns what the next audit must know.
    pub(super) fn into_progress(self) -> Progress {
        self.progress
    }

    fn announce(&mut self, position: u64, entry: &EpochKeys) -> Result<(), Finding> {
        let key_hash = entry.keys.key_set().key_hash();
        if entry.previous != self.progress.announced.last().copied() {
            let reason =
                format!("entry {position} announces keys after an epoch that was not last");
            return Err(Finding::invalid(reason));
        }
        if self.progress.announced.contains(&key_hash) {
            let reason = format!("entry {position} announces the keys {key_hash} again");
            return Err(Finding::invalid(reason));
        }
        if !self.pinned.contains_key(&key_hash) {
            let reason =
                format!("entry {position} announces the keys {key_hash}, which are not pinned");
            return Err(Finding::new(Alarm::KeyChange, reason));
        }
        self.progress.announced.push(key_hash);
        Ok(())
    }

    fn missed(&mut self, position: u64, entry: &Missed) -> Result<(), Finding> {
        let epoch = self.epoch(position, &entry.key_hash)?;
        let key = PublicKey::from_bytes(&epoch.keys.ecvrf).map_err(Finding::invalid)?;
        if !entry.holds(&key) {
            let reason =
                format!("entry {position} has not the output of the index that was missed");
            return Err(Finding::invalid(reason));
        }
        self.progress.missed.push_back(position);
        Ok(())
    }

    /// Returns the epoch of an entry: announced before it, and in the pinned keys.
    fn epoch(&self, position: u64, key_hash: &KeyHash) -> Result<&'a Epoch, Finding> {
        let announced = self.progress.announced.contains(key_hash);
        let epoch = self.pinned.get(key_hash).copied().filter(|_| announced);
        epoch.ok_or_else(|| {
            let reason = if announced { "are not pinned" } else { "were not announced before it" };
            Finding::invalid(format!("entry {position} is of the keys {key_hash}, which {reason}"))
        })
    }
}
