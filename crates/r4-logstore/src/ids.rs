//! Which index an id has: a database that the keeper commits to, and the newest ids in memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::{Builder, Database, DatabaseError, ReadableDatabase as _, TableDefinition, TableError};

/// Octets of the database kept in memory.
const CACHE_BYTES: usize = 16 << 20;
/// Ids that wait in memory until they are committed together. Ids look random, so a commit writes a page
/// for almost every one of them, until there are more than pages: many at a time are written once.
pub(crate) const MOST_WAITING: usize = 131_072;
const IDS: TableDefinition<'_, &[u8; 32], u64> = TableDefinition::new("ids");
/// Under `INDEXED`: entries whose ids are in the table.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const INDEXED: &str = "indexed";

/// The index of ids.
pub(crate) struct Ids {
    path: PathBuf,
    /// Guards the database, which is none after a failed commit, until it is opened again.
    database: RwLock<Option<Database>>,
    /// Guards the ids that are not committed yet.
    recent: RwLock<HashMap<[u8; 32], u64>>,
}

/// Why the database cannot be opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IdsError {
    InUse,
    /// It can be deleted and made again.
    Damaged(String),
    Disk(String),
}

impl Ids {
    /// Opens or makes the database.
    pub(crate) fn open(path: &Path) -> Result<Self, IdsError> {
        let database = open(path)?;
        let (path, database) = (path.to_owned(), RwLock::new(Some(database)));
        Ok(Self { path, database, recent: RwLock::default() })
    }

    /// Returns how many entries' ids are committed.
    pub(crate) fn indexed(&self) -> Result<u64, String> {
        self.with_table(META, |table| {
            Ok(table.get(INDEXED).map_err(text)?.map_or(0, |indexed| indexed.value()))
        })
        .map(Option::unwrap_or_default)
    }

    /// Notes an id, in memory.
    pub(crate) fn note(&self, id: [u8; 32], index: u64) {
        self.recent.write().unwrap_or_else(PoisonError::into_inner).insert(id, index);
    }

    /// Finds the index of an id.
    pub(crate) fn find(&self, id: &[u8; 32]) -> Result<Option<u64>, String> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        if recent.is_some() {
            return Ok(recent);
        }
        let found = self
            .with_table(IDS, |table| Ok(table.get(id).map_err(text)?.map(|index| index.value())))?;
        Ok(found.flatten())
    }

    /// Returns how many ids wait in memory.
    pub(crate) fn waiting(&self) -> usize {
        self.recent.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Commits the ids of the first `size` entries, durably. A failed commit can be tried again.
    pub(crate) fn commit(&self, size: u64) -> Result<(), String> {
        let mut ids: Vec<([u8; 32], u64)> = {
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
            let below = recent.iter().filter(|(_, index)| **index < size);
            below.map(|(id, index)| (*id, *index)).collect()
        };
        ids.sort_unstable();
        if let Err(why) = self.write(&ids, size) {
            // After a failed write redb wants to be opened anew.
            *self.database.write().unwrap_or_else(PoisonError::into_inner) = None;
            return Err(why);
        }
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|_, index| *index >= size);
        Ok(())
    }

    fn write(&self, ids: &[([u8; 32], u64)], size: u64) -> Result<(), String> {
        self.reopen()?;
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or("the index of ids is closed")?;
        let mut transaction = database.begin_write().map_err(text)?;
        // A start after a crash must not walk the whole database.
        transaction.set_quick_repair(true);
        {
            let mut table = transaction.open_table(IDS).map_err(text)?;
            for (id, index) in ids {
                table.insert(id, index).map_err(text)?;
            }
            transaction.open_table(META).map_err(text)?.insert(INDEXED, size).map_err(text)?;
        }
        transaction.commit().map_err(text)
    }

    fn reopen(&self) -> Result<(), String> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            *database = Some(open(&self.path).map_err(|error| format!("{error:?}"))?);
        }
        Ok(())
    }

    fn with_table<K: redb::Key, V: redb::Value, T>(
        &self,
        name: TableDefinition<'_, K, V>,
        read: impl FnOnce(redb::ReadOnlyTable<K, V>) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let database = database.as_ref().ok_or("it failed to write and is not open")?;
        match database.begin_read().map_err(text)?.open_table(name) {
            Ok(table) => read(table).map(Some),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(text(error)),
        }
    }
}

/// Tells whether every page of a database is as it was written. Writes to the file.
pub(crate) fn check_integrity(path: &Path) -> Result<(), String> {
    let database =
        Builder::new().set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true).open(path);
    database.map(drop).map_err(text)
}

fn open(path: &Path) -> Result<Database, IdsError> {
    Builder::new().set_cache_size(CACHE_BYTES).create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => IdsError::InUse,
        DatabaseError::Storage(redb::StorageError::Io(cause))
            if cause.kind() != std::io::ErrorKind::InvalidData
                && cause.kind() != std::io::ErrorKind::UnexpectedEof =>
        {
            IdsError::Disk(cause.to_string())
        }
        other => IdsError::Damaged(other.to_string()),
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
