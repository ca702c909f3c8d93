//! From the generator to standard output, one buffer after the other.

use std::os::fd::BorrowedFd;

use r4_drbg::{FRESH_BYTES, Seeded};
use rustix::io::{Errno, write};

use crate::{error::Error, noise::Source, pages::wipe};

/// Writes `limit` random bytes, or bytes without end, with fresh kernel bytes for every buffer.
///
/// # Errors
/// [`Error::Closed`] when the reader is gone, [`Error::Output`], [`Error::Source`].
pub(crate) fn pump(
    mut generator: Seeded<'_>,
    fresh: &mut [u8; FRESH_BYTES],
    buffer: &mut [u8],
    limit: Option<u64>,
    output: BorrowedFd<'_>,
) -> Result<(), Error> {
    let mut left = limit;
    while left != Some(0) {
        let len = left.map_or(buffer.len(), |left| {
            usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len())
        });
        let chunk = buffer.get_mut(..len).unwrap_or_default();

        Source::Kernel.fill(fresh)?;
        generator.fill(fresh, chunk)?;
        wipe(fresh);
        let written = write_all(output, chunk);
        wipe(chunk);
        written?;

        left = left.map(|left| left.saturating_sub(len as u64));
    }
    Ok(())
}

/// Writes all of `rest`. Standard output may be a pipe that takes a part at a time.
fn write_all(output: BorrowedFd<'_>, mut rest: &[u8]) -> Result<(), Error> {
    while !rest.is_empty() {
        match write(output, rest) {
            Ok(0) => return Err(Error::Output(Errno::IO)),
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Error::output(errno)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use r4_drbg::{Engine, MEMORY_BYTES, Seed, Unseeded};
    use std::{io::Read, os::fd::AsFd, thread};

    /// Pumps with a buffer of 1000 bytes; returns the outcome, and the memory it leaves behind.
    fn run(limit: Option<u64>, output: BorrowedFd<'_>) -> (Result<(), Error>, Vec<u8>) {
        let (mut memory, mut fresh, mut buffer) = ([0; MEMORY_BYTES], [0; 32], [0; 1000]);
        let generator =
            Unseeded::new(Engine::ChaCha20, &mut memory).seed(&Seed::from_bytes([7; 48]));
        let done = pump(generator, &mut fresh, &mut buffer, limit, output);
        (done, [&memory[..], &fresh, &buffer].concat())
    }

    #[test]
    fn the_limit_is_met_to_the_byte_and_nothing_is_left_behind() {
        for limit in [0, 1, 999, 1000, 1001, 100_000] {
            let (mut reader, writer) = std::io::pipe().unwrap();
            let read = thread::spawn(move || {
                let mut all = Vec::new();
                reader.read_to_end(&mut all).map(|_| all)
            });
            let (done, memory) = run(Some(limit), writer.as_fd());
            drop(writer);
            assert_eq!(done, Ok(()));
            assert_eq!(read.join().unwrap().unwrap().len() as u64, limit);
            assert!(memory.iter().all(|&byte| byte == 0), "secrets stay after {limit} bytes");
        }
    }

    #[test]
    fn a_closed_pipe_ends_it_and_wipes_the_unwritten_bytes() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (done, memory) = run(None, writer.as_fd());
        assert_eq!(done, Err(Error::Closed));
        assert!(memory.iter().all(|&byte| byte == 0));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(run(None, full.as_fd()).0, Err(Error::Output(Errno::NOSPC)));
    }
}
