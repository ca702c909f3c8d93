//! The state folder: seeds and index belong together.
//!
//! | root seed | index | what happens |
//! |---|---|---|
//! | no | no | first start: both are made, and the log's seed |
//! | yes | yes | the node goes on, if the log's seed is there |
//! | no | yes | refused: a new seed would be a new key under an old history |
//! | yes | no | refused: indexes would repeat |
//!
//! The index is made first, at 0, then the log's seed, then the root seed; the first batch is
//! reserved last, by the caller, once the log exists. So an index at 0 is a first start that was cut
//! short before any answer, and goes on; after a complete start the index is never 0.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use r4_receipt::Timestamp;

use crate::epoch::{self, EpochError};
use crate::handover;
use crate::index::{IndexError, IndexStore, Lock};
use crate::restored::{Restored, RestoredError};
use crate::seed::{RootSeed, SeedError};

/// File of the root seed.
pub const SEED_FILE: &str = "root.seed";
/// File of the log's seed.
pub const LOG_SEED_FILE: &str = "log.seed";
/// The log's journal, which is made after the seeds.
const JOURNAL_FILE: &str = "journal/journal";
/// File that says since when the seed's keys exist.
pub const EPOCH_FILE: &str = "epoch";
/// Folder of logs that were closed after a restore, each with its seeds in a folder of its own.
pub const CLOSED_FOLDER: &str = "closed";
/// File of the receipt index.
pub const INDEX_FILE: &str = "index";

/// An open state folder, locked against every other process.
#[derive(Debug)]
pub struct State {
    /// The root seed.
    pub seed: RootSeed,
    /// The seed that is to follow it, if there is one.
    pub next: Option<RootSeed>,
    /// The seed of the log, which outlives key epochs.
    pub log_seed: RootSeed,
    /// The receipt index. At 0, the first start is not complete.
    pub index: IndexStore,
    /// Whether this start made the seed.
    pub start: Start,
    /// Since when the first seed's keys exist, if that was noted.
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
    /// A log without a root seed.
    #[error(
        "{} has a log but no {SEED_FILE}: a new seed would be a new key under an old history. Put \
         back the seed, or start a new node with an empty folder",
        path.display()
    )]
    LogWithoutSeed {
        /// The folder.
        path: PathBuf,
    },
    /// A seed without an index.
    #[error(
        "{} has a {SEED_FILE} but no index, so indexes would repeat. Put back the index, or write \
         the number N of entries that the log has (r4 log fsck {} counts them): \
         printf 'r4-index/v1\\nN\\nN\\n' > {}",
        path.display(),
        path.display(),
        path.join(INDEX_FILE).display()
    )]
    SeedWithoutIndex {
        /// The folder.
        path: PathBuf,
    },
    /// A root seed without a log's seed.
    #[error(
        "{} is from before the receipt log, or its {LOG_SEED_FILE} was lost. Put back {LOG_SEED_FILE} \
         and the log from a backup; or start a new node with an empty folder (R4_STATE_DIR), which \
         has new keys",
        path.display()
    )]
    SeedWithoutLog {
        /// The folder.
        path: PathBuf,
    },
    /// The folder was put back from a backup, and nobody has said what came after it.
    #[error(
        "{} was restored from a backup of {time}, when its log had {log_size} entries. Receipts that \
         were given out later have indexes from {log_size} on, and to go on would give them out \
         again. Say what became of them: r4 backup resume --help",
        path.display()
    )]
    Restored {
        /// The folder.
        path: PathBuf,
        /// When the backup was made.
        time: Timestamp,
        /// Entries of its log.
        log_size: u64,
    },
    /// The folder was being put back from a backup.
    #[error(
        "{} holds a part of a backup, whose restoring was cut short: run r4 backup restore again",
        path.display()
    )]
    HalfRestored {
        /// The folder.
        path: PathBuf,
    },
    /// The note about a restored backup cannot be used.
    #[error(transparent)]
    RestoredNote(#[from] RestoredError),
    /// A seed cannot be used.
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
        let log_seed_path = path.join(LOG_SEED_FILE);
        let epoch_path = path.join(EPOCH_FILE);
        let lock = Lock::acquire(&index_path)?;
        refuse_restored(path)?;
        // `symlink_metadata`, so that a dangling link counts as present and is then refused.
        let present = |path: &Path| match path.symlink_metadata() {
            Ok(_) => Ok(true),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(fail(cause)),
        };
        let (index, seed, start) = match (present(&seed_path)?, present(&index_path)?) {
            (true, true) if !present(&log_seed_path)? => {
                return Err(StateError::SeedWithoutLog { path: path.to_owned() });
            }
            (true, true) => {
                let seed = RootSeed::load(&seed_path)?;
                (IndexStore::open_locked(&index_path, lock)?, seed, Start::Again)
            }
            (true, false) => {
                return Err(StateError::SeedWithoutIndex { path: path.to_owned() });
            }
            (false, has_index) => {
                let has_log = present(&path.join(JOURNAL_FILE))?;
                if has_log && !has_index {
                    return Err(StateError::LogWithoutSeed { path: path.to_owned() });
                }
                let index = IndexStore::create_locked(&index_path, lock)?;
                if index.ceiling() > 0 {
                    return Err(StateError::IndexWithoutSeed { path: path.to_owned() });
                }
                if has_log {
                    return Err(StateError::LogWithoutSeed { path: path.to_owned() });
                }
                epoch::write(&epoch_path, now)?;
                if !present(&log_seed_path)? {
                    RootSeed::create(&log_seed_path)?;
                }
                (index, RootSeed::create(&seed_path)?, Start::First)
            }
        };
        let log_seed = RootSeed::load(&log_seed_path)?;
        // One that cannot be used keeps no node from starting; who looks at it later says so.
        let next = handover::next_seed(path).unwrap_or_default();
        let since = epoch::read(&epoch_path)?;
        Ok(Self { seed, next, log_seed, index, start, since })
    }
}

/// Refuses a folder from a backup until it was said what came after it.
fn refuse_restored(path: &Path) -> Result<(), StateError> {
    let path = path.to_owned();
    match Restored::read(&path)? {
        None => Ok(()),
        Some(Restored::Unfinished) => Err(StateError::HalfRestored { path }),
        Some(Restored::Whole { time, log_size, .. }) => {
            Err(StateError::Restored { path, time, log_size })
        }
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
    fn a_folder_from_before_the_log_is_refused_and_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        let log_seed = folder.path().join(LOG_SEED_FILE);
        fs::remove_file(&log_seed).unwrap();
        let error = open(folder.path()).expect_err("no log seed");
        assert!(matches!(error, StateError::SeedWithoutLog { .. }), "{error}");
        for word in ["before the receipt log", "backup", "empty folder"] {
            assert!(error.to_string().contains(word), "{error}");
        }
        assert!(!log_seed.exists() && folder.path().join(SEED_FILE).exists());
    }

    #[test]
    fn a_log_whose_root_seed_and_index_are_lost_gets_no_new_seed() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        fs::create_dir(folder.path().join("journal")).unwrap();
        fs::write(folder.path().join(JOURNAL_FILE), "records").unwrap();
        let (seed, index) = (folder.path().join(SEED_FILE), folder.path().join(INDEX_FILE));
        fs::remove_file(&seed).unwrap();
        for lost in [false, true] {
            if lost {
                fs::remove_file(&index).unwrap();
            }
            let error = open(folder.path()).expect_err("no seed");
            assert!(matches!(error, StateError::LogWithoutSeed { .. }), "{error}");
            assert!(!seed.exists(), "no new seed");
        }
    }

    #[test]
    fn half_a_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap().index.reserve().unwrap();
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
    fn a_restored_folder_waits_for_a_word() {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        let time = Timestamp::from_unix(1_800_000_000).unwrap();
        Restored::Whole { time, log_size: 77, journal_bytes: 1 }.write(folder.path()).unwrap();
        let error = open(folder.path()).expect_err("restored").to_string();
        for word in ["2027-01-15T08:00:00Z", "77 entries", "r4 backup resume"] {
            assert!(error.contains(word), "{error}");
        }
        Restored::Unfinished.write(folder.path()).unwrap();
        let error = open(folder.path()).expect_err("half restored").to_string();
        assert!(error.contains("r4 backup restore again"), "{error}");
        Restored::remove(folder.path()).unwrap();
        open(folder.path()).unwrap();
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
