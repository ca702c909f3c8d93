//! What the witness has cosigned: the last checkpoint of each log, in memory and on the disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use r4_tlog::hash::EMPTY_ROOT;
use r4_tlog::{Checkpoint, SignedCheckpoint, VerifierKey};

use super::logs::short_name;
use crate::atomic_file::{Durability, replace};
use crate::exit::Error;

/// One log.
#[derive(Debug)]
pub(super) struct Ledger {
    /// The keys that may sign its checkpoints.
    pub(super) keys: Vec<VerifierKey>,
    path: PathBuf,
    /// Guards the last checkpoint, in memory and in the file: who compares with it holds this lock
    /// until the next one is on the disk.
    last: Mutex<Checkpoint>,
}

/// The last checkpoint, which nobody else can read or replace meanwhile.
#[derive(Debug)]
pub(super) struct Page<'a> {
    path: &'a Path,
    last: MutexGuard<'a, Checkpoint>,
}

impl Ledger {
    /// Reads what was cosigned of the log `origin`; nothing is the empty tree.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is of another log.
    pub(super) fn open(state: &Path, origin: &str, keys: Vec<VerifierKey>) -> Result<Self, Error> {
        let folder = state.join("checkpoints");
        fs::create_dir_all(&folder)
            .map_err(|e| Error::unusable(folder.display(), format!("it cannot be made: {e}")))?;
        let path = folder.join(short_name(origin));
        let last = match fs::read_to_string(&path) {
            Ok(text) => read(&path, &text, origin)?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                Checkpoint { origin: origin.to_owned(), size: 0, root: EMPTY_ROOT }
            }
            Err(cause) => return Err(Error::unusable(path.display(), cause)),
        };
        Ok(Self { keys, path, last: Mutex::new(last) })
    }

    /// Locks the last checkpoint.
    pub(super) fn lock(&self) -> Page<'_> {
        // It is replaced at once, after the file: a panic leaves nothing half done.
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Page { path: &self.path, last }
    }
}

impl Page<'_> {
    /// Returns the last checkpoint.
    pub(super) fn last(&self) -> &Checkpoint {
        &self.last
    }

    /// Puts `next` in its place: on the disk, with its name, before this returns.
    ///
    /// # Errors
    /// It cannot be written; then nothing is cosigned.
    pub(super) fn turn(mut self, next: &SignedCheckpoint) -> io::Result<()> {
        replace(self.path, next.to_string().as_bytes(), Durability::Synced)?;
        *self.last = next.checkpoint.clone();
        Ok(())
    }
}

fn read(path: &Path, text: &str, origin: &str) -> Result<Checkpoint, Error> {
    let checkpoint = SignedCheckpoint::parse(text).ok().map(|signed| signed.checkpoint);
    checkpoint.filter(|checkpoint| checkpoint.origin == origin).ok_or_else(|| {
        let reason = format!(
            "it is damaged: put back the last copy of what was cosigned of {origin}; without it \
             the witness would begin anew, and could be led to cosign a fork"
        );
        Error::unusable(path.display(), reason)
    })
}
