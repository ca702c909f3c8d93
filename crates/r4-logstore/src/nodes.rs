//! The nodes of the tree: in the edge, in tiles on disk, and remembered for one batch of proofs.

use std::cell::RefCell;
use std::collections::HashMap;

use r4_tlog::Hash;
use r4_tlog::tile::{Kind, Place, Tile, tiles_at};
use r4_tlog::tree::{Nodes, inclusion_proof, root, verify_inclusion};

use crate::edge::{Edge, cut};
use crate::error::ReadError;
use crate::tiles::Tiles;

/// The tree of an edge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) size: u64,
    pub(crate) edge: &'a Edge,
    pub(crate) tiles: &'a Tiles,
}

impl Nodes for View<'_> {
    type Error = ReadError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ReadError> {
        let place = Place::of(level, index);
        let (full, _) = tiles_at(place.level, self.size);
        let hash = if place.tile < full {
            let tile = Tile { kind: Kind::Hashes(place.level), index: place.tile, width: 256 };
            place.hash(&self.tiles.hashes(&tile)?)
        } else {
            place.hash(self.edge.partial(place.level))
        };
        hash.ok_or(ReadError::Beyond { size: self.size, asked: index })
    }
}

impl View<'_> {
    /// Returns a tile or bundle of any width within the tree, or none beyond it.
    pub(crate) fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, ReadError> {
        let (level, partial) = match tile.kind {
            Kind::Hashes(level) => (level, self.edge.partial(level)),
            Kind::Entries => (0, self.edge.bundle.as_slice()),
        };
        let (full, width) = tiles_at(level, self.size);
        if tile.width == 0 || tile.width > 256 {
            Ok(None)
        } else if tile.index < full {
            self.tiles.read_part(tile).map(Some)
        } else if tile.index == full && tile.width <= width {
            Ok(cut(tile, partial.to_vec()))
        } else {
            Ok(None)
        }
    }

    /// Returns the root of the first `size` leaves.
    pub(crate) fn root(&self, size: u64) -> Result<Hash, ReadError> {
        if size == self.size { Ok(self.edge.root()) } else { root(self, size) }
    }
}

/// Remembers nodes, so that the proofs of a batch read and hash each one once.
#[derive(Debug)]
pub(crate) struct Remembered<'a> {
    view: View<'a>,
    seen: RefCell<HashMap<(u8, u64), Hash>>,
}

impl<'a> Remembered<'a> {
    pub(crate) fn new(view: View<'a>) -> Self {
        Self { view, seen: RefCell::default() }
    }
}

impl Nodes for Remembered<'_> {
    type Error = ReadError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, ReadError> {
        if let Some(hash) = self.seen.borrow().get(&(level, index)) {
            return Ok(*hash);
        }
        let hash = self.view.node(level, index)?;
        self.seen.borrow_mut().insert((level, index), hash);
        Ok(hash)
    }
}

/// Makes an inclusion proof and checks it; none when the stored hashes do not fit together.
pub(crate) fn checked_proof<N: Nodes>(
    nodes: &N,
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
) -> Result<Option<Vec<Hash>>, N::Error> {
    let proof = inclusion_proof(nodes, index, size)?;
    Ok(verify_inclusion(leaf, index, size, &proof, root).is_ok().then_some(proof))
}
