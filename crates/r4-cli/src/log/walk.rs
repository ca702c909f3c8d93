//! Every entry of a stretch of the log, in order, with a few requests ahead.

use std::ops::Range;

use r4_tlog::Hash;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{self, Kind, Tile};

use super::finding::Finding;
use super::parallel::in_parallel;
use super::reader::{HASH_BYTES, Reader};
use super::tree_reader::tile_of;

/// Bundles that are held at a time.
const AHEAD: u64 = 16;

/// Calls `each` with the index, leaf hash and bytes of every entry in `range`, for a log of
/// `range.end` entries. Bundles are compared with the tiles of level 0.
///
/// # Errors
/// A tile cannot be read or does not fit its bundle; what `each` finds.
pub(super) fn entries(
    reader: &Reader,
    range: Range<u64>,
    mut each: impl FnMut(u64, &Hash, &[u8]) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let mut bundles = first_bundle(range.start)..range.end.div_ceil(tile::TILE_WIDTH);
    while !bundles.is_empty() {
        let stop = bundles.start.saturating_add(AHEAD).min(bundles.end);
        let tiles: Vec<Tile> = (bundles.start..stop)
            .flat_map(|index| {
                [Kind::Entries, Kind::Hashes(0)].map(|kind| tile_of(kind, index, range.end))
            })
            .collect();
        let read = in_parallel(&tiles, |tile| reader.tile(tile));
        let mut read = read.into_iter();
        for index in bundles.start..stop {
            let (Some(bundle), Some(hashes)) = (read.next(), read.next()) else { break };
            one_bundle(index, &bundle?, &hashes?, range.start, &mut each)?;
        }
        bundles.start = stop;
    }
    Ok(())
}

fn one_bundle(
    index: u64,
    bundle: &[u8],
    hashes: &[u8],
    start: u64,
    each: &mut impl FnMut(u64, &Hash, &[u8]) -> Result<(), Finding>,
) -> Result<(), Finding> {
    let entries = tile::entries(bundle).map_err(Finding::invalid)?;
    let (expected, _) = hashes.as_chunks::<HASH_BYTES>();
    let first = index.saturating_mul(tile::TILE_WIDTH);
    for ((position, entry), expected) in (first..).zip(entries).zip(expected) {
        let leaf = leaf_hash(entry);
        if leaf != *expected {
            let reason = format!("entry {position} is not the one whose hash is in the tree");
            return Err(Finding::invalid(reason));
        }
        if position >= start {
            each(position, &leaf, entry)?;
        }
    }
    Ok(())
}

const fn first_bundle(index: u64) -> u64 {
    index / tile::TILE_WIDTH
}
