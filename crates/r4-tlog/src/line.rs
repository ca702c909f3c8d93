//! The forms that lines of several formats are made of. Each value has one form alone.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::Hash;

/// Reads a decimal number without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|digit| digit.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

/// Reads standard base64 (RFC 4648 §4): padded, no bits left over.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Writes standard base64 (RFC 4648 §4).
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads a hash in base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}

/// Splits a text at its first empty line: the lines before it, each without its newline, and all
/// that follows.
pub(crate) fn head(text: &str) -> Option<(impl Iterator<Item = &str>, &str)> {
    let (head, rest) = text.split_once("\n\n")?;
    Some((head.split('\n'), rest))
}

/// Writes hashes in base64, one a line.
pub(crate) fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Hash]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))
}

/// Why lines are not hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashesError {
    /// A line is not a hash.
    #[error("hash {number} of the proof is not 32 bytes in base64")]
    Form {
        /// Which hash, from one.
        number: usize,
    },
    /// There are too many.
    #[error("the proof has more than {max} hashes")]
    TooMany {
        /// The most there may be.
        max: usize,
    },
}

/// Reads hashes in base64, one a line, at most `max`.
pub(crate) fn hashes<'a>(
    lines: impl Iterator<Item = &'a str>,
    max: usize,
) -> Result<Vec<Hash>, HashesError> {
    let mut hashes = Vec::new();
    for (number, line) in (1..).zip(lines) {
        if number > max {
            return Err(HashesError::TooMany { max });
        }
        hashes.push(hash(line).ok_or(HashesError::Form { number })?);
    }
    Ok(hashes)
}
