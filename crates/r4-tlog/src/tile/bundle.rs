//! Entry bundles (c2sp.org/tlog-tiles, "Log entries"): up to 256 entries, each with its length in two
//! octets in front.

use alloc::vec::Vec;

use super::TILE_WIDTH;

/// The longest entry that a bundle can hold, in octets.
pub const MAX_ENTRY_BYTES: usize = 65535;

/// Why an entry does not go into a bundle, or octets are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The entry is too long for its length field.
    #[error("an entry has at most 65535 bytes, not {got}")]
    EntryLength {
        /// Octets given.
        got: usize,
    },
    /// The bundle ends within an entry.
    #[error("the bundle ends within its entry {entry}")]
    Truncated {
        /// Which entry, from zero.
        entry: usize,
    },
    /// The bundle goes on after 256 entries.
    #[error("a bundle has at most 256 entries")]
    TooMany,
}

/// Appends an entry to a bundle. How many there are is the caller's to count.
///
/// # Errors
/// The entry is longer than [`MAX_ENTRY_BYTES`].
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length =
        u16::try_from(entry.len()).map_err(|_| BundleError::EntryLength { got: entry.len() })?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Ok(())
}

/// Reads the entries of a bundle, at most 256; none of an empty one.
///
/// # Errors
/// The bundle ends within an entry or goes on after the last possible one.
pub fn entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        if u64::try_from(entries.len()) == Ok(TILE_WIDTH) {
            return Err(BundleError::TooMany);
        }
        let (entry, after) =
            split_entry(rest).ok_or(BundleError::Truncated { entry: entries.len() })?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}
