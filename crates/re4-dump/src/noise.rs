//! Noise sources: one small type each, with raw samples of a byte.
//!
//! A source that has not been assessed on the platform is credited zero, so that a wrong
//! assessment can never weaken a seed. The kernel's credit is assumed, not assessed.

mod jitter;
mod kernel;
mod rdseed;

use jitter::Jitter;
use kernel::Kernel;
use r4_health::MinEntropy;
use rdseed::RdSeed;
use rustix::io::Errno;

/// The kinds of sources there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// CPU jitter.
    Jitter,
    /// The processor's RDSEED.
    RdSeed,
    /// getrandom(2).
    Kernel,
}

impl Kind {
    /// Every kind, in the order in which samples are hashed: the kernel last.
    pub(crate) const ALL: [Self; 3] = [Self::Jitter, Self::RdSeed, Self::Kernel];

    /// Returns the name used in reports and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jitter => "jitter",
            Self::RdSeed => "rdseed",
            Self::Kernel => "getrandom",
        }
    }

    /// Returns what is known without asking for noise.
    pub(crate) fn properties(self) -> Properties {
        match self {
            Self::Jitter => jitter::PROPERTIES,
            Self::RdSeed => rdseed::PROPERTIES,
            Self::Kernel => kernel::PROPERTIES,
        }
    }

    /// Opens the source, if this machine has it. Allocates: call it before the system call filter
    /// is installed.
    pub(crate) fn open(self) -> Option<Box<dyn Noise>> {
        match self {
            Self::Jitter => Some(Box::new(Jitter::new())),
            Self::RdSeed => RdSeed::find().map(|found| Box::new(found) as Box<dyn Noise>),
            Self::Kernel => Some(Box::new(Kernel)),
        }
    }
}

/// A source of noise.
pub(crate) trait Noise {
    /// Overwrites `samples` with raw samples, one a byte.
    ///
    /// # Errors
    /// [`Unavailable`]; part of `samples` may be overwritten.
    fn fill(&mut self, samples: &mut [u8]) -> Result<(), Unavailable>;
}

/// What is known of a source without asking it for noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Properties {
    /// Min-entropy a sample that the health tests take as given.
    pub(crate) claim: MinEntropy,
    /// Entropy that a seed is credited with for each sample, in bits.
    pub(crate) credited_bits_per_sample: usize,
    /// Samples taken for a seed.
    pub(crate) samples: usize,
    /// Which samples the health tests see.
    pub(crate) tested: Tested,
}

impl Properties {
    /// Returns the entropy that a seed is credited with for all samples of the source, in bits.
    pub(crate) fn credited_bits(&self) -> usize {
        self.credited_bits_per_sample.saturating_mul(self.samples)
    }
}

/// Which samples of a source the health tests see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tested {
    /// All: raw noise (SP 800-90B §4.3, requirement 6).
    Always,
    /// Those of the start-up test: conditioned output, where the tests would only fire by chance.
    /// Afterwards no draw may equal the one before.
    AtStart,
}

/// The source gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unavailable {
    /// The system call failed.
    #[error("{0}")]
    Refused(Errno),
    /// The source has nothing to give just now, however often it is asked: others share it.
    #[error("it gives no noise just now")]
    Exhausted,
}
