//! Memory for secrets and for bytes that are lent: locked, absent from core dumps and forked children;
//! secrets are wiped when they are released.
//!
//! One of the three places of unsafe code, with `confine::close_descriptors` and `processor`.
#![expect(unsafe_code, reason = "mapping, locking, advising and lending memory are unsafe calls")]

use std::{ffi::c_void, ptr::NonNull, slice};

use r4_drbg::{FRESH_BYTES, MEMORY_BYTES, Seed};
use rustix::{
    io::{Errno, Result},
    mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, munmap},
    pipe::{IoSliceRaw, SpliceFlags, vmsplice},
};

use crate::lend::WriteEnd;

/// What a forked child does not find in its copy, which the kernel wipes (`MADV_WIPEONFORK`).
const ORIGINAL: u8 = 0xA5;
/// Bytes mapped. Not more than 64 KiB, which is what older kernels let a container lock.
const MAPPED_BYTES: usize = 64 << 10;

/// Pages for secrets. Their contents are reached through [`SecretPages::split`].
pub(crate) struct SecretPages(Mapping);

/// Pages that a pipe refers to when their bytes are lent to it. They are not wiped when they are
/// released, because the pipe has them until they are read.
pub(crate) struct LentPages(Mapping);

/// Zeroed pages that no core dump shows.
struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

/// The pages cut up, so that every secret has its place in it.
pub(crate) struct Secrets<'p> {
    /// State of the generator.
    pub(crate) memory: &'p mut [u8; MEMORY_BYTES],
    /// What passes through on its way in.
    pub(crate) desk: Desk<'p>,
    /// Random bytes on their way out.
    pub(crate) buffer: &'p mut [u8],
}

/// Places of what is secret for a moment.
pub(crate) struct Desk<'p> {
    /// Kernel bytes on their way into the generator.
    pub(crate) fresh: &'p mut [u8; FRESH_BYTES],
    /// A seed on its way into the generator.
    pub(crate) seed: &'p mut [u8; Seed::BYTES],
    original: &'p mut u8,
}

/// The process is a fork of the one that was seeded, and holds zeros in the place of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this process is a copy of the generator, and a copy must not go on")]
pub(crate) struct Copied;

impl Desk<'_> {
    /// Tells whether this is still the process that mapped the pages.
    ///
    /// # Errors
    /// [`Copied`] in a fork of it.
    pub(crate) fn check_original(&self) -> std::result::Result<(), Copied> {
        // Only the kernel wipes it, behind the compiler's back.
        if std::hint::black_box(*self.original) == ORIGINAL { Ok(()) } else { Err(Copied) }
    }
}

impl Mapping {
    /// Maps pages that a forked child has as `in_fork` says.
    fn new(length: usize, in_fork: Advice) -> Result<Self> {
        let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: without MAP_FIXED a null hint makes a new mapping and touches no other.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), length, access, kind)? };
        let mapping = Self { start: NonNull::new(start).ok_or(Errno::NOMEM)?, length };
        for advice in [in_fork, Advice::LinuxDontDump] {
            // SAFETY: the range is the mapping just made; no such advice changes its contents here.
            unsafe { madvise(start, length, advice)? };
        }
        Ok(mapping)
    }

    fn lock(&mut self) -> Result<()> {
        // SAFETY: the range is this mapping.
        unsafe { mlock(self.start.as_ptr(), self.length) }
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is that long, zeroed by the kernel, readable, writable and private; it
        // lives as long as self, and the slice borrows self exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is this mapping and nothing borrows from it any more.
        let _unmapped = unsafe { munmap(self.start.as_ptr(), self.length) };
    }
}

impl LentPages {
    /// Maps pages for `length` bytes. A forked child has none.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn map(length: usize) -> Result<Self> {
        Mapping::new(length, Advice::LinuxDontFork).map(Self)
    }

    /// Keeps the pages out of swap.
    ///
    /// # Errors
    /// As of [`SecretPages::lock`].
    pub(crate) fn lock(&mut self) -> Result<()> {
        self.0.lock()
    }

    /// Returns the pages.
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        self.0.bytes()
    }
}

impl SecretPages {
    /// Maps the pages. A forked child finds zeros in them.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn map() -> Result<Self> {
        Mapping::new(MAPPED_BYTES, Advice::LinuxWipeOnFork).map(Self)
    }

    /// Keeps the pages out of swap.
    ///
    /// # Errors
    /// What the kernel answered; `RLIMIT_MEMLOCK` may forbid it, and the pages work all the same.
    pub(crate) fn lock(&mut self) -> Result<()> {
        self.0.lock()
    }

    /// Hands out the places of the secrets.
    pub(crate) fn split(&mut self) -> Secrets<'_> {
        let fits = "the mapping is larger than what comes before the buffer";
        let Some((memory, rest)) = self.0.bytes().split_first_chunk_mut() else {
            unreachable!("{fits}")
        };
        let Some((fresh, rest)) = rest.split_first_chunk_mut() else { unreachable!("{fits}") };
        let Some((seed, rest)) = rest.split_first_chunk_mut() else { unreachable!("{fits}") };
        let Some((original, buffer)) = rest.split_first_mut() else { unreachable!("{fits}") };
        *original = ORIGINAL;
        Secrets { memory, desk: Desk { fresh, seed, original }, buffer }
    }
}

impl Drop for SecretPages {
    fn drop(&mut self) {
        wipe(self.0.bytes());
    }
}

/// Lends the pages of `bytes` to a pipe that is open for writing, as far as there is room; waits for
/// some. Returns how many bytes that are.
///
/// The pipe gives what lies there when it is read.
///
/// # Errors
/// What the kernel answered.
pub(crate) fn lend(to: &WriteEnd<'_>, bytes: &[u8]) -> Result<usize> {
    let pages = [IoSliceRaw::from_slice(bytes)];
    // SAFETY: into the end that is written to, the call takes bytes and changes none.
    unsafe { vmsplice(to.pipe(), &pages, SpliceFlags::empty()) }
}

/// Overwrites `bytes` with zeros at the speed of memset; the compiler cannot leave it out.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_lie_apart_inside_the_mapping() {
        let mut pages = SecretPages::map().unwrap();
        let secrets = pages.split();
        secrets.memory.fill(1);
        secrets.desk.fresh.fill(2);
        secrets.desk.seed.fill(4);
        secrets.buffer.fill(3);
        assert!(secrets.memory.iter().all(|&byte| byte == 1));
        assert!(secrets.desk.fresh.iter().all(|&byte| byte == 2));
        let total = MEMORY_BYTES + FRESH_BYTES + Seed::BYTES + 1 + secrets.buffer.len();
        assert_eq!(total, MAPPED_BYTES);
        assert_eq!(secrets.desk.check_original(), Ok(()));
    }

    #[test]
    fn a_fork_finds_no_state_and_is_told_to_stop() {
        let mut pages = SecretPages::map().unwrap();
        let secrets = pages.split();
        secrets.memory.fill(1);
        secrets.buffer.fill(3);
        // SAFETY: the child reads its memory and leaves; it takes no lock and allocates nothing.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let empty = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
            let wiped = empty(secrets.memory) && empty(secrets.buffer);
            let told = secrets.desk.check_original() == Err(Copied);
            // SAFETY: ends the child without running what the parent's test harness left to do.
            unsafe { libc::_exit(if wiped && told { 17 } else { 1 }) }
        }
        assert!(child > 0, "fork failed");
        let mut status = 0;
        // SAFETY: waits for the child made above; the status is a local.
        let ended = unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(ended, child);
        assert_eq!(libc::WEXITSTATUS(status), 17, "the child saw its parent's secrets");
        assert_eq!(secrets.desk.check_original(), Ok(()));
        assert!(secrets.memory.iter().all(|&byte| byte == 1), "the parent keeps its state");
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut bytes = [7; 100];
        wipe(&mut bytes);
        assert_eq!(bytes, [0; 100]);
    }
}
