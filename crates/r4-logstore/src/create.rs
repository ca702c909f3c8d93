//! The first record of a log. Its creation is complete once the first checkpoint is in its place;
//! one that was cut short before that left nothing anybody has seen, and is begun again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;

use r4_tlog::{Checkpoint, SignedCheckpoint};

use crate::edge::{Edge, partial_tiles};
use crate::error::{AppendError, OpenError, folder};
use crate::host::Host;
use crate::keeper::sync_files;
use crate::layout::Layout;
use crate::record::{Record, push};
use crate::replace::{Sync, replace, sync_folder};
use crate::start::{exists, unusable};

/// Makes the log `origin` of one record.
pub(crate) fn create(
    layout: &Layout,
    origin: &str,
    first: &Record,
    host: &dyn Host,
) -> Result<(), OpenError> {
    if exists(layout) {
        return Err(OpenError::Exists { folder: layout.state_dir().to_owned() });
    }
    let edge = check(layout, origin, first)?;
    make_folders(layout)?;
    host.reached("folders-made");
    let path = layout.origin();
    let line = format!("{origin}\n");
    replace(&path, line.as_bytes(), Sync::BytesAndName).map_err(folder(path))?;
    host.reached("origin-written");
    write_record(layout, first)?;
    host.reached("first-record-synced");
    let signed = host.sign(&edge.checkpoint(origin))?;
    if signed.checkpoint != edge.checkpoint(origin) {
        return Err(unusable(layout, layout.checkpoint(), "was signed for another tree"));
    }
    host.reached("first-checkpoint-signed");
    write_tiles(layout, &edge)?;
    host.reached("first-tiles-written");
    publish(layout, &signed)?;
    host.reached("first-checkpoint-renamed");
    Ok(())
}

/// Returns the tree of the first record alone.
fn check(layout: &Layout, origin: &str, first: &Record) -> Result<Edge, OpenError> {
    first.check().map_err(OpenError::First)?;
    if first.index != 0 {
        return Err(OpenError::First(AppendError::Repeated { index: first.index }));
    }
    let mut edge = Edge::default();
    // Its length was checked above.
    edge.push(&first.entry, &mut Vec::new()).map_err(|_| OpenError::First(AppendError::TooLong))?;
    let checkpoint = edge.checkpoint(origin);
    match Checkpoint::parse(&checkpoint.to_string()) {
        Ok(parsed) if parsed == checkpoint => Ok(edge),
        _ => Err(unusable(layout, layout.origin(), format!("cannot be {origin:?}"))),
    }
}

fn make_folders(layout: &Layout) -> Result<(), OpenError> {
    for path in [layout.journal_folder(), layout.log_folder()] {
        fs::create_dir_all(&path).map_err(folder(path))?;
    }
    sync_folder(layout.state_dir()).map_err(folder(layout.state_dir()))
}

fn write_record(layout: &Layout, first: &Record) -> Result<(), OpenError> {
    let mut bytes = Vec::new();
    push(&mut bytes, first.index, &first.entry, &first.body);
    let write = || {
        let mut file = File::create(layout.journal())?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        sync_folder(&layout.journal_folder())
    };
    write().map_err(folder(layout.journal()))
}

fn write_tiles(layout: &Layout, edge: &Edge) -> Result<(), OpenError> {
    let mut files = BTreeSet::new();
    for tile in partial_tiles(edge.size()) {
        let bytes = match tile.kind {
            r4_tlog::tile::Kind::Entries => &edge.bundle,
            r4_tlog::tile::Kind::Hashes(level) => edge.partial(level),
        };
        let path = layout.tile(&tile);
        replace(&path, bytes, Sync::Later).map_err(folder(&path))?;
        files.insert(path);
    }
    sync_files(&layout.log_folder(), &files).map_err(folder(layout.tile_folder()))
}

fn publish(layout: &Layout, signed: &SignedCheckpoint) -> Result<(), OpenError> {
    let path = layout.checkpoint();
    let text = signed.to_string();
    replace(&path, text.as_bytes(), Sync::BytesAndName).map_err(folder(path))
}
