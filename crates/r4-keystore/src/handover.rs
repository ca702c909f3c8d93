//! The change to another root seed: it waits as `next.seed`, and takes the place of `root.seed` in one
//! step. The old seed is gone then.
//!
//! The file `epochs` says at which indexes the log may have the entries of key epochs. It is a hint that
//! saves reading the whole log: who reads it looks at the entries themselves.

use std::fs;
use std::io;
use std::path::Path;

use crate::seed::{RootSeed, SeedError, folder_of, replace, sync_folder_of};
use crate::state::SEED_FILE;

/// File of the seed that is to follow.
pub const NEXT_SEED_FILE: &str = "next.seed";
/// File of the indexes.
const INDEXES_FILE: &str = "epochs";
/// First line of that file.
const MAGIC: &str = "r4-epochs/v1";

/// Why the next seed did not take its place.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It is not there any more, or another one is.
    #[error("{NEXT_SEED_FILE} is not the seed that was announced")]
    Withdrawn,
    /// It cannot be read.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The disk does not take the change; nothing has changed.
    #[error("{NEXT_SEED_FILE} cannot be renamed to {SEED_FILE}: {0}")]
    Unchanged(io::Error),
    /// Nobody knows whether the change is on disk.
    #[error("the new {SEED_FILE} may not be on disk: {0}")]
    Unsure(io::Error),
}

/// Reads the seed that is to follow, if there is one.
///
/// # Errors
/// It cannot be used.
pub fn next_seed(folder: &Path) -> Result<Option<RootSeed>, SeedError> {
    let path = folder.join(NEXT_SEED_FILE);
    match path.symlink_metadata() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        // Whatever else is wrong with it, reading says so.
        _ => RootSeed::load(&path).map(Some),
    }
}

/// Makes the next seed, which must be `announced`, the root seed.
///
/// # Errors
/// [`ChangeError`].
pub fn change(folder: &Path, announced: &RootSeed) -> Result<(), ChangeError> {
    match next_seed(folder)? {
        Some(seed) if seed.is(announced) => {}
        _ => return Err(ChangeError::Withdrawn),
    }
    let (next, root) = (folder.join(NEXT_SEED_FILE), folder.join(SEED_FILE));
    fs::rename(&next, &root).map_err(ChangeError::Unchanged)?;
    sync_folder_of(&root).map_err(ChangeError::Unsure)
}

/// Returns the indexes at which entries of epochs may be; the first epoch's alone when nothing good was
/// noted.
pub fn noted_indexes(folder: &Path) -> Vec<u64> {
    let text = fs::read_to_string(folder.join(INDEXES_FILE)).unwrap_or_default();
    let mut lines = text.lines();
    let numbers = (lines.next() == Some(MAGIC)).then(|| lines.map(str::parse).collect());
    numbers.and_then(Result::ok).unwrap_or_else(|| vec![0])
}

/// Notes that the entry of an epoch may be at `index`; on disk when this returns.
///
/// # Errors
/// The file cannot be written.
pub fn note_index(folder: &Path, index: u64) -> io::Result<()> {
    let path = folder.join(INDEXES_FILE);
    let mut text = MAGIC.to_owned();
    for index in noted_indexes(folder).into_iter().chain([index]) {
        text.push('\n');
        text.push_str(&index.to_string());
    }
    text.push('\n');
    replace(&path, &folder_of(&path)?, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_seed_takes_its_place_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let old = RootSeed::create(&at(SEED_FILE)).unwrap();
        assert!(next_seed(folder.path()).unwrap().is_none());
        let gone = change(folder.path(), &old).expect_err("there is none");
        assert!(matches!(gone, ChangeError::Withdrawn), "{gone}");
        let next = RootSeed::create(&at(NEXT_SEED_FILE)).unwrap();
        let other = change(folder.path(), &old).expect_err("another one");
        assert!(matches!(other, ChangeError::Withdrawn), "{other}");
        assert!(next_seed(folder.path()).unwrap().unwrap().is(&next) && !next.is(&old));
        change(folder.path(), &next).unwrap();
        assert!(RootSeed::load(&at(SEED_FILE)).unwrap().is(&next));
        assert!(!at(NEXT_SEED_FILE).exists());
        fs::write(at(NEXT_SEED_FILE), "short").unwrap();
        assert!(next_seed(folder.path()).is_err());
    }

    #[test]
    fn indexes_are_noted_and_nothing_else_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(noted_indexes(folder.path()), [0]);
        note_index(folder.path(), 7).unwrap();
        note_index(folder.path(), 9).unwrap();
        assert_eq!(noted_indexes(folder.path()), [0, 7, 9]);
        for bad in ["", "r4-epochs/v2\n0\n7\n", "r4-epochs/v1\n0\nx\n"] {
            fs::write(folder.path().join(INDEXES_FILE), bad).unwrap();
            assert_eq!(noted_indexes(folder.path()), [0], "{bad:?}");
        }
        assert!(note_index(&folder.path().join("none"), 1).is_err());
    }
}
