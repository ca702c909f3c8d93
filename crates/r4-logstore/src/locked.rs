//! A file that is locked as long as it is open.

use std::fs::{File, TryLockError};
use std::io;
use std::ops::Deref;
use std::thread;
use std::time::{Duration, Instant};

/// For how long a lock is tried again. Whoever asks only whether a log is in use ([`is_locked`])
/// has a lock of its own for an instant.
const PATIENCE: Duration = Duration::from_millis(500);
/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// An open file with an exclusive lock (flock(2)).
///
/// It is unlocked when this is dropped, not only closed: a child process that was begun meanwhile
/// has the same open file until it runs its own program, and the lock would live as long.
#[derive(Debug)]
pub(crate) struct LockedFile(File);

impl LockedFile {
    /// Locks an open file.
    ///
    /// # Errors
    /// Another one has it locked, or the system cannot lock it.
    pub(crate) fn lock(file: File) -> Result<Self, TryLockError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Deref for LockedFile {
    type Target = File;

    fn deref(&self) -> &File {
        &self.0
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        // It is closed next, which unlocks it in all but the rarest of cases.
        drop(self.0.unlock());
    }
}

/// Tells whether another one has locked the file.
///
/// # Errors
/// The system cannot tell.
pub(crate) fn is_locked(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}
