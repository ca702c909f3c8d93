//! Files that are replaced as a whole, and folders that one process uses at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::exit::Error;

/// Whether a file must be on the disk before the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// It is, and so is its name.
    Synced,
    /// It need not be: it can be made again.
    Later,
}

/// Replaces the file in `path`, whose folder exists: readers see the old bytes or the new ones.
///
/// # Errors
/// The file cannot be written; the old one stays, unless only its name could not be made durable.
pub(crate) fn replace(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    let temporary = beside(path);
    let written = write(&temporary, bytes, durability)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| match durability {
            Durability::Synced => File::open(folder_of(path))?.sync_all(),
            Durability::Later => Ok(()),
        });
    if written.is_err() {
        // The first cause is the one to report.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Lets the link `path` point at `target`, whatever it pointed at before.
///
/// # Errors
/// It cannot be made; the old one stays.
pub(crate) fn link(path: &Path, target: &Path) -> io::Result<()> {
    let temporary = beside(path);
    remove(&temporary)?;
    symlink(target, &temporary)?;
    fs::rename(temporary, path)
}

/// Removes a file, if it is there.
///
/// # Errors
/// It stays.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write(path: &Path, bytes: &[u8], durability: Durability) -> io::Result<()> {
    remove(path)?;
    // Where others may write, too, a link in its place is not followed.
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    match durability {
        Durability::Synced => file.sync_all(),
        Durability::Later => Ok(()),
    }
}

/// A name that no tile has. What a crash leaves there, the next try replaces.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder_of(path).join(format!(".{name}.new"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// As [`replace`], for a command: the error is a sentence.
///
/// # Errors
/// [`Error::Unusable`].
pub(crate) fn keep(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes, Durability::Synced)
        .map_err(|cause| Error::unusable(path.display(), format!("it cannot be written: {cause}")))
}

/// A file that this process alone uses, as long as this lives (flock(2)).
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

impl FileLock {
    /// Locks the file in `path`, by a file beside it, because the file itself is replaced.
    ///
    /// # Errors
    /// It cannot be written there, or another process uses it.
    pub(crate) fn beside(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::of(
            &folder_of(path).join(format!(".{name}.lock")),
            path,
            "another r4 is at work with this file",
        )
    }

    /// Locks the file `lock`, which stands for `what`; `busy` is said when another process has it.
    ///
    /// # Errors
    /// It cannot be written, or another process has it.
    pub(crate) fn of(lock: &Path, what: &Path, busy: &str) -> Result<Self, Error> {
        let refuse = |cause: io::Error| {
            Error::unusable(what.display(), format!("the folder cannot be used: {cause}"))
        };
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(lock).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(Error::unusable(what.display(), busy)),
            Err(TryLockError::Error(cause)) => Err(refuse(cause)),
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing it is not enough while a child process that was just begun has the file, too.
        drop(self.file.unlock());
    }
}

/// A folder that this process alone uses, as long as this lives.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: FileLock,
}

impl FolderLock {
    /// Makes the folder if it is not there, and locks it by the file `.lock` in it.
    ///
    /// # Errors
    /// It cannot be made or written, or another process uses it.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|cause| {
            Error::unusable(folder.display(), format!("the folder cannot be used: {cause}"))
        })?;
        let file =
            FileLock::of(&folder.join(".lock"), folder, "another r4 is at work in this folder")?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::{Durability, FolderLock, replace};

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (bytes, durability) in [(b"old", Durability::Synced), (b"new", Durability::Later)] {
            replace(&path, bytes, durability).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        fs::create_dir(folder.path().join("folder")).unwrap();
        assert!(replace(&folder.path().join("folder"), b"x", Durability::Synced).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_link_beside_it_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("file"), folder.path().join("other"));
        fs::write(&other, "another's").unwrap();
        symlink(&other, folder.path().join(".file.new")).unwrap();
        replace(&path, b"new", Durability::Synced).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read(&other).unwrap(), b"another's");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn a_folder_has_one_user() {
        let folder = tempfile::tempdir().unwrap();
        let held = FolderLock::take(folder.path()).unwrap();
        assert!(FolderLock::take(folder.path()).unwrap_err().to_string().contains("another r4"));
        drop(held);
        FolderLock::take(folder.path()).unwrap();
    }
}
