//! What the caller's threads, the writer and the keeper share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use crate::edge::Edge;
use crate::error::AppendError;
use crate::host::Host;
use crate::ids::Ids;
use crate::layout::Layout;
use crate::locked::LockedFile;
use crate::nodes::View;
use crate::published::Board;
use crate::queue::{Done, Queue};
use crate::tiles::Tiles;

/// The open log.
pub(crate) struct Shared {
    pub(crate) layout: Layout,
    pub(crate) origin: String,
    pub(crate) host: Arc<dyn Host>,
    pub(crate) tiles: Tiles,
    pub(crate) offsets: LockedFile,
    pub(crate) ids: Ids,
    pub(crate) board: Board,
    /// Guards the newest durable tree.
    pub(crate) edge: RwLock<Arc<Edge>>,
    /// Guards what waits to be written.
    pub(crate) queue: Mutex<Queue>,
    /// Something came into the queue, or the store is closing.
    pub(crate) came: Condvar,
    /// An attempt to write ended.
    pub(crate) ended: Condvar,
    /// Guards what the keeper has to do.
    pub(crate) chores: Mutex<Chores>,
    /// There is much to do for the keeper, or the store is closing.
    pub(crate) due: Condvar,
}

/// What is not synced yet.
#[derive(Debug, Default)]
pub(crate) struct Chores {
    /// Tiles and bundles.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Entries of the last mark.
    pub(crate) marked: u64,
    /// Why the last round failed.
    pub(crate) trouble: Option<String>,
    pub(crate) closing: bool,
}

impl Shared {
    pub(crate) fn edge(&self) -> Arc<Edge> {
        self.edge.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn chores(&self) -> MutexGuard<'_, Chores> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn view<'a>(&'a self, edge: &'a Edge) -> View<'a> {
        View { size: edge.size(), edge, tiles: &self.tiles }
    }

    /// Stops for good, and tells everybody who waits.
    pub(crate) fn stop(&self, why: &str) {
        let told = self.queue().stop(why);
        self.ended.notify_all();
        tell(told, &AppendError::Stopped { why: why.to_owned() });
    }
}

/// Tells several that their records are not in the log.
pub(crate) fn tell(told: Vec<Done>, error: &AppendError) {
    for done in told {
        done(Err(error.clone()));
    }
}
