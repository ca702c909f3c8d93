//! Checkpoints (c2sp.org/tlog-checkpoint): a note that names a log and says how many leaves it has
//! and which root. Here without extension lines, which no monitor can audit.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::hash::{EMPTY_ROOT, Hash};
use crate::line;
use crate::note::{MAX_NAME_BYTES, Note, NoteError, SignatureLine, VerifierKey};

mod signature;

pub use signature::{SignatureError, Signed};

/// What a log says of its tree. `Display` writes the note's text, three lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name; 1 to 255 octets on one line.
    pub origin: String,
    /// Leaves of the tree.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
}

/// A checkpoint and the signature lines under it. Parsing checks no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What is signed.
    pub checkpoint: Checkpoint,
    note: Note,
}

/// Why a text is not a signed checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The text is not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Another number of lines than three.
    #[error("a checkpoint has three lines, and no extension lines here")]
    Lines,
    /// The first line is empty, too long or has a control character.
    #[error("a checkpoint's origin has 1 to {MAX_NAME_BYTES} bytes without control characters")]
    Origin,
    /// The second line is not a number in its one form.
    #[error("a checkpoint's tree size is a decimal number without leading zeroes")]
    Size,
    /// The third line is not a hash.
    #[error("a checkpoint's root is 32 bytes in base64")]
    Root,
    /// The tree has no leaves and not the empty tree's root.
    #[error("the root of a tree without leaves is the hash of nothing")]
    EmptyRoot,
}

impl Checkpoint {
    /// Reads the text of a checkpoint (tlog-checkpoint, "Note text").
    ///
    /// # Errors
    /// Says which line is wrong.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::Lines);
        let (origin, size, root) = (line()?, line()?, line()?);
        if lines.next().is_some() {
            return Err(CheckpointError::Lines);
        }
        let control = origin.bytes().any(|byte| byte < b' ');
        if origin.is_empty() || origin.len() > MAX_NAME_BYTES || control {
            return Err(CheckpointError::Origin);
        }
        let size = line::decimal(size).ok_or(CheckpointError::Size)?;
        let root = line::hash(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(Self { origin: origin.to_string(), size, root })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, line::to_base64(&self.root))
    }
}

impl SignedCheckpoint {
    /// Puts signature lines under a checkpoint; as a note it has at least one.
    pub fn new(checkpoint: Checkpoint, signatures: Vec<SignatureLine>) -> Self {
        let note = Note { text: checkpoint.to_string(), signatures };
        Self { checkpoint, note }
    }

    /// Reads a signed note whose text is a checkpoint.
    ///
    /// # Errors
    /// Says what is wrong with the form of the note or of the checkpoint.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// Returns the note.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature line, in place of an earlier one of the same key.
    pub fn add(&mut self, line: SignatureLine) {
        let same = |old: &&mut SignatureLine| old.name == line.name && old.key_id == line.key_id;
        match self.note.signatures.iter_mut().find(same) {
            Some(old) => *old = line,
            None => self.note.signatures.push(line),
        }
    }

    /// Checks every line of a key and returns the latest time that one of them gives.
    ///
    /// # Errors
    /// The key has no line, or one of its lines does not verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<Signed, SignatureError> {
        let mut latest = None;
        for line in self.note.signatures.iter().filter(|line| key.owns(line)) {
            latest = latest.max(Some(key.verify_line(&self.checkpoint, line)?));
        }
        latest.ok_or(SignatureError::Missing)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests;
