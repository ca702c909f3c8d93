//! Random bytes into a pipe without a copy: the pipe is lent the pages in which they were made
//! (vmsplice(2)), and who reads it copies them from there.
//!
//! A pipe gives what lies in a page when it is read, so the page must stay as it is until then. The
//! pipe holds no more than its size: of all bytes lent, those before the last so many have been
//! read. Bytes are made in a ring that is longer than the pipe by what is made at once, so no byte
//! is overwritten before it was read, and none is read twice.
//!
//! This is true for who reads the pipe and leaves its size as it is. Who passes the pages on (splice(2),
//! tee(2)), or makes the pipe wider, finds later bytes in the place of these, and the same once more
//! when their turn comes. Therefore pages are lent only on demand.
//!
//! What has been read is wiped before the generator waits for room. A full pipe holds its size, if
//! it is read in whole pages; then a generator that waits holds no byte that the reader has.

use std::os::fd::BorrowedFd;

use rustix::{
    fs::{FileType, OFlags, fcntl_getfl, fstat},
    io::Errno,
    pipe::fcntl_getpipe_size,
};

use crate::{
    error::Error,
    induced,
    output::Outlet,
    pages::{lend, wipe},
};

/// Bytes made at once: what both engines make with the same fresh bytes.
const CHUNK_BYTES: usize = 64 << 10;
/// Most bytes of a pipe that pages are lent to.
const MOST_PIPE_BYTES: usize = 1 << 20;

/// How bytes get into a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// They are copied, and wiped at once.
    Copy,
    /// Their pages are lent.
    Lend,
}

/// The end of a pipe that is written to, of a kernel that takes pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteEnd<'fd> {
    pipe: BorrowedFd<'fd>,
    holds: usize,
}

impl<'fd> WriteEnd<'fd> {
    /// Looks whether pages can be lent to `to`: call it before the system call filter is installed.
    pub(crate) fn of(to: BorrowedFd<'fd>) -> Option<Self> {
        let is_pipe = fstat(to).is_ok_and(|s| FileType::from_raw_mode(s.st_mode) == FileType::Fifo);
        let written =
            fcntl_getfl(to).is_ok_and(|flags| flags.intersects(OFlags::WRONLY | OFlags::RDWR));
        let holds = fcntl_getpipe_size(to).ok().filter(|holds| *holds <= MOST_PIPE_BYTES)?;
        let end = Self { pipe: to, holds };
        (is_pipe && written && lend(&end, &[]).is_ok()).then_some(end)
    }

    /// Returns the pipe.
    pub(crate) fn pipe(&self) -> BorrowedFd<'fd> {
        self.pipe
    }

    /// Returns how many bytes a [`Lender`] needs: what the pipe holds, and what is being made.
    pub(crate) fn ring_bytes(&self) -> usize {
        self.holds.next_multiple_of(CHUNK_BYTES).saturating_add(CHUNK_BYTES)
    }
}

/// Lends a pipe the bytes that are made in a ring.
pub(crate) struct Lender<'p, 'fd> {
    to: WriteEnd<'fd>,
    ring: &'p mut [u8],
    /// Where the next byte is lent; between two sends, where it is made.
    next: usize,
    /// Where the oldest byte lies that was lent and is not wiped.
    oldest: usize,
    /// Bytes from there that were lent.
    held: usize,
    /// Bytes lent so far.
    lent: u64,
}

impl<'p, 'fd> Lender<'p, 'fd> {
    /// Takes a ring of [`WriteEnd::ring_bytes`].
    pub(crate) fn new(to: WriteEnd<'fd>, ring: &'p mut [u8]) -> Self {
        Self { to, ring, next: 0, oldest: 0, held: 0, lent: 0 }
    }

    /// Lends bytes up to `end`.
    fn lend_to(&mut self, end: usize) -> Result<(), Error> {
        while self.next < end {
            self.wipe_read();
            let rest = self.ring.get(self.next..end).unwrap_or_default();
            match induced::write(|bytes| lend(&self.to, bytes), self.lent, rest) {
                Ok(0) => return Err(Error::Output(Errno::IO)),
                Ok(count) => {
                    self.next = self.next.saturating_add(count);
                    self.held = self.held.saturating_add(count);
                    self.lent = self.lent.saturating_add(count as u64);
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::output(errno)),
            }
        }
        Ok(())
    }

    /// Wipes what has been read.
    fn wipe_read(&mut self) {
        while self.held > self.to.holds {
            let read = self.held.saturating_sub(self.to.holds);
            let end = self.oldest.saturating_add(read).min(self.ring.len());
            let wiped = self.ring.get_mut(self.oldest..end).unwrap_or_default();
            wipe(wiped);
            self.held = self.held.saturating_sub(wiped.len());
            self.oldest = if end == self.ring.len() { 0 } else { end };
        }
    }
}

impl Drop for Lender<'_, '_> {
    /// What is unread stays: the pipe has it.
    fn drop(&mut self) {
        self.wipe_read();
    }
}

impl Outlet for Lender<'_, '_> {
    fn place(&mut self) -> &mut [u8] {
        self.wipe_read();
        let end = self.next.saturating_add(CHUNK_BYTES).min(self.ring.len());
        self.ring.get_mut(self.next..end).unwrap_or_default()
    }

    fn send(&mut self, count: usize) -> Result<(), Error> {
        let end = self.next.saturating_add(count).min(self.ring.len());
        let sent = self.lend_to(end);
        if sent.is_err() {
            wipe(self.ring.get_mut(self.next..end).unwrap_or_default());
        }
        if self.next == self.ring.len() {
            self.next = 0;
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{PipeReader, PipeWriter, Read, pipe},
        os::fd::AsFd,
        thread,
    };

    use rustix::pipe::fcntl_setpipe_size;

    use crate::pages::LentPages;

    const PAGE_BYTES: usize = 4096;
    const PIPE_BYTES: usize = 128 << 10;

    fn narrow_pipe() -> (PipeReader, PipeWriter) {
        let (reader, writer) = pipe().unwrap();
        fcntl_setpipe_size(&writer, PIPE_BYTES).unwrap();
        (reader, writer)
    }

    /// The bytes 1, 2, … 251, 1, … from the `first` on: none is 0.
    fn fill(place: &mut [u8], first: usize) {
        let bytes = (1..=251_u8).cycle().skip(first % 251);
        place.iter_mut().zip(bytes).for_each(|(byte, with)| *byte = with);
    }

    /// Sends `total` bytes, `most` at a time.
    fn send(lender: &mut Lender<'_, '_>, most: usize, total: usize) -> Result<(), Error> {
        let mut left = total;
        while left > 0 {
            let place = lender.place();
            let count = place.len().min(most).min(left);
            fill(&mut place[..count], total.saturating_sub(left));
            lender.send(count)?;
            left = left.saturating_sub(count);
        }
        Ok(())
    }

    #[test]
    fn all_bytes_arrive_once_and_in_order_however_they_are_read() {
        for (most, read_at_once) in [
            (CHUNK_BYTES, CHUNK_BYTES),
            (CHUNK_BYTES, 1000),
            (1000, 7 * PAGE_BYTES),
            (5000, 1 << 20),
        ] {
            let total = 3_000_017;
            let (mut reader, writer) = narrow_pipe();
            let sending = thread::spawn(move || {
                let end = WriteEnd::of(writer.as_fd()).unwrap();
                let mut pages = LentPages::map(end.ring_bytes()).unwrap();
                send(&mut Lender::new(end, pages.bytes()), most, total)
            });
            let (mut got, mut piece) = (Vec::new(), vec![0; read_at_once]);
            while let Ok(count @ 1..) = reader.read(&mut piece) {
                got.extend_from_slice(&piece[..count]);
            }
            let mut want = vec![0; total];
            fill(&mut want, 0);
            assert!(got == want, "chunks of {most}, read by {read_at_once}");
            assert_eq!(sending.join().unwrap(), Ok(()));
        }
    }

    #[test]
    fn what_has_been_read_is_wiped_before_it_waits() {
        let (mut reader, writer) = narrow_pipe();
        let end = WriteEnd::of(writer.as_fd()).unwrap();
        let mut pages = LentPages::map(end.ring_bytes()).unwrap();
        let mut lender = Lender::new(end, pages.bytes());
        send(&mut lender, CHUNK_BYTES, PIPE_BYTES).unwrap();
        for read in [PAGE_BYTES, 9 * PAGE_BYTES, PIPE_BYTES, CHUNK_BYTES, 3 * PAGE_BYTES] {
            reader.read_exact(&mut vec![0; read]).unwrap();
            send(&mut lender, CHUNK_BYTES, read).unwrap();
            // The pipe is full again: now it would wait.
            lender.wipe_read();
            let left = lender.ring.iter().filter(|&&byte| byte != 0).count();
            assert_eq!(left, PIPE_BYTES, "bytes are left of {read} that were read");
        }
    }

    #[test]
    fn a_closed_pipe_ends_it_and_wipes_what_is_unsent() {
        let (reader, writer) = narrow_pipe();
        let end = WriteEnd::of(writer.as_fd()).unwrap();
        let mut pages = LentPages::map(end.ring_bytes()).unwrap();
        let mut lender = Lender::new(end, pages.bytes());
        drop(reader);
        assert_eq!(send(&mut lender, CHUNK_BYTES, 10_000), Err(Error::Closed));
        assert!(lender.ring.iter().all(|&byte| byte == 0));
    }

    #[test]
    fn pages_are_lent_to_the_written_end_of_a_pipe_alone() {
        let (reader, writer) = narrow_pipe();
        assert_eq!(WriteEnd::of(writer.as_fd()).unwrap().ring_bytes(), PIPE_BYTES + CHUNK_BYTES);
        assert!(WriteEnd::of(reader.as_fd()).is_none(), "there the call would read");
        let null = std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
        assert!(WriteEnd::of(null.as_fd()).is_none());
    }

    #[test]
    fn what_was_lent_outlives_the_lender() {
        let (mut reader, writer) = narrow_pipe();
        let end = WriteEnd::of(writer.as_fd()).unwrap();
        let mut pages = LentPages::map(end.ring_bytes()).unwrap();
        send(&mut Lender::new(end, pages.bytes()), CHUNK_BYTES, PIPE_BYTES).unwrap();
        drop(pages);
        drop(writer);
        let (mut got, mut want) = (Vec::new(), vec![0; PIPE_BYTES]);
        reader.read_to_end(&mut got).unwrap();
        fill(&mut want, 0);
        assert!(got == want);
    }
}
