//! The tree of 70,000 entries that tlog-tiles has as its example, and the folder as it is served.

use super::host::{TestHost, missed};
use super::*;
use r4_tlog::tile::{Kind, TILE_WIDTH, Tile, entries, tiles_at};
use r4_tlog::tree::consistency_proof;
use r4_tlog::tree::{Nodes, inclusion_proof, root, verify_consistency};
use std::fs;

const SIZE: u64 = 70_000;

/// All nodes, hashed pairwise from the leaves.
struct Levels(Vec<Vec<Hash>>);

impl Levels {
    fn new() -> Self {
        let leaves = (1..SIZE).map(|index| leaf_hash(&missed(index)));
        let mut levels =
            vec![[leaf_hash(&first().entry)].into_iter().chain(leaves).collect::<Vec<_>>()];
        while levels.last().unwrap().len() > 1 {
            let pairs = levels.last().unwrap().chunks_exact(2);
            levels.push(pairs.map(|pair| node_hash(&pair[0], &pair[1])).collect());
        }
        Self(levels)
    }
}

impl Nodes for Levels {
    type Error = std::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        Ok(self.0[usize::from(level)][usize::try_from(index).unwrap()])
    }
}

#[test]
fn the_example_of_the_specification() {
    let folder = fresh();
    let host = TestHost::plain();
    let store = LogStore::create(folder.path(), ORIGIN, first(), host, settings(4096)).unwrap();
    assert_eq!(store.fill(SIZE), Ok(SIZE - 1));
    publish(&store);
    let levels = Levels::new();
    assert_eq!(store.head().root, root(&levels, SIZE).unwrap());
    proofs_are_right(&store, &levels);
    any_width_is_cut(&store, &levels);
    close(store);
    served_folder(folder.path(), &levels);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.notes().sentences, Vec::<String>::new());
    assert_eq!(store.head().root, root(&levels, SIZE).unwrap());
    proofs_are_right(&store, &levels);
}

/// Sizes around the boundaries of tiles, and indexes within each.
fn proofs_are_right(store: &LogStore, levels: &Levels) {
    let sizes = [1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 65_793, SIZE];
    for size in sizes {
        let expected = root(levels, size).unwrap();
        assert_eq!(store.root(size).unwrap(), expected, "{size}");
        for index in sizes.map(|size| size - 1).into_iter().filter(|index| *index < size) {
            let proof = store.inclusion(index, size).unwrap();
            assert_eq!(proof, inclusion_proof(levels, index, size).unwrap(), "{index} in {size}");
            verify_inclusion(
                &levels.0[0][usize::try_from(index).unwrap()],
                index,
                size,
                &proof,
                &expected,
            )
            .unwrap();
        }
        for old in sizes.into_iter().filter(|old| *old <= size) {
            let proof = store.consistency(old, size).unwrap();
            assert_eq!(proof, consistency_proof(levels, old, size).unwrap(), "{old} to {size}");
            let old_root = root(levels, old).unwrap();
            verify_consistency(old, &old_root, size, &expected, &proof).unwrap();
        }
    }
    for (index, size) in [(0, SIZE + 1), (7, 7), (8, 7)] {
        assert!(store.inclusion(index, size).is_err());
    }
    assert!(store.consistency(8, 7).is_err() && store.consistency(1, SIZE + 1).is_err());
    assert!(store.root(SIZE + 1).is_err());
}

fn any_width_is_cut(store: &LogStore, levels: &Levels) {
    for (level, index, width) in
        [(0, 0, 1), (0, 0, 256), (0, 272, 255), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    {
        let tile = Tile { kind: Kind::Hashes(level), index, width };
        let bytes = store.tile(&tile).unwrap().unwrap();
        assert_eq!(bytes, hashes_of(levels, &tile, level), "{tile}");
    }
    for (index, width) in [(0, 1), (0, 256), (272, 9), (273, 112)] {
        let tile = Tile { kind: Kind::Entries, index, width };
        let bytes = store.tile(&tile).unwrap().unwrap();
        assert_eq!(entries(&bytes).unwrap(), entries_of(&tile), "{tile}");
    }
    for (kind, index, width) in [
        (Kind::Hashes(0), 273, 113),
        (Kind::Hashes(0), 273, 256),
        (Kind::Hashes(0), 274, 1),
        (Kind::Hashes(1), 1, 18),
        (Kind::Hashes(2), 0, 2),
        (Kind::Hashes(3), 0, 1),
        (Kind::Hashes(63), 0, 1),
        (Kind::Entries, 273, 113),
        (Kind::Entries, 0, 0),
        (Kind::Entries, u64::MAX, 1),
    ] {
        assert_eq!(store.tile(&Tile { kind, index, width }).unwrap(), None);
    }
}

fn hashes_of(levels: &Levels, tile: &Tile, level: u8) -> Vec<u8> {
    let start = usize::try_from(tile.index * TILE_WIDTH).unwrap();
    levels.0[usize::from(level) * 8][start..][..usize::from(tile.width)].concat()
}

fn entries_of(tile: &Tile) -> Vec<Vec<u8>> {
    let start = tile.index * TILE_WIDTH;
    let range = start..start + u64::from(tile.width);
    range.map(|index| if index == 0 { first().entry } else { missed(index) }).collect()
}

/// Every file that tlog-tiles asks for at the published size, and nothing else.
fn served_folder(folder: &Path, levels: &Levels) {
    let log = folder.join("log");
    let mut expected = 1;
    for (level, full, partial) in [(0, 273, 112), (1, 1, 17), (2, 0, 1)] {
        assert_eq!(tiles_at(level, SIZE), (full, partial));
        for index in 0..=full {
            let width = if index == full { partial } else { 256 };
            let tile = Tile { kind: Kind::Hashes(level), index, width };
            assert_eq!(
                fs::read(log.join(tile.to_string())).unwrap(),
                hashes_of(levels, &tile, level)
            );
            expected += 1;
            if level == 0 {
                let tile = Tile { kind: Kind::Entries, ..tile };
                let bundle = fs::read(log.join(tile.to_string())).unwrap();
                assert_eq!(entries(&bundle).unwrap(), entries_of(&tile));
                expected += 1;
            }
        }
    }
    assert_eq!(count(&log), expected);
}

fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}
