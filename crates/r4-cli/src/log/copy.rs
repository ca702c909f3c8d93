//! The tiles of a signed tree, copied into a folder from the top down: each is compared with the
//! tile above it, so that what is there and right is not asked for again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::ProgressBar;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{self, Kind, Tile};
use r4_tlog::{Checkpoint, Hash};

use super::finding::{Finding, Trouble};
use super::parallel::in_parallel;
use super::reader::{self, HASH_BYTES, Reader};
use super::tree_reader::{TreeReader, tile_of, tiles_of};
use crate::atomic_file::{Durability, replace};
use crate::exit::Error;

/// Most bytes of a tile that is looked at in the folder.
const MAX_TILE_BYTES: usize = 1 << 20;
/// Bundles that are copied before the next are looked at.
const BUNDLES_AT_A_TIME: usize = 64;

/// One copy.
#[derive(Debug)]
pub(super) struct Copy<'a> {
    /// Where the log is.
    pub(super) reader: &'a Reader,
    /// Where it goes.
    pub(super) folder: &'a Path,
    /// Shows how far it is.
    pub(super) bar: &'a ProgressBar,
    /// Tiles and bundles that were not there or not right.
    pub(super) written: AtomicU64,
}

/// A tile, and what says whether its bytes are right.
struct Wanted {
    tile: Tile,
    expected: Expected,
}

enum Expected {
    /// The hash over all of a full tile, from the tile above it.
    Root(Hash),
    /// The hashes of a bundle's entries, one after the other.
    Leaves(Vec<u8>),
}

impl Copy<'_> {
    /// Copies all tiles and bundles of the tree that `tree` reads.
    ///
    /// # Errors
    /// A tile cannot be read or is wrong; the folder cannot be written.
    pub(super) fn all(&self, tree: &TreeReader<'_>, size: u64) -> Result<(), Trouble> {
        self.bar.set_length(count(size));
        for (tile, bytes) in tree.right_edge() {
            if self.there(&tile).is_none_or(|there| there != bytes) {
                self.put(&tile, &bytes)?;
            }
            self.bar.inc(1);
        }
        for level in (1..=tile::top_level(size)).rev() {
            for parent in tiles_of(Kind::Hashes(level), size) {
                self.each(&self.children(&parent, size)?)?;
            }
        }
        let leaves: Vec<Tile> = tiles_of(Kind::Hashes(0), size).collect();
        for leaves in leaves.chunks(BUNDLES_AT_A_TIME) {
            let bundles: Result<Vec<_>, _> = leaves.iter().map(|tile| self.bundle(tile)).collect();
            self.each(&bundles?)?;
        }
        Ok(())
    }

    /// Returns the full tiles whose hashes are in `parent`.
    fn children(&self, parent: &Tile, size: u64) -> Result<Vec<Wanted>, Trouble> {
        let Kind::Hashes(level) = parent.kind else { return Ok(Vec::new()) };
        let kind = Kind::Hashes(level.saturating_sub(1));
        let bytes = self.copied(parent)?;
        let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
        let first = parent.index.saturating_mul(tile::TILE_WIDTH);
        let children = (first..).zip(hashes).map(|(index, hash)| Wanted {
            tile: tile_of(kind, index, size),
            expected: Expected::Root(*hash),
        });
        Ok(children.collect())
    }

    /// Returns the bundle whose hashes are in a tile of level 0.
    fn bundle(&self, leaves: &Tile) -> Result<Wanted, Trouble> {
        let tile = Tile { kind: Kind::Entries, ..*leaves };
        Ok(Wanted { tile, expected: Expected::Leaves(self.copied(leaves)?) })
    }

    fn each(&self, wanted: &[Wanted]) -> Result<(), Trouble> {
        in_parallel(wanted, |wanted| self.one(wanted)).into_iter().collect()
    }

    fn one(&self, wanted: &Wanted) -> Result<(), Trouble> {
        if !self.there(&wanted.tile).is_some_and(|bytes| wanted.expected.fits(&bytes)) {
            let bytes = self.reader.tile(&wanted.tile)?;
            if !wanted.expected.fits(&bytes) {
                let reason = format!("{} does not fit the signed tree", wanted.tile);
                return Err(Finding::invalid(reason).into());
            }
            self.put(&wanted.tile, &bytes)?;
        }
        self.bar.inc(1);
        Ok(())
    }

    fn put(&self, tile: &Tile, bytes: &[u8]) -> Result<(), Error> {
        let path = self.path(tile);
        let folder = path.parent().unwrap_or(self.folder);
        fs::create_dir_all(folder)
            .and_then(|()| replace(&path, bytes, Durability::Later))
            .map_err(|e| Error::unusable(path.display(), format!("it cannot be written: {e}")))?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn there(&self, tile: &Tile) -> Option<Vec<u8>> {
        reader::file(&self.path(tile), MAX_TILE_BYTES).ok()
    }

    /// Reads a tile that this copy has put there.
    fn copied(&self, tile: &Tile) -> Result<Vec<u8>, Error> {
        reader::file(&self.path(tile), MAX_TILE_BYTES).map_err(|e| Error::Unusable(e.to_string()))
    }

    fn path(&self, tile: &Tile) -> PathBuf {
        self.folder.join(tile.to_string())
    }
}

impl Expected {
    fn fits(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Root(root) => {
                bytes.len() == 256 * HASH_BYTES && tile::subtree_root(bytes) == Some(*root)
            }
            Self::Leaves(hashes) => tile::entries(bytes).is_ok_and(|entries| {
                let (expected, _) = hashes.as_chunks::<HASH_BYTES>();
                entries.iter().map(|entry| leaf_hash(entry)).eq(expected.iter().copied())
            }),
        }
    }
}

/// Returns how many tiles and bundles a tree has.
fn count(size: u64) -> u64 {
    let tiles = |level| {
        let (full, partial) = tile::tiles_at(level, size);
        full.saturating_add(u64::from(partial != 0))
    };
    (0..=tile::top_level(size)).map(tiles).sum::<u64>().saturating_add(tiles(0))
}

/// Removes the partial tiles of an earlier tree that the present one does not have.
pub(super) fn tidy(folder: &Path, before: &Checkpoint, now: &Checkpoint) {
    let levels = (0..=tile::top_level(before.size)).map(Kind::Hashes);
    for kind in levels.chain([Kind::Entries]) {
        let last = tiles_of(kind, before.size).last().filter(|tile| !tile.is_full());
        let gone = last.filter(|tile| *tile != tile_of(kind, tile.index, now.size));
        if let Some(path) = gone.map(|tile| folder.join(tile.to_string())) {
            // Left-overs do no harm, and a folder that is not empty stays.
            drop(fs::remove_file(&path));
            drop(path.parent().map(fs::remove_dir));
        }
    }
}
