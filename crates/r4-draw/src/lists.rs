//! Lists of participants and of weights, and the text files that they are hashed as: every entry
//! followed by a line feed, so that `sha256sum` of the file gives the same hash.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{Display, Write as _};

use sha2::{Digest as _, Sha256};

use crate::kind::MAX_COUNT;

/// Octets that a participant may have, in UTF-8.
pub const MAX_PARTICIPANT_BYTES: usize = 200;
/// The largest weight.
pub const MAX_WEIGHT: u64 = (1 << 32) - 1;
/// Octets that a file of participants may have.
pub const MAX_LIST_BYTES: usize = MAX_COUNT as usize * (MAX_PARTICIPANT_BYTES + 1);

pub(crate) const PARTICIPANT: &str = "1 to 200 bytes of UTF-8 without control characters";
pub(crate) const WEIGHT: &str = "a whole number from 1 to 4294967295";
pub(crate) const ENTRIES: &str = "a list of 1 to 10000 entries";

/// Lists in the clear. Only their hashes are in the draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lists {
    /// Whom the positions stand for.
    pub participants: Option<Vec<String>>,
    /// How likely each is to be drawn, compared with the others.
    pub weights: Option<Vec<u64>>,
}

/// Why a text is not a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// There are no entries or too many.
    #[error("the list has {got} entries; 1 to 10000 are accepted")]
    Entries {
        /// Entries found.
        got: usize,
    },
    /// The bytes are no UTF-8.
    #[error("the list is not UTF-8; save it as UTF-8")]
    Encoding,
    /// Lines end as on Windows.
    #[error(
        "the lines of the list end with CR LF; the hash is of lines that end with LF alone (`tr -d \
         '\\r'` makes them so)"
    )]
    CarriageReturn,
    /// The last line does not end.
    #[error("the last line of the list does not end with a line feed; add one")]
    Unended,
    /// A line is no entry.
    #[error("line {line} of the list must be {expected}")]
    Entry {
        /// Its number, from 1.
        line: usize,
        /// The accepted form.
        expected: &'static str,
    },
}

impl Lists {
    /// Returns SHA-256 of the file of participants, if there are any.
    pub fn participants_hash(&self) -> Option<[u8; 32]> {
        self.participants.as_deref().map(hash)
    }

    /// Returns SHA-256 of the file of weights, if there are any.
    pub fn weights_hash(&self) -> Option<[u8; 32]> {
        self.weights.as_deref().map(hash)
    }
}

/// Writes the file of a list.
pub fn to_text<T: Display>(entries: &[T]) -> String {
    let mut text = String::new();
    for entry in entries {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "{entry}");
    }
    text
}

/// Computes SHA-256 of the file of a list.
pub fn hash<T: Display>(entries: &[T]) -> [u8; 32] {
    Sha256::digest(to_text(entries)).into()
}

/// Reads a file of participants.
///
/// # Errors
/// Says which line is wrong.
pub fn parse_participants(file: &[u8]) -> Result<Vec<String>, ListError> {
    entries(file, PARTICIPANT, |line| is_participant(line).then(|| line.to_string()))
}

/// Reads a file of weights.
///
/// # Errors
/// Says which line is wrong.
pub fn parse_weights(file: &[u8]) -> Result<Vec<u64>, ListError> {
    entries(file, WEIGHT, |line| {
        let weight = line.parse().ok().filter(|weight: &u64| weight.to_string() == line)?;
        is_weight(weight).then_some(weight)
    })
}

fn entries<T>(
    file: &[u8],
    expected: &'static str,
    entry: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, ListError> {
    let text = core::str::from_utf8(file).map_err(|_| ListError::Encoding)?;
    if text.contains("\r\n") {
        return Err(ListError::CarriageReturn);
    }
    let body = text.strip_suffix('\n');
    let body = body.ok_or(if text.is_empty() {
        ListError::Entries { got: 0 }
    } else {
        ListError::Unended
    })?;
    let got = body.split('\n').count();
    if !is_length(got) {
        return Err(ListError::Entries { got });
    }
    let line = |(at, line): (usize, &str)| {
        entry(line).ok_or(ListError::Entry { line: at.saturating_add(1), expected })
    };
    body.split('\n').enumerate().map(line).collect()
}

pub(crate) fn is_participant(text: &str) -> bool {
    (1..=MAX_PARTICIPANT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(crate) const fn is_weight(weight: u64) -> bool {
    weight >= 1 && weight <= MAX_WEIGHT
}

pub(crate) const fn is_length(entries: usize) -> bool {
    entries >= 1 && entries <= MAX_COUNT as usize
}

#[cfg(test)]
mod tests {
    use std::prelude::v1::*;
    use std::{format, vec};

    use super::*;

    /// `printf 'alice\nbob\ncarol\ndave\n' | sha256sum`, and the same of weights.
    #[test]
    fn sha256sum_prints_the_same() {
        let hash = |list: &[&str]| hex::encode(hash(list));
        assert_eq!(hash(&["alice", "bob", "carol", "dave"]), FOUR);
        let weights = Lists { participants: None, weights: Some(vec![1, 5, 2, 2]) };
        assert_eq!(weights.weights_hash().map(hex::encode), Some(WEIGHTS.into()));
        assert_eq!(weights.participants_hash(), None);
    }

    const FOUR: &str = "67eaa975731a93ef91d35b00a6e6c40c7253ce1142d4e5cb0032b1ceb68b75c2";
    const WEIGHTS: &str = "021d89747253adb38cff2618cd136deaf9532a4ee38295b78a3dc2063d5a3bfb";

    #[test]
    fn files_are_read_as_they_are_written() {
        let names: Vec<String> = ["Zoë", " ", "李四", "a \"b\""].map(Into::into).to_vec();
        assert_eq!(parse_participants(to_text(&names).as_bytes()), Ok(names));
        let weights = vec![1, MAX_WEIGHT];
        assert_eq!(parse_weights(to_text(&weights).as_bytes()), Ok(weights));
    }

    #[test]
    fn what_is_no_list() {
        let names = |file: &[u8]| parse_participants(file).unwrap_err();
        assert_eq!(names(b""), ListError::Entries { got: 0 });
        assert_eq!(names(b"a"), ListError::Unended);
        assert_eq!(names(b"a\r\nb\r\n"), ListError::CarriageReturn);
        assert_eq!(names(b"a\xff\n"), ListError::Encoding);
        for bad in ["\n", "a\n\nb\n", "a\tb\n", "a\u{85}\n"] {
            assert!(matches!(names(bad.as_bytes()), ListError::Entry { .. }), "{bad:?}");
        }
        let long = |bytes: usize| parse_participants(("x".repeat(bytes) + "\n").as_bytes());
        assert!(long(200).is_ok() && long(201).is_err());
        let many = |entries: usize| parse_participants("x\n".repeat(entries).as_bytes());
        assert!(many(10_000).is_ok());
        assert_eq!(many(10_001), Err(ListError::Entries { got: 10_001 }));
        for bad in ["0", "01", "+1", "-1", "1.0", " 1", "4294967296", "x", ""] {
            let wrong = parse_weights(format!("1\n{bad}\n").as_bytes());
            assert!(matches!(wrong, Err(ListError::Entry { line: 2, .. })), "{bad:?}");
        }
    }
}
