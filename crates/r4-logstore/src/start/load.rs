//! The edge of the tree at the mark, from full tiles and the last records before it.

use std::fs::File;

use r4_tlog::tile::{Kind, TILE_WIDTH, Tile, push_entry, subtree_root, tiles_at, top_level};
use r4_tlog::tree::Frontier;

use crate::edge::Edge;
use crate::journal::{Reader, offset_of};
use crate::layout::Layout;
use crate::mark::Mark;
use crate::nodes::View;
use crate::tiles::Tiles;

/// Reads the edge; none if anything is missing or does not give the mark's root.
pub(super) fn edge(layout: &Layout, tiles: &Tiles, mark: &Mark) -> Option<Edge> {
    let mut edge = Edge { journal_end: mark.journal_end, ..Edge::default() };
    read_records(layout, mark, &mut edge)?;
    for level in 1..=top_level(mark.size) {
        let (full, width) = tiles_at(level, mark.size);
        let below = level.checked_sub(1)?;
        let first = full.checked_mul(TILE_WIDTH)?;
        for index in first..first.checked_add(width.into())? {
            let tile = Tile { kind: Kind::Hashes(below), index, width: 256 };
            edge.level(level).extend(subtree_root(&tiles.hashes(&tile).ok()?)?);
        }
    }
    let view = View { size: mark.size, edge: &edge, tiles };
    let frontier = Frontier::of(&view, mark.size).ok()?;
    (frontier.root() == mark.root).then_some(Edge { frontier, ..edge })
}

/// Reads the records that are in no full bundle.
fn read_records(layout: &Layout, mark: &Mark, edge: &mut Edge) -> Option<()> {
    let offsets = File::open(layout.offsets()).ok()?;
    if offsets.metadata().ok()?.len() < mark.size.checked_mul(8)? {
        return None;
    }
    let (full, width) = tiles_at(0, mark.size);
    let first = full.checked_mul(TILE_WIDTH)?;
    let start = if width == 0 { mark.journal_end } else { offset_of(&offsets, first).ok()? };
    let mut reader = Reader::at(&layout.journal(), start, first).ok()?;
    while reader.index < mark.size {
        let entry = reader.next().ok()??.ok()?.entry;
        push_entry(&mut edge.bundle, &entry).ok()?;
        edge.level(0).extend(r4_tlog::hash::leaf_hash(&entry));
    }
    (reader.offset == mark.journal_end).then_some(())
}
