//! The node: its keys, its index, its log, and whether it may sign.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use r4_api::selftest::{SelftestAnswer, TestOutcome};
use r4_keystore::index::IndexStore;
use r4_keystore::keys::NodeKeys;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::selftest::{self, Outcome, TestResult};
use r4_keystore::state::{Start, State};
use r4_logstore::{AppendError, Host as _, LogStore, Settings};
use r4_receipt::{KeyHash, LogKeys, Timestamp};
use r4_service::clock;
use r4_service::ready::Readiness;
use r4_tlog::SignedCheckpoint;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Origin;
use crate::epochs::{Active, Epochs};
use crate::error::{Fault, IssueError, PublishFailure, StartError};
use crate::log::{self, Halt, NodeHost};
use crate::observe;

/// Why the service is not ready while answers cannot be kept.
const NO_DISK: &str = "no receipt can be written to disk";
/// Most answers between their index and their entry in the log.
pub(crate) const MOST_OPEN: usize = 1024;
/// Time between two tries to write.
const RETRY: Duration = Duration::from_secs(1);

/// Keys, index and log of a node, shared by requests. Its calls block.
#[derive(Debug)]
pub struct Node {
    pub(crate) epochs: Epochs,
    log_keys: LogKeys,
    pub(crate) index: IndexStore,
    log: LogStore,
    /// Has the keys of the active epoch, and says whether signing has stopped.
    pub(crate) host: Arc<NodeHost>,
    /// Bounds the indexes that are taken and not in the log yet, and with them what a crash can leave.
    open: Arc<Semaphore>,
    /// The last tree that was signed for a reader.
    recent: Mutex<Option<SignedCheckpoint>>,
    readiness: Readiness,
    /// Whether a task waits for indexes to be reservable again.
    recovering: AtomicBool,
}

impl Node {
    /// Tests the primitives, opens the state folder, derives the keys and tests those, opens the log
    /// and publishes its checkpoint; then the service is ready.
    ///
    /// # Errors
    /// A test failed, or seeds, index or log cannot be used.
    pub fn open(
        state_dir: &Path,
        origin: &Origin,
        batches: Settings,
        notice: Duration,
        readiness: Readiness,
    ) -> Result<Self, StartError> {
        // Before the first seed is made: a node that cannot compute should not make one.
        passed(&selftest::run())?;
        let now = Timestamp::from_unix(clock::unix_now())?;
        let state = State::open(state_dir, now)?;
        let keys = NodeKeys::derive(&state.seed)?;
        passed(&selftest::pairwise(&keys))?;
        let active = Active::of(keys);
        let key_hash = active.key_hash;
        let origin = log::origin(state_dir, &state, origin)?;
        let note_keys = NoteKeys::log(&state.log_seed, &origin)?;
        let log_keys = LogKeys::new(note_keys.verifier_keys().clone())?;
        let active = ArcSwap::from_pointee(active);
        let host = Arc::new(NodeHost { active, note_keys, halted: Halt::new() });
        let (log, history) = log::open(state_dir, &state, &origin, &host, batches)?;
        match state.start {
            Start::First => tracing::warn!(
                %key_hash,
                "a new root seed was made: back up the state folder now, it is the node's identity"
            ),
            Start::Again => tracing::info!(%key_hash, origin, size = log.size(), "keys loaded"),
        }
        let (keys, since) = (log_keys.clone(), state.since);
        let epochs = Epochs::new(state_dir, notice, keys, history, state.next, since)?;
        let node = Self {
            epochs,
            log_keys,
            index: state.index,
            log,
            host,
            open: Arc::new(Semaphore::new(MOST_OPEN)),
            recent: Mutex::new(None),
            readiness,
            recovering: AtomicBool::new(false),
        };
        node.publish(node.sign_head()?)?;
        // One whose time came while the node was down takes over before anything is signed.
        node.look_at_epochs();
        Ok(node)
    }

    /// Publishes the newest tree, writes what is open, and gives back the indexes that nobody took. For
    /// the end of a stop.
    pub fn close(&self) {
        let failed = |what, cause: &dyn std::fmt::Display| tracing::error!(%cause, "{what}");
        let published = self.sign_head().and_then(|signed| self.publish(signed));
        let published =
            published.map_err(|cause| failed("the checkpoint is not published", &cause));
        let closed = self.log.close().map_err(|cause| failed("the log is not closed", &cause));
        self.index.note(self.log.size());
        let released = self.index.release();
        let released = released.map_err(|cause| failed("the index is not released", &cause));
        if published.and(closed).and(released).is_ok() {
            tracing::info!(size = self.log.size(), "the log is closed");
        }
    }

    /// Publishes a checkpoint, and notes its size where a log put back from an older copy does not
    /// reach.
    pub(crate) fn publish(&self, signed: SignedCheckpoint) -> Result<(), PublishFailure> {
        let size = signed.checkpoint.size;
        self.log.publish(signed)?;
        Ok(self.index.keep(size)?)
    }

    /// Returns the keys that vouch for the log's checkpoints.
    pub fn log_keys(&self) -> &LogKeys {
        &self.log_keys
    }

    /// Returns the log.
    pub fn log(&self) -> &LogStore {
        &self.log
    }

    /// Returns a signed tree that reaches beyond `index`: the last one made here, if it does, so that
    /// who only reads costs a signature at most for each tree.
    pub(crate) fn recent_head(&self, index: u64) -> Result<SignedCheckpoint, PublishFailure> {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        match &*recent {
            Some(signed) if signed.checkpoint.size > index => Ok(signed.clone()),
            _ => Ok(recent.insert(self.sign_head()?).clone()),
        }
    }

    /// Signs the newest tree.
    pub(crate) fn sign_head(&self) -> Result<SignedCheckpoint, PublishFailure> {
        Ok(self.host.sign(&self.log.head())?)
    }

    /// Returns the key hash of the active epoch.
    pub fn key_hash(&self) -> KeyHash {
        self.host.active.load().key_hash
    }

    /// Returns the JSON of `GET /keys`.
    pub fn keys_document(&self) -> Arc<String> {
        self.epochs.document()
    }

    /// Returns the readiness that this node switches.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Says whether work may be sent here. The end by a stop or a fault stays.
    pub(crate) fn tell_ready(&self) {
        let full = self.recovering.load(Ordering::Acquire).then(|| NO_DISK.to_owned());
        let stopped = || self.epochs.stopped().map(|why| why.to_string());
        self.readiness.set(full.or_else(stopped));
    }

    /// Returns how many answers are between their index and their entry in the log.
    pub(crate) fn open_answers(&self) -> usize {
        MOST_OPEN.saturating_sub(self.open.available_permits())
    }

    /// Returns the first index that is not reserved on disk.
    pub fn reserved(&self) -> u64 {
        self.index.ceiling()
    }

    /// Takes an index and makes an answer of it with `make`, which keeps its place among the open ones
    /// until the log has decided; without an answer its entry in the log will be a missed one. The
    /// epoch that `make` gets is the index's: no other takes over meanwhile.
    ///
    /// A fault stops all signing: a second answer after one might give a key away. No index is taken
    /// while the log cannot be written: it would be a missed one, and a start believes no log that is
    /// far behind the index.
    ///
    /// # Errors
    /// The log cannot be written, no index can be reserved, signing has stopped, or it stops now; or what `make` says.
    pub(crate) fn with_index<T, E: Into<IssueError>>(
        &self,
        make: impl FnOnce(u64, &Active, OwnedSemaphorePermit) -> Result<T, E>,
    ) -> Result<T, IssueError> {
        self.running()?;
        // No index is spent on an answer that could not be kept.
        self.log.healthy().map_err(|why| AppendError::Disk { why })?;
        let open = Arc::clone(&self.open).try_acquire_owned().map_err(|_| IssueError::Busy)?;
        // Held until the index is answered or given up.
        let _gate = self.enter()?;
        self.epochs.stopped().map_or(Ok(()), Err)?;
        self.index.note(self.log.size());
        let taken = Taken::next(self)?;
        let active = self.host.active.load_full();
        let answer = make(taken.index, &active, open).map_err(|error| self.failed(error.into()))?;
        // Another thread may have met a fault meanwhile: then this answer does not leave either.
        self.running()?;
        taken.answered();
        Ok(answer)
    }

    /// Says whether signing has stopped.
    pub(crate) fn running(&self) -> Result<(), IssueError> {
        match self.host.halted.get() {
            Some(reason) => Err(IssueError::Halted(reason.clone())),
            None => Ok(()),
        }
    }

    /// Stops signing if what failed is a fault.
    pub(crate) fn failed(&self, error: IssueError) -> IssueError {
        match error {
            IssueError::Fault(fault) => self.halt(fault),
            other => other,
        }
    }

    /// Runs the known-answer tests and those of the loaded key pairs. A failure stops signing;
    /// a success starts nothing. Blocks.
    pub fn selftest(&self) -> SelftestAnswer {
        let active = self.host.active.load_full();
        self.judge(&[selftest::run(), selftest::pairwise(&active.keys)].concat())
    }

    fn judge(&self, results: &[TestResult]) -> SelftestAnswer {
        let names = selftest::failures(results);
        if !names.is_empty() {
            self.halt(Fault::Selftest { names });
        }
        let outcome = |result: &TestResult| TestOutcome {
            name: result.name.to_owned(),
            ok: result.outcome == Outcome::Passed,
        };
        results.iter().map(outcome).collect::<Vec<_>>().into()
    }

    fn halt(&self, fault: Fault) -> IssueError {
        tracing::error!(%fault, "ALARM: an own check of the node failed; signing has stopped");
        observe::self_check_failed();
        let reason = format!("signing has stopped: {fault}");
        self.readiness.end(&reason);
        // The first fault stays the reason.
        let _ = self.host.halted.set(reason);
        IssueError::Fault(fault)
    }
}

/// An index that was taken. Given up without an answer, it becomes a missed one: the log waits for
/// it, also when the work on it panics.
pub(crate) struct Taken<'a> {
    log: &'a LogStore,
    index: u64,
    answered: bool,
}

impl<'a> Taken<'a> {
    /// Takes the next index. The caller holds the gate of the epochs.
    pub(crate) fn next(node: &'a Node) -> Result<Self, IssueError> {
        let taken = Self { log: &node.log, index: node.index.next()?, answered: false };
        observe::reserved(node.reserved());
        Ok(taken)
    }

    pub(crate) const fn index(&self) -> u64 {
        self.index
    }

    pub(crate) fn answered(mut self) {
        self.answered = true;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.log.abandon(self.index);
        }
    }
}

/// Turns readiness off while answers cannot be kept, and tries each second until they can again.
pub(crate) fn recover(node: &Arc<Node>, cause: &IssueError) {
    observe::index_failed();
    if node.recovering.swap(true, Ordering::AcqRel) {
        return;
    }
    tracing::error!(%cause, "nothing can be written");
    let node = Arc::clone(node);
    node.tell_ready();
    tokio::spawn(async move {
        while !can_write(&node).await {
            tokio::time::sleep(RETRY).await;
        }
        node.recovering.store(false, Ordering::Release);
        node.tell_ready();
        tracing::info!("receipts can be written again");
    });
}

async fn can_write(node: &Arc<Node>) -> bool {
    let node = Arc::clone(node);
    let write = move || node.index.reserve().is_ok() && node.log.healthy().is_ok();
    tokio::task::spawn_blocking(write).await.unwrap_or(false)
}

fn passed(results: &[TestResult]) -> Result<(), StartError> {
    let names = selftest::failures(results);
    if names.is_empty() { Ok(()) } else { Err(StartError::Selftest { names }) }
}

#[cfg(test)]
pub(crate) mod tests;
