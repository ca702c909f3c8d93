//! The archive: one folder of plain files, and the list of their digests.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path};

use flate2::bufread::GzDecoder;
use tar::EntryType;

use super::sums::Sums;

/// The folder in the archive, and the list of digests in it.
const FOLDER: &str = "re4_release";
const LIST: &str = "SHA256SUMS";
/// Most bytes unpacked.
const MAX_BYTES: u64 = 1 << 30;

/// The files of an archive by their paths in its folder.
#[derive(Debug)]
pub(super) struct Archive(BTreeMap<String, File>);

/// A file in the archive.
#[derive(Debug)]
pub(super) struct File {
    /// What it holds.
    pub(super) bytes: Vec<u8>,
    /// Whether it is a program.
    pub(super) executable: bool,
}

impl Archive {
    /// Unpacks an archive in memory and checks every file in it against its list.
    pub(super) fn read(packed: &[u8]) -> Result<Self, String> {
        let archive = Self::unpack(packed)?;
        let list = archive.file(LIST)?;
        let sums = Sums::parse_any(list).map_err(|reason| format!("{LIST}: {reason}"))?;
        let named = sums.iter().map(|(name, _)| name);
        let present = archive.0.keys().map(String::as_str).filter(|name| *name != LIST);
        if !named.eq(present) {
            return Err(format!("{LIST} does not list exactly the files in it"));
        }
        for (name, file) in archive.files().filter(|(name, _)| *name != LIST) {
            sums.matches(name, &file.bytes).map_err(|reason| format!("{name}: {reason}"))?;
        }
        Ok(archive)
    }

    fn unpack(packed: &[u8]) -> Result<Self, String> {
        let broken = |error: std::io::Error| format!("it cannot be unpacked: {error}");
        let mut tar = tar::Archive::new(GzDecoder::new(packed).take(MAX_BYTES));
        let mut files = BTreeMap::new();
        for entry in tar.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let path = entry.path().map_err(broken)?;
            let name = within(&path).ok_or_else(|| format!("it holds {}", path.display()))?;
            match entry.header().entry_type() {
                EntryType::Directory => continue,
                EntryType::Regular => {}
                kind => return Err(format!("{name} is no plain file but {kind:?}")),
            }
            let executable = entry.header().mode().map_err(broken)? & 0o111 != 0;
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            if files.insert(name.clone(), File { bytes, executable }).is_some() {
                return Err(format!("it holds {name} twice"));
            }
        }
        Ok(Self(files))
    }

    /// Returns the bytes of a file that must be there.
    pub(super) fn file(&self, name: &str) -> Result<&[u8], String> {
        let file = self.0.get(name).ok_or_else(|| format!("{name} is not in the archive"))?;
        Ok(&file.bytes)
    }

    /// Returns all files in the order of their names.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(name, file)| (name.as_str(), file))
    }
}

/// Returns a member's path in the folder, if it is there and nowhere else.
fn within(path: &Path) -> Option<String> {
    let inner = path.strip_prefix(FOLDER).ok()?;
    let plain = inner.components().all(|part| matches!(part, Component::Normal(_)));
    plain.then(|| inner.to_str().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn packed(members: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, bytes) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().and_then(GzEncoder::finish).unwrap()
    }

    fn list(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut list = Vec::new();
        for (name, bytes) in files {
            writeln!(list, "{}  {name}", hex::encode(Sha256::digest(bytes))).unwrap();
        }
        list
    }

    #[test]
    fn files_are_held_against_the_list() {
        let a = ("re4_release/a", EntryType::Regular, &b"1"[..]);
        let with = |list: &[u8]| {
            Archive::read(&packed(&[a, ("re4_release/SHA256SUMS", EntryType::Regular, list)]))
        };
        assert_eq!(with(&list(&[("a", b"1")])).unwrap().file("a"), Ok(&b"1"[..]));
        for bad in [list(&[("a", b"2")]), list(&[]), list(&[("a", b"1"), ("b", b"1")])] {
            assert!(with(&bad).is_err());
        }
        assert!(Archive::read(&packed(&[a])).unwrap_err().contains("SHA256SUMS"));
        assert!(Archive::read(b"no archive").is_err());
    }

    #[test]
    fn members_that_would_land_elsewhere_are_refused() {
        for (name, kind) in [
            ("a", EntryType::Regular),
            ("/re4_release/a", EntryType::Regular),
            ("re4_release/../a", EntryType::Regular),
            ("re4_release/a", EntryType::Symlink),
            ("re4_release/a", EntryType::Link),
            ("re4_release/a", EntryType::Char),
        ] {
            let archive = Archive::unpack(&packed(&[(name, kind, b"")]));
            assert!(archive.is_err(), "{name} {kind:?}");
        }
        let twice = ("re4_release/a", EntryType::Regular, &b""[..]);
        assert!(Archive::unpack(&packed(&[twice, twice])).unwrap_err().contains("twice"));
    }
}
