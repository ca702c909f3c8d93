//! The journal: appended and synced a batch at a time, read from any record on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::record::{HEAD_BYTES, Head, Stored, index_of, octets};

/// No write is longer, so no torn one is.
pub(crate) const MAX_BATCH_BYTES: usize = 32 << 20;

/// The journal, open for its one writer.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    length: u64,
    #[cfg(test)]
    pub(crate) faults: std::sync::Arc<crate::fault::Faults>,
}

impl Journal {
    /// Opens an existing journal whose good records end at `length`.
    pub(crate) fn open(path: &Path, length: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Self {
            file,
            length,
            #[cfg(test)]
            faults: std::sync::Arc::default(),
        })
    }

    /// Writes at the end, without syncing.
    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.faults.write(&self.file, bytes, self.length)?;
        self.file.write_all_at(bytes, self.length)
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        #[cfg(test)]
        self.faults.sync()?;
        self.file.sync_data()
    }

    /// Goes back to the last good end.
    pub(crate) fn undo(&self) -> io::Result<()> {
        #[cfg(test)]
        self.faults.undo()?;
        self.file.set_len(self.length)?;
        self.file.sync_data()
    }

    /// Takes what was written as good.
    pub(crate) fn keep(&mut self, length: u64) {
        self.length = length;
    }

    pub(crate) const fn length(&self) -> u64 {
        self.length
    }
}

/// Reads records one after the other.
#[derive(Debug)]
pub(crate) struct Reader {
    file: BufReader<File>,
    length: u64,
    /// Where the next record begins.
    pub(crate) offset: u64,
    /// The index that it must have.
    pub(crate) index: u64,
}

/// A place where there should be a record and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) offset: u64,
    pub(crate) index: u64,
    pub(crate) why: &'static str,
    /// Nothing valid follows, so it may be a write that was cut short.
    pub(crate) last: bool,
}

impl Reader {
    /// Begins at the record of `index`, which is at `offset`.
    pub(crate) fn at(path: &Path, offset: u64, index: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { file: BufReader::with_capacity(1 << 16, file), length, offset, index })
    }

    /// Returns the next record, a flaw in its place, or none at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Result<Stored, Flaw>>> {
        if self.offset == self.length {
            return Ok(None);
        }
        Ok(Some(match self.record_here()? {
            Ok(stored) => Ok(stored),
            Err(why) => Err(self.flaw(why)?),
        }))
    }

    /// Returns the next record, where there must be one, or what is wrong with it.
    pub(crate) fn record_here(&mut self) -> io::Result<Result<Stored, &'static str>> {
        let left = self.length.saturating_sub(self.offset);
        Ok(self.record(left)?.map(|(stored, end)| {
            self.offset = end;
            self.index = self.index.saturating_add(1);
            stored
        }))
    }

    fn record(&mut self, left: u64) -> io::Result<Result<(Stored, u64), &'static str>> {
        let mut head = [0; HEAD_BYTES];
        let Some(left) = left.checked_sub(octets(HEAD_BYTES)) else {
            return Ok(Err("it ends early"));
        };
        self.file.read_exact(&mut head)?;
        let head = match Head::parse(head) {
            Ok(head) if octets(head.length) > left => return Ok(Err("it ends early")),
            Ok(head) => head,
            Err(why) => return Ok(Err(why)),
        };
        let mut rest = vec![0; head.length];
        self.file.read_exact(&mut rest)?;
        let end = self.offset.saturating_add(octets(HEAD_BYTES.saturating_add(head.length)));
        Ok(match head.record(&rest) {
            Ok(stored) if stored.index != self.index => Err("it has another index"),
            Ok(stored) => Ok((stored, end)),
            Err(why) => Err(why),
        })
    }

    fn flaw(&mut self, why: &'static str) -> io::Result<Flaw> {
        let last = !self.valid_follows()?;
        Ok(Flaw { offset: self.offset, index: self.index, why, last })
    }

    /// Looks for a valid record at or after the place of a flaw.
    fn valid_follows(&mut self) -> io::Result<bool> {
        let left = self.length.saturating_sub(self.offset);
        if left > octets(MAX_BATCH_BYTES) {
            return Ok(true);
        }
        let mut tail = Vec::new();
        self.file.seek(SeekFrom::Start(self.offset))?;
        self.file.by_ref().take(left).read_to_end(&mut tail)?;
        let indexes = self.index..=self.index.saturating_add(left);
        Ok((0..tail.len()).any(|start| {
            tail.get(start..).and_then(valid_at).is_some_and(|index| indexes.contains(&index))
        }))
    }
}

/// Returns the index of the valid record that `bytes` begin with.
fn valid_at(bytes: &[u8]) -> Option<u64> {
    let (head, rest) = bytes.split_first_chunk()?;
    let head = Head::parse(*head).ok()?;
    let rest = rest.get(..head.length)?;
    // The index first: a checksum at each octet would take long.
    index_of(rest).filter(|index| index.leading_zeros() >= 16)?;
    head.record(rest).ok().map(|stored| stored.index)
}

/// Reads the place of a record from the offsets.
pub(crate) fn offset_of(offsets: &File, index: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    offsets.read_exact_at(&mut bytes, index.saturating_mul(8))?;
    Ok(u64::from_be_bytes(bytes))
}

/// Writes the places of consecutive records, the first that of `index`.
pub(crate) fn write_offsets(offsets: &File, index: u64, places: &[u64]) -> io::Result<()> {
    let bytes: Vec<u8> = places.iter().flat_map(|place| place.to_be_bytes()).collect();
    offsets.write_all_at(&bytes, index.saturating_mul(8))
}
