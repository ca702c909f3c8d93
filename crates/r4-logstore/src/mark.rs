//! The mark: up to where journal, offsets, tiles and files of ids were synced, so that a start reads the
//! journal from there on.

use std::io;
use std::path::Path;

use r4_tlog::Hash;

use crate::edge::Edge;
use crate::replace::{Sync, read_if_present, replace};

/// First line of the file.
const MAGIC: &str = "r4-log-mark/v1";

/// What the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Entries.
    pub(crate) size: u64,
    /// Where their records end in the journal.
    pub(crate) journal_end: u64,
    /// The root of their tree.
    pub(crate) root: Hash,
    /// When it was written, in seconds since 1970.
    pub(crate) time: u64,
}

impl Mark {
    pub(crate) fn of(edge: &Edge, time: u64) -> Self {
        let (size, journal_end, root) = (edge.size(), edge.journal_end, edge.root());
        Self { size, journal_end, root, time }
    }

    /// Reads the mark; an unusable one counts as none.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        Ok(read_if_present(path)?.and_then(|bytes| Self::parse(&bytes)))
    }

    /// Replaces the mark, durably.
    pub(crate) fn write(&self, path: &Path) -> io::Result<()> {
        replace(path, self.text().as_bytes(), Sync::BytesAndName)
    }

    /// Five lines and a sixth with their checksum.
    fn text(&self) -> String {
        let Self { size, journal_end, root, time } = self;
        let root = hex::encode(root);
        let lines = format!("{MAGIC}\n{size}\n{journal_end}\n{root}\n{time}\n");
        let crc = crc32fast::hash(lines.as_bytes());
        format!("{lines}{crc:08x}\n")
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.split('\n');
        lines.next().filter(|magic| *magic == MAGIC)?;
        let size = lines.next()?.parse().ok()?;
        let journal_end = lines.next()?.parse().ok()?;
        let mut root = [0; 32];
        hex::decode_to_slice(lines.next()?, &mut root).ok()?;
        let mark = Self { size, journal_end, root, time: lines.next()?.parse().ok()? };
        // One form only, with the right checksum.
        (mark.text() == text).then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::Mark;

    #[test]
    fn every_changed_byte_makes_a_mark_unusable() {
        let mark = Mark { size: 7, journal_end: 99, root: [3; 32], time: 1_800_000_000 };
        let text = mark.text().into_bytes();
        assert_eq!(Mark::parse(&text), Some(mark));
        for place in 0..text.len() {
            let mut changed = text.clone();
            changed[place] ^= 1;
            assert_eq!(Mark::parse(&changed), None, "byte {place}");
            assert_eq!(Mark::parse(&text[..place]), None, "cut at {place}");
        }
    }
}
