//! Where a log is read from: a server, or a folder laid out in the same way (c2sp.org/tlog-tiles).

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use r4_tlog::tile::{self, Kind, Tile};

use super::client::{Client, ReadError, url_prefix};
use super::finding::{Alarm, Finding};
use crate::exit::Error;

/// Most bytes of a checkpoint with its signatures.
pub(super) const MAX_CHECKPOINT_BYTES: usize = 1 << 20;
/// More bytes than any bundle of this log's entries has.
const MAX_BUNDLE_BYTES: usize = 1 << 20;
/// Bytes of a hash.
pub(super) const HASH_BYTES: usize = 32;
/// Bytes of a full tile of hashes.
const FULL_TILE_BYTES: usize = 256 * HASH_BYTES;

/// A log that can be read; what it says is not believed.
#[derive(Debug)]
pub(crate) enum Reader {
    /// The server at a URL prefix.
    Server { client: Client, prefix: String },
    /// A folder, such as `r4 log mirror` makes.
    Folder(PathBuf),
}

impl Reader {
    /// Names a server by its URL or a folder by its path.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn of(name: &str) -> Result<Self, Error> {
        if name.contains("://") {
            return Self::server(name);
        }
        let folder = PathBuf::from(name);
        if !folder.is_dir() {
            return Err(Error::unusable(name, "there is no such folder, and it is no URL"));
        }
        Ok(Self::Folder(folder))
    }

    /// Names a server by its URL.
    ///
    /// # Errors
    /// It is no URL of http or https.
    pub(super) fn server(url: &str) -> Result<Self, Error> {
        Ok(Self::Server { client: Client::new(), prefix: url_prefix(url)? })
    }

    /// Returns the text of the log's checkpoint, unverified.
    ///
    /// # Errors
    /// `unreachable`: it cannot be read. `invalid`: it is no text.
    pub(super) fn checkpoint(&self) -> Result<String, Finding> {
        let bytes = self
            .read("checkpoint", MAX_CHECKPOINT_BYTES)
            .map_err(|error| Finding::new(Alarm::Unreachable, error))?;
        String::from_utf8(bytes).map_err(|_| Finding::invalid("the checkpoint is no UTF-8 text"))
    }

    /// Returns a tile of the expected size, unverified. A partial tile that is gone is cut out of
    /// the full one.
    ///
    /// # Errors
    /// `gap`: it is not there. `unreachable`: it cannot be read. `invalid`: it has another size.
    pub(super) fn tile(&self, tile: &Tile) -> Result<Vec<u8>, Finding> {
        let bytes = match self.whole(tile) {
            Err(ReadError::Missing(_)) if !tile.is_full() => {
                self.whole(&full(tile)).map(|bytes| cut(bytes, tile))
            }
            other => other,
        };
        let bytes = bytes.map_err(|error| match error {
            ReadError::Missing(_) => {
                Finding::new(Alarm::Gap, format!("{tile} of the signed tree is not there"))
            }
            ReadError::Unreachable(reason) => Finding::new(Alarm::Unreachable, reason),
        })?;
        let right = match tile.kind {
            Kind::Hashes(_) => bytes.len() == usize::from(tile.width).saturating_mul(HASH_BYTES),
            Kind::Entries => {
                tile::entries(&bytes).is_ok_and(|entries| entries.len() == usize::from(tile.width))
            }
        };
        if right { Ok(bytes) } else { Err(Finding::invalid(format!("{tile} is malformed"))) }
    }

    fn whole(&self, tile: &Tile) -> Result<Vec<u8>, ReadError> {
        let limit = match tile.kind {
            Kind::Hashes(_) => FULL_TILE_BYTES,
            Kind::Entries => MAX_BUNDLE_BYTES,
        };
        self.read(&tile.to_string(), limit)
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, ReadError> {
        match self {
            Self::Server { client, prefix } => client.get(&format!("{prefix}/{path}"), limit),
            Self::Folder(folder) => file(&folder.join(path), limit),
        }
    }
}

fn full(tile: &Tile) -> Tile {
    Tile { kind: tile.kind, index: tile.index, width: 256 }
}

/// Keeps the first hashes or entries, as many as `tile` has; what is malformed stays as it is.
fn cut(mut bytes: Vec<u8>, tile: &Tile) -> Vec<u8> {
    let width = usize::from(tile.width);
    let length = match tile.kind {
        Kind::Hashes(_) => width.saturating_mul(HASH_BYTES),
        Kind::Entries => tile::entries(&bytes).map_or(bytes.len(), |entries| {
            entries.iter().take(width).map(|entry| entry.len().saturating_add(2)).sum()
        }),
    };
    bytes.truncate(length);
    bytes
}

/// Reads a file of at most `limit` bytes.
pub(super) fn file(path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    let name = || path.display().to_string();
    let fail = |cause: io::Error| match cause.kind() {
        io::ErrorKind::NotFound => ReadError::Missing(name()),
        _ => ReadError::Unreachable(format!("{}: it cannot be read: {cause}", name())),
    };
    let mut bytes = Vec::new();
    let most = (limit as u64).saturating_add(1);
    File::open(path).map_err(fail)?.take(most).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() > limit {
        return Err(ReadError::Unreachable(format!("{}: it is too long", name())));
    }
    Ok(bytes)
}
