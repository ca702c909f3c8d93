//! Noise sources, each with the entropy credited to it.
//!
//! A source that has not been assessed on the platform is credited zero, so that a wrong
//! assessment can never weaken a seed. The kernel's credit is assumed, not assessed.

use rustix::{
    io::Errno,
    rand::{GetRandomFlags, getrandom},
};

/// The sources of a seed, in the order in which they are hashed: the kernel last.
pub(crate) const SOURCES: &[Source] = &[Source::Kernel];

/// Where noise comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// getrandom(2): conditioned by the kernel, so not health-tested here. Never optional.
    Kernel,
}

/// A source that gave no noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("noise source {name} failed: {cause}")]
pub(crate) struct SourceError {
    /// Name of the source.
    pub(crate) name: &'static str,
    /// What the kernel answered.
    pub(crate) cause: Errno,
}

impl Source {
    /// Returns the name used in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kernel => "getrandom",
        }
    }

    /// Returns the entropy credited to a sample of `bytes` bytes, in bits.
    pub(crate) fn credited_bits(self, bytes: usize) -> usize {
        match self {
            Self::Kernel => bytes.saturating_mul(8),
        }
    }

    /// Overwrites `sample` with noise.
    ///
    /// # Errors
    /// [`SourceError`]; part of `sample` may be overwritten.
    pub(crate) fn fill(self, sample: &mut [u8]) -> Result<(), SourceError> {
        match self {
            Self::Kernel => fill_from_kernel(sample),
        }
        .map_err(|cause| SourceError { name: self.name(), cause })
    }
}

/// Reads the kernel's generator. It blocks until the kernel has seeded itself, never after that.
fn fill_from_kernel(mut rest: &mut [u8]) -> Result<(), Errno> {
    while !rest.is_empty() {
        match getrandom(&mut *rest, GetRandomFlags::empty()) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => rest = rest.get_mut(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_fills_every_byte_it_is_asked_for() {
        // 1 KiB is longer than one uninterruptible read; 16 rounds leave no byte at zero by chance.
        let mut touched = [0_u8; 1024];
        for _ in 0..16 {
            let mut sample = [0; 1024];
            Source::Kernel.fill(&mut sample).unwrap();
            touched.iter_mut().zip(sample).for_each(|(seen, byte)| *seen |= byte);
        }
        assert!(touched.iter().all(|&byte| byte != 0));
    }

    #[test]
    fn the_kernel_is_the_last_source() {
        assert_eq!(SOURCES.last(), Some(&Source::Kernel));
    }
}
