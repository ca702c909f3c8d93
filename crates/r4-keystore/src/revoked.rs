//! The epochs whose secrets others may have: nothing that they signed counts any more, and they sign
//! nothing more but the announcement of the epoch that follows.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};

use r4_receipt::KeyHash;

use crate::seed::{folder_of, replace};

/// File of the key hashes.
pub const REVOKED_FILE: &str = "revoked";
/// First line of the file.
const MAGIC: &str = "r4-revoked/v1";

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RevokedError {
    /// It cannot be read or written.
    #[error("cannot use {}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It does not say what it must.
    #[error(
        "{} is damaged: it has the line {MAGIC}, and a key hash on each line after it. Nothing is \
         signed until it is right",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
}

/// Lists the key hashes of the revoked epochs of a state folder.
///
/// # Errors
/// [`RevokedError`].
pub fn read(state_dir: &Path) -> Result<Vec<KeyHash>, RevokedError> {
    let path = state_dir.join(REVOKED_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => parse(&text).ok_or(RevokedError::Damaged { path }),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(RevokedError::File { path, cause }),
    }
}

/// Adds a key hash to the list of a state folder, durably, as a file of the folder's owner. There is
/// no way to take it back.
///
/// # Errors
/// [`RevokedError`].
pub fn add(state_dir: &Path, key_hash: KeyHash) -> Result<(), RevokedError> {
    let mut listed = read(state_dir)?;
    if listed.contains(&key_hash) {
        return Ok(());
    }
    listed.push(key_hash);
    let lines = listed.iter().map(|listed| format!("{listed}\n"));
    let text: String = [format!("{MAGIC}\n")].into_iter().chain(lines).collect();
    let path = state_dir.join(REVOKED_FILE);
    let written = folder_of(&path).and_then(|folder| {
        replace(&path, &folder, text.as_bytes())?;
        let owner = folder.metadata()?;
        chown(&path, Some(owner.uid()), Some(owner.gid()))
    });
    written.map_err(|cause| RevokedError::File { path, cause })
}

fn parse(text: &str) -> Option<Vec<KeyHash>> {
    let lines = text.strip_prefix(MAGIC)?.strip_prefix('\n')?;
    lines.lines().map(|line| KeyHash::parse(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_listed_once_and_nothing_else_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (KeyHash::new([1; 32]), KeyHash::new([2; 32]));
        assert_eq!(read(folder.path()).unwrap(), []);
        for key_hash in [one, two, one] {
            add(folder.path(), key_hash).unwrap();
        }
        assert_eq!(read(folder.path()).unwrap(), [one, two]);
        for bad in ["", "r4-revoked/v1", "r4-revoked/v1\nall\n", "r4-revoked/v2\n"] {
            fs::write(folder.path().join(REVOKED_FILE), bad).unwrap();
            let error = read(folder.path()).expect_err(bad);
            assert!(matches!(error, RevokedError::Damaged { .. }), "{error}");
            assert!(add(folder.path(), one).is_err(), "a damaged list is not replaced");
        }
        assert!(add(&folder.path().join("none"), one).is_err());
    }
}
