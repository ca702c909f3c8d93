//! A record of the journal: `length u32 ‖ crc32 u32 ‖ index u64 ‖ entry length u16 ‖ entry ‖ body`,
//! numbers big-endian, the length that of all after the two first fields, the checksum over it.

use std::sync::Arc;

use r4_tlog::Hash;
use r4_tlog::tile::MAX_ENTRY_BYTES;

use crate::error::AppendError;

/// The longest body of a record, in octets.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Octets of length and checksum.
pub(crate) const HEAD_BYTES: usize = 8;
/// Octets of index and entry length.
const FIXED_BYTES: usize = 10;

/// What is appended: an entry of the log, and what is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The entry's index in the log.
    pub index: u64,
    /// What it is found by: the digest that the entry holds, or none if it holds none.
    pub id: Option<[u8; 32]>,
    /// The leaf's octets, at most 65535.
    pub entry: Vec<u8>,
    /// Octets that are kept and not hashed, at most [`MAX_BODY_BYTES`].
    pub body: Vec<u8>,
}

/// Shows that a record is in the log, durable and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The entry's index.
    pub index: u64,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Size of the tree of its batch.
    pub tree_size: u64,
    /// The root of that tree.
    pub root: Hash,
    /// The hashes from the leaf to the root.
    pub proof: Vec<Hash>,
    /// The signed checkpoint of that tree.
    pub checkpoint: Arc<str>,
}

impl Record {
    /// Checks what [`crate::LogStore::append`] requires of a record.
    pub(crate) fn check(&self) -> Result<(), AppendError> {
        if self.entry.len() > MAX_ENTRY_BYTES || self.body.len() > MAX_BODY_BYTES {
            return Err(AppendError::TooLong);
        }
        if self.id == id_of(&self.entry) { Ok(()) } else { Err(AppendError::Id) }
    }
}

/// Returns the id that an entry holds: the digest of a receipt or an attestation
/// (`0x01 ‖ type 1 or 2 ‖ digest`).
pub(crate) fn id_of(entry: &[u8]) -> Option<[u8; 32]> {
    match entry {
        [1, 1 | 2, rest @ ..] => rest.first_chunk().copied(),
        _ => None,
    }
}

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) index: u64,
    pub(crate) entry: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// The two first fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) length: usize,
    crc: u32,
}

/// Appends a record to `out`. The lengths were checked before.
pub(crate) fn push(out: &mut Vec<u8>, index: u64, entry: &[u8], body: &[u8]) {
    let entry_length = u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes();
    let fields = [&index.to_be_bytes()[..], &entry_length, entry, body];
    let mut crc = crc32fast::Hasher::new();
    for field in fields {
        crc.update(field);
    }
    let length: usize = fields.iter().map(|field| field.len()).sum();
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    out.extend(crc.finalize().to_be_bytes());
    for field in fields {
        out.extend_from_slice(field);
    }
}

impl Head {
    /// Reads the two first fields.
    pub(crate) fn parse(bytes: [u8; HEAD_BYTES]) -> Result<Self, &'static str> {
        let [a, b, c, d, crc @ ..] = bytes;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let longest = FIXED_BYTES.saturating_add(MAX_ENTRY_BYTES).saturating_add(MAX_BODY_BYTES);
        if !(FIXED_BYTES..=longest).contains(&length) {
            return Err("its length is out of range");
        }
        Ok(Self { length, crc: u32::from_be_bytes(crc) })
    }

    /// Reads the record that follows.
    pub(crate) fn record(self, rest: &[u8]) -> Result<Stored, &'static str> {
        if crc32fast::hash(rest) != self.crc {
            return Err("its checksum is wrong");
        }
        split(rest).ok_or("its entry is longer than it")
    }
}

/// Reads the index in front of a record's rest.
pub(crate) fn index_of(rest: &[u8]) -> Option<u64> {
    rest.first_chunk().map(|index| u64::from_be_bytes(*index))
}

fn split(rest: &[u8]) -> Option<Stored> {
    let (index, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (entry, body) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some(Stored { index: u64::from_be_bytes(*index), entry: entry.to_vec(), body: body.to_vec() })
}

/// Returns a length as a number of octets in a file.
pub(crate) fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
