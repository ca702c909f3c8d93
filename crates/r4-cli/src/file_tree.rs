//! A file, or a folder of plain files: copied, and told from others.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// Copies a file or a folder. Of a folder nothing may be there; of links only `from` itself is followed. Files keep
/// who may read them; everybody may look into the folders, whatever umask says.
///
/// # Errors
/// Something in it is neither file nor folder, or cannot be read or written.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let found = fs::metadata(from)?;
    if !found.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir(to)?;
    for (name, path) in entries(from)? {
        copy(&path, &to.join(name))?;
    }
    fs::set_permissions(to, Permissions::from_mode(0o755))
}

/// Returns what two have in common whose files have the same names, bytes and permissions: a SHA-256 in hexadecimal.
///
/// # Errors
/// As [`copy`].
pub(crate) fn digest(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    add(&mut hash, path)?;
    Ok(hex::encode(hash.finalize()))
}

/// Each with a mark of its kind and its length first, so that two trees never make the same octets.
fn add(hash: &mut Sha256, path: &Path) -> io::Result<()> {
    let found = fs::metadata(path)?;
    hash.update([u8::from(found.is_dir())]);
    if !found.is_dir() {
        let bytes = fs::read(path)?;
        hash.update(found.permissions().mode().to_be_bytes());
        hash.update(bytes.len().to_be_bytes());
        hash.update(bytes);
        return Ok(());
    }
    let entries = entries(path)?;
    hash.update(entries.len().to_be_bytes());
    for (name, path) in entries {
        hash.update(name.len().to_be_bytes());
        hash.update(name.as_encoded_bytes());
        add(hash, &path)?;
    }
    Ok(())
}

/// Lists a folder in the order of the names.
fn entries(folder: &Path) -> io::Result<Vec<(OsString, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if !kind.is_dir() && !kind.is_file() {
            let what = format!("{} is no plain file", entry.path().display());
            return Err(io::Error::other(what));
        }
        found.push((entry.file_name(), entry.path()));
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_copy_is_the_same_and_any_change_makes_another() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/one"), "1").unwrap();
        fs::write(from.join("two"), "22").unwrap();
        fs::set_permissions(from.join("a"), Permissions::from_mode(0o700)).unwrap();
        copy(&from, &to).unwrap();
        let whole = digest(&from).unwrap();
        assert_eq!(digest(&to).unwrap(), whole);
        assert_eq!(fs::read(to.join("a/b/one")).unwrap(), b"1");
        assert_eq!(fs::metadata(to.join("a")).unwrap().permissions().mode() & 0o777, 0o755);
        assert!(copy(&from, &to).is_err(), "over what is there");

        fs::write(to.join("two"), "23").unwrap();
        assert_ne!(digest(&to).unwrap(), whole, "other bytes");
        fs::write(to.join("two"), "22").unwrap();
        assert_eq!(digest(&to).unwrap(), whole);
        fs::rename(to.join("two"), to.join("three")).unwrap();
        assert_ne!(digest(&to).unwrap(), whole, "another name");
        fs::rename(to.join("three"), to.join("two")).unwrap();
        fs::set_permissions(to.join("two"), Permissions::from_mode(0o600)).unwrap();
        assert_ne!(digest(&to).unwrap(), whole, "another mode");

        symlink("two", from.join("link")).unwrap();
        let refused = digest(&from).unwrap_err().to_string();
        assert!(refused.ends_with("link is no plain file"), "{refused}");
        assert!(copy(&from, &folder.path().join("other")).is_err());
        copy(&from.join("link"), &folder.path().join("followed")).unwrap();
        assert_eq!(fs::read(folder.path().join("followed")).unwrap(), b"22");
    }
}
