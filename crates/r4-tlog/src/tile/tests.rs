//! Paths, places and bundles: the specification's examples, another implementation, malformed ones.

use std::prelude::v1::*;

use super::{
    BundleError, Kind, MAX_ENTRY_BYTES, Place, Tile, entries, push_entry, subtree_root, tiles_at,
    top_level,
};
use crate::hash::Hash;
use crate::testing::{Tree, leaf};
use crate::tree::Nodes as _;

#[test]
fn paths() {
    let hashes = |level, index, width| Tile { kind: Kind::Hashes(level), index, width };
    let entries = |index, width| Tile { kind: Kind::Entries, index, width };
    for (tile, path) in [
        (hashes(0, 0, 256), "tile/0/000"),
        (hashes(0, 0, 5), "tile/0/000.p/5"),
        (hashes(63, 1_234_067, 256), "tile/63/x001/x234/067"),
        (hashes(1, 1_234_067, 1), "tile/1/x001/x234/067.p/1"),
        (hashes(2, 1_000_000, 255), "tile/2/x001/x000/000.p/255"),
        (hashes(0, u64::MAX, 256), "tile/0/x018/x446/x744/x073/x709/x551/615"),
        (entries(999, 256), "tile/entries/999"),
        (entries(1000, 17), "tile/entries/x001/000.p/17"),
    ] {
        assert_eq!(tile.to_string(), path);
        assert_eq!(Tile::parse(path), Some(tile));
        assert_eq!(tile.is_full(), !path.contains(".p/"));
    }
}

#[test]
fn paths_are_another_implementations() {
    for index in [0, 1, 999, 1000, 12_345, 999_999, 1_234_067, u64::MAX] {
        for (level, width) in [(0, 256), (3, 1), (63, 255)] {
            let ours = Tile { kind: Kind::Hashes(level), index, width }.to_string();
            // with the height, which c2sp.org's paths leave out
            let theirs = tlog_tiles::Tile::new(8, level, index, width.into(), false).path();
            assert_eq!(ours, theirs.replacen("tile/8/", "tile/", 1));
        }
    }
}

#[test]
fn each_tile_has_one_path() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tiles/0/000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/x/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/067",
        "tile/0/x000/x001/000",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x01/067",
        "tile/0/X001/067",
        "tile/0/+01",
        "tile/0/ 01",
        "tile/0/0a1",
        "tile/0//000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/05",
        "tile/0/000.p/256",
        "tile/0/000.p/-1",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.P/1",
        "tile/0/000.p/65537",
        "tile/0/../0/000",
        "tile/0/٠٠٠",
    ] {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
}

/// tlog-tiles, "Partial Tiles".
#[test]
fn tiles_of_a_tree() {
    let tiles = |size| (0..=top_level(size)).map(|level| tiles_at(level, size)).collect::<Vec<_>>();
    assert_eq!(tiles(0), [(0, 0)]);
    assert_eq!(tiles(1), [(0, 1)]);
    assert_eq!(tiles(255), [(0, 255)]);
    assert_eq!(tiles(256), [(1, 0), (0, 1)]);
    assert_eq!(tiles(70_000), [(273, 112), (1, 17), (0, 1)]);
    assert_eq!(tiles(u64::MAX).len(), 8);
    assert_eq!(tiles_at(7, u64::MAX), (0, 255));
    assert_eq!(tiles_at(8, u64::MAX), (0, 0));
    assert_eq!(tiles_at(63, u64::MAX), (0, 0));
}

#[test]
fn every_node_is_found_in_its_tile() {
    let tree = Tree::of(66_000);
    for (level, nodes) in (0..).zip(&tree.0) {
        for (index, node) in (0..).zip(nodes) {
            let place = Place::of(level, index);
            let hashes = &tree.0[usize::from(place.level) * 8];
            let start = usize::try_from(place.tile).unwrap() * 256;
            let tile = hashes[start..hashes.len().min(start + 256)].as_flattened();
            assert_eq!(place.hash(tile).as_ref(), Some(node), "{level} {index}");
            let end = (usize::from(place.first) + (1 << place.height)) * 32;
            assert_eq!(place.hash(&tile[..end - 1]), None);
        }
    }
}

#[test]
fn places_of_any_node() {
    assert_eq!(Place::of(0, 0x1234), Place { level: 0, tile: 0x12, first: 0x34, height: 0 });
    assert_eq!(Place::of(7, 5), Place { level: 0, tile: 2, first: 128, height: 7 });
    assert_eq!(Place::of(8, 256), Place { level: 1, tile: 1, first: 0, height: 0 });
    let last = Place::of(0, u64::MAX);
    assert_eq!(last, Place { level: 0, tile: u64::MAX >> 8, first: 255, height: 0 });
    let top = Place { level: 7, tile: 0, first: 128, height: 7 };
    assert_eq!(Place::of(63, 1), top);
    assert_eq!(Place::of(u8::MAX, u64::MAX).level, 31);
}

#[test]
fn roots_of_tiles() {
    let tree = Tree::of(256);
    let hashes = tree.0[0].as_flattened();
    assert_eq!(subtree_root(hashes), Some(tree.node(8, 0).unwrap()));
    assert_eq!(subtree_root(hashes), Some(tlog_tiles::Tile::subtree_hash(hashes).0));
    assert_eq!(subtree_root(&leaf(0)), Some(leaf(0)));
    for wrong in [0, 31, 33, 96, 255 * 32] {
        assert_eq!(subtree_root(&hashes[..wrong]), None);
    }
}

#[test]
fn bundles() {
    let long = vec![7; MAX_ENTRY_BYTES];
    let list: Vec<&[u8]> = vec![b"one", b"", &long, b"\0\x01"];
    let mut bundle = Vec::new();
    for entry in &list {
        push_entry(&mut bundle, entry).unwrap();
    }
    assert_eq!(bundle[..7], *b"\0\x03one\0\0");
    assert_eq!(entries(&bundle).unwrap(), list);
    assert_eq!(entries(&[]), Ok(Vec::new()));
    let before = bundle.clone();
    let error = BundleError::EntryLength { got: MAX_ENTRY_BYTES + 1 };
    assert_eq!(push_entry(&mut bundle, &vec![0; MAX_ENTRY_BYTES + 1]), Err(error));
    assert_eq!(bundle, before);
    for end in [1, 2, 4, 6] {
        let entry = end / 5;
        assert_eq!(entries(&bundle[..end]), Err(BundleError::Truncated { entry }), "{end}");
    }
    assert_eq!(entries(&[0; 512]).unwrap().len(), 256);
    assert_eq!(entries(&[0; 514]), Err(BundleError::TooMany));
    assert_eq!(size_of::<Hash>(), super::HASH_BYTES);
}
