//! The adaptive proportion test (SP 800-90B §4.4.2).

use crate::claim::{ClaimError, MinEntropy};
use crate::cutoff::{Levels, WINDOW, usable_proportion_cutoffs};
use crate::failure::Severity;

/// Counts how often the first sample of a window comes in it.
#[derive(Clone, Debug)]
pub(crate) struct AdaptiveProportion {
    cutoffs: Levels,
    first: u8,
    count: u32,
    left: u32,
}

impl AdaptiveProportion {
    pub(crate) fn new(claim: MinEntropy) -> Result<Self, ClaimError> {
        Ok(Self { cutoffs: usable_proportion_cutoffs(claim)?, first: 0, count: 0, left: 0 })
    }

    #[inline]
    pub(crate) fn feed(&mut self, sample: u8) -> Option<Severity> {
        if self.left == 0 {
            (self.first, self.count, self.left) = (sample, 0, WINDOW);
        }
        self.left = self.left.wrapping_sub(1);
        if sample != self.first {
            return None;
        }
        self.count = self.count.wrapping_add(1);
        self.cutoffs.reached(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cut-off of 458 reached with the last sample of a window counts; with one more does not.
    #[test]
    fn a_window_ends() {
        for (others, failure) in [(54, Some(Severity::Intermittent)), (55, None)] {
            let mut test =
                AdaptiveProportion::new(MinEntropy::of_bits(1.0 / 3.0).unwrap()).unwrap();
            assert!((0..457).all(|_| test.feed(7).is_none()));
            assert!((0..others).all(|_| test.feed(9).is_none()));
            assert_eq!(test.feed(7), failure, "after {others} others");
        }
    }
}
