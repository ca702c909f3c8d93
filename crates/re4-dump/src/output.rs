//! Random bytes to standard output.
//!
//! Into a pipe they go in pieces, each wiped when it is written: a generator that waits for its
//! reader holds no byte that the reader has. Elsewhere nothing waits, and the next bytes overwrite
//! them at once.

use std::os::fd::BorrowedFd;

use rustix::{
    fs::{FileType, fstat},
    io::{Errno, write},
};

use crate::{error::Error, induced, pages::wipe};

/// What a pipe takes whole or not at all (`PIPE_BUF`).
const PIECE_BYTES: usize = 4096;

/// Where bytes are made, and the way they leave.
pub(crate) trait Outlet {
    /// Returns the place where the next bytes are to be made.
    fn place(&mut self) -> &mut [u8];

    /// Sends the first `count` bytes of the place.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Output`]; no unsent byte is left then.
    fn send(&mut self, count: usize) -> Result<(), Error>;
}

/// Bytes are made in one buffer, and copied.
pub(crate) struct Copier<'p, 'fd> {
    /// Where they are made.
    pub(crate) buffer: &'p mut [u8],
    /// Where they go.
    pub(crate) output: Output<'fd>,
}

impl Outlet for Copier<'_, '_> {
    fn place(&mut self) -> &mut [u8] {
        self.buffer
    }

    fn send(&mut self, count: usize) -> Result<(), Error> {
        self.output.write(self.buffer.get_mut(..count).unwrap_or_default())
    }
}

/// Where the bytes go.
pub(crate) struct Output<'fd> {
    to: BorrowedFd<'fd>,
    is_pipe: bool,
    /// Bytes written so far.
    written: u64,
}

impl<'fd> Output<'fd> {
    /// Looks at what `to` is: call it before the system call filter is installed.
    pub(crate) fn new(to: BorrowedFd<'fd>) -> Self {
        let is_pipe = fstat(to).is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Fifo);
        Self { to, is_pipe, written: 0 }
    }

    /// Writes all of `bytes`, which the caller overwrites next.
    ///
    /// # Errors
    /// [`Error::Closed`] or [`Error::Output`]; all of `bytes` is wiped then.
    pub(crate) fn write(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        let written = if self.is_pipe { self.write_pieces(bytes) } else { self.write_all(bytes) };
        written.inspect_err(|_| wipe(bytes))
    }

    fn write_pieces(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.chunks_mut(PIECE_BYTES).try_for_each(|piece| {
            self.write_all(piece)?;
            wipe(piece);
            Ok(())
        })
    }

    fn write_all(&mut self, mut rest: &[u8]) -> Result<(), Error> {
        while !rest.is_empty() {
            match induced::write(|bytes| write(self.to, bytes), self.written, rest) {
                Ok(0) => return Err(Error::Output(Errno::IO)),
                Ok(count) => {
                    self.written = self.written.saturating_add(count as u64);
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::output(errno)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, pipe},
        os::fd::AsFd,
        thread,
    };

    #[test]
    fn all_bytes_arrive_in_order_and_a_pipe_leaves_none() {
        for length in [0, 1, 4095, 4096, 4097, 100_000] {
            let mut bytes: Vec<u8> = (1..=251).cycle().take(length).collect();
            let sent = bytes.clone();
            let (mut reader, writer) = pipe().unwrap();
            let read = thread::spawn(move || {
                let mut all = Vec::new();
                reader.read_to_end(&mut all).map(|_| all)
            });
            assert_eq!(Output::new(writer.as_fd()).write(&mut bytes), Ok(()));
            drop(writer);
            assert!(read.join().unwrap().unwrap() == sent, "{length} bytes");
            assert!(bytes.iter().all(|&byte| byte == 0), "bytes stay after {length}");
        }
    }

    #[test]
    fn a_closed_pipe_ends_it_and_wipes_what_is_unwritten() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut bytes = vec![1; 10_000];
        let done = Output::new(writer.as_fd()).write(&mut bytes);
        assert_eq!(done, Err(Error::Closed));
        assert!(bytes.iter().all(|&byte| byte == 0));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let done = Output::new(full.as_fd()).write(&mut [1; 100]);
        assert_eq!(done, Err(Error::Output(Errno::NOSPC)));
    }
}
