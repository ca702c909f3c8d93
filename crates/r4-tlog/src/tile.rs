//! Tiles (c2sp.org/tlog-tiles): the tree in pieces of 256 hashes, eight levels high, and the entries
//! in bundles of 256.

use alloc::vec::Vec;
use core::{fmt, iter};

use crate::hash::{Hash, node_hash};
use crate::line::decimal;

mod bundle;

pub use bundle::{BundleError, MAX_ENTRY_BYTES, entries, push_entry};

/// Hashes or entries of a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that a tile spans.
pub const TILE_HEIGHT: u8 = 8;

/// Octets of a hash.
const HASH_BYTES: usize = 32;
const FULL: u16 = 256;
const MAX_LEVEL: u8 = 63;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Hashes of the tree, at a tile level of 0 to 63.
    Hashes(u8),
    /// Entries, each with its length in front.
    Entries,
}

/// The name of a tile. `Display` writes its path: `tile/0/x001/x234/067`, `tile/entries/000.p/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: Kind,
    /// Its place within the level, from zero.
    pub index: u64,
    /// Hashes or entries in it, 1 to 256.
    pub width: u16,
}

impl Tile {
    /// Reads a path (tlog-tiles, "Merkle Tree" and "Log entries"). Each tile has one path alone.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => Kind::Entries,
            level => Kind::Hashes(in_range(level, MAX_LEVEL.into())?.try_into().ok()?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, in_range(width, FULL.wrapping_sub(1).into())?),
            None => (rest, FULL.into()),
        };
        let width = u16::try_from(width).ok().filter(|width| *width != 0)?;
        Some(Self { kind, index: parse_index(index)?, width })
    }

    /// Tells whether all 256 hashes or entries are in it.
    pub const fn is_full(&self) -> bool {
        self.width == FULL
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Hashes(level) => write!(f, "tile/{level}")?,
            Kind::Entries => f.write_str("tile/entries")?,
        }
        let thousands = iter::successors(Some(self.index), |number| Some(number / 1000)).skip(1);
        let groups: Vec<u64> = thousands.take_while(|number| *number != 0).collect();
        for group in groups.iter().rev() {
            write!(f, "/x{:03}", group % 1000)?;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Reads the index of a tile: groups of three digits, all but the last behind an `x`, the first of
/// several not zero.
fn parse_index(text: &str) -> Option<u64> {
    let mut index = 0_u64;
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() { group.strip_prefix('x')? } else { group };
        let three = digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !three || (groups.peek().is_some() && index == 0 && digits == "000") {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(index)
}

fn in_range(text: &str, max: u64) -> Option<u64> {
    decimal(text).filter(|number| *number <= max)
}

/// Returns how many full tiles a tree of `size` leaves has at a tile level, and the width of the
/// partial one after them, zero for none (tlog-tiles, "Partial Tiles").
pub fn tiles_at(level: u8, size: u64) -> (u64, u16) {
    let hashes = size.checked_shr(u32::from(level).saturating_mul(TILE_HEIGHT.into())).unwrap_or(0);
    (hashes / TILE_WIDTH, u16::try_from(hashes % TILE_WIDTH).unwrap_or(0))
}

/// Returns the highest tile level at which a tree of `size` leaves has a tile; 0 for the empty tree.
pub fn top_level(size: u64) -> u8 {
    let highest_bit = u8::try_from(size.checked_ilog2().unwrap_or(0)).unwrap_or(0);
    highest_bit / TILE_HEIGHT
}

/// Where a node of the tree is found: it is the root of 2^`height` hashes of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The tile's level.
    pub level: u8,
    /// The tile's index.
    pub tile: u64,
    /// The first of the hashes.
    pub first: u16,
    /// Levels between the hashes and the node, 0 to 7.
    pub height: u8,
}

impl Place {
    /// Finds the node that is the root of the `index`-th complete subtree of 2^`level` leaves.
    pub fn of(level: u8, index: u64) -> Self {
        let height = level % TILE_HEIGHT;
        let first = index.wrapping_shl(height.into()) % TILE_WIDTH;
        Self {
            level: level / TILE_HEIGHT,
            tile: index.wrapping_shr(TILE_HEIGHT.abs_diff(height).into()),
            first: u16::try_from(first).unwrap_or(0),
            height,
        }
    }

    /// Computes the node from the octets of its tile; none when the tile is too short.
    pub fn hash(&self, tile_bytes: &[u8]) -> Option<Hash> {
        let first = usize::from(self.first).checked_mul(HASH_BYTES)?;
        let length = HASH_BYTES.checked_shl(self.height.into())?;
        subtree_root(tile_bytes.get(first..)?.get(..length)?)
    }
}

/// Hashes a complete subtree given by the concatenated hashes of its leaves; none when their number
/// is no power of two.
pub fn subtree_root(hashes: &[u8]) -> Option<Hash> {
    let (whole, rest) = hashes.as_chunks::<HASH_BYTES>();
    if !rest.is_empty() || !whole.len().is_power_of_two() {
        return None;
    }
    let mut level = whole.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks();
        level = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    level.first().copied()
}

#[cfg(test)]
mod tests;
