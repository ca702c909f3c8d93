//! All keys in memory, by the hash of their text.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::{KeyId, KeyPolicy, KeyRecord, SIMPLE_NAME, Scopes, SecretHash};
use crate::limits::Policy;

/// Age of the last look into a shared store from which on no key is taken.
pub const STALE_AFTER: Duration = Duration::from_secs(3);

/// Parts of the table, each behind a lock of its own.
const PARTS: usize = 64;

/// A key that may be used. It never changes: what changes a key makes another entry.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// Id of the key.
    pub id: KeyId,
    /// Name of the key.
    pub name: Box<str>,
    /// What it may do; shared by all keys that may do the same.
    pub policy: Arc<KeyPolicy>,
    /// When this text of the key ends, Unix seconds.
    pub expires: Option<NonZeroU64>,
}

impl KeyEntry {
    /// Makes the entry of `R4_API_KEY`, which may do everything at the rate of `limit`.
    pub fn simple(limit: Policy) -> Self {
        let Policy { rate, burst, .. } = limit;
        let policy = KeyPolicy { rate, burst, quota: None, scopes: Scopes::ALL };
        Self {
            id: KeyId::SIMPLE,
            name: SIMPLE_NAME.into(),
            policy: Arc::new(policy),
            expires: None,
        }
    }
}

/// Why a presented key is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// There is no such key.
    Unknown,
    /// It has ended, or was replaced and its overlap is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// The store has not been heard of for too long to know.
    Stale,
}

impl KeyRefusal {
    /// Returns whether what was presented is, or may be, a key of the table.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown)
    }
}

/// The table of all keys; a look-up takes a lock of a part for as long as it reads one row.
pub struct KeyTable {
    /// Each lock guards its rows; none is held across an await.
    parts: Box<[RwLock<Rows>]>,
    /// The policies in use; the lock is taken by changes alone.
    policies: Mutex<HashMap<KeyPolicy, Arc<KeyPolicy>>>,
    /// When a shared store was last seen.
    seen: Option<Seen>,
}

/// A row without an entry is of a key that was revoked.
type Rows = HashMap<SecretHash, Option<Arc<KeyEntry>>, BuildHasherDefault<FirstWord>>;

impl KeyTable {
    /// Makes an empty table for a store that only this process changes: it is never stale.
    pub fn local() -> Self {
        Self::with(None)
    }

    /// Makes an empty table for a store that other processes change, too: it is stale until
    /// [`KeyTable::confirm`] is called, and again when that is [`STALE_AFTER`] ago.
    pub fn shared() -> Self {
        Self::with(Some(Seen { origin: Instant::now(), millis: AtomicU64::new(NEVER) }))
    }

    fn with(seen: Option<Seen>) -> Self {
        let parts = std::iter::repeat_with(RwLock::default).take(PARTS).collect();
        Self { parts, policies: Mutex::default(), seen }
    }

    /// Looks up what a caller presents, at the Unix time `now`.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub fn find(&self, presented: &str, now: u64) -> Result<Arc<KeyEntry>, KeyRefusal> {
        let hash = SecretHash::of_presented(presented).ok_or(KeyRefusal::Unknown)?;
        if self.is_stale() {
            return Err(KeyRefusal::Stale);
        }
        let row = self.part(&hash).and_then(|part| {
            part.read().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
        });
        let entry = row.ok_or(KeyRefusal::Unknown)?.ok_or(KeyRefusal::Revoked)?;
        match entry.expires {
            Some(end) if end.get() <= now => Err(KeyRefusal::Expired),
            _ => Ok(entry),
        }
    }

    /// Takes over the changes that the store tells.
    pub fn apply(&self, records: Vec<KeyRecord>) {
        if records.is_empty() {
            return;
        }
        let mut replaced: HashMap<KeyId, HashSet<SecretHash>> = HashMap::new();
        for record in records {
            let hashes = self.put(&record);
            if record.rotated.is_some() {
                replaced.insert(record.id, hashes);
            }
        }
        if !replaced.is_empty() {
            self.drop_texts_not_in(&replaced);
        }
        self.drop_unused_policies();
    }

    /// Forgets all keys.
    pub fn clear(&self) {
        for part in &self.parts {
            part.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
        self.drop_unused_policies();
    }

    /// Notes that the table was up to date at `then`.
    pub fn confirm(&self, then: Instant) {
        if let Some(seen) = &self.seen {
            seen.note(then);
        }
    }

    /// Returns whether the store has not been heard of for too long.
    pub fn is_stale(&self) -> bool {
        self.seen.as_ref().is_some_and(|seen| seen.is_before(STALE_AFTER))
    }

    /// Returns the number of texts that are held, those of revoked keys and earlier ones included.
    pub fn len(&self) -> usize {
        let lengths = self.parts.iter();
        lengths.map(|part| part.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Returns whether no text is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a key's rows, and returns their hashes.
    fn put(&self, record: &KeyRecord) -> HashSet<SecretHash> {
        let policy = self.intern(record.policy);
        let entry = |until: Option<u64>| {
            let expires = [record.expires, until].into_iter().flatten().min();
            record.revoked.is_none().then(|| {
                Arc::new(KeyEntry {
                    id: record.id,
                    name: record.name.as_str().into(),
                    policy: Arc::clone(&policy),
                    // A time of 0 is over, as one of 1 is.
                    expires: expires.map(|end| NonZeroU64::new(end).unwrap_or(NonZeroU64::MIN)),
                })
            })
        };
        self.insert(record.hash, entry(None));
        for old in &record.old {
            self.insert(old.hash, entry(Some(old.until)));
        }
        record.old.iter().map(|old| old.hash).chain([record.hash]).collect()
    }

    fn insert(&self, hash: SecretHash, row: Option<Arc<KeyEntry>>) {
        if let Some(part) = self.part(&hash) {
            part.write().unwrap_or_else(PoisonError::into_inner).insert(hash, row);
        }
    }

    /// Drops the rows of the keys in `kept` that are not listed there: earlier texts that ended.
    fn drop_texts_not_in(&self, kept: &HashMap<KeyId, HashSet<SecretHash>>) {
        let stays = |hash: &SecretHash, row: &mut Option<Arc<KeyEntry>>| {
            let kept = row.as_ref().and_then(|entry| kept.get(&entry.id));
            kept.is_none_or(|kept| kept.contains(hash))
        };
        for part in &self.parts {
            part.write().unwrap_or_else(PoisonError::into_inner).retain(stays);
        }
    }

    fn intern(&self, policy: KeyPolicy) -> Arc<KeyPolicy> {
        let mut known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(policy).or_insert_with(|| Arc::new(policy)))
    }

    fn drop_unused_policies(&self) {
        let mut known = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, policy| Arc::strong_count(policy) > 1);
    }

    fn part(&self, hash: &SecretHash) -> Option<&RwLock<Rows>> {
        let last = hash.bytes().last().copied().unwrap_or_default();
        self.parts.get(usize::from(last) % PARTS)
    }
}

impl fmt::Debug for KeyTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyTable({})", self.len())
    }
}

/// When a shared store was last seen.
struct Seen {
    origin: Instant,
    /// Milliseconds from `origin`.
    millis: AtomicU64,
}

const NEVER: u64 = u64::MAX;

impl Seen {
    fn note(&self, then: Instant) {
        let millis = then.saturating_duration_since(self.origin).as_millis();
        self.millis.store(u64::try_from(millis).unwrap_or(NEVER), Ordering::Relaxed);
    }

    fn is_before(&self, age: Duration) -> bool {
        match self.millis.load(Ordering::Relaxed) {
            NEVER => true,
            millis => self.origin.elapsed().saturating_sub(Duration::from_millis(millis)) > age,
        }
    }
}

/// Takes the first word of a SHA-256 as it is: callers cannot choose the keys of the table.
#[derive(Default)]
struct FirstWord(u64);

impl Hasher for FirstWord {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0.rotate_left(8) ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
