//! Files that are replaced as a whole: a temporary file beside them, renamed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// What the name of a temporary file ends with.
pub(crate) const TEMPORARY: &str = ".new";

/// Whether a file must outlive a loss of power once it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sync {
    /// Its bytes are synced before it is renamed.
    Bytes,
    /// Its bytes, and its name.
    BytesAndName,
    /// The keeper syncs it later.
    Later,
}

/// Replaces `path`, whose folders are made when they are missing.
pub(crate) fn replace(path: &Path, bytes: &[u8], sync: Sync) -> io::Result<()> {
    let temporary = temporary(path);
    let mut file = match File::create(&temporary) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder_of(path))?;
            File::create(&temporary)?
        }
        made => made?,
    };
    if let Err(cause) = file.write_all(bytes) {
        // Room for the next attempt; the cause is the same whether this works or not.
        drop(fs::remove_file(&temporary));
        return Err(cause);
    }
    if sync != Sync::Later {
        file.sync_data()?;
    }
    fs::rename(&temporary, path)?;
    if sync == Sync::BytesAndName { sync_folder(folder_of(path)) } else { Ok(()) }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns the bytes of a file, or none if there is no such file.
pub(crate) fn read_if_present(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    name.into()
}
