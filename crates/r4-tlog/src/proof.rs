//! Proofs that travel (c2sp.org/tlog-proof): an index, its inclusion proof and the checkpoint that
//! the proof leads to, in one text that can be checked offline.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::hash::Hash;
use crate::line::{self, HashesError};

/// The longest text that is read, in octets.
pub const MAX_PROOF_BYTES: usize = 1 << 21;
/// The most hashes that an inclusion proof can have.
pub const MAX_HASHES: usize = 64;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof of inclusion with all that its check needs but the entry and the keys. `Display` writes
/// its text. Parsing checks no hash and no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What the application needs to rebuild the entry. Nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The entry's index, from zero.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: String,
}

/// Why a text is not a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// The text is too long.
    #[error("a tlog-proof has at most {MAX_PROOF_BYTES} bytes, not {got}")]
    Long {
        /// Octets given.
        got: usize,
    },
    /// The text does not begin as a proof does.
    #[error("a tlog-proof begins with the line {FIRST_LINE}")]
    FirstLine,
    /// No empty line stands before the checkpoint.
    #[error("an empty line separates a tlog-proof's hashes from its checkpoint")]
    Separator,
    /// The line of extra data has another form.
    #[error("the extra data of a tlog-proof is in base64")]
    Extra,
    /// The index is not there or has another form.
    #[error("a tlog-proof has a line \"index\" with a decimal number without leading zeroes")]
    Index,
    /// The hashes have another form, or there are too many.
    #[error(transparent)]
    Hashes(#[from] HashesError),
    /// What follows is no signed checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl TlogProof {
    /// Reads a proof (tlog-proof, "Format").
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > MAX_PROOF_BYTES {
            return Err(TlogProofError::Long { got: text.len() });
        }
        let (lines, checkpoint) = line::head(text).ok_or(TlogProofError::Separator)?;
        let mut lines = lines.peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(TlogProofError::FirstLine);
        }
        let extra = lines.next_if(|line| line.starts_with("extra"));
        let extra = extra.map(|line| parse_extra(line).ok_or(TlogProofError::Extra)).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(line::decimal).ok_or(TlogProofError::Index)?;
        let hashes = line::hashes(lines, MAX_HASHES)?;
        SignedCheckpoint::parse(checkpoint)?;
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_string() })
    }
}

fn parse_extra(line: &str) -> Option<Vec<u8>> {
    line::from_base64(line.strip_prefix("extra ")?)
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", line::to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        line::write_hashes(f, &self.hashes)?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests;
