//! A restored log that is completed with the entries that a mirror has.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use r4_tlog::Hash;
use r4_tlog::hash::leaf_hash;
use r4_tlog::tree::Frontier;

use crate::copy::Scan;
use crate::error::{OpenError, folder};
use crate::layout::Layout;
use crate::record::push;
use crate::replace::{Sync, replace};
use crate::start::unusable;

/// A restored log that is completed with entries that others have. The caller holds the lock of the
/// state folder.
#[derive(Debug)]
pub struct Completion {
    layout: Layout,
    journal: BufWriter<File>,
    restored_bytes: u64,
    frontier: Frontier,
}

impl Completion {
    /// Takes the journal of a state folder back to the octets that were restored, and reads them.
    ///
    /// # Errors
    /// It cannot be read or written, or is damaged.
    pub fn begin(state_dir: &Path, restored_bytes: u64) -> Result<Self, OpenError> {
        let layout = Layout::of(state_dir);
        let path = layout.journal();
        let mut options = OpenOptions::new();
        let mut journal = options.read(true).write(true).open(&path).map_err(folder(&path))?;
        journal.set_len(restored_bytes).map_err(folder(&path))?;
        let mut frontier = Frontier::new();
        let scan = Scan::of(&journal, 0, |entry| frontier.push(leaf_hash(entry)));
        let scan = scan.map_err(folder(&path))?;
        if let Some(why) = scan.flaw.or((scan.bytes != restored_bytes).then_some("is too short")) {
            return Err(unusable(&layout, path, why));
        }
        journal.seek(SeekFrom::End(0)).map_err(folder(&path))?;
        Ok(Self { layout, journal: BufWriter::new(journal), restored_bytes, frontier })
    }

    /// Returns the number of entries so far.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Returns the root of their tree.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Adds an entry. What was kept beside it is lost.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn push(&mut self, entry: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::new();
        push(&mut bytes, self.size(), entry, &[]);
        self.journal.write_all(&bytes)?;
        self.frontier.push(leaf_hash(entry));
        Ok(())
    }

    /// Keeps the entries and the checkpoint that covers them all, as a signed note.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn finish(mut self, checkpoint: &str) -> Result<(), OpenError> {
        let path = self.layout.journal();
        let synced = self.journal.flush().and_then(|()| self.journal.get_ref().sync_all());
        synced.map_err(folder(&path))?;
        let path = self.layout.checkpoint();
        replace(&path, checkpoint.as_bytes(), Sync::BytesAndName).map_err(folder(path))
    }

    /// Takes back what was added.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn undo(self) -> Result<(), OpenError> {
        let path = self.layout.journal();
        let (journal, _unwritten) = self.journal.into_parts();
        let cut = journal.set_len(self.restored_bytes).and_then(|()| journal.sync_all());
        cut.map_err(folder(path))
    }
}
