//! What can go wrong, and the one map from it to what clients see. Causes go to the log.

use r4_ecvrf::evm::EvmProofError;
use r4_keystore::index::IndexError;
use r4_keystore::keys::KeysError;
use r4_keystore::state::StateError;
use r4_receipt::timestamp::TimestampError;
use r4_receipt::{EvmError, SealError};
use r4_service::Problem;
use r4_service::server::ServeError;

use axum::http::StatusCode;

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

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// No index can be reserved. Later it may be.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The node's own check refused the answer: signing has stopped.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Signing has stopped before.
    #[error("signing has stopped: {0}")]
    Halted(String),
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

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Index(_) => {
                let detail = "no receipt index can be reserved on disk, so nothing is signed";
                Self::unavailable("index-unavailable", detail, 5)
            }
            IssueError::Fault(_) => {
                let detail = "the node's check of its own answer failed: the answer was withheld \
                              and signing has stopped";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "self-check-failed", detail)
            }
            IssueError::Halted(_) => {
                let detail = "signing has stopped because a check of the node's own work failed; \
                              its operator must look into it";
                Self::unavailable("signing-stopped", detail, 60)
            }
            IssueError::NoEvmForm(form) => {
                let detail = format!("{form}; use another alpha, or leave out format=evm");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "no-evm-form", detail)
            }
        }
    }
}
