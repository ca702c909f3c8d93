//! What the gateway must not forget: keys and their audit trail, quotas and usage, answers kept for
//! a repeated request, participants of draws, and the history of health.
//!
//! Two stores hold to the same contract, and one test suite runs against both: a file of this
//! process alone, and a `PostgreSQL` database that replicas share. Each method is one transaction:
//! it is done as a whole or not at all. After [`StoreError::Down`] of a call that changes
//! something, it is not known which.

mod audit;
mod embedded;
mod postgres;
mod row;
mod values;

use std::fs::File;
use std::path::Path;

use r4_api::keys::{AuditHead, AuditRow};

use crate::keys::{KeyId, KeyRecord, NewKey, SecretHash};

pub use embedded::{Embedded, FILE};
pub use postgres::Postgres;
pub use values::{Begun, Changes, HealthDelta, HealthRow, Kept, Lease, UsageDelta, UsageRow};

/// Most answers that are kept for one key.
pub const MOST_SLOTS: u64 = 10_000;
/// How long an answer is kept, in seconds.
pub const KEEP_SECONDS: u64 = 86_400;
/// How long a request may be under way before it may be begun anew, in seconds.
pub const UNDER_WAY_SECONDS: u64 = 60;
/// Most records of one [`Changes`].
pub const MOST_CHANGES: usize = 10_000;

const SECONDS_A_DAY: u64 = 86_400;
/// Days of which usage is kept.
const USAGE_DAYS: u64 = 400;
/// How long the units that were given out in a period are remembered after it began, in seconds.
const GRANT_SECONDS: u64 = 62 * SECONDS_A_DAY;
/// How long the history of health is kept, in seconds.
const HEALTH_SECONDS: u64 = 30 * SECONDS_A_DAY;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or cannot write; a later try may work.
    #[error("the store cannot be used: {0}")]
    Down(String),
    /// What is kept forbids it.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// What is kept cannot be understood: it is damaged, or of another version of the program.
    #[error("the store cannot be read, and nothing in it was changed: {0}")]
    Corrupt(String),
}

/// What is kept forbids a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// Another key that is not revoked has the name.
    #[error("another key has this name")]
    NameTaken,
    /// Another key has the id.
    #[error("another key has this id")]
    IdTaken,
    /// The key was revoked before.
    #[error("the key is revoked")]
    Revoked,
}

/// How the connections to a database stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Connections at work.
    pub in_use: usize,
    /// Calls that wait for one.
    pub waiting: usize,
    /// Most connections.
    pub most: usize,
}

/// The store of a gateway.
#[derive(Debug)]
pub enum Store {
    /// A file of this process alone, or its memory.
    Embedded(Embedded),
    /// A `PostgreSQL` database.
    Postgres(Postgres),
}

/// Calls the method of whichever store it is.
macro_rules! ask {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        match $store {
            Store::Embedded(store) => store.$method($($argument),*).await,
            Store::Postgres(store) => store.$method($($argument),*).await,
        }
    };
}

impl Store {
    /// Returns how the connections to the database stand, if it is one.
    pub fn connections(&self) -> Option<Connections> {
        match self {
            Self::Embedded(_) => None,
            Self::Postgres(database) => Some(database.connections()),
        }
    }

    /// Makes a store in memory, which ends with the process.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory() -> Result<Self, StoreError> {
        Embedded::in_memory().map(Self::Embedded)
    }

    /// Opens the file of the store in the folder `folder`; makes both if they are not there. Reads
    /// the whole file, which takes a moment: call it where blocking is allowed, or before serving.
    ///
    /// # Errors
    /// [`StoreError`]: another process uses the file, others may read it, it is damaged or of
    /// another version, or cannot be written.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Embedded::open(folder).map(Self::Embedded)
    }

    /// Takes the database of a URL such as `postgres://user:password@host/name`, and makes its tables
    /// there if they are not there. A database that does not answer is no error yet: it is asked
    /// again at each call.
    ///
    /// # Errors
    /// [`StoreError`]: the URL cannot be used, or the tables are of another version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Postgres::connect(url).await.map(Self::Postgres)
    }

    /// Makes a copy of the store's file as of one moment; none if it has no file of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn snapshot(&self) -> Result<Option<File>, StoreError> {
        match self {
            Self::Embedded(store) => store.snapshot().await,
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Returns whether other processes change the store, too.
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Embedded(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Returns the keys that changed after the change `revision`; 0 for all keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn changes_since(&self, revision: u64) -> Result<Changes, StoreError> {
        ask!(self, changes_since(revision))
    }

    /// Keeps a new key, and notes in the audit trail that `actor` made it.
    ///
    /// # Errors
    /// [`Conflict::NameTaken`], [`Conflict::IdTaken`], or another [`StoreError`].
    pub async fn create(
        &self,
        key: NewKey,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        ask!(self, create(key, actor, now))
    }

    /// Replaces the text of a key; earlier texts stay good for at most `overlap` seconds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`Conflict::Revoked`], or another [`StoreError`].
    pub async fn rotate(
        &self,
        id: KeyId,
        hash: SecretHash,
        overlap: u64,
        actor: &str,
        now: u64,
    ) -> Result<KeyRecord, StoreError> {
        ask!(self, rotate(id, hash, overlap, actor, now))
    }

    /// Revokes a key for good; its name is free again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`Conflict::Revoked`], or another [`StoreError`].
    pub async fn revoke(&self, id: KeyId, actor: &str, now: u64) -> Result<KeyRecord, StoreError> {
        ask!(self, revoke(id, actor, now))
    }

    /// Returns at most `limit` keys with ids after `after`, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(
        &self,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<KeyRecord>, StoreError> {
        ask!(self, list(after, limit))
    }

    /// Returns the key with an id, or else the key with a name that is not revoked.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or another [`StoreError`].
    pub async fn find(&self, id_or_name: &str) -> Result<KeyRecord, StoreError> {
        ask!(self, find(id_or_name))
    }

    /// Returns at most `limit` rows of the audit trail from row `from` on, and where it ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(
        &self,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<AuditRow>, AuditHead), StoreError> {
        ask!(self, audit(from, limit))
    }

    /// Takes units of a key's quota for the period that began at `period_start`: `want` of them if
    /// so many are left, else what is left if that is at least `need`, else none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease(
        &self,
        id: KeyId,
        period_start: u64,
        quota: u64,
        need: u64,
        want: u64,
    ) -> Result<Lease, StoreError> {
        ask!(self, lease(id, period_start, quota, need, want))
    }

    /// Gives units back that were leased and not used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back(
        &self,
        id: KeyId,
        period_start: u64,
        units: u64,
    ) -> Result<(), StoreError> {
        ask!(self, give_back(id, period_start, units))
    }

    /// Returns the units of a key's quota that are given out in the period.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn granted(&self, id: KeyId, period_start: u64) -> Result<u64, StoreError> {
        ask!(self, granted(id, period_start))
    }

    /// Adds to what keys have used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_usage(&self, deltas: &[UsageDelta]) -> Result<(), StoreError> {
        ask!(self, add_usage(deltas))
    }

    /// Returns what a key used on the days from `from_day` to `to_day`, ordered by day and route.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn usage(
        &self,
        id: KeyId,
        from_day: u32,
        to_day: u32,
    ) -> Result<Vec<UsageRow>, StoreError> {
        ask!(self, usage(id, from_day, to_day))
    }

    /// Takes the slot of a request that names itself, or says what became of it before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin(
        &self,
        slot: [u8; 32],
        owner: KeyId,
        fingerprint: [u8; 32],
        now: u64,
    ) -> Result<Begun, StoreError> {
        ask!(self, begin(slot, owner, fingerprint, now))
    }

    /// Keeps the answer of a request that was begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish(&self, slot: [u8; 32], kept: Kept, now: u64) -> Result<(), StoreError> {
        ask!(self, finish(slot, kept, now))
    }

    /// Frees the slot of a request that was begun and has no answer to keep.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release(&self, slot: [u8; 32]) -> Result<(), StoreError> {
        ask!(self, release(slot))
    }

    /// Keeps a public list under its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_list(&self, hash: [u8; 32], text: &[u8]) -> Result<(), StoreError> {
        ask!(self, put_list(hash, text))
    }

    /// Returns the list with the hash, if it is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_text(&self, hash: [u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        ask!(self, list_text(hash))
    }

    /// Adds to the history of health.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_health(&self, deltas: &[HealthDelta]) -> Result<(), StoreError> {
        ask!(self, add_health(deltas))
    }

    /// Returns the history of health from `from` on, ordered by time and component.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn health(&self, from: u64) -> Result<Vec<HealthRow>, StoreError> {
        ask!(self, health(from))
    }

    /// Forgets what is too old to be needed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep(&self, now: u64) -> Result<(), StoreError> {
        ask!(self, sweep(now))
    }
}

/// What is forgotten at a time.
#[derive(Clone, Copy, Debug)]
struct Ages {
    now: u64,
    first_day: u32,
    first_grant: u64,
    first_health: u64,
}

impl Ages {
    fn at(now: u64) -> Self {
        let today = u32::try_from(now / SECONDS_A_DAY).unwrap_or(u32::MAX);
        Self {
            now,
            first_day: today.saturating_sub(u32::try_from(USAGE_DAYS).unwrap_or(u32::MAX)),
            first_grant: now.saturating_sub(GRANT_SECONDS),
            first_health: now.saturating_sub(HEALTH_SECONDS),
        }
    }
}
/// Returns the days since 1970 of a Unix time.
pub(crate) fn day_of(unix: u64) -> u32 {
    u32::try_from(unix / SECONDS_A_DAY).unwrap_or(u32::MAX)
}
