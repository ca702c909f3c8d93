//! The last checkpoint of a log that somebody else has seen, and the entries up to it.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use r4_receipt::Entry;

use super::finding::Finding;
use super::reader::{self, Reader};
use super::walk;
use crate::exit::Error;

/// A checkpoint, and where its entries are.
#[derive(Debug)]
pub(crate) struct Last {
    /// The signed note, unverified.
    pub(crate) text: String,
    name: String,
    reader: Option<Reader>,
}

impl Last {
    /// Takes the folder of a mirror or a monitor, the prefix of a log, or a file with a checkpoint.
    ///
    /// # Errors
    /// It is none of these, or cannot be read.
    pub(crate) fn find(name: &str) -> Result<Self, Error> {
        let path = Path::new(name);
        let watched = path.join("state.json");
        if !name.contains("://") && path.is_dir() && watched.is_file() {
            return Ok(Self { text: seen(&watched)?, name: name.to_owned(), reader: None });
        }
        if !name.contains("://") && path.is_file() {
            let bytes = reader::file(path, reader::MAX_CHECKPOINT_BYTES);
            let bytes = bytes.map_err(|e| Error::Unusable(e.to_string()))?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return Ok(Self { text, name: name.to_owned(), reader: None });
        }
        let reader = Reader::of(name)?;
        let text = reader.checkpoint()?;
        Ok(Self { text, name: name.to_owned(), reader: Some(reader) })
    }

    /// Calls `each` with every entry of `range`.
    ///
    /// # Errors
    /// Nobody has them, they cannot be read, or are none of a log; what `each` says.
    pub(crate) fn entries(
        &self,
        range: Range<u64>,
        mut each: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Error> {
        if range.is_empty() {
            return Ok(());
        }
        let Some(reader) = &self.reader else {
            return Err(Error::failed(format!(
                "{}: the log went on to {} entries, and this has none of them: give a mirror that \
                 has (r4 log mirror), or close the log",
                self.name, range.end
            )));
        };
        walk::entries(reader, range, |position, _, bytes| {
            let entry = Entry::parse(bytes).map_err(Finding::invalid)?;
            if entry.index() != position {
                return Err(Finding::invalid(format!("entry {position} has another index")));
            }
            each(bytes).map_err(Finding::invalid)
        })?;
        Ok(())
    }
}

/// Returns the checkpoint that a monitor saw last.
fn seen(path: &Path) -> Result<String, Error> {
    let refuse = |reason: String| Error::unusable(path.display(), reason);
    let bytes = fs::read(path).map_err(|e| refuse(e.to_string()))?;
    let state: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| refuse(e.to_string()))?;
    let text = state.get("checkpoint").and_then(|text| text.as_str()).map(str::to_owned);
    text.ok_or_else(|| refuse("it is not the state of a monitor".to_owned()))
}
