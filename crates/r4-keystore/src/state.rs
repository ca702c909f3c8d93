//! The state folder: seed and index belong together.
//!
//! | seed | index | what happens |
//! |---|---|---|
//! | no | no | first start: both are made |
//! | yes | yes | the node goes on |
//! | no | yes | refused: a new seed would be a new key under an old history |
//! | yes | no | refused: indexes would repeat |
//!
//! The index is made first, at 0, and the first batch is reserved last. So an index at 0 without a
//! seed is a first start that was cut short, before any key existed, and goes on; after a complete
//! start the index is never 0.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use r4_receipt::Timestamp;

use crate::epoch::{self, EpochError};
use crate::index::{IndexError, IndexStore, Lock};
use crate::seed::{RootSeed, SeedError};

/// File of the root seed.
pub const SEED_FILE: &str = "root.seed";
/// File that says since when the seed's keys exist.
pub const EPOCH_FILE: &str = "epoch";
/// File of the receipt index.
pub const INDEX_FILE: &str = "index";

/// An open state folder, locked against every other process.
#[derive(Debug)]
pub struct State {
    /// The root seed.
    pub seed: RootSeed,
    /// The receipt index, with a batch reserved.
    pub index: IndexStore,
    /// Whether this start made the seed.
    pub start: Start,
    /// Since when the seed's keys exist, if that was noted.
    pub since: Option<Timestamp>,
}

/// Whether a seed was found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The seed was made now.
    First,
    /// The seed was found.
    Again,
}

/// Why the state folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be made.
    #[error("cannot use the state folder {} (R4_STATE_DIR): {cause}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// An index without a seed.
    #[error(
        "{} has an index but no {SEED_FILE}: a new seed would be a new key under an old history. \
         Put back the seed, or start a new node with an empty folder",
        path.display()
    )]
    IndexWithoutSeed {
        /// The folder.
        path: PathBuf,
    },
    /// A seed without an index.
    #[error(
        "{} has a {SEED_FILE} but no index, so indexes would repeat. Put back the index, or write \
         a number N above every index ever issued (0 if the seed is new): \
         printf 'r4-index/v1\\nN\\nN\\n' > {}",
        path.display(),
        path.join(INDEX_FILE).display()
    )]
    SeedWithoutIndex {
        /// The folder.
        path: PathBuf,
    },
    /// The seed cannot be used.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The index cannot be used.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The note of the keys' beginning cannot be used.
    #[error(transparent)]
    Epoch(#[from] EpochError),
}

impl State {
    /// Opens the folder `path`, made if missing (mode 0700), and locks it. Keys that are made now
    /// exist since `now`.
    ///
    /// # Errors
    /// The folder, the seed or the index cannot be used, or one of the two is missing.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self, StateError> {
        let fail = |cause| StateError::Folder { path: path.to_owned(), cause };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fail)?;
        let (seed_path, index_path) = (path.join(SEED_FILE), path.join(INDEX_FILE));
        let epoch_path = path.join(EPOCH_FILE);
        let lock = Lock::acquire(&index_path)?;
        // `symlink_metadata`, so that a dangling link counts as present and is then refused.
        let present = |path: &Path| match path.symlink_metadata() {
            Ok(_) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(fail(cause)),
        };
        let (index, seed, start) = match (present(&seed_path)?, present(&index_path)?) {
            (true, true) => {
                let seed = RootSeed::load(&seed_path)?;
                (IndexStore::open_locked(&index_path, lock)?, seed, Start::Again)
            }
            (true, false) => {
                return Err(StateError::SeedWithoutIndex { path: path.to_owned() });
            }
            (false, _) => {
                let index = IndexStore::create_locked(&index_path, lock)?;
                if index.ceiling() > 0 {
                    return Err(StateError::IndexWithoutSeed { path: path.to_owned() });
                }
                epoch::write(&epoch_path, now)?;
                (index, RootSeed::create(&seed_path)?, Start::First)
            }
        };
        index.reserve()?;
        Ok(Self { seed, index, start, since: epoch::read(&epoch_path)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn open(path: &Path) -> Result<State, StateError> {
        State::open(path, Timestamp::from_unix(1_800_000_000).unwrap())
    }

    #[test]
    fn first_start_makes_both_and_the_next_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("var/state");
        let first = open(&path).unwrap();
        assert_eq!((first.start, first.index.next().unwrap()), (Start::First, 0));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        let seed = *first.seed.bytes();
        let first_since = first.since.map(Timestamp::unix);
        drop(first);
        let later = Timestamp::from_unix(1_900_000_000).unwrap();
        let again = State::open(&path, later).unwrap();
        assert_eq!(
            (first_since, again.since),
            (Some(1_800_000_000), Timestamp::from_unix(1_800_000_000).ok())
        );
        assert_eq!((again.start, again.index.next().unwrap()), (Start::Again, 64));
        assert_eq!(*again.seed.bytes(), seed);
    }

    #[test]
    fn half_a_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        let (seed, index) = (folder.path().join(SEED_FILE), folder.path().join(INDEX_FILE));
        let kept = fs::read(&index).unwrap();

        fs::remove_file(&index).unwrap();
        let error = open(folder.path()).expect_err("no index");
        assert!(matches!(error, StateError::SeedWithoutIndex { .. }), "{error}");
        assert!(error.to_string().contains("printf"), "{error}");

        fs::write(&index, kept).unwrap();
        fs::remove_file(&seed).unwrap();
        let error = open(folder.path()).expect_err("no seed");
        assert!(matches!(error, StateError::IndexWithoutSeed { .. }), "{error}");
        assert!(!seed.exists(), "a refused start makes no seed");
    }

    #[test]
    fn a_first_start_cut_short_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        drop(IndexStore::create(&folder.path().join(INDEX_FILE)).unwrap());
        let state = open(folder.path()).unwrap();
        assert_eq!((state.start, state.index.next().unwrap()), (Start::First, 0));
    }

    #[test]
    fn the_advice_for_a_lost_index_works() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        fs::write(folder.path().join(INDEX_FILE), "r4-index/v1\n1000\n1000\n").unwrap();
        assert_eq!(open(folder.path()).unwrap().index.next().unwrap(), 1000);
    }

    #[test]
    fn one_process_at_a_time_and_no_loose_seed() {
        let folder = tempfile::tempdir().unwrap();
        let held = open(folder.path()).unwrap();
        let error = open(folder.path()).expect_err("locked");
        assert!(matches!(error, StateError::Index(IndexError::Locked { .. })), "{error}");
        drop(held);
        let seed = folder.path().join(SEED_FILE);
        fs::set_permissions(&seed, fs::Permissions::from_mode(0o644)).unwrap();
        let error = open(folder.path()).expect_err("loose");
        assert!(matches!(error, StateError::Seed(SeedError::Mode { .. })), "{error}");
    }
}
