//! How much min-entropy a sample is claimed to have.

use crate::cutoff::WINDOW;

/// Claimed min-entropy of an 8-bit sample, in bits: more than 0, at most 8.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinEntropy(f64);

impl MinEntropy {
    /// What the sealed core claims of a sample of CPU jitter, for its tests alone: one bit in three
    /// samples, as jitterentropy assumes by default. `proof/statistics` has what was measured.
    pub const JITTER: Self = Self(1.0 / 3.0);
    /// A sample of conditioned output: every bit of it.
    pub const FULL: Self = Self(8.0);

    /// Takes a number of bits a sample.
    ///
    /// # Errors
    /// [`ClaimError::OutOfRange`] for what 8 bits cannot have.
    pub const fn of_bits(bits: f64) -> Result<Self, ClaimError> {
        if bits > 0.0 && bits <= 8.0 {
            Ok(Self(bits))
        } else {
            Err(ClaimError::OutOfRange { bits })
        }
    }

    /// Returns the bits a sample.
    pub const fn bits(self) -> f64 {
        self.0
    }

    /// Returns the greatest probability that any sample value may have: 2^-H.
    pub fn most_likely(self) -> f64 {
        libm::exp2(-self.0)
    }
}

/// Why a claim cannot be tested.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ClaimError {
    /// No sample of 8 bits has so much, or so little, min-entropy.
    #[error("{bits} is no min-entropy of an 8-bit sample: it is more than 0 and at most 8 bits")]
    OutOfRange {
        /// The bits claimed.
        bits: f64,
    },
    /// A cut-off lies above the window, so that its test could never fail.
    #[error("a min-entropy of {bits} bits a sample is too low to be tested in {WINDOW} samples")]
    TooLow {
        /// The bits claimed.
        bits: f64,
    },
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString as _;

    #[test]
    fn what_eight_bits_can_have() {
        for bits in [f64::MIN_POSITIVE, 1.0 / 3.0, 8.0] {
            assert_eq!(MinEntropy::of_bits(bits).map(MinEntropy::bits), Ok(bits));
        }
        for bits in [0.0, -1.0, 8.000_001, f64::INFINITY, f64::NAN] {
            let error = MinEntropy::of_bits(bits).unwrap_err().to_string();
            assert!(error.starts_with(&bits.to_string()), "{error}");
        }
    }

    #[test]
    fn the_most_likely_value() {
        let most_likely = |bits| MinEntropy::of_bits(bits).map(MinEntropy::most_likely);
        assert_eq!(most_likely(8.0), Ok(1.0 / 256.0));
        assert_eq!(most_likely(1.0), Ok(0.5));
    }
}
