//! The epochs whose secrets others may have: nothing that they signed counts any more, and they sign
//! nothing more but the announcement of the epoch that follows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use r4_receipt::KeyHash;

use crate::seed::{folder_of, replace_as};

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
        "{} is damaged: its first line must be {MAGIC}, and each line after it the key hash of a \
         revoked epoch. Write it so: nothing is signed until then",
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
    let path = state_dir.join(REVOKED_FILE);
    let fail = |cause| RevokedError::File { path: path.clone(), cause };
    let folder = folder_of(&path).map_err(fail)?;
    // Whoever else adds one waits.
    folder.lock().map_err(fail)?;
    let mut listed = read(state_dir)?;
    if listed.contains(&key_hash) {
        return Ok(());
    }
    listed.push(key_hash);
    let lines = listed.iter().map(|listed| format!("{listed}\n"));
    let text: String = [format!("{MAGIC}\n")].into_iter().chain(lines).collect();
    let owner = folder.metadata().map_err(fail)?;
    replace_as(&path, &folder, text.as_bytes(), Some(&owner)).map_err(fail)
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

    #[test]
    fn many_at_once_are_all_listed_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (state, other) = (folder.path().join("state"), folder.path().join("other"));
        fs::create_dir(&state).unwrap();
        fs::write(&other, "another's").unwrap();
        std::os::unix::fs::symlink(&other, state.join("revoked.new")).unwrap();
        std::thread::scope(|scope| {
            for number in 0..16 {
                let state = &state;
                scope.spawn(move || add(state, KeyHash::new([number; 32])).unwrap());
            }
        });
        assert_eq!(read(&state).unwrap().len(), 16);
        assert_eq!(fs::read_to_string(&other).unwrap(), "another's");
    }
}
