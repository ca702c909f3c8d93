//! The receipt index: a number handed out once in the life of a key, whatever crashes.
//!
//! The file holds the first index that is *not yet reserved*. A batch of 64 is reserved on disk
//! (temporary file, fsync, rename, fsync of the folder) before its first index is used, so a crash
//! loses at most the rest of a batch and repeats nothing. A lock on a file beside it keeps every
//! other process away.
//!
//! It also holds how many entries the log had when it was written last, so that a log that was put
//! back from an older copy is noticed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::seed::{folder_of, replace};

/// Indexes reserved at a time.
pub const BATCH: u64 = 64;
/// First line of the file.
const MAGIC: &str = "r4-index/v1";
/// More than any good file has.
const MOST_BYTES: u64 = 128;

/// Hands out indexes, each once. Shared by threads.
#[derive(Debug)]
pub struct IndexStore {
    path: PathBuf,
    folder: File,
    /// Guards the next index, the ceiling, and the file that holds the ceiling.
    reserved: Mutex<Reserved>,
    _lock: Lock,
}

/// Indexes from `next` to just below `ceiling` are reserved on disk and unused; the log had `logged`
/// entries or more.
#[derive(Debug)]
struct Reserved {
    next: u64,
    ceiling: u64,
    logged: u64,
}

/// An exclusive lock (flock(2)), until this is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// Why there is no next index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process uses it.
    #[error("the index {} is in use by another process: run one r4-vrf on a state folder", path.display())]
    Locked {
        /// The index file.
        path: PathBuf,
    },
    /// The index or its lock cannot be opened or read.
    #[error("cannot use the index {}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file does not say what it must.
    #[error(
        "the index {} is damaged ({why}); put back a good copy that is not older than the last \
         receipt, or write the number N of entries that the log has (r4 log fsck counts them) with: \
         printf 'r4-index/v1\\nN\\nN\\n' > {}",
        path.display(),
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// A new batch cannot be reserved, for example because the disk is full. Try again later.
    #[error("cannot reserve indexes in {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// All 2⁶⁴ indexes are used.
    #[error("the index {} has come to its end", path.display())]
    Exhausted {
        /// The file.
        path: PathBuf,
    },
}

impl IndexStore {
    /// Opens the index in `path`, which must exist, and locks it.
    ///
    /// # Errors
    /// It is missing, damaged or in use.
    pub fn open(path: &Path) -> Result<Self, IndexError> {
        let lock = Lock::acquire(path)?;
        Self::open_locked(path, lock)
    }

    /// Makes an index that starts at 0; one that exists already is kept.
    ///
    /// # Errors
    /// It is in use, damaged, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, IndexError> {
        let lock = Lock::acquire(path)?;
        Self::create_locked(path, lock)
    }

    pub(crate) fn open_locked(path: &Path, lock: Lock) -> Result<Self, IndexError> {
        let (ceiling, logged) = read(path)?;
        Self::at(path, ceiling, logged, lock)
    }

    pub(crate) fn create_locked(path: &Path, lock: Lock) -> Result<Self, IndexError> {
        if path.exists() {
            return Self::open_locked(path, lock);
        }
        let store = Self::at(path, 0, 0, lock)?;
        store.persist(0, 0)?;
        Ok(store)
    }

    fn at(path: &Path, ceiling: u64, logged: u64, lock: Lock) -> Result<Self, IndexError> {
        let fail = |cause| IndexError::Read { path: path.to_owned(), cause };
        let folder = folder_of(path).map_err(fail)?;
        let reserved = Mutex::new(Reserved { next: ceiling, ceiling, logged });
        Ok(Self { path: path.to_owned(), folder, reserved, _lock: lock })
    }

    /// Returns the next index. It is never returned again, not even after a crash.
    ///
    /// # Errors
    /// A new batch cannot be reserved; the index stays where it was, and a later call may succeed.
    pub fn next(&self) -> Result<u64, IndexError> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        self.refill(&mut reserved)?;
        let index = reserved.next;
        let exhausted = || IndexError::Exhausted { path: self.path.clone() };
        reserved.next = index.checked_add(1).ok_or_else(exhausted)?;
        Ok(index)
    }

    /// Reserves a batch if none is open: shows at start, or after a failure, that it can be done.
    ///
    /// # Errors
    /// As for [`IndexStore::next`].
    pub fn reserve(&self) -> Result<(), IndexError> {
        self.refill(&mut self.reserved.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives back what is reserved and unused, at the end of a clean stop: the next start goes on
    /// without a gap.
    ///
    /// # Errors
    /// The file cannot be written; then a gap stays.
    pub fn release(&self) -> Result<(), IndexError> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        self.persist(reserved.next, reserved.logged)?;
        reserved.ceiling = reserved.next;
        Ok(())
    }

    /// Notes that the log has `size` durable entries; on disk when the next batch is reserved.
    pub fn note(&self, size: u64) {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        reserved.logged = reserved.logged.max(size);
    }

    /// Notes that the log has `size` durable entries, on disk if that is news.
    ///
    /// # Errors
    /// The file cannot be written; then an older note stays.
    pub fn keep(&self, size: u64) -> Result<(), IndexError> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if size > reserved.logged {
            self.persist(reserved.ceiling, size)?;
            reserved.logged = size;
        }
        Ok(())
    }

    /// Counts all indexes below `size` as given out, on disk: the log has so many entries.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn raise(&self, size: u64) -> Result<(), IndexError> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let ceiling = reserved.ceiling.max(size);
        self.persist(ceiling, size)?;
        *reserved = Reserved { next: ceiling, ceiling, logged: size };
        Ok(())
    }

    /// Returns how many entries the log had at least.
    pub fn logged(&self) -> u64 {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).logged
    }

    /// Returns the first index that was not taken.
    pub fn untaken(&self) -> u64 {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).next
    }

    /// Returns the first index that is not reserved on disk.
    pub fn ceiling(&self) -> u64 {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).ceiling
    }

    fn refill(&self, reserved: &mut Reserved) -> Result<(), IndexError> {
        if reserved.next < reserved.ceiling {
            return Ok(());
        }
        let exhausted = || IndexError::Exhausted { path: self.path.clone() };
        let ceiling = reserved.ceiling.checked_add(BATCH).ok_or_else(exhausted)?;
        self.persist(ceiling, reserved.logged)?;
        reserved.ceiling = ceiling;
        Ok(())
    }

    fn persist(&self, ceiling: u64, logged: u64) -> Result<(), IndexError> {
        let text = format!("{MAGIC}\n{ceiling}\n{ceiling}\n{logged}\n{logged}\n");
        replace(&self.path, &self.folder, text.as_bytes())
            .map_err(|cause| IndexError::Write { path: self.path.clone(), cause })
    }
}

impl Lock {
    /// Locks the index in `path`, by the file beside it that is never replaced.
    pub(crate) fn acquire(path: &Path) -> Result<Self, IndexError> {
        let fail = |cause| IndexError::Read { path: path.to_owned(), cause };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(beside(path, ".lock")).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(fail(cause)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing it is not enough while a child process that was just begun has the file, too.
        drop(self.file.unlock());
    }
}

/// Reads and checks the ceiling and the log's size: a magic line, then each number twice. A file
/// written by hand may leave out the log's size.
fn read(path: &Path) -> Result<(u64, u64), IndexError> {
    let fail = |cause| IndexError::Read { path: path.to_owned(), cause };
    let mut text = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MOST_BYTES).read_to_end(&mut text).map_err(fail)?;
    parse(&text).map_err(|why| IndexError::Damaged { path: path.to_owned(), why })
}

fn parse(text: &[u8]) -> Result<(u64, u64), &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
    let mut lines = text.strip_suffix('\n').ok_or("it ends early")?.split('\n');
    if lines.next() != Some(MAGIC) {
        return Err("its first line is not r4-index/v1");
    }
    let lines: Vec<&str> = lines.collect();
    match lines.as_slice() {
        [once, again] => Ok((number(once, again)?, 0)),
        [once, again, logged, repeated] => Ok((number(once, again)?, number(logged, repeated)?)),
        _ => Err("it has not three or five lines"),
    }
}

fn number(once: &str, again: &str) -> Result<u64, &'static str> {
    let number: u64 = once.parse().map_err(|_| "a line that should be a number is not a number")?;
    if once != again || number.to_string() != once {
        return Err("two lines that should hold the same number do not");
    }
    Ok(number)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests;
