//! The journal again, from the edge on: offsets, tiles, bundles and ids that were not synced.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;

use crate::edge::{Edge, Full};
use crate::error::{OpenError, folder};
use crate::ids::{Hint, Ids};
use crate::journal::{Reader, write_offsets};
use crate::layout::Layout;
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
            if let Some(hint) = Hint::of_entry(&stored.entry, stored.index) {
                self.ids.note(hint);
            }
            if chunk.places.len() >= CHUNK {
                self.write(&chunk, &mut files)?;
                chunk = Chunk { first: reader.index, ..Chunk::default() };
            }
        }
        self.edge.journal_end = reader.offset;
        self.write(&chunk, &mut files)?;
        Ok(files)
    }

    fn write(&self, chunk: &Chunk, files: &mut BTreeSet<PathBuf>) -> Result<(), OpenError> {
        let offsets = write_offsets(self.offsets, chunk.first, &chunk.places);
        offsets.map_err(folder(self.layout.offsets()))?;
        self.tiles.write(&chunk.full).map_err(folder(self.layout.tile_folder()))?;
        files.extend(chunk.full.iter().map(|(tile, _)| self.layout.tile(tile)));
        self.ids.commit(self.edge.size()).map_err(folder(self.layout.ids()))
    }

    fn changed(&self, offset: u64) -> OpenError {
        let folder = self.layout.state_dir().to_owned();
        let index = self.edge.size();
        OpenError::Damaged { folder, index, offset, why: "it changed while it was read" }
    }
}
