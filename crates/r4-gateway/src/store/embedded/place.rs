//! Where the database is, and how it is opened.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use redb::backends::{FileBackend, InMemoryBackend};
use redb::{Builder, Database, DatabaseError, StorageError};

use super::tables;
use crate::store::StoreError;

/// Name of the file in the state folder.
pub const FILE: &str = "r4.redb";

/// Most bytes of the file that are held in memory.
const CACHE_BYTES: usize = 32 << 20;

/// Where the database is.
#[derive(Debug)]
pub(super) enum Place {
    Memory,
    Folder(PathBuf),
    #[cfg(test)]
    Faulty(super::faulty::Disk),
}

impl Place {
    /// Opens the database after looking through all of it, and makes it where there is none.
    pub(super) fn open(&self) -> Result<Database, StoreError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE_BYTES);
        let database = match self {
            Self::Memory => builder.create_with_backend(InMemoryBackend::new())?,
            Self::Folder(folder) => open_file(&mut builder, folder)?,
            #[cfg(test)]
            Self::Faulty(disk) => builder.create_with_backend(disk.clone())?,
        };
        tables::prepare(&database)?;
        Ok(database)
    }
}

fn open_file(builder: &mut Builder, folder: &Path) -> Result<Database, StoreError> {
    let path = folder.join(FILE);
    let refuse = |cause: io::Error| StoreError::Down(format!("{}: {cause}", path.display()));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refuse)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(refuse)?;
    let mode = file.metadata().map_err(refuse)?.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::Down(format!(
            "{} has mode {mode:04o}, so others may read or change it; it must be 0600",
            path.display()
        )));
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refuse)?;
    // A file that was changed from outside is found now, and not by a panic later.
    builder.set_check_integrity_on_open(true);
    let opened = FileBackend::new(file).and_then(|file| builder.create_with_backend(file));
    opened.map_err(|error| explain(&path, error))
}

fn explain(path: &Path, error: DatabaseError) -> StoreError {
    let path = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            StoreError::Down(format!(
                "{path} is used by another process. Each gateway needs an R4_STATE_DIR of its own; \
                 several that share keys, quotas and usage need R4_DATABASE_URL"
            ))
        }
        DatabaseError::Storage(StorageError::Io(cause)) if is_about_content(&cause) => {
            StoreError::Corrupt(format!(
                "{path} is no file of the store, or its beginning is damaged; restore it from a \
                 copy, or move it away to begin without keys"
            ))
        }
        DatabaseError::Storage(StorageError::Corrupted(cause)) => StoreError::Corrupt(format!(
            "{path} is damaged ({cause}); restore it from a copy, or move it away to begin without \
             keys"
        )),
        DatabaseError::UpgradeRequired(_) | DatabaseError::RepairAborted => {
            StoreError::Corrupt(format!("{path}: {error}"))
        }
        other => StoreError::Down(format!("{path}: {other}")),
    }
}

fn is_about_content(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
}
