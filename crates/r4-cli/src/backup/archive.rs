//! The encrypted part of a backup: a tar stream, encrypted as a whole by age. Its last entry lists all
//! others with their sizes and hashes.
//!
//! One stream, so that nothing of it is in clear; not compressed, because most of it is signatures.

mod hashed;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use age::stream::StreamWriter;
use age::{Decryptor, Encryptor};
use r4_keystore::seed::{RootSeed, SEED_BYTES};
use r4_keystore::state::{LOG_SEED_FILE, SEED_FILE};
use r4_logstore::Scan;
use r4_tlog::SignedCheckpoint;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::epochs::Epochs;
use super::store::Sink;
use crate::exit::Error;

pub(super) use self::hashed::Hashed;
use self::hashed::Tee;

/// What the paths of the entries begin with.
pub(super) const STATE: &str = "state";
pub(super) const GATEWAY: &str = "gateway";
/// The last entry.
const CONTENTS: &str = "contents.json";
/// More than a small file has.
const MOST_SMALL: u64 = 64 << 20;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    path: String,
    size: u64,
    sha256: String,
}

/// An archive that is being written.
pub(super) struct Writer {
    tar: tar::Builder<StreamWriter<Hashed<Sink>>>,
    items: Vec<Item>,
    time: u64,
}

impl Writer {
    /// Begins an archive for these recipients.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn new(
        sink: Sink,
        recipients: &[age::x25519::Recipient],
        time: u64,
    ) -> Result<Self, Error> {
        let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = Encryptor::with_recipients(recipients).map_err(Error::failed)?;
        let stream = encryptor.wrap_output(Hashed::new(sink)).map_err(|e| unwritten(&e))?;
        Ok(Self { tar: tar::Builder::new(stream), items: Vec::new(), time })
    }

    /// Adds a file of a known size.
    ///
    /// # Errors
    /// It is shorter, or cannot be read; the archive cannot be written.
    pub(super) fn add(&mut self, path: &str, size: u64, from: impl Read) -> Result<(), Error> {
        let mut from = Hashed::new(from.take(size));
        let mut header = tar::Header::new_ustar();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        self.tar.append_data(&mut header, path, &mut from).map_err(|e| {
            Error::unusable(path, format!("it cannot be copied into the backup: {e}"))
        })?;
        let (_, read, sha256) = from.finish();
        if read != size {
            return Err(Error::unusable(path, "it became shorter while it was read"));
        }
        self.items.push(Item { path: path.to_owned(), size, sha256 });
        Ok(())
    }

    /// Ends the archive; returns its size and its hash.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(mut self) -> Result<(Sink, u64, String), Error> {
        let contents = serde_json::to_vec(&self.items).map_err(Error::failed)?;
        let size = contents.len() as u64;
        self.add(CONTENTS, size, contents.as_slice())?;
        let stream = self.tar.into_inner().map_err(|e| unwritten(&e))?;
        Ok(stream.finish().map_err(|e| unwritten(&e))?.finish())
    }
}

fn unwritten(error: &io::Error) -> Error {
    Error::Unusable(format!("the backup cannot be written: {error}"))
}

/// What an archive was found to hold.
#[derive(Default)]
pub(super) struct Found {
    /// The published checkpoint.
    pub(super) checkpoint: Option<SignedCheckpoint>,
    /// The root seed.
    pub(super) root: Option<RootSeed>,
    /// The log's seed.
    pub(super) log: Option<RootSeed>,
    /// The journal.
    pub(super) scan: Option<Scan>,
    /// The key epochs of the log.
    pub(super) epochs: Epochs,
    /// Size and hash of the archive itself.
    pub(super) size: u64,
    pub(super) sha256: String,
    items: Vec<Item>,
}

/// Reads an archive, and gives the bytes of each entry to what `place` returns for its path.
///
/// # Errors
/// It is not for these identities, is damaged, or is no archive; what `place` refuses.
pub(super) fn read(
    archive: impl Read,
    identities: &[Box<dyn age::Identity>],
    mut place: impl FnMut(&str) -> Result<Box<dyn Write>, Error>,
) -> Result<Found, Error> {
    let mut archive = Hashed::new(archive);
    let mut found = Found::default();
    {
        let decryptor = Decryptor::new(&mut archive).map_err(|e| refuse_age(&e))?;
        let identities = identities.iter().map(AsRef::as_ref);
        let stream = decryptor.decrypt(identities).map_err(|e| refuse_age(&e))?;
        let mut tar = tar::Archive::new(stream);
        let mut listed = None;
        for entry in tar.entries().map_err(|e| damaged(&e))? {
            let mut entry = entry.map_err(|e| damaged(&e))?;
            let path = path_of(&entry)?;
            if listed.is_some() || !entry.header().entry_type().is_file() {
                return Err(Error::failed(format!("the backup has a strange entry {path}")));
            }
            if path == CONTENTS {
                listed = Some(small(&mut entry)?);
                continue;
            }
            let to = place(&path)?;
            let mut entry = Hashed::new(Tee { from: entry, to });
            found.take(&path, &mut entry)?;
            io::copy(&mut entry, &mut io::sink()).map_err(|e| damaged(&e))?;
            let (mut tee, size, sha256) = entry.finish();
            tee.to.flush().map_err(|e| Error::unusable(&path, e))?;
            found.items.push(Item { path, size, sha256 });
        }
        // To the end of the stream, so that a cut is noticed.
        io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(|e| damaged(&e))?;
        let listed = listed.ok_or_else(|| Error::failed("the backup has no list of contents"))?;
        let listed: Vec<Item> = serde_json::from_slice(&listed).map_err(Error::failed)?;
        found.compare(&listed)?;
    }
    io::copy(&mut archive, &mut io::sink()).map_err(|e| damaged(&e))?;
    (_, found.size, found.sha256) = archive.finish();
    Ok(found)
}

impl Found {
    /// Reads what is looked at of an entry.
    fn take(&mut self, path: &str, entry: &mut impl Read) -> Result<(), Error> {
        let Some(path) = path.strip_prefix("state/") else { return Ok(()) };
        match path {
            SEED_FILE => self.root = Some(seed(entry)?),
            LOG_SEED_FILE => self.log = Some(seed(entry)?),
            "log/checkpoint" => {
                let text = String::from_utf8_lossy(&small(entry)?).into_owned();
                let checkpoint = SignedCheckpoint::parse(&text);
                let reason = |e| Error::failed(format!("the checkpoint in the backup: {e}"));
                self.checkpoint = Some(checkpoint.map_err(reason)?);
            }
            "journal/journal" => {
                let size = self.checkpoint.as_ref().map_or(0, |signed| signed.checkpoint.size);
                let scan = Scan::of(entry, size, self.epochs.reader());
                self.scan = Some(scan.map_err(|e| damaged(&e))?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Compares the entries with the list.
    fn compare(&self, listed: &[Item]) -> Result<(), Error> {
        let by_path = |items: &[Item]| -> BTreeMap<String, Item> {
            items.iter().map(|item| (item.path.clone(), item.clone())).collect()
        };
        let (listed, found) = (by_path(listed), by_path(&self.items));
        let other = listed.iter().find(|(path, item)| found.get(*path) != Some(item));
        let other = other.or_else(|| found.iter().find(|(path, _)| !listed.contains_key(*path)));
        match other {
            None if found.len() == self.items.len() => Ok(()),
            None => Err(Error::failed("the backup has an entry twice")),
            Some((path, _)) => {
                Err(Error::failed(format!("{path} in the backup is not what its list says")))
            }
        }
    }

    /// Tells whether a file is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.items.iter().any(|item| item.path == path)
    }

    /// Returns the number of files.
    pub(super) fn files(&self) -> usize {
        self.items.len()
    }
}

/// Takes a path that stays where it is put.
fn path_of(entry: &tar::Entry<'_, impl Read>) -> Result<String, Error> {
    let refuse = || Error::failed("the backup has an entry with a path that leads elsewhere");
    let path = entry.path().map_err(|_| refuse())?;
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let known = [STATE, GATEWAY].iter().any(|folder| path.starts_with(folder) && *path != **folder);
    let path = path.to_str().ok_or_else(refuse)?;
    if plain && (known || path == CONTENTS) { Ok(path.to_owned()) } else { Err(refuse()) }
}

fn seed(entry: &mut impl Read) -> Result<RootSeed, Error> {
    let bytes = Zeroizing::new(small(entry)?);
    let seed = <[u8; SEED_BYTES]>::try_from(bytes.as_slice());
    let seed = seed.map_err(|_| Error::failed("a seed in the backup is not 32 bytes"))?;
    Ok(RootSeed::from_bytes(Zeroizing::new(seed)))
}

fn small(entry: &mut impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    entry.take(MOST_SMALL).read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
    Ok(bytes)
}

fn damaged(error: &io::Error) -> Error {
    Error::failed(format!("the backup is damaged or cannot be read: {error}"))
}

fn refuse_age(error: &age::DecryptError) -> Error {
    match error {
        age::DecryptError::NoMatchingKeys => Error::Unusable(
            "this identity cannot decrypt the backup: its manifest names the recipients".to_owned(),
        ),
        other => Error::failed(format!("the backup is damaged: {other}")),
    }
}

/// Returns the path of a file of the state folder in the archive.
pub(super) fn in_state(path: &Path) -> String {
    format!("{STATE}/{}", path.display())
}
