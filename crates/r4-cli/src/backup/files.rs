//! Which files of a state folder belong to a backup.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use r4_keystore::restored::RESTORED_FILE;
use r4_keystore::state::INDEX_FILE;
use r4_logstore::{CopyPoint, is_derived};

use super::archive::{Writer, in_state};
use super::{LAST_FILE, LOCK_FILE};
use crate::exit::Error;

/// Adds the files of the state folder. The log's were looked at before; whatever else is there (seeds,
/// and what they are for) is read after them, so that none is missing that the log tells of.
pub(super) fn add_state(writer: &mut Writer, state: &Path, point: &CopyPoint) -> Result<(), Error> {
    let text = point.published.text.as_bytes();
    writer.add(&in_state(Path::new("log/checkpoint")), text.len() as u64, text)?;
    let journal = point.open_journal().map_err(|e| Error::unusable("journal/journal", e))?;
    writer.add(&in_state(Path::new("journal/journal")), point.journal_bytes, journal)?;
    let line = format!("{}\n", point.origin);
    writer.add(&in_state(Path::new("journal/origin")), line.len() as u64, line.as_bytes())?;
    let mut rest = Vec::new();
    walk(state, Path::new(""), &mut rest).map_err(|e| Error::unusable(state.display(), e))?;
    for path in rest {
        let from = state.join(&path);
        let fail = |e: io::Error| Error::unusable(from.display(), e);
        let file = File::open(&from).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        writer.add(&in_state(&path), size, file)?;
    }
    Ok(())
}

/// Lists the files that are neither made again nor belong to a running process nor were added already.
fn walk(state: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(state.join(folder))?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let own = [INDEX_FILE, "index.lock", LOCK_FILE, LAST_FILE, RESTORED_FILE, "lost+found"];
        let skipped = own.iter().any(|name| path == Path::new(name)) || is_derived(&path);
        let of_the_log = path.starts_with("journal") || path.starts_with("log");
        let kind = entry.file_type()?;
        if skipped || of_the_log {
            continue;
        }
        if kind.is_dir() {
            walk(state, &path, files)?;
        } else if kind.is_file() {
            files.push(path);
        } else {
            let reason = format!("{} is neither a file nor a folder", path.display());
            return Err(io::Error::other(reason));
        }
    }
    Ok(())
}
