//! The ids of the entries before the edge: the files that hold them, and in memory those of the
//! segment that is not complete.

use std::fs::{self, File};

use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::{Kind, TILE_WIDTH, Tile, entries};

use crate::edge::Edge;
use crate::error::{OpenError, folder};
use crate::ids::{Hint, Ids, SEGMENT, encode, has_a_length};
use crate::journal::{Reader, offset_of};
use crate::layout::Layout;
use crate::replace::{Sync, replace, sync_folder};
use crate::tiles::Tiles;

/// Bundles of a segment.
const BUNDLES: u64 = SEGMENT / TILE_WIDTH;

/// Where ids are read.
pub(super) struct Index<'a> {
    pub(super) layout: &'a Layout,
    pub(super) tiles: &'a Tiles,
    pub(super) offsets: &'a File,
    pub(super) edge: &'a Edge,
}

impl Index<'_> {
    /// Reads the ids of the entries before the edge, of a journal of `size` entries.
    pub(super) fn read(&self, size: u64, notes: &mut Vec<String>) -> Result<Ids, OpenError> {
        self.make_folder()?;
        self.remove_ahead(size, notes)?;
        let complete = self.edge.size() / SEGMENT;
        for number in 0..complete {
            self.complete(number, notes)?;
        }
        let ids = Ids::after(self.layout, complete);
        let full = self.edge.size() / TILE_WIDTH;
        for bundle in complete.saturating_mul(BUNDLES)..full {
            self.hints(bundle)?.into_iter().for_each(|hint| ids.note(hint));
        }
        let partial = hints(&self.edge.bundle, full).into_iter().flatten();
        partial.for_each(|hint| ids.note(hint));
        Ok(ids)
    }

    fn make_folder(&self) -> Result<(), OpenError> {
        let path = self.layout.ids();
        if path.is_dir() {
            return Ok(());
        }
        let made = fs::create_dir_all(&path);
        made.and_then(|()| sync_folder(&self.layout.journal_folder())).map_err(folder(path))
    }

    /// Removes files of entries that the journal does not have.
    fn remove_ahead(&self, size: u64, notes: &mut Vec<String>) -> Result<(), OpenError> {
        for path in self.layout.segments_from(size / SEGMENT) {
            fs::remove_file(&path).map_err(folder(&path))?;
            notes.push(format!("{} was ahead of the journal and is removed", path.display()));
        }
        Ok(())
    }

    /// Makes a file again that is missing or cut short.
    fn complete(&self, number: u64, notes: &mut Vec<String>) -> Result<(), OpenError> {
        let path = self.layout.segment(number);
        if has_a_length(&path).map_err(folder(&path))? {
            return Ok(());
        }
        let first = number.saturating_mul(BUNDLES);
        let mut all = Vec::new();
        for bundle in first..first.saturating_add(BUNDLES) {
            all.extend(self.hints(bundle)?);
        }
        all.sort_unstable();
        notes.push(format!("{} was missing or cut short and is made again", path.display()));
        replace(&path, &encode(all.iter()), Sync::BytesAndName).map_err(folder(path))
    }

    /// Reads the hints of a full bundle: from it if it is that of the tree, else from the journal.
    fn hints(&self, bundle: u64) -> Result<Vec<Hint>, OpenError> {
        self.bundled(bundle).map_or_else(|| self.journalled(bundle), Ok)
    }

    fn bundled(&self, index: u64) -> Option<Vec<Hint>> {
        let tile = Tile { kind: Kind::Entries, index, width: 256 };
        let bytes = self.tiles.read(&tile).ok()?;
        let hashes = self.tiles.hashes(&Tile { kind: Kind::Hashes(0), ..tile }).ok()?;
        let leaves = entries(&bytes).ok()?.into_iter().flat_map(leaf_hash);
        leaves.eq(hashes.iter().copied()).then(|| hints(&bytes, index))?
    }

    fn journalled(&self, bundle: u64) -> Result<Vec<Hint>, OpenError> {
        let first = bundle.saturating_mul(TILE_WIDTH);
        let path = self.layout.journal();
        let place = offset_of(self.offsets, first).map_err(folder(self.layout.offsets()))?;
        let mut reader = Reader::at(&path, place, first).map_err(folder(&path))?;
        let mut hints = Vec::new();
        while reader.index < first.saturating_add(TILE_WIDTH) {
            let (index, offset) = (reader.index, reader.offset);
            let read = reader.record_here().map_err(folder(&path))?;
            let stored = read.map_err(|why| self.damaged(index, offset, why))?;
            hints.extend(Hint::of_entry(&stored.entry, index));
        }
        Ok(hints)
    }

    fn damaged(&self, index: u64, offset: u64, why: &'static str) -> OpenError {
        OpenError::Damaged { folder: self.layout.state_dir().to_owned(), index, offset, why }
    }
}

/// Reads the hints of the entries in a bundle.
fn hints(bundle: &[u8], number: u64) -> Option<Vec<Hint>> {
    let indexes = number.saturating_mul(TILE_WIDTH)..;
    let hints = indexes.zip(entries(bundle).ok()?);
    Some(hints.filter_map(|(index, entry)| Hint::of_entry(entry, index)).collect())
}
