//! The right edge of the tree, in memory: what no full tile holds yet.

use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{BundleError, Kind, TILE_WIDTH, Tile, push_entry, subtree_root, tiles_at};
use r4_tlog::tree::Frontier;
use r4_tlog::{Checkpoint, Hash};

use crate::record::octets;

/// Octets of a hash.
pub(crate) const HASH_BYTES: usize = 32;
/// Octets of a full tile.
pub(crate) const TILE_BYTES: usize = 8192;
const FULL: u16 = 256;

/// A tree of some size: its partial tiles and its root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edge {
    /// Where the journal's records end.
    pub(crate) journal_end: u64,
    pub(crate) frontier: Frontier,
    /// The hashes of the partial tile of each level.
    pub(crate) tiles: Vec<Vec<u8>>,
    /// The entries of the partial bundle.
    pub(crate) bundle: Vec<u8>,
}

/// A tile or bundle that has become full.
pub(crate) type Full = (Tile, Vec<u8>);

impl Edge {
    pub(crate) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Describes this tree as the log `origin`.
    pub(crate) fn checkpoint(&self, origin: &str) -> Checkpoint {
        Checkpoint { origin: origin.to_owned(), size: self.size(), root: self.root() }
    }

    /// Adds an entry; returns its leaf hash, and puts what has become full into `full`.
    pub(crate) fn push(&mut self, entry: &[u8], full: &mut Vec<Full>) -> Result<Hash, BundleError> {
        push_entry(&mut self.bundle, entry)?;
        let leaf = leaf_hash(entry);
        let index = self.size() / TILE_WIDTH;
        self.frontier.push(leaf);
        if self.size().is_multiple_of(TILE_WIDTH) {
            let tile = Tile { kind: Kind::Entries, index, width: FULL };
            full.push((tile, std::mem::take(&mut self.bundle)));
        }
        self.push_hash(leaf, full);
        Ok(leaf)
    }

    fn push_hash(&mut self, leaf: Hash, full: &mut Vec<Full>) {
        let mut hash = Some(leaf);
        let mut level = 0;
        while let Some(next) = hash {
            let tile = self.level(level);
            tile.extend(next);
            hash = None;
            if tile.len() == TILE_BYTES {
                let bytes = std::mem::take(tile);
                hash = subtree_root(&bytes);
                let index = tiles_at(level, self.size()).0.saturating_sub(1);
                full.push((Tile { kind: Kind::Hashes(level), index, width: FULL }, bytes));
            }
            level = level.saturating_add(1);
        }
    }

    /// Returns the partial tile of a level, to be added to.
    pub(crate) fn level(&mut self, level: u8) -> &mut Vec<u8> {
        let level = usize::from(level);
        if self.tiles.len() <= level {
            self.tiles.resize(level.saturating_add(1), Vec::new());
        }
        // Just made long enough.
        #[expect(clippy::indexing_slicing, reason = "the line above made it long enough")]
        &mut self.tiles[level]
    }

    /// Returns the hashes of the partial tile of a level.
    pub(crate) fn partial(&self, level: u8) -> &[u8] {
        self.tiles.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }
}

/// Names the partial tiles and the partial bundle of a tree, which exist for its size alone.
pub(crate) fn partial_tiles(size: u64) -> Vec<Tile> {
    let hashes = (0..=r4_tlog::tile::top_level(size)).map(|level| (Kind::Hashes(level), level));
    let partial = hashes.chain([(Kind::Entries, 0)]).filter_map(|(kind, level)| {
        let (index, width) = tiles_at(level, size);
        (width > 0).then_some(Tile { kind, index, width })
    });
    partial.collect()
}

/// Returns the first `width` hashes or entries of a tile that has at least as many.
pub(crate) fn cut(tile: &Tile, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let length = match tile.kind {
        Kind::Hashes(_) => usize::from(tile.width).checked_mul(HASH_BYTES)?,
        Kind::Entries => entries_length(&bytes, tile.width)?,
    };
    (length <= bytes.len()).then(|| {
        bytes.truncate(length);
        bytes
    })
}

/// Returns the octets that the first `count` entries of a bundle take.
fn entries_length(bundle: &[u8], count: u16) -> Option<usize> {
    let mut length = 0_usize;
    for _ in 0..count {
        let field = bundle.get(length..)?.first_chunk()?;
        let entry = usize::from(u16::from_be_bytes(*field));
        length = length.checked_add(entry)?.checked_add(2)?;
    }
    Some(length)
}

/// Tells whether a full tile or bundle has the right form.
pub(crate) fn is_whole(tile: &Tile, bytes: &[u8]) -> bool {
    match tile.kind {
        Kind::Hashes(_) => bytes.len() == TILE_BYTES,
        Kind::Entries => entries_length(bytes, FULL).map(octets) == Some(octets(bytes.len())),
    }
}
