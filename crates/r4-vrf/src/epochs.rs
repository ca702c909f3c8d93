//! The key epochs of a node: the one that signs, those before it, and the one that is announced.
//!
//! The operator puts a new seed beside the old one (`next.seed`). The active epoch announces its keys in
//! the log, signed with both of its own; when the notice is over, the new epoch takes over: no index is
//! taken meanwhile, every index that was taken is in the log, and the seed's file is renamed, which is
//! the one step that counts. So each index belongs to one epoch, whatever crashes, and the old seed is
//! needed for nothing any more.

mod history;
mod revocation;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, mpsc};
use std::time::Duration;

use arc_swap::ArcSwap;
use r4_keystore::handover::{self, ChangeError};
use r4_keystore::keys::NodeKeys;
use r4_keystore::seed::RootSeed;
use r4_keystore::selftest;
use r4_logstore::{AppendError, Record};
use r4_receipt::entry::{Announcement, Entry, EpochKeys, Handover};
use r4_receipt::keys_document::{Epoch, Status};
use r4_receipt::{KeyHash, KeysDocument, LogKeys, PublicKeys, Timestamp};
use r4_service::clock::unix_now;

use crate::error::{EpochError, Fault, IssueError};
use crate::induced::reached;
use crate::node::{Node, Taken};

use revocation::Revoked;

pub(crate) use history::History;

/// Time between two looks at the seeds and the clock.
const LOOK: Duration = Duration::from_secs(1);
/// No epoch is announced.
const NEVER: u64 = u64::MAX;

/// The epoch that signs.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) keys: NodeKeys,
    pub(crate) public: PublicKeys,
    pub(crate) key_hash: KeyHash,
}

impl Active {
    pub(crate) fn of(keys: NodeKeys) -> Self {
        let public = keys.public_keys().clone();
        Self { key_hash: public.key_set().key_hash(), public, keys }
    }
}

/// All epochs but the secrets of the one that signs.
#[derive(Debug)]
pub(crate) struct Epochs {
    state_dir: PathBuf,
    /// How long before its use an epoch is announced, in seconds.
    notice: u64,
    log_keys: LogKeys,
    /// Since when the first epoch's keys exist.
    since: Option<Timestamp>,
    /// Read while an index is taken and worked on; written while another epoch takes over. Taken
    /// before `known`.
    gate: RwLock<()>,
    /// When the announced epoch takes over.
    due: AtomicU64,
    /// The time before which the active epoch signs nothing.
    begun: AtomicU64,
    /// Whether the active epoch is revoked, or may be: then it signs no receipt.
    stopped: AtomicBool,
    /// Guards the epochs that sign or have signed, the oldest first, and the announced one.
    known: Mutex<Known>,
    document: ArcSwap<String>,
}

#[derive(Debug)]
struct Known {
    used: Vec<EpochKeys>,
    next: Option<Next>,
    revoked: Revoked,
    /// What was last told of trouble with the next seed.
    trouble: Option<String>,
}

/// The announced epoch.
#[derive(Debug)]
struct Next {
    seed: RootSeed,
    keys: NodeKeys,
    entry: EpochKeys,
    /// Whether the published checkpoint covers its entry.
    published: bool,
}

impl Epochs {
    /// Takes what the log tells of epochs, and the seed that is to follow.
    pub(crate) fn new(
        state_dir: &Path,
        notice: Duration,
        log_keys: LogKeys,
        history: History,
        seed: Option<RootSeed>,
        since: Option<Timestamp>,
    ) -> Result<Self, EpochError> {
        let History { used, announced } = history;
        let revoked = Revoked::read(state_dir)?;
        let next = seed.map(|seed| Next::announced(seed, announced)).transpose()?.flatten();
        let next = next.filter(|next| !revoked.has(&next.entry.key_hash()));
        let due = next.as_ref().map_or(NEVER, |next| valid_from(&next.entry));
        let begun = used.last().map_or(0, valid_from);
        let epochs = Self {
            state_dir: state_dir.to_owned(),
            notice: notice.as_secs(),
            log_keys,
            since,
            gate: RwLock::new(()),
            due: AtomicU64::new(due),
            begun: AtomicU64::new(begun),
            stopped: AtomicBool::new(false),
            known: Mutex::new(Known { used, next, revoked, trouble: None }),
            document: ArcSwap::default(),
        };
        epochs.tell(&epochs.known());
        Ok(epochs)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_due(&self) -> bool {
        self.due.load(Ordering::Acquire) <= unix_now()
    }

    /// Returns the JSON of `GET /keys`.
    pub(crate) fn document(&self) -> Arc<String> {
        self.document.load_full()
    }

    /// Returns the key hashes of the epochs that sign or have signed.
    pub(crate) fn key_hashes(&self) -> Vec<KeyHash> {
        self.known().used.iter().map(EpochKeys::key_hash).collect()
    }

    /// Returns the public keys of an epoch that signs or has signed.
    pub(crate) fn keys_of(&self, key_hash: &KeyHash) -> Option<PublicKeys> {
        let known = self.known();
        known
            .used
            .iter()
            .find(|epoch| epoch.key_hash() == *key_hash)
            .map(|epoch| epoch.keys.clone())
    }

    /// Returns `now`, or the active epoch's beginning if that is later.
    pub(crate) fn not_before(&self, now: u64) -> u64 {
        now.max(self.begun.load(Ordering::Acquire))
    }

    /// Returns since when the active epoch signs, and from when on the announced one will.
    pub(crate) fn times(&self) -> (u64, Option<u64>) {
        let begun = self.begun.load(Ordering::Acquire);
        let begun = if begun == 0 { self.since.map_or(0, Timestamp::unix) } else { begun };
        let due = self.due.load(Ordering::Acquire);
        (begun, (due != NEVER).then_some(due))
    }

    /// Writes the document anew, and lets the active epoch sign unless it is revoked or may be.
    fn tell(&self, known: &Known) {
        let next = known.next.as_ref().filter(|next| next.published).map(|next| &next.entry);
        let ends = known.used.iter().skip(1).map(Some).chain([next]);
        let mut epochs: Vec<Epoch> = known
            .used
            .iter()
            .zip(ends)
            .map(|(epoch, end)| self.shown(epoch, Status::Retired, end))
            .collect();
        if let Some(active) = epochs.last_mut() {
            active.status = Status::Active;
        }
        epochs.extend(next.map(|next| self.shown(next, Status::Announced, None)));
        for epoch in &mut epochs {
            if known.revoked.has(&epoch.key_hash()) {
                epoch.status = Status::Revoked;
            }
        }
        let signs = epochs.iter().any(|epoch| epoch.status == Status::Active);
        self.stopped.store(!signs || known.revoked.is_unread(), Ordering::Release);
        let document = KeysDocument::of_epochs(epochs).with_log(self.log_keys.clone());
        self.document.store(Arc::new(document.to_json()));
    }

    fn shown(&self, epoch: &EpochKeys, status: Status, end: Option<&EpochKeys>) -> Epoch {
        let time = |epoch: &EpochKeys| Timestamp::from_unix(valid_from(epoch)).ok();
        let first = epoch.previous.is_none();
        let valid_from = if first { self.since } else { time(epoch) };
        Epoch { keys: epoch.keys.clone(), status, valid_from, valid_until: end.and_then(time) }
    }
}

impl Next {
    /// Finds the announcement of a seed's keys.
    fn announced(seed: RootSeed, announced: Vec<EpochKeys>) -> Result<Option<Self>, EpochError> {
        let keys = NodeKeys::derive(&seed)?;
        let key_hash = keys.public_keys().key_set().key_hash();
        let entry = announced.into_iter().find(|epoch| epoch.key_hash() == key_hash);
        Ok(entry.map(|entry| Self { seed, keys, entry, published: false }))
    }
}

/// Returns from when on an epoch signs; 0 for the first.
fn valid_from(epoch: &EpochKeys) -> u64 {
    epoch.previous.as_ref().map_or(0, |previous| previous.valid_from)
}

/// Follows the seeds and the clock until the runtime ends.
pub async fn keep_following(node: Arc<Node>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let node = Arc::clone(&node);
        if let Err(cause) = tokio::task::spawn_blocking(move || node.look_at_epochs()).await {
            tracing::error!(%cause, "the key epochs were not looked at");
        }
    }
}

impl Node {
    /// Waits until no epoch is taking over; none does while the answer is held.
    pub(crate) fn enter(&self) -> Result<RwLockReadGuard<'_, ()>, IssueError> {
        loop {
            let gate = self.epochs.gate.read().unwrap_or_else(PoisonError::into_inner);
            if !self.epochs.is_due() {
                return Ok(gate);
            }
            drop(gate);
            self.take_over()?;
        }
    }

    /// Does what the seeds and the clock ask for. Trouble is told once.
    pub(crate) fn look_at_epochs(&self) {
        let trouble = self.follow().err().map(|error| error.to_string());
        self.tell_ready();
        let mut known = self.epochs.known();
        if trouble != known.trouble {
            if let Some(cause) = &trouble {
                tracing::error!(cause, "the next key epoch cannot go on");
            } else {
                tracing::info!("the next key epoch can go on");
            }
            known.trouble = trouble;
        }
    }

    fn follow(&self) -> Result<(), EpochError> {
        self.look_at_revoked()?;
        if self.epochs.is_due() {
            return self.take_over().map_err(|error| EpochError::Issue(Box::new(error)));
        }
        let seed = handover::next_seed(&self.epochs.state_dir)?;
        let mut known = self.epochs.known();
        match (seed, &mut known.next) {
            (None, None) => Ok(()),
            (Some(seed), Some(next)) if seed.is(&next.seed) => {
                if !next.published && self.log().published().checkpoint.size > next.entry.index {
                    next.published = true;
                    self.epochs.tell(&known);
                }
                Ok(())
            }
            (None, Some(_)) => {
                self.withdrawn(&mut known, "its seed is gone");
                Ok(())
            }
            (Some(seed), _) => {
                drop(known);
                self.announce(seed)
            }
        }
    }

    fn withdrawn(&self, known: &mut Known, why: &str) {
        known.next = None;
        self.epochs.due.store(NEVER, Ordering::Release);
        self.epochs.tell(known);
        tracing::warn!(why, "the announced key epoch was withdrawn");
    }

    /// Puts the keys of `seed` into the log, signed by the active epoch.
    fn announce(&self, seed: RootSeed) -> Result<(), EpochError> {
        let keys = NodeKeys::derive(&seed)?;
        let names = selftest::failures(&selftest::pairwise(&keys));
        if !names.is_empty() {
            return Err(EpochError::Selftest { names });
        }
        let public = keys.public_keys().clone();
        let key_hash = public.key_set().key_hash();
        if self.epochs.key_hashes().contains(&key_hash) {
            return Err(EpochError::Used { key_hash });
        }
        if self.epochs.is_revoked(&key_hash) {
            return Err(EpochError::RevokedSeed { key_hash });
        }
        let gate = self.enter().map_err(|error| EpochError::Issue(Box::new(error)))?;
        let entry = self.announced(public).map_err(|error| EpochError::Issue(Box::new(error)))?;
        reached("epoch-announced");
        let mut known = self.epochs.known();
        let (due, index) = (valid_from(&entry), entry.index);
        known.next = Some(Next { seed, keys, entry, published: false });
        self.epochs.due.store(due, Ordering::Release);
        self.epochs.tell(&known);
        drop((known, gate));
        tracing::warn!(%key_hash, index, valid_from = due, "a new key epoch is announced in the log");
        Ok(())
    }

    /// Signs the announcement, and waits until it is in the log.
    fn announced(&self, keys: PublicKeys) -> Result<EpochKeys, IssueError> {
        self.running()?;
        self.log().healthy().map_err(|why| AppendError::Disk { why })?;
        let taken = Taken::next(self)?;
        let index = taken.index();
        handover::note_index(&self.epochs.state_dir, index).map_err(IssueError::Epoch)?;
        reached("epoch-noted");
        let active = self.host.active.load_full();
        let timestamp = self.epochs.not_before(unix_now());
        let said = Announcement {
            index,
            timestamp,
            previous: active.key_hash,
            key_hash: keys.key_set().key_hash(),
            valid_from: timestamp.saturating_add(self.epochs.notice),
        };
        let entry = signed(&said, keys, &active.keys).map_err(|fault| self.failed(fault.into()))?;
        if !entry.follows(&active.public) {
            return Err(self.failed(Fault::Check("announcement").into()));
        }
        let bytes = Entry::Keys(Box::new(entry.clone())).to_bytes();
        let (done, told) = mpsc::channel();
        let done = move |result| drop(done.send(result));
        let record = Record { index, id: None, entry: bytes, body: Vec::new() };
        self.log().append(record, Box::new(done));
        taken.answered();
        told.recv().unwrap_or(Err(AppendError::Closed))?;
        Ok(entry)
    }

    /// Lets the announced epoch sign from now on, unless it is revoked.
    pub(crate) fn take_over(&self) -> Result<(), IssueError> {
        let epochs = &self.epochs;
        // This may be the first to see it.
        self.look_at_revoked().map_err(|error| IssueError::Halted(error.to_string()))?;
        let _alone = epochs.gate.write().unwrap_or_else(PoisonError::into_inner);
        if !epochs.is_due() {
            // Another thread was faster.
            return Ok(());
        }
        self.running()?;
        // Every index that was taken is the old epoch's, and settled by it.
        self.log().fill(self.index.untaken())?;
        reached("epoch-drained");
        let mut known = epochs.known();
        let Some(next) = known.next.take() else {
            epochs.due.store(NEVER, Ordering::Release);
            return Ok(());
        };
        match handover::change(&epochs.state_dir, &next.seed) {
            Ok(()) => {}
            Err(ChangeError::Withdrawn | ChangeError::Seed(_)) => {
                self.withdrawn(&mut known, "its seed is gone");
                return Ok(());
            }
            Err(ChangeError::Unchanged(cause)) => {
                known.next = Some(next);
                return Err(IssueError::Epoch(cause));
            }
            // After a restart it is known which seed is there.
            Err(error @ ChangeError::Unsure(_)) => {
                return Err(self.failed(Fault::Seed { why: error.to_string() }.into()));
            }
        }
        reached("epoch-renamed");
        let Next { keys, entry, .. } = next;
        epochs.begun.store(valid_from(&entry), Ordering::Release);
        known.used.push(entry);
        epochs.due.store(NEVER, Ordering::Release);
        let active = Active::of(keys);
        let key_hash = active.key_hash;
        self.host.active.store(Arc::new(active));
        epochs.tell(&known);
        tracing::warn!(%key_hash, "another key epoch signs from now on");
        Ok(())
    }
}

fn signed(said: &Announcement, keys: PublicKeys, active: &NodeKeys) -> Result<EpochKeys, Fault> {
    let mldsa65 = active.sign_mldsa(&said.mldsa_message())?;
    let previous = Handover {
        key_hash: said.previous,
        valid_from: said.valid_from,
        ecdsa: active.sign_ecdsa(&said.digest())?.to_bytes(),
        mldsa65: mldsa65.try_into().map_err(|_| Fault::Check("announcement"))?,
    };
    let (index, timestamp) = (said.index, said.timestamp);
    Ok(EpochKeys { index, timestamp, previous: Some(previous), keys })
}

#[cfg(test)]
mod tests;
