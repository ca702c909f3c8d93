//! The journal again, from the edge on: offsets, tiles, bundles and ids that were not synced.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use crate::edge::{Edge, Full};
use crate::error::{OpenError, folder};
use crate::ids::{Ids, MOST_WAITING};
use crate::journal::{Reader, offset_of, write_offsets};
use crate::layout::Layout;
use crate::record::{Stored, id_of};
use crate::tiles::Tiles;

/// Entries between two writes.
const CHUNK: usize = 4096;

/// What is made again, and from where.
pub(super) struct Replay<'a> {
    pub(super) layout: &'a Layout,
    pub(super) tiles: &'a Tiles,
    pub(super) offsets: &'a File,
    pub(super) ids: &'a Ids,
    pub(super) edge: Edge,
}

/// Records that were read and not written again.
#[derive(Default)]
struct Chunk {
    first: u64,
    places: Vec<u64>,
    full: Vec<Full>,
}

impl Replay<'_> {
    /// Goes on until the tree has `size` entries; returns the tiles that were written.
    pub(super) fn run(&mut self, size: u64) -> Result<BTreeSet<PathBuf>, OpenError> {
        let path = self.layout.journal();
        let indexed = self.ids.indexed().map_err(|why| self.no_ids(why))?;
        self.index_ids(indexed)?;
        let kept = self.edge.size().saturating_mul(8);
        self.offsets.set_len(kept).map_err(folder(self.layout.offsets()))?;
        let mut reader =
            Reader::at(&path, self.edge.journal_end, self.edge.size()).map_err(folder(&path))?;
        let mut files = BTreeSet::new();
        let mut chunk = Chunk { first: reader.index, ..Chunk::default() };
        while reader.index < size {
            let place = reader.offset;
            let Some(Ok(stored)) = reader.next().map_err(folder(&path))? else { break };
            self.edge.push(&stored.entry, &mut chunk.full).map_err(|_| self.changed(place))?;
            chunk.places.push(place);
            self.note(&stored, indexed)?;
            if chunk.places.len() >= CHUNK {
                self.write(&chunk, &mut files)?;
                chunk = Chunk { first: reader.index, ..Chunk::default() };
            }
        }
        self.edge.journal_end = reader.offset;
        self.write(&chunk, &mut files)?;
        Ok(files)
    }

    /// Notes the ids of entries before the edge that are not committed.
    fn index_ids(&self, indexed: u64) -> Result<(), OpenError> {
        if indexed >= self.edge.size() {
            return Ok(());
        }
        let path = self.layout.journal();
        let place = offset_of(self.offsets, indexed).map_err(folder(self.layout.offsets()))?;
        let mut reader = Reader::at(&path, place, indexed).map_err(folder(&path))?;
        while reader.index < self.edge.size() {
            let place = reader.offset;
            let Some(Ok(stored)) = reader.next().map_err(folder(&path))? else {
                return Err(self.changed(place));
            };
            self.note(&stored, indexed)?;
        }
        Ok(())
    }

    fn note(&self, stored: &Stored, indexed: u64) -> Result<(), OpenError> {
        if stored.index < indexed {
            return Ok(());
        }
        if let Some(id) = id_of(&stored.entry) {
            self.ids.note(id, stored.index);
        }
        if self.ids.waiting() < MOST_WAITING {
            return Ok(());
        }
        let size = stored.index.saturating_add(1);
        self.ids.commit(size).map_err(|why| self.no_ids(why))
    }

    fn write(&self, chunk: &Chunk, files: &mut BTreeSet<PathBuf>) -> Result<(), OpenError> {
        let offsets = write_offsets(self.offsets, chunk.first, &chunk.places);
        offsets.map_err(folder(self.layout.offsets()))?;
        self.tiles.write(&chunk.full).map_err(folder(self.layout.tile_folder()))?;
        files.extend(chunk.full.iter().map(|(tile, _)| self.layout.tile(tile)));
        Ok(())
    }

    fn no_ids(&self, why: String) -> OpenError {
        let (folder, path) = (self.layout.state_dir().to_owned(), self.layout.ids());
        OpenError::Ids { folder, path, why }
    }

    fn changed(&self, offset: u64) -> OpenError {
        let folder = self.layout.state_dir().to_owned();
        let index = self.edge.size();
        OpenError::Damaged { folder, index, offset, why: "it changed while it was read" }
    }
}
