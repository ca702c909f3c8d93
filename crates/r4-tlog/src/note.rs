//! Signed notes (c2sp.org/signed-note): a text, an empty line and signature lines, each with the
//! name and id of its key.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use crate::line::{from_base64, to_base64};

mod key;

pub use key::{Algorithm, KeyError, MAX_NAME_BYTES, VerifierKey};

/// The longest note that is read, in octets.
pub const MAX_NOTE_BYTES: usize = 1 << 20;
/// The most signature lines that are read.
pub const MAX_SIGNATURES: usize = 100;

const PREFIX: &str = "— ";

/// A text and what is written under it. Parsing checks no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last newline.
    pub text: String,
    /// The signature lines, in their order.
    pub signatures: Vec<SignatureLine>,
}

/// A signature and whose it says it is. `Display` writes the line with its newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: [u8; 4],
    /// What the algorithm of the key makes of it; not empty.
    pub bytes: Vec<u8>,
}

/// Why a text is not a signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is too long.
    #[error("a note has at most {MAX_NOTE_BYTES} bytes, not {got}")]
    Long {
        /// Octets given.
        got: usize,
    },
    /// A control character stands in the note.
    #[error("a note has no control character but newline")]
    Control,
    /// No empty line stands between the text and the signatures.
    #[error("an empty line separates a note's text from its signatures")]
    Separator,
    /// A signature line has another form.
    #[error("signature line {line} is not \"— name base64\" and a newline")]
    Line {
        /// Which line, from one.
        line: usize,
    },
    /// No signature, or too many.
    #[error("a note has 1 to {MAX_SIGNATURES} signature lines")]
    Count,
}

impl Note {
    /// Reads a note (signed-note, "Format").
    ///
    /// # Errors
    /// Says what is wrong with its form.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Long { got: note.len() });
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Control);
        }
        // the last empty line: the text may have others
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Separator)?;
        Ok(Self { text: [text, "\n"].concat(), signatures: SignatureLine::parse_all(signatures)? })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| line.fmt(f))
    }
}

impl SignatureLine {
    /// Reads signature lines, as they stand in a note or in the answer of a witness
    /// (tlog-witness, "add-checkpoint").
    ///
    /// # Errors
    /// There is none, there are more than [`MAX_SIGNATURES`], or one has another form.
    pub fn parse_all(lines: &str) -> Result<Vec<Self>, NoteError> {
        let count = lines.split_inclusive('\n').take(MAX_SIGNATURES.saturating_add(1)).count();
        if count == 0 || count > MAX_SIGNATURES {
            return Err(NoteError::Count);
        }
        let numbered = (1..).zip(lines.split_inclusive('\n'));
        numbered.map(|(line, text)| Self::parse(text).ok_or(NoteError::Line { line })).collect()
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(PREFIX)?.strip_suffix('\n')?.split_once(' ')?;
        let signature = from_base64(signature)?;
        let (key_id, bytes) = signature.split_first_chunk()?;
        if !key::is_name(name) || bytes.is_empty() {
            return None;
        }
        Some(Self { name: name.to_string(), key_id: *key_id, bytes: bytes.to_vec() })
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = to_base64(&[&self.key_id, &self.bytes[..]].concat());
        writeln!(f, "{PREFIX}{} {signature}", self.name)
    }
}

#[cfg(test)]
mod tests;
