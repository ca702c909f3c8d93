//! The nodes of a signed tree, read from tiles that nobody vouches for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use r4_tlog::tile::{self, Kind, Place, Tile};
use r4_tlog::tree::{self, Nodes};
use r4_tlog::{Checkpoint, Hash};

use super::finding::Finding;
use super::reader::Reader;

/// The tree of a checkpoint. It keeps the tiles it has read: a proof needs few.
#[derive(Debug)]
pub(super) struct TreeReader<'a> {
    reader: &'a Reader,
    size: u64,
    tiles: RefCell<BTreeMap<Tile, Vec<u8>>>,
}

impl<'a> TreeReader<'a> {
    /// Takes the tiles at the right edge and checks that they give the root of the checkpoint.
    ///
    /// # Errors
    /// They do not, or cannot be read.
    pub(super) fn open(reader: &'a Reader, checkpoint: &Checkpoint) -> Result<Self, Finding> {
        let tree = Self { reader, size: checkpoint.size, tiles: RefCell::default() };
        if tree::root(&tree, checkpoint.size)? == checkpoint.root {
            return Ok(tree);
        }
        Err(Finding::invalid(format!(
            "the tiles of size {} do not give the root of its signed checkpoint",
            checkpoint.size
        )))
    }

    /// Returns the partial tiles, which [`Self::open`] has checked.
    pub(super) fn right_edge(&self) -> Vec<(Tile, Vec<u8>)> {
        let tiles = self.tiles.borrow();
        let partial = tiles.iter().filter(|(tile, _)| !tile.is_full());
        partial.map(|(tile, bytes)| (*tile, bytes.clone())).collect()
    }

    fn bytes(&self, tile: Tile) -> Result<Vec<u8>, Finding> {
        if let Some(bytes) = self.tiles.borrow().get(&tile) {
            return Ok(bytes.clone());
        }
        let bytes = self.reader.tile(&tile)?;
        self.tiles.borrow_mut().insert(tile, bytes.clone());
        Ok(bytes)
    }
}

impl Nodes for TreeReader<'_> {
    type Error = Finding;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Finding> {
        let place = Place::of(level, index);
        let tile = tile_of(Kind::Hashes(place.level), place.tile, self.size);
        let bytes = self.bytes(tile)?;
        place.hash(&bytes).ok_or_else(|| Finding::invalid(format!("{tile} is too short")))
    }
}

/// Names the `index`-th tile of its kind in a tree of `size` leaves: full, or as wide as it is.
pub(super) fn tile_of(kind: Kind, index: u64, size: u64) -> Tile {
    let (full, partial) = tile::tiles_at(level(kind), size);
    Tile { kind, index, width: if index < full { 256 } else { partial } }
}

/// Names all tiles of a kind in a tree of `size` leaves, from the left.
pub(super) fn tiles_of(kind: Kind, size: u64) -> impl Iterator<Item = Tile> {
    let (full, partial) = tile::tiles_at(level(kind), size);
    let last = (partial != 0).then_some(Tile { kind, index: full, width: partial });
    (0..full).map(move |index| Tile { kind, index, width: 256 }).chain(last)
}

const fn level(kind: Kind) -> u8 {
    match kind {
        Kind::Hashes(level) => level,
        Kind::Entries => 0,
    }
}
