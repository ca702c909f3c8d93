//! Files in `log/` that the published tree has no use for: what a crash left behind.

use std::fs;
use std::path::{Path, PathBuf};

use r4_tlog::tile::Tile;

use super::Report;
use crate::edge::partial_tiles;
use crate::layout::Layout;
use crate::replace::TEMPORARY;

/// Remarks on stray files.
pub(super) fn remark(layout: &Layout, report: &mut Report) {
    let Some(published) = report.published else { return };
    for path in find(layout, published) {
        report.remarks.push(format!("{} is left over and harms nobody", path.display()));
    }
}

/// Removes stray files; returns what was removed.
pub(super) fn remove(layout: &Layout, published: Option<u64>) -> Vec<String> {
    let found = published.map(|size| find(layout, size)).unwrap_or_default();
    let removed = found.into_iter().filter(|path| {
        let removed = fs::remove_file(path).is_ok();
        // Fails as long as something else is in it.
        drop(path.parent().map(fs::remove_dir));
        removed
    });
    removed.map(|path| format!("{} was left over and is removed", path.display())).collect()
}

/// Lists temporary files and partial tiles of other sizes than the published one.
fn find(layout: &Layout, published: u64) -> Vec<PathBuf> {
    let mut files = Vec::new();
    list(&layout.log_folder(), &mut files);
    let kept = partial_tiles(published);
    let log = layout.log_folder();
    files.retain(|path| {
        let name = path.strip_prefix(&log).ok().and_then(Path::to_str).unwrap_or_default();
        match Tile::parse(name) {
            Some(tile) => !tile.is_full() && !kept.contains(&tile),
            None => name.ends_with(TEMPORARY),
        }
    });
    files
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { list(&path, files) } else { files.push(path) }
    }
}
