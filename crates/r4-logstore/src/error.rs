//! Why the log cannot be opened, written or read.

use std::io;
use std::path::PathBuf;

use crate::host::HostError;

/// Why the log cannot be opened. Nothing on disk was changed but what can be made again.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is a log already.
    #[error("{} has a log already; it is opened, not made again", folder.display())]
    Exists {
        /// The state folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be read or written.
    #[error("cannot read and write {}: {cause}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Another process has the log open.
    #[error("{} is in use by another process: run one r4-vrf on a state folder", path.display())]
    InUse {
        /// The file that is locked.
        path: PathBuf,
    },
    /// A file that the log cannot be without is missing or unusable.
    #[error("{} {why}; see what is left with: r4 log fsck {}", path.display(), folder.display())]
    Unusable {
        /// The state folder.
        folder: PathBuf,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A record within the journal is damaged.
    #[error(
        "the journal of {} is damaged at index {index} (byte {offset}: {why}); find out more with: \
         r4 log fsck {}",
        folder.display(),
        folder.display()
    )]
    Damaged {
        /// The state folder.
        folder: PathBuf,
        /// Index that the record should have.
        index: u64,
        /// Where it begins.
        offset: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The journal ends before what was published or synced.
    #[error(
        "the log in {} was rolled back or damaged: its journal has {have} entries, but {witness} \
         says that it had {want}; find out more with: r4 log fsck {}",
        folder.display(),
        folder.display()
    )]
    RolledBack {
        /// The state folder.
        folder: PathBuf,
        /// Entries in the journal.
        have: u64,
        /// Entries that it had.
        want: u64,
        /// Which file says so.
        witness: &'static str,
    },
    /// The journal is not the one that the checkpoint was made of.
    #[error(
        "the log in {} was rewritten or damaged: its first {size} entries are not those of \
         log/checkpoint; find out more with: r4 log fsck {}",
        folder.display(),
        folder.display()
    )]
    OtherRoot {
        /// The state folder.
        folder: PathBuf,
        /// The checkpoint's size.
        size: u64,
    },
    /// The first record cannot be written.
    #[error(
        "the first record of a log has index 0, an entry of at most 65535 bytes and its id: {0}"
    )]
    First(AppendError),
    /// The host refused to sign the first checkpoint.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// Why a record is not in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// The disk took no more; the index becomes a missed one once it does.
    #[error("cannot write to the log: {why}")]
    Disk {
        /// What the system said.
        why: String,
    },
    /// The store has stopped for good.
    #[error("the log has stopped: {why}")]
    Stopped {
        /// What happened, and what to do.
        why: String,
    },
    /// The index is used, waiting or abandoned.
    #[error("index {index} is in the log already, or was abandoned")]
    Repeated {
        /// The index.
        index: u64,
    },
    /// The entry or the body is too long.
    #[error("a record has an entry of at most 65535 bytes and a body of at most 1 MiB")]
    TooLong,
    /// The id is not the one that the entry holds.
    #[error("the id is not the one in the entry")]
    Id,
    /// The store was closed before, or while the record waited for the indexes before it.
    #[error("the log was closed")]
    Closed,
}

/// Why a checkpoint is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is not a checkpoint of this log as it is on disk.
    #[error("the checkpoint is not one of this log: {why}")]
    Refused {
        /// What is wrong with it.
        why: String,
    },
    /// Somebody else wrote the file.
    #[error(
        "{} is not what this process wrote last: another process writes to this log, stop it",
        path.display()
    )]
    Changed {
        /// The checkpoint file.
        path: PathBuf,
    },
    /// The tree cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file cannot be written; what was published stays.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// Why something of the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is beyond what is durable.
    #[error("the log has {size} entries, {asked} is beyond them")]
    Beyond {
        /// Durable entries.
        size: u64,
        /// What was asked for.
        asked: u64,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file does not hold what it must.
    #[error("{} is damaged: stop the service and run r4 log fsck on the state folder", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Joins a path and what the system said of it.
pub(crate) fn folder(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.into();
    move |cause| OpenError::Folder { path, cause }
}
