//! The note that a state folder was put back from a backup, and what was in it.
//!
//! Receipts that were given out after the backup have indexes that the folder does not know of. So a
//! folder with this note is refused ([`crate::state::State::open`]) until the operator has said what
//! became of them (`r4 backup resume`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use r4_receipt::Timestamp;

use crate::seed::{folder_of, replace, sync_folder_of};

/// File of the note.
pub const RESTORED_FILE: &str = "restored";
/// First line of the file.
const MAGIC: &str = "r4-restored/v1";
/// Second line while files are still being written.
const UNFINISHED: &str = "unfinished";

/// What the note says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Files were being written.
    Unfinished,
    /// All of the backup is there.
    Whole {
        /// When the backup was made.
        time: Timestamp,
        /// Entries of its log.
        log_size: u64,
        /// Octets of its journal.
        journal_bytes: u64,
    },
}

/// Why the note cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RestoredError {
    /// It cannot be read or written.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It does not say what it must.
    #[error("{} is damaged: empty the folder and restore the backup again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

impl Restored {
    /// Reads the note of a state folder, if it has one.
    ///
    /// # Errors
    /// [`RestoredError`].
    pub fn read(state_dir: &Path) -> Result<Option<Self>, RestoredError> {
        let path = state_dir.join(RESTORED_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map(Some).ok_or(RestoredError::Damaged { path }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(RestoredError::File { path, cause }),
        }
    }

    /// Writes the note of a state folder, durably.
    ///
    /// # Errors
    /// [`RestoredError::File`].
    pub fn write(&self, state_dir: &Path) -> Result<(), RestoredError> {
        let path = state_dir.join(RESTORED_FILE);
        let written =
            folder_of(&path).and_then(|folder| replace(&path, &folder, self.text().as_bytes()));
        written.map_err(|cause| RestoredError::File { path, cause })
    }

    /// Removes the note of a state folder, durably: the node may go on.
    ///
    /// # Errors
    /// [`RestoredError::File`].
    pub fn remove(state_dir: &Path) -> Result<(), RestoredError> {
        let path = state_dir.join(RESTORED_FILE);
        let removed = fs::remove_file(&path).and_then(|()| sync_folder_of(&path));
        removed.map_err(|cause| RestoredError::File { path, cause })
    }

    fn text(&self) -> String {
        match self {
            Self::Unfinished => format!("{MAGIC}\n{UNFINISHED}\n"),
            Self::Whole { time, log_size, journal_bytes } => {
                format!("{MAGIC}\n{time}\n{log_size}\n{journal_bytes}\n")
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
        match lines.as_slice() {
            [MAGIC, UNFINISHED] => Some(Self::Unfinished),
            [MAGIC, time, log_size, journal_bytes] => Some(Self::Whole {
                time: Timestamp::parse(time)?,
                log_size: log_size.parse().ok()?,
                journal_bytes: journal_bytes.parse().ok()?,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Restored::read(folder.path()).unwrap(), None);
        let time = Timestamp::from_unix(1_800_000_000).unwrap();
        let whole = Restored::Whole { time, log_size: 12, journal_bytes: 3456 };
        for note in [Restored::Unfinished, whole] {
            note.write(folder.path()).unwrap();
            assert_eq!(Restored::read(folder.path()).unwrap(), Some(note));
        }
        for bad in ["", "r4-restored/v1\n", "r4-restored/v1\nnow\n1\n2\n", "unfinished\n"] {
            fs::write(folder.path().join(RESTORED_FILE), bad).unwrap();
            let error = Restored::read(folder.path()).expect_err(bad);
            assert!(matches!(error, RestoredError::Damaged { .. }), "{error}");
        }
        Restored::remove(folder.path()).unwrap();
        assert_eq!(Restored::read(folder.path()).unwrap(), None);
        assert!(whole.write(&folder.path().join("no")).is_err());
    }
}
