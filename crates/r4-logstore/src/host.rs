//! What the store is told from outside: the time, signatures, the entries of missed indexes.

use std::time::Duration;

use r4_tlog::{Checkpoint, SignedCheckpoint};

/// Every point that [`Host::reached`] is told of.
pub const POINTS: [&str; 16] = [
    "folders-made",
    "origin-written",
    "first-record-synced",
    "first-checkpoint-signed",
    "first-tiles-written",
    "first-checkpoint-renamed",
    "batch-taken",
    "journal-written",
    "journal-synced",
    "tiles-written",
    "checkpoint-signed",
    "answered",
    "partial-tiles-written",
    "checkpoint-renamed",
    "keeper-synced",
    "mark-renamed",
];

/// How records are gathered into batches, each with one write and one sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Least time between two batches: what comes meanwhile is written together, what comes after a
    /// pause at once.
    pub batch_interval: Duration,
    /// How many records make a batch full; at least 1.
    pub batch_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { batch_interval: Duration::from_millis(10), batch_size: 256 }
    }
}

/// What the store is told, so that it knows no clock and no key.
pub trait Host: Send + Sync {
    /// Returns the time in seconds since 1970.
    fn now(&self) -> u64;

    /// Signs the checkpoint of a batch that is durable, and checks the signatures.
    ///
    /// # Errors
    /// It cannot be signed; the store stops.
    fn sign(&self, checkpoint: &Checkpoint) -> Result<SignedCheckpoint, HostError>;

    /// Makes the entry of an index that nobody was answered with.
    ///
    /// # Errors
    /// It cannot be made; the store stops.
    fn missed(&self, index: u64) -> Result<Vec<u8>, HostError>;

    /// Is told that one of the [`POINTS`] in the life of the log was reached.
    fn reached(&self, _point: &'static str) {}
}

/// Why the host could not do what the store asked for: a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(pub String);
