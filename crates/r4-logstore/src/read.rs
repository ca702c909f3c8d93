//! What can be read of the durable log.

use r4_tlog::Hash;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tile::Tile;
use r4_tlog::tree::{consistency_proof, verify_consistency};

use crate::edge::Edge;
use crate::error::ReadError;
use crate::journal::{Reader, offset_of};
use crate::nodes::checked_proof;
use crate::record::{Stored, id_of};
use crate::store::LogStore;

impl LogStore {
    /// Returns a tile or bundle of any width within the durable tree, or none beyond it.
    ///
    /// # Errors
    /// A file cannot be read or is damaged.
    pub fn tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, ReadError> {
        self.shared.view(&self.shared.edge()).tile(tile)
    }

    /// Returns the root of the first `size` entries.
    ///
    /// # Errors
    /// The size is beyond the durable tree, or a file cannot be read or is damaged.
    pub fn root(&self, size: u64) -> Result<Hash, ReadError> {
        let edge = self.shared.edge();
        within(&edge, size)?;
        self.shared.view(&edge).root(size)
    }

    /// Returns the proof that entry `index` is in the tree of the first `size`, checked.
    ///
    /// # Errors
    /// The index is not below the size, the size is beyond the durable tree, or a file cannot be
    /// read or is damaged.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        let edge = self.shared.edge();
        within(&edge, size)?;
        if index >= size {
            return Err(ReadError::Beyond { size, asked: index });
        }
        let view = self.shared.view(&edge);
        let leaf = leaf_hash(&self.stored(index)?.entry);
        let proof = checked_proof(&view, &leaf, index, size, &view.root(size)?)?;
        proof.ok_or_else(|| self.damaged_tiles())
    }

    /// Returns the proof that the tree of `size` entries begins with that of `old`, checked.
    ///
    /// # Errors
    /// `old` is above `size`, `size` is beyond the durable tree, or a file cannot be read or is
    /// damaged.
    pub fn consistency(&self, old: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        let edge = self.shared.edge();
        within(&edge, size)?;
        if old > size {
            return Err(ReadError::Beyond { size, asked: old });
        }
        let view = self.shared.view(&edge);
        let proof = consistency_proof(&view, old, size)?;
        let (old_root, root) = (view.root(old)?, view.root(size)?);
        match verify_consistency(old, &old_root, size, &root, &proof) {
            Ok(()) => Ok(proof),
            Err(_) => Err(self.damaged_tiles()),
        }
    }

    /// Returns at most `limit` entries from index `from` on, as many as are durable.
    ///
    /// # Errors
    /// The journal cannot be read or is damaged.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, ReadError> {
        let size = self.size();
        let mut entries = Vec::new();
        if from >= size || limit == 0 {
            return Ok(entries);
        }
        let mut reader = self.reader(from)?;
        while entries.len() < limit && reader.index < size {
            entries.push(self.next(&mut reader)?.entry);
        }
        Ok(entries)
    }

    /// Returns the body of the record of an index; none beyond the durable log.
    ///
    /// # Errors
    /// The journal cannot be read or is damaged.
    pub fn body(&self, index: u64) -> Result<Option<Vec<u8>>, ReadError> {
        if index >= self.size() {
            return Ok(None);
        }
        self.stored(index).map(|stored| Some(stored.body))
    }

    /// Finds the index of the entry with an id.
    ///
    /// # Errors
    /// A file of ids or the journal cannot be read or is damaged.
    pub fn find(&self, id: &[u8; 32]) -> Result<Option<u64>, ReadError> {
        self.shared.ids.find(id, |index| Ok(id_of(&self.stored(index)?.entry)))
    }

    fn stored(&self, index: u64) -> Result<Stored, ReadError> {
        self.next(&mut self.reader(index)?)
    }

    /// Begins to read at the record of a durable index.
    fn reader(&self, index: u64) -> Result<Reader, ReadError> {
        let layout = &self.shared.layout;
        let offset = offset_of(&self.shared.offsets, index)
            .map_err(|cause| ReadError::File { path: layout.offsets(), cause })?;
        Reader::at(&layout.journal(), offset, index)
            .map_err(|cause| ReadError::File { path: layout.journal(), cause })
    }

    fn next(&self, reader: &mut Reader) -> Result<Stored, ReadError> {
        let path = self.shared.layout.journal();
        match reader.record_here() {
            Ok(Ok(stored)) => Ok(stored),
            Ok(Err(_)) => Err(ReadError::Damaged { path }),
            Err(cause) => Err(ReadError::File { path, cause }),
        }
    }

    fn damaged_tiles(&self) -> ReadError {
        ReadError::Damaged { path: self.shared.layout.tile_folder() }
    }
}

fn within(edge: &Edge, size: u64) -> Result<(), ReadError> {
    if size <= edge.size() {
        Ok(())
    } else {
        Err(ReadError::Beyond { size: edge.size(), asked: size })
    }
}
