//! The node: its keys, its index, and whether it may sign.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use r4_api::selftest::{SelftestAnswer, TestOutcome};
use r4_keystore::index::{IndexError, IndexStore};
use r4_keystore::keys::NodeKeys;
use r4_keystore::selftest::{self, Outcome, TestResult};
use r4_keystore::state::{Start, State};
use r4_receipt::{KeyHash, KeysDocument, PublicKeys, Timestamp};
use r4_service::clock;
use r4_service::ready::Readiness;

use crate::error::{Fault, IssueError, StartError};
use crate::observe;

/// Why the service is not ready while no index can be reserved.
const NO_INDEX: &str = "no receipt index can be reserved on disk";
/// Time between two tries to reserve.
const RETRY: Duration = Duration::from_secs(1);

/// Keys and index of a node, shared by requests. Its calls block.
#[derive(Debug)]
pub struct Node {
    pub(crate) keys: NodeKeys,
    pub(crate) public: PublicKeys,
    key_hash: KeyHash,
    keys_document: String,
    index: IndexStore,
    /// Why signing has stopped, once it has. Never emptied: only a restart starts it again.
    halted: OnceLock<String>,
    readiness: Readiness,
    /// Whether a task waits for indexes to be reservable again.
    recovering: AtomicBool,
}

impl Node {
    /// Tests the primitives, opens the state folder, derives the keys and tests those; then the
    /// service is ready.
    ///
    /// # Errors
    /// A test failed, or seed or index cannot be used.
    pub fn open(state_dir: &Path, readiness: Readiness) -> Result<Self, StartError> {
        // Before the first seed is made: a node that cannot compute should not make one.
        passed(&selftest::run())?;
        let now = Timestamp::from_unix(clock::unix_now())?;
        let state = State::open(state_dir, now)?;
        let keys = NodeKeys::derive(&state.seed)?;
        passed(&selftest::pairwise(&keys))?;
        let public = keys.public_keys().clone();
        let key_hash = public.key_set().key_hash();
        let first_index = state.index.ceiling();
        match state.start {
            Start::First => tracing::warn!(
                %key_hash,
                "a new root seed was made: back up the state folder now, it is the node's identity"
            ),
            Start::Again => tracing::info!(%key_hash, reserved = first_index, "keys loaded"),
        }
        readiness.set(None);
        Ok(Self {
            keys_document: KeysDocument::of_active(&public, state.since).to_json(),
            keys,
            public,
            key_hash,
            index: state.index,
            halted: OnceLock::new(),
            readiness,
            recovering: AtomicBool::new(false),
        })
    }

    /// Returns the key hash of the active epoch.
    pub fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// Returns the JSON of `GET /keys`.
    pub fn keys_document(&self) -> &str {
        &self.keys_document
    }

    /// Returns the readiness that this node switches.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Returns the first index that is not reserved on disk.
    pub fn reserved(&self) -> u64 {
        self.index.ceiling()
    }

    /// Takes an index and makes an answer of it with `make`.
    ///
    /// A fault stops all signing: a second answer after one might give a key away.
    ///
    /// # Errors
    /// No index can be reserved, signing has stopped, or it stops now; or what `make` says.
    pub(crate) fn with_index<E: Into<IssueError>>(
        &self,
        make: impl FnOnce(u64) -> Result<String, E>,
    ) -> Result<String, IssueError> {
        if let Some(reason) = self.halted.get() {
            return Err(IssueError::Halted(reason.clone()));
        }
        let index = self.index.next()?;
        let answer = make(index).map_err(|error| match error.into() {
            IssueError::Fault(fault) => self.halt(fault),
            other => other,
        })?;
        observe::reserved(self.reserved());
        // Another thread may have met a fault meanwhile: then this answer does not leave either.
        match self.halted.get() {
            Some(reason) => Err(IssueError::Halted(reason.clone())),
            None => Ok(answer),
        }
    }

    /// Runs the known-answer tests and those of the loaded key pairs. A failure stops signing;
    /// a success starts nothing. Blocks.
    pub fn selftest(&self) -> SelftestAnswer {
        self.judge(&[selftest::run(), selftest::pairwise(&self.keys)].concat())
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
        let _ = self.halted.set(reason);
        IssueError::Fault(fault)
    }
}

/// Turns readiness off for want of an index, and tries each second until there is one again.
pub(crate) fn recover(node: &Arc<Node>, cause: &IndexError) {
    tracing::error!(%cause, "no index can be reserved");
    observe::index_failed();
    if node.recovering.swap(true, Ordering::AcqRel) {
        return;
    }
    let node = Arc::clone(node);
    node.readiness.set(Some(NO_INDEX.to_owned()));
    tokio::spawn(async move {
        while !can_reserve(&node).await {
            tokio::time::sleep(RETRY).await;
        }
        node.recovering.store(false, Ordering::Release);
        // The end by a stop or a fault stays.
        node.readiness.set(None);
        tracing::info!("indexes can be reserved again");
    });
}

async fn can_reserve(node: &Arc<Node>) -> bool {
    let node = Arc::clone(node);
    matches!(tokio::task::spawn_blocking(move || node.index.reserve()).await, Ok(Ok(())))
}

fn passed(results: &[TestResult]) -> Result<(), StartError> {
    let names = selftest::failures(results);
    if names.is_empty() { Ok(()) } else { Err(StartError::Selftest { names }) }
}

#[cfg(test)]
mod tests;
