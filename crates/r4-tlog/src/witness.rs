//! The request to a witness (c2sp.org/tlog-witness): a checkpoint and the proof that it goes on from
//! the one that the witness cosigned last. The answer is signature lines:
//! [`SignatureLine::parse_all`](crate::SignatureLine::parse_all).

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::line::{self, HashesError};

/// The longest request that is read, in octets: a checkpoint with many signatures.
pub const MAX_REQUEST_BYTES: usize = (1 << 20) + (1 << 12);
/// The most hashes that a request may carry (tlog-witness, "add-checkpoint").
pub const MAX_HASHES: usize = 63;

/// The body of `add-checkpoint`. `Display` writes it. Parsing checks no hash and no signature, and not
/// that the old size is the smaller one: those have answers of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// Leaves of the tree that the proof starts from.
    pub old: u64,
    /// The consistency proof.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a body is not a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// The body is too long.
    #[error("an add-checkpoint request has at most {MAX_REQUEST_BYTES} bytes, not {got}")]
    Long {
        /// Octets given.
        got: usize,
    },
    /// No empty line stands before the checkpoint.
    #[error("an empty line separates the hashes of an add-checkpoint request from its checkpoint")]
    Separator,
    /// The first line has another form.
    #[error("the first line is \"old\" and a decimal number without leading zeroes")]
    Old,
    /// The hashes have another form, or there are too many.
    #[error(transparent)]
    Hashes(#[from] HashesError),
    /// What follows is no signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// Reads the body of a request (tlog-witness, "add-checkpoint").
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse(body: &str) -> Result<Self, AddCheckpointError> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(AddCheckpointError::Long { got: body.len() });
        }
        let (mut lines, checkpoint) = line::head(body).ok_or(AddCheckpointError::Separator)?;
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.and_then(line::decimal).ok_or(AddCheckpointError::Old)?;
        let proof = line::hashes(lines, MAX_HASHES)?;
        SignedCheckpoint::parse(checkpoint)?;
        Ok(Self { old, proof, checkpoint: checkpoint.to_string() })
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        line::write_hashes(f, &self.proof)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
