//! What the log asks of the node: the time, signatures of checkpoints, and the entries of indexes
//! that nobody was answered with.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use r4_keystore::note_keys::NoteKeys;
use r4_keystore::state::{CLOSED_FOLDER, LOG_SEED_FILE, State};
use r4_logstore::{Host, HostError, LogStore, Record, Settings};
use r4_receipt::Timestamp;
use r4_receipt::alpha::index_alpha;
use r4_receipt::entry::{Entry, EpochKeys, Missed};
use r4_service::clock;
use r4_tlog::{Checkpoint, SignedCheckpoint};

use crate::config::Origin;
use crate::epochs::{Active, History};
use crate::error::StartError;
use crate::node::MOST_OPEN;
use crate::observe;

/// Most indexes between the log's end and the index's: a batch of them, those of answers under way,
/// and those given up. More are missing from a log that was put back from an older copy.
const MOST_MISSING: u64 = 2 * MOST_OPEN as u64;

/// Why signing has stopped, once it has. Never emptied: only a restart starts it again.
pub(crate) type Halt = OnceLock<String>;

/// The node's side of its log: its keys, and whether they may be used.
#[derive(Debug)]
pub(crate) struct NodeHost {
    pub(crate) active: ArcSwap<Active>,
    pub(crate) note_keys: NoteKeys,
    pub(crate) halted: Halt,
}

impl NodeHost {
    fn running(&self) -> Result<(), HostError> {
        self.halted.get().map_or(Ok(()), |reason| Err(told(reason)))
    }

    /// Checks that the log is this node's: its checkpoint signed by these keys.
    fn owns(&self, state_dir: &Path, store: &LogStore) -> Result<(), StartError> {
        let signed = SignedCheckpoint::parse(&store.published().text);
        let mut keys = self.note_keys.verifier_keys().iter();
        if !signed.is_ok_and(|signed| keys.all(|key| signed.verify(key).is_ok())) {
            return Err(StartError::OtherLog {
                file: state_dir.join(LOG_SEED_FILE),
                what: "signed log/checkpoint",
            });
        }
        Ok(())
    }
}

impl Host for NodeHost {
    fn now(&self) -> u64 {
        clock::unix_now()
    }

    /// Signs with both keys. After a fault nothing is signed any more.
    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, HostError> {
        self.running()?;
        let lines = self.note_keys.sign(checkpoint, self.now()).map_err(told)?;
        Ok(SignedCheckpoint::new(checkpoint.clone(), lines))
    }

    /// Proves the output of the index's alpha. After a fault nothing is proved any more.
    fn missed(&self, index: u64) -> Result<Vec<u8>, HostError> {
        self.running()?;
        let active = self.active.load();
        let Active { keys, key_hash, .. } = &**active;
        let proof = keys.prove(&index_alpha(key_hash, index)).map_err(told)?;
        let missed = Missed::new(*key_hash, index, self.now(), &proof);
        let key = r4_ecvrf::PublicKey::from_bytes(&keys.public_keys().ecvrf).map_err(told)?;
        if !missed.holds(&key) {
            return Err(told("the proof of a missed index does not verify"));
        }
        observe::missed();
        Ok(Entry::Missed(missed).to_bytes())
    }

    fn reached(&self, point: &'static str) {
        crate::induced::reached(point);
    }
}

/// Returns the name of the log: the one that it was made with, or at the first start the one asked
/// for, or one made of the node's public name.
pub(crate) fn origin(
    state_dir: &Path,
    state: &State,
    wanted: &Origin,
) -> Result<String, StartError> {
    if !LogStore::exists(state_dir) && state.index.ceiling() == 0 {
        refuse_closed(state_dir, &wanted.name)?;
        return Ok(wanted.name.clone());
    }
    let origin = LogStore::read_origin(state_dir)?;
    if origin == wanted.name {
        return Ok(origin);
    }
    if wanted.chosen {
        return Err(StartError::Origin { origin, wanted: wanted.name.clone() });
    }
    tracing::info!(origin, "the log keeps the name that it was made with");
    Ok(origin)
}

/// Refuses the name of a log that was closed: two logs of one name would be taken for a fork.
fn refuse_closed(state_dir: &Path, name: &str) -> Result<(), StartError> {
    let closed = std::fs::read_dir(state_dir.join(CLOSED_FOLDER)).into_iter().flatten().flatten();
    for folder in closed {
        if LogStore::read_origin(&folder.path())? == name {
            return Err(StartError::ClosedOrigin { origin: name.to_owned() });
        }
    }
    Ok(())
}

/// Opens the log of a state folder, or makes it at the first start, and puts entries for the indexes
/// that were reserved and not answered. Then the index goes on where the log ends.
pub(crate) fn open(
    state_dir: &Path,
    state: &State,
    origin: &str,
    host: &Arc<NodeHost>,
    settings: Settings,
) -> Result<(LogStore, History), StartError> {
    let reserved = state.index.ceiling();
    let store = if reserved == 0 && !LogStore::exists(state_dir) {
        let first = first_entry(state, host);
        LogStore::create(state_dir, origin, first, host.clone(), settings)?
    } else {
        LogStore::open(state_dir, host.clone(), settings)?
    };
    host.owns(state_dir, &store)?;
    let history = History::read(state_dir, &store, host.active.load().key_hash)?;
    for sentence in &store.notes().sentences {
        tracing::warn!("{sentence}");
    }
    let size = store.size();
    if reserved == 0 && size == 1 {
        // The first start. Index 0 is the key entry's.
        state.index.reserve()?;
        state.index.next()?;
        return Ok((store, history));
    }
    if size > reserved {
        return Err(StartError::IndexBehindLog { reserved, size });
    }
    if size < state.index.logged() || reserved.saturating_sub(size) > MOST_MISSING {
        return Err(StartError::LogBehindIndex { reserved, size });
    }
    let missed = store.fill(reserved)?;
    if missed > 0 {
        tracing::warn!(
            missed,
            "the last stop left reserved indexes: they are in the log as missed"
        );
    }
    state.index.note(store.size());
    state.index.reserve()?;
    Ok((store, history))
}

fn told(error: impl std::fmt::Display) -> HostError {
    HostError(error.to_string())
}

fn first_entry(state: &State, host: &NodeHost) -> Record {
    let keys = EpochKeys {
        index: 0,
        timestamp: state.since.map_or_else(|| host.now(), Timestamp::unix),
        previous: None,
        keys: host.active.load().public.clone(),
    };
    Record { index: 0, id: None, entry: Entry::Keys(Box::new(keys)).to_bytes(), body: Vec::new() }
}
