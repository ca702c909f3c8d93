//! What can go wrong, and the one map from it to what clients see. Causes go to the log.

use std::path::PathBuf;

use r4_ecvrf::evm::EvmProofError;
use r4_keystore::index::IndexError;
use r4_keystore::keys::KeysError;
use r4_keystore::revoked::RevokedError;
use r4_keystore::seed::SeedError;
use r4_keystore::state::StateError;
use r4_logstore::{AppendError, HostError, OpenError, PublishError, ReadError};
use r4_receipt::log::LogKeysError;
use r4_receipt::timestamp::TimestampError;
use r4_receipt::{EvmError, KeyHash, SealError, Timestamp};
use r4_service::clock::unix_now;
use r4_service::server::ServeError;
use r4_service::{Problem, kind};

/// Seconds after which a caller may ask again where nobody knows better.
const LATER: u64 = 3600;

/// Why the service does not start, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The kernel refused to make the process undumpable.
    #[error("cannot forbid core dumps: {0}")]
    Dumpable(rustix::io::Errno),
    /// A primitive does not give its known answer, or a key pair does not match.
    #[error("the self-test failed, so nothing is signed: {}", names.join(", "))]
    Selftest {
        /// The tests that failed.
        names: Vec<&'static str>,
    },
    /// Seed or index cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// No index can be reserved.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The log cannot be used.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The indexes that the last stop left cannot be put into the log.
    #[error("the log cannot be completed: {0}")]
    Fill(#[from] AppendError),
    /// The index was put back from an older copy.
    #[error(
        "the log has {size} entries, but the index says that only {reserved} indexes were taken: \
         the index is older than the log. Put back the index that belongs to it, or write: \
         printf 'r4-index/v1\\n{size}\\n{size}\\n' > R4_STATE_DIR/index"
    )]
    IndexBehindLog {
        /// What the index says.
        reserved: u64,
        /// Entries of the log.
        size: u64,
    },
    /// The log was put back from an older copy.
    #[error(
        "the index says that {reserved} indexes were taken, but the log has only {size} entries: \
         the log is older than the index, and to go on would rewrite what others have seen. Put \
         back the newest copy of log/ and journal/"
    )]
    LogBehindIndex {
        /// What the index says.
        reserved: u64,
        /// Entries of the log.
        size: u64,
    },
    /// An entry, which may name keys, cannot be read.
    #[error("an entry of the log cannot be read: {0}")]
    Entry(ReadError),
    /// The seed that is to follow cannot be used.
    #[error("next.seed, whose keys are announced, cannot be used: {0}")]
    Epoch(#[from] EpochError),
    /// A seed is not the one that the log was made with.
    #[error(
        "the key of {} is not the one that {what}: the seed and the log are of different nodes. Put \
         back what belongs together, or start a new node with an empty folder",
        file.display()
    )]
    OtherLog {
        /// The seed's file.
        file: PathBuf,
        /// What the log's own key did.
        what: &'static str,
    },
    /// The log has another name than the one asked for.
    #[error(
        "the log was made as {origin}, and R4_LOG_ORIGIN says {wanted}: a log keeps its name. Set \
         R4_LOG_ORIGIN={origin} or leave it out; for another name start a new node"
    )]
    Origin {
        /// The name it has.
        origin: String,
        /// The name asked for.
        wanted: String,
    },
    /// The new log would have the name of one that was closed.
    #[error(
        "the log {origin} of this node was closed after a restore, and a new log needs a name of its \
         own: set R4_LOG_ORIGIN, for example to {origin}-2"
    )]
    ClosedOrigin {
        /// The name.
        origin: String,
    },
    /// The log's keys are none.
    #[error(transparent)]
    LogKeys(#[from] LogKeysError),
    /// The first checkpoint cannot be published.
    #[error("the log's checkpoint cannot be published: {0}")]
    Publish(#[from] PublishFailure),
    /// The keys cannot be derived.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The clock is wrong.
    #[error("the machine's clock is wrong: {0}")]
    Clock(#[from] TimestampError),
    /// The listener failed or the drain was cut off.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Why the next key epoch cannot be announced, or cannot take over.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The seed cannot be used.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The keys cannot be derived.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It cannot be read which epochs are revoked.
    #[error(transparent)]
    Revoked(#[from] RevokedError),
    /// A key pair does not match.
    #[error("the self-test of the new keys failed: {}", names.join(", "))]
    Selftest {
        /// The tests that failed.
        names: Vec<&'static str>,
    },
    /// The seed was a root seed before.
    #[error("next.seed has the keys {key_hash}, which have been used: make a new seed")]
    Used {
        /// Its key hash.
        key_hash: KeyHash,
    },
    /// The seed's epoch is revoked.
    #[error("next.seed has the keys {key_hash}, which are revoked: remove it, and make a new seed")]
    RevokedSeed {
        /// Its key hash.
        key_hash: KeyHash,
    },
    /// The log or the disk does not take it.
    #[error(transparent)]
    Issue(Box<IssueError>),
}

/// Why the log's checkpoint is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishFailure {
    /// It cannot be signed.
    #[error("it cannot be signed: {0}")]
    Sign(#[from] HostError),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] PublishError),
    /// Its size cannot be noted in the index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The work on it ended badly.
    #[error(transparent)]
    Work(#[from] tokio::task::JoinError),
}

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// No index can be reserved. Later it may be.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// So many answers wait for their entries that no more may.
    #[error("too many answers wait for the log")]
    Busy,
    /// The entry cannot be written.
    #[error(transparent)]
    Log(#[from] AppendError),
    /// What another key epoch needs cannot be written. Later it may be.
    #[error("the next key epoch cannot be written to disk: {0}")]
    Epoch(std::io::Error),
    /// The node's own check refused the answer: signing has stopped.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Signing has stopped before.
    #[error("signing has stopped: {0}")]
    Halted(String),
    /// The active epoch is revoked, and the next one does not sign yet.
    #[error("the signing keys are revoked, and {}", next_keys(*next))]
    Revoked {
        /// When the next epoch signs, if one is announced: seconds since 1970.
        next: Option<u64>,
    },
    /// A right proof has no form for contracts. The chance is below 2⁻¹²⁶.
    #[error(transparent)]
    NoEvmForm(EvmProofError),
}

/// An answer that must not leave, or a test that failed. Fatal: after one, nothing is signed until
/// a restart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A key could not be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The parts do not make a receipt.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The finished text is not a receipt.
    #[error("the finished receipt does not parse: {0}")]
    Parse(#[from] r4_receipt::ParseError),
    /// The finished receipt does not verify.
    #[error("the finished receipt fails its check {0}")]
    Check(&'static str),
    /// The finished receipt is another than the one asked for.
    #[error("the finished receipt is not the one asked for")]
    Other,
    /// A primitive does not give its known answer any more, or a key pair does not match.
    #[error("the self-test failed: {}", names.join(", "))]
    Selftest {
        /// The tests that failed.
        names: Vec<&'static str>,
    },
    /// It is not known which root seed is on disk.
    #[error("{why}")]
    Seed {
        /// What the system said.
        why: String,
    },
}

fn next_keys(next: Option<u64>) -> String {
    match next.and_then(|next| Timestamp::from_unix(next).ok()) {
        Some(next) => format!("the next ones sign from {next} on"),
        None => "no others are announced yet".to_owned(),
    }
}

impl From<EvmError> for IssueError {
    /// A proof of the node's own that does not verify is a fault.
    fn from(error: EvmError) -> Self {
        match error {
            EvmError::Key(_) | EvmError::Proof(_) | EvmError::Form(EvmProofError::Proof(_)) => {
                Fault::Check("vrf").into()
            }
            EvmError::Form(form) => Self::NoEvmForm(form),
        }
    }
}

/// Tells the log why the store cannot be read, and the caller that it cannot.
pub(crate) fn unreadable(error: &ReadError) -> Problem {
    tracing::error!(%error, "the log cannot be read");
    Problem::internal()
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Index(_) => {
                let detail = "no receipt index can be reserved on disk, so nothing is signed";
                Self::unavailable(kind::INDEX_UNAVAILABLE, detail, 5)
            }
            IssueError::Busy => crate::workers::busy(),
            IssueError::Log(_) | IssueError::Epoch(_) => {
                let detail = "the receipt cannot be written to the log, so it is not given out";
                Self::unavailable(kind::LOG_UNAVAILABLE, detail, 5)
            }
            IssueError::Fault(_) => {
                let detail = "the node's check of its own answer failed: the answer was withheld \
                              and signing has stopped";
                Self::new(kind::SELF_CHECK_FAILED, detail)
            }
            IssueError::Halted(_) => {
                let detail = "signing has stopped because a check of the node's own work failed; \
                              its operator must look into it";
                Self::unavailable(kind::SIGNING_STOPPED, detail, 60)
            }
            IssueError::Revoked { next } => {
                let detail = format!("the signing keys are revoked, and {}", next_keys(next));
                let wait = next.map_or(LATER, |next| next.saturating_sub(unix_now()).max(1));
                let wait = u32::try_from(wait).unwrap_or(u32::MAX);
                Self::unavailable(kind::KEYS_REVOKED, detail, wait)
            }
            IssueError::NoEvmForm(form) => {
                let detail = format!("{form}; use another alpha, or leave out format=evm");
                Self::new(kind::NO_EVM_FORM, detail)
            }
        }
    }
}
