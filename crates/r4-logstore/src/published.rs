//! The published checkpoint, and the partial tiles of its size.

use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use r4_tlog::tile::Tile;
use r4_tlog::{Checkpoint, SignedCheckpoint};

use crate::edge::partial_tiles;
use crate::error::{PublishError, ReadError};
use crate::layout::Layout;
use crate::nodes::View;
use crate::replace::{Sync, folder_of, read_if_present, replace};
use crate::shared::Shared;

/// What `log/checkpoint` holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// What is signed.
    pub checkpoint: Checkpoint,
    /// The signed note, byte for byte.
    pub text: Arc<str>,
}

/// The checkpoint's place.
#[derive(Debug)]
pub(crate) struct Board {
    /// Guards what was written last; held while a new one is compared and written.
    published: Mutex<Arc<Published>>,
    /// Guards what readers see.
    seen: Mutex<Arc<Published>>,
}

impl Board {
    pub(crate) fn new(published: Published) -> Self {
        let published = Arc::new(published);
        Self { published: Mutex::new(published.clone()), seen: Mutex::new(published) }
    }

    pub(crate) fn seen(&self) -> Arc<Published> {
        lock(&self.seen).clone()
    }
}

/// Replaces the published checkpoint.
pub(crate) fn publish(shared: &Shared, signed: SignedCheckpoint) -> Result<(), PublishError> {
    let text = signed.to_string();
    let checkpoint = signed.checkpoint;
    let edge = shared.edge();
    let view = shared.view(&edge);
    let mut published = lock(&shared.board.published);
    check(&checkpoint, &published.checkpoint, &shared.origin, &view)?;
    let path = shared.layout.checkpoint();
    let before = read_if_present(&path);
    let before = before.map_err(|cause| PublishError::Write { path: path.clone(), cause })?;
    if before.as_deref() != Some(published.text.as_bytes()) {
        return Err(PublishError::Changed { path });
    }
    write_partial(&shared.layout, &view, checkpoint.size)?;
    shared.host.reached("partial-tiles-written");
    let new = Arc::new(Published { checkpoint, text: text.into() });
    let written = replace(&path, new.text.as_bytes(), Sync::Bytes);
    written.map_err(|cause| PublishError::Write { path, cause })?;
    let old = std::mem::replace(&mut *published, new.clone());
    *lock(&shared.board.seen) = new.clone();
    shared.host.reached("checkpoint-renamed");
    remove_partial(&shared.layout, old.checkpoint.size, new.checkpoint.size);
    Ok(())
}

fn check(
    new: &Checkpoint,
    old: &Checkpoint,
    origin: &str,
    view: &View<'_>,
) -> Result<(), PublishError> {
    let refuse = |why: String| Err(PublishError::Refused { why });
    let durable = view.size;
    if new.origin != origin {
        return refuse(format!("its origin is {}, not {origin}", new.origin));
    }
    if new.size < old.size {
        return refuse(format!("its size {} is below {}, the published one", new.size, old.size));
    }
    if new.size > durable {
        return refuse(format!("its size {} is beyond the {durable} durable entries", new.size));
    }
    if view.root(new.size)? != new.root {
        return refuse("its root is not that of the tree".to_owned());
    }
    Ok(())
}

/// Writes the partial tiles and the partial bundle of a size, where they are not there already.
pub(crate) fn write_partial(
    layout: &Layout,
    view: &View<'_>,
    size: u64,
) -> Result<(), PublishError> {
    for tile in partial_tiles(size) {
        let path = layout.tile(&tile);
        let damaged = || ReadError::Damaged { path: path.clone() };
        let bytes = view.tile(&tile)?.ok_or_else(damaged)?;
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            continue;
        }
        replace(&path, &bytes, Sync::Later).map_err(|cause| PublishError::Write { path, cause })?;
    }
    Ok(())
}

/// Removes the partial tiles of an old size that a new one has no use for. What is left by a failure
/// harms nobody.
fn remove_partial(layout: &Layout, old: u64, new: u64) {
    let kept: Vec<Tile> = partial_tiles(new);
    for tile in partial_tiles(old).iter().filter(|tile| !kept.contains(tile)) {
        let path = layout.tile(tile);
        drop(fs::remove_file(&path));
        // Fails as long as there are other widths in it.
        drop(fs::remove_dir(folder_of(&path)));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
