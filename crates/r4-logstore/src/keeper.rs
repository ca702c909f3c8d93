//! The keeper: once a second, or after many entries, syncs what the writer left unsynced, writes the
//! files of ids that have become complete, and marks how far that goes.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::edge::Edge;
use crate::layout::Layout;
use crate::mark::Mark;
use crate::replace::folder_of;
use crate::shared::Shared;

/// Entries after which a mark is due at once.
pub(crate) const MARK_EVERY: u64 = 4096;
/// Time between two marks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Why a round was not finished.
enum Failure {
    /// Nobody knows what is on disk.
    Sync(String),
    /// It can be tried again.
    Later(String),
}

/// Keeps until the store is closed, and once more then.
pub(crate) fn run(shared: &Arc<Shared>) {
    loop {
        let closing = wait(shared);
        match round(shared) {
            Ok(()) => shared.chores().trouble = None,
            Err(Failure::Later(why)) => {
                shared.chores().trouble = Some(why);
                // What failed is tried again a while later, however much there is to do.
                if !closing {
                    std::thread::sleep(INTERVAL);
                }
            }
            Err(Failure::Sync(why)) => {
                shared.chores().trouble = Some(why.clone());
                shared.stop(&why);
                return;
            }
        }
        if closing {
            return;
        }
    }
}

/// Waits until there is something to do; returns whether the store is closing.
fn wait(shared: &Shared) -> bool {
    let chores = shared.chores();
    let idle = |chores: &mut crate::shared::Chores| {
        !chores.closing && shared.edge().size().saturating_sub(chores.marked) < MARK_EVERY
    };
    let chores = shared.due.wait_timeout_while(chores, INTERVAL, idle);
    chores.unwrap_or_else(PoisonError::into_inner).0.closing
}

fn round(shared: &Shared) -> Result<(), Failure> {
    // The tree first: its tiles were all noted before it was there to see.
    let edge = shared.edge();
    let files = {
        let mut chores = shared.chores();
        if chores.marked == edge.size() {
            return Ok(());
        }
        std::mem::take(&mut chores.files)
    };
    let opened = match open_files(&shared.layout.log_folder(), &files) {
        Ok(opened) => opened,
        Err(cause) => {
            shared.chores().files.extend(files);
            return Err(Failure::Later(format!("tiles could not be opened to be synced: {cause}")));
        }
    };
    let mut synced = opened.iter().chain([&*shared.offsets]).map(File::sync_data);
    synced.try_for_each(|synced| synced).map_err(|cause| {
        let advice = "restart the service, which writes again what is not certain";
        Failure::Sync(format!("tiles or offsets could not be synced ({cause}): {advice}"))
    })?;
    shared.host.reached("keeper-synced");
    shared.ids.commit(edge.size()).map_err(|cause| {
        Failure::Later(format!("cannot write to {}: {cause}", shared.layout.ids().display()))
    })?;
    mark(&shared.layout, &edge, shared.host.now()).map_err(Failure::Later)?;
    shared.chores().marked = edge.size();
    shared.host.reached("mark-renamed");
    Ok(())
}

/// Replaces the mark, after everything else was synced.
pub(crate) fn mark(layout: &Layout, edge: &Edge, now: u64) -> Result<(), String> {
    let mark = Mark::of(edge, now);
    mark.write(&layout.mark()).map_err(|cause| format!("cannot write the mark: {cause}"))
}

/// Syncs files, and the folders above them up to `log`.
pub(crate) fn sync_files(log: &Path, files: &BTreeSet<PathBuf>) -> io::Result<()> {
    open_files(log, files)?.iter().try_for_each(File::sync_data)
}

/// Opens files, and behind them the folders above them up to `log`.
fn open_files(log: &Path, files: &BTreeSet<PathBuf>) -> io::Result<Vec<File>> {
    let above = |path: &PathBuf| {
        let above = folder_of(path).ancestors().take_while(|folder| *folder != log);
        above.map(Path::to_owned).collect::<Vec<_>>()
    };
    let mut folders: BTreeSet<PathBuf> = files.iter().flat_map(above).collect();
    folders.insert(log.to_owned());
    files.iter().chain(&folders).map(File::open).collect()
}
