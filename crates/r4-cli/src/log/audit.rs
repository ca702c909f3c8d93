//! What every entry must be: at its own index, of an announced key epoch, and, where nobody was
//! answered, with the output that this index has.

use std::collections::{BTreeSet, VecDeque};

use r4_ecvrf::PublicKey;
use r4_receipt::entry::{Answer, EpochKeys, Missed};
use r4_receipt::keys_document::Epoch;
use r4_receipt::{Entry, KeyHash, KeysDocument};

use super::finding::{Alarm, Finding};
use super::monitor::seconds;
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
pub(super) struct Audit {
    /// The pinned epochs.
    pinned: BTreeSet<KeyHash>,
    /// How long before its use an epoch must be announced, in seconds.
    notice: u64,
    progress: Progress,
    /// The entries that this audit has checked.
    pub(super) counts: Counts,
}

/// What an audit must know of the entries before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The epochs that were announced, the newest last.
    pub(super) announced: Vec<EpochKeys>,
    /// The place among them of the one that signs.
    pub(super) active: usize,
    /// The indexes of the missed entries among the last ones.
    pub(super) missed: VecDeque<u64>,
}

/// The option `--notice`.
#[derive(Debug, clap::Args)]
pub(super) struct NoticeArg {
    /// Least time from announcing keys to their use: 12h, 1d
    #[arg(long = "notice", value_name = "TIME", default_value = "24h", value_parser = seconds)]
    pub(super) seconds: u64,
}

impl Audit {
    /// Goes on after what `progress` tells of.
    pub(super) fn after(progress: Progress, trust: &Trust, notice: &NoticeArg) -> Self {
        let pinned = trust.document.epochs().iter().map(Epoch::key_hash).collect();
        Self { pinned, notice: notice.seconds, progress, counts: Counts::default() }
    }

    /// Checks the entry in the log's place `position`.
    ///
    /// # Errors
    /// `gap`: it has another index. `key-change`: it is of keys that were not announced, or announces
    /// keys in another way than an epoch must. `invalid`: the rest.
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
                self.answer(position, answer)?;
                &mut self.counts.vrf
            }
            Entry::Attested(answer) => {
                self.answer(position, answer)?;
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

    /// Takes an announcement: the first epoch's, which must be pinned, or one that the active epoch has
    /// signed, long enough before its use.
    fn announce(&mut self, position: u64, entry: &EpochKeys) -> Result<(), Finding> {
        let key_hash = entry.key_hash();
        let Progress { announced, active, .. } = &mut self.progress;
        if announced.iter().any(|epoch| epoch.key_hash() == key_hash) {
            let reason = format!("entry {position} announces the keys {key_hash} again");
            return Err(Finding::invalid(reason));
        }
        let refuse = |why: &str| {
            let reason = format!("entry {position} announces the keys {key_hash}, {why}");
            Err(Finding::new(Alarm::KeyChange, reason))
        };
        match (announced.get(*active), &entry.previous) {
            (None, None) if self.pinned.contains(&key_hash) => {}
            (None, None) => return refuse("which are not pinned"),
            (Some(before), Some(_)) if entry.follows(&before.keys) => {
                let notice = valid_from(entry).saturating_sub(entry.timestamp);
                if notice < self.notice {
                    let wanted = self.notice;
                    return refuse(&format!(
                        "only {notice} s before their use; --notice asks for {wanted} s"
                    ));
                }
            }
            _ => return refuse("which the active epoch has not signed"),
        }
        announced.push(entry.clone());
        Ok(())
    }

    fn missed(&mut self, position: u64, entry: &Missed) -> Result<(), Finding> {
        let epoch = self.epoch(position, &entry.key_hash, entry.timestamp)?;
        let key = PublicKey::from_bytes(&epoch.keys.ecvrf).map_err(Finding::invalid)?;
        if !entry.holds(&key) {
            let reason =
                format!("entry {position} has not the output of the index that was missed");
            return Err(Finding::invalid(reason));
        }
        self.progress.missed.push_back(position);
        Ok(())
    }

    fn answer(&mut self, position: u64, answer: &Answer) -> Result<(), Finding> {
        self.epoch(position, &answer.key_hash, answer.timestamp).map(|_| ())
    }

    /// Returns the epoch of an entry: the active one, or the newest announced one, which is active from
    /// then on if its time has come.
    fn epoch(
        &mut self,
        position: u64,
        key_hash: &KeyHash,
        timestamp: u64,
    ) -> Result<&EpochKeys, Finding> {
        let Progress { announced, active, .. } = &mut self.progress;
        let refuse = |why: &str| {
            let reason = format!("entry {position} is of the keys {key_hash}, which {why}");
            Finding::new(Alarm::KeyChange, reason)
        };
        let found = announced.iter().position(|epoch| epoch.key_hash() == *key_hash);
        let found = found.ok_or_else(|| refuse("were not announced before it"))?;
        let newest = announced.len().saturating_sub(1);
        let begins = announced.get(found).map_or(0, valid_from);
        if found != *active && (found != newest || found < *active) {
            return Err(refuse("sign no more, or were withdrawn"));
        }
        if timestamp < begins {
            return Err(refuse("did not sign yet at its time"));
        }
        *active = found;
        announced.get(found).ok_or_else(|| refuse("are unknown"))
    }
}

impl Progress {
    /// Checks what a server names as its key epochs: each is announced in the log, and the active one, if
    /// any is, is the one that signs there, or follows it.
    ///
    /// # Errors
    /// `key-change`.
    pub(super) fn agrees(&self, named: &KeysDocument) -> Result<(), Finding> {
        let announced: Vec<KeyHash> = self.announced.iter().map(EpochKeys::key_hash).collect();
        let refuse = |key_hash: KeyHash, why: &str| {
            let reason = format!("the server names the key epoch {key_hash}, which {why}");
            Err(Finding::new(Alarm::KeyChange, reason))
        };
        for epoch in named.epochs() {
            if !announced.contains(&epoch.key_hash()) {
                return refuse(epoch.key_hash(), "the log does not announce");
            }
        }
        // None is, after one was revoked.
        let Some(active) = named.active() else { return Ok(()) };
        if announced.get(self.active) == Some(&active) || announced.last() == Some(&active) {
            return Ok(());
        }
        refuse(active, "is not the one that signs in the log")
    }
}

/// Returns from when on an epoch signs; 0 for the first.
fn valid_from(epoch: &EpochKeys) -> u64 {
    epoch.previous.as_ref().map_or(0, |previous| previous.valid_from)
}
