//! A copy of the file as of one moment, for a backup. Answers kept for repeated requests are left
//! out: they are good for a day, and may hold random bytes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, Key, ReadTransaction, ReadableTable as _, TableDefinition, Value};
use redb::{DatabaseError, WriteTransaction};

use super::tables::{
    AUDIT, GRANTS, HEADS, HEALTH, KEYS, LISTS, NAMES, NUMBERS, REVISIONS, USAGE, make_all,
};
use super::{Embedded, Place};
use crate::store::StoreError;

impl Embedded {
    /// Writes the copy beside the file, without a name; none if the store is in memory.
    pub(in crate::store) async fn snapshot(&self) -> Result<Option<File>, StoreError> {
        let Place::Folder(folder) = &self.held.place else { return Ok(None) };
        let folder = folder.clone();
        self.read(move |reading| copy(reading, &folder).map(Some)).await
    }
}

fn copy(reading: &ReadTransaction, folder: &Path) -> Result<File, StoreError> {
    let failed = |cause: io::Error| {
        StoreError::Down(format!("{}: a copy cannot be written: {cause}", folder.display()))
    };
    let file = nameless(folder).map_err(failed)?;
    let kept = file.try_clone().map_err(failed)?;
    let database = FileBackend::new(file)
        .and_then(|file| Database::builder().create_with_backend(file))
        .map_err(|error: DatabaseError| StoreError::Down(error.to_string()))?;
    let writing = database.begin_write()?;
    make_all(&writing)?;
    copy_tables(reading, &writing)?;
    writing.commit()?;
    drop(database);
    Ok(kept)
}

/// Makes a file that is gone when nobody has it open.
fn nameless(folder: &Path) -> io::Result<File> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    let path = folder.join(format!("snapshot.{number:016x}"));
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

fn copy_tables(reading: &ReadTransaction, writing: &WriteTransaction) -> Result<(), StoreError> {
    table(reading, writing, NUMBERS)?;
    table(reading, writing, KEYS)?;
    table(reading, writing, NAMES)?;
    table(reading, writing, REVISIONS)?;
    table(reading, writing, AUDIT)?;
    table(reading, writing, HEADS)?;
    table(reading, writing, GRANTS)?;
    table(reading, writing, USAGE)?;
    table(reading, writing, LISTS)?;
    table(reading, writing, HEALTH)
}

fn table<K: Key + 'static, V: Value + 'static>(
    reading: &ReadTransaction,
    writing: &WriteTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<(), StoreError> {
    let mut to = writing.open_table(table)?;
    for row in reading.open_table(table)?.iter()? {
        let (key, value) = row?;
        to.insert(key.value(), value.value())?;
    }
    Ok(())
}
