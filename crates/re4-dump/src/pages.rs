//! Memory for secrets: locked, absent from core dumps and forked children, wiped when released.
//!
//! One of the two places of unsafe code (the other is `confine::close_descriptors`).
#![expect(unsafe_code, reason = "mapping, locking and advising memory are unsafe system calls")]

use std::{ffi::c_void, ptr::NonNull, slice};

use r4_drbg::{FRESH_BYTES, MEMORY_BYTES};
use rustix::{
    io::{Errno, Result},
    mm::{Advice, MapFlags, ProtFlags, madvise, mlock, mmap_anonymous, munmap},
};

/// Bytes mapped. Not more than 64 KiB, which is what older kernels let a container lock.
const MAPPED_BYTES: usize = 64 << 10;

/// The mapping. Its contents are reached through [`SecretPages::split`].
pub(crate) struct SecretPages {
    start: NonNull<c_void>,
}

/// The mapping cut up, so that every secret has its place in it.
pub(crate) struct Secrets<'p> {
    /// State of the generator.
    pub(crate) memory: &'p mut [u8; MEMORY_BYTES],
    /// Kernel bytes on their way into the generator.
    pub(crate) fresh: &'p mut [u8; FRESH_BYTES],
    /// Random bytes on their way out.
    pub(crate) buffer: &'p mut [u8],
}

impl SecretPages {
    /// Maps zeroed pages that no core dump shows and no forked child inherits.
    ///
    /// # Errors
    /// What the kernel answered.
    pub(crate) fn map() -> Result<Self> {
        let (access, kind) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
        // SAFETY: without MAP_FIXED a null hint makes a new mapping and touches no other.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), MAPPED_BYTES, access, kind)? };
        let pages = Self { start: NonNull::new(start).ok_or(Errno::NOMEM)? };
        for advice in [Advice::LinuxWipeOnFork, Advice::LinuxDontDump] {
            // SAFETY: the range is the mapping just made; neither advice changes its contents here.
            unsafe { madvise(start, MAPPED_BYTES, advice)? };
        }
        Ok(pages)
    }

    /// Keeps the pages out of swap.
    ///
    /// # Errors
    /// What the kernel answered; `RLIMIT_MEMLOCK` may forbid it, and the pages work all the same.
    pub(crate) fn lock(&mut self) -> Result<()> {
        // SAFETY: the range is this mapping.
        unsafe { mlock(self.start.as_ptr(), MAPPED_BYTES) }
    }

    /// Hands out the places of the secrets.
    pub(crate) fn split(&mut self) -> Secrets<'_> {
        let fits = "the mapping is larger than memory and fresh bytes together";
        let Some((memory, rest)) = self.bytes().split_first_chunk_mut() else {
            unreachable!("{fits}")
        };
        let Some((fresh, buffer)) = rest.split_first_chunk_mut() else { unreachable!("{fits}") };
        Secrets { memory, fresh, buffer }
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is MAPPED_BYTES long, zeroed by the kernel, readable, writable and
        // private; it lives as long as self, and the slice borrows self exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr().cast(), MAPPED_BYTES) }
    }
}

impl Drop for SecretPages {
    fn drop(&mut self) {
        wipe(self.bytes());
        // SAFETY: the range is this mapping and nothing borrows from it any more.
        let _unmapped = unsafe { munmap(self.start.as_ptr(), MAPPED_BYTES) };
    }
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
        secrets.fresh.fill(2);
        secrets.buffer.fill(3);
        assert!(secrets.memory.iter().all(|&byte| byte == 1));
        assert!(secrets.fresh.iter().all(|&byte| byte == 2));
        let total = MEMORY_BYTES + FRESH_BYTES + secrets.buffer.len();
        assert_eq!(total, MAPPED_BYTES);
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut bytes = [7; 100];
        wipe(&mut bytes);
        assert_eq!(bytes, [0; 100]);
    }
}
