//! Which index an id has: sorted files of the ids of 65,536 entries each, and the newest ids in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::ReadError;
use crate::layout::Layout;
use crate::replace::{Sync, replace};

mod segment;

pub(crate) use segment::{Hint, SEGMENT, encode, has_a_length};

/// The index of ids.
#[derive(Debug)]
pub(crate) struct Ids {
    layout: Layout,
    /// Guards which ids are in files, and those that are not.
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// Files that are there: all that are complete, up to here.
    segments: u64,
    /// The ids of later entries, by their segment.
    waiting: BTreeMap<u64, BTreeSet<Hint>>,
}

impl Ids {
    /// Begins after the first `segments`, whose files are there.
    pub(crate) fn after(layout: &Layout, segments: u64) -> Self {
        let state = State { segments, waiting: BTreeMap::new() };
        Self { layout: layout.clone(), state: RwLock::new(state) }
    }

    /// Notes an id, in memory.
    pub(crate) fn note(&self, hint: Hint) {
        self.change().waiting.entry(hint.segment()).or_default().insert(hint);
    }

    /// Writes the files of the segments that are complete within `size` entries, durably; the ids of
    /// all of these were noted. One that failed can be tried again.
    pub(crate) fn commit(&self, size: u64) -> io::Result<()> {
        let first = self.state().segments;
        for number in first..size / SEGMENT {
            let bytes = encode(self.state().waiting.get(&number).into_iter().flatten());
            replace(&self.layout.segment(number), &bytes, Sync::BytesAndName)?;
            let mut state = self.change();
            state.segments = number.saturating_add(1);
            state.waiting.remove(&number);
        }
        Ok(())
    }

    /// Finds the newest index of an id; `id_at` reads the id in the entry of an index.
    pub(crate) fn find(
        &self,
        id: &[u8; 32],
        id_at: impl Fn(u64) -> Result<Option<[u8; 32]>, ReadError>,
    ) -> Result<Option<u64>, ReadError> {
        // Memory first: what leaves it meanwhile is in a file by then.
        let waiting = self.waiting(Hint::of(id, 0));
        let segments = self.state().segments;
        if let Some(index) = confirm(&self.layout.journal(), waiting, id, &id_at)? {
            return Ok(Some(index));
        }
        for number in (0..segments).rev() {
            let path = self.layout.segment(number);
            let found = segment::search(&path, Hint::of(id, 0));
            let found = found.map_err(|cause| unread(&path, cause))?;
            if found.iter().any(|index| index / SEGMENT != number) {
                return Err(ReadError::Damaged { path });
            }
            if let Some(index) = confirm(&path, found, id, &id_at)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Returns the indexes in memory that a hint's prefix has, the newest first.
    fn waiting(&self, least: Hint) -> Vec<u64> {
        let state = self.state();
        let segments = state.waiting.values().rev();
        let found = segments.flat_map(|hints| hints.range(least..=least.last()).rev());
        found.map(|hint| hint.index).collect()
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the first of the indexes whose entry has the id; all of their ids begin like it, or what
/// named them is damaged.
fn confirm(
    named_by: &Path,
    indexes: Vec<u64>,
    id: &[u8; 32],
    id_at: impl Fn(u64) -> Result<Option<[u8; 32]>, ReadError>,
) -> Result<Option<u64>, ReadError> {
    for index in indexes {
        match id_at(index)? {
            Some(found) if found == *id => return Ok(Some(index)),
            Some(found) if Hint::of(&found, 0) == Hint::of(id, 0) => {}
            _ => return Err(ReadError::Damaged { path: named_by.to_owned() }),
        }
    }
    Ok(None)
}

fn unread(path: &Path, cause: io::Error) -> ReadError {
    let path = path.to_owned();
    match cause.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => ReadError::Damaged { path },
        _ => ReadError::File { path, cause },
    }
}
