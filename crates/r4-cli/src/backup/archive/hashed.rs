//! Readers and writers that hash what goes through, or write what is read.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

/// Counts and hashes what goes through.
pub(in crate::backup) struct Hashed<T> {
    inner: T,
    count: u64,
    hash: Sha256,
}

impl<T> Hashed<T> {
    /// Begins at nothing.
    pub(in crate::backup) fn new(inner: T) -> Self {
        Self { inner, count: 0, hash: Sha256::new() }
    }

    /// Returns how much went through, and its hash.
    pub(in crate::backup) fn finish(self) -> (T, u64, String) {
        (self.inner, self.count, hex::encode(self.hash.finalize()))
    }

    fn note(&mut self, bytes: &[u8], count: usize) {
        let through = bytes.get(..count).unwrap_or_default();
        self.hash.update(through);
        self.count = self.count.saturating_add(through.len() as u64);
    }
}

impl<T: Read> Read for Hashed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.note(buffer, read);
        Ok(read)
    }
}

impl<T: Write> Write for Hashed<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.note(bytes, written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes what is read.
pub(super) struct Tee<R> {
    pub(super) from: R,
    pub(super) to: Box<dyn Write>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.to.write_all(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}
