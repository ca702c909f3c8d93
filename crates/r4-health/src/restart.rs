//! The sanity check of samples taken after restarts (SP 800-90B §3.1.4.3).

use crate::claim::MinEntropy;
use crate::cutoff::proportion_cutoff;
use crate::estimate::most_common;

/// How often one value comes in a row or column of a restart matrix: 1000 restarts, a row of 1000
/// samples each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartCheck {
    /// The greatest count of one value in any row.
    pub most_in_row: usize,
    /// The greatest count of one value in any column.
    pub most_in_column: usize,
    /// The count that is too many.
    pub cutoff: u32,
}

impl RestartCheck {
    /// Samples of a row, and rows.
    pub const SIDE: usize = 1000;

    /// Counts in `samples`, the rows one after the other. Nothing but a million of them is a
    /// restart matrix.
    pub fn of(samples: &[u8], claim: MinEntropy) -> Option<Self> {
        let (rows, []) = samples.as_chunks::<{ Self::SIDE }>() else { return None };
        if rows.len() != Self::SIDE {
            return None;
        }
        let most_in_row = rows.iter().map(|row| most_common(row.iter().copied()).1).max()?;
        let column = |index| rows.iter().filter_map(move |row| row.get(index).copied());
        let most_in_column = (0..Self::SIDE).map(|index| most_common(column(index)).1).max()?;
        Some(Self { most_in_row, most_in_column, cutoff: cutoff(claim) })
    }

    /// Says whether no row and no column has too many equal samples.
    pub fn passed(&self) -> bool {
        let most = self.most_in_row.max(self.most_in_column);
        u32::try_from(most).is_ok_and(|most| most < self.cutoff)
    }
}

/// Returns the least count of one value that a good source has in a row, or column, with a
/// probability of at most 1 - 0.99^(1/2000), so that it fails with a probability of 1 %. As many
/// values as the claim allows may be the most likely one.
fn cutoff(claim: MinEntropy) -> u32 {
    let log2_alpha = libm::log2(-libm::expm1(libm::log(0.99) / 2000.0));
    let values = libm::floor(1.0 / claim.most_likely());
    proportion_cutoff(claim, 1000, log2_alpha - libm::log2(values))
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn claim(bits: f64) -> MinEntropy {
        MinEntropy::of_bits(bits).unwrap()
    }

    /// No value comes more often than 4 times in a row or column.
    fn matrix() -> Vec<u8> {
        let row = |row: u32| (row..).take(1000).map(|i| (i % 250).to_le_bytes()[0]);
        (0..1000).flat_map(row).collect()
    }

    #[test]
    fn a_matrix_without_a_pattern_passes() {
        let check = RestartCheck::of(&matrix(), claim(8.0)).unwrap();
        assert_eq!((check.most_in_row, check.most_in_column), (4, 4));
        assert!(check.passed());
    }

    #[test]
    fn one_sample_more_than_allowed_fails() {
        let limit = cutoff(claim(1.0 / 3.0)).try_into().unwrap();
        for (step, row, column) in [(1, limit, 5), (1000, 5, limit)] {
            let mut samples = matrix();
            samples.iter_mut().step_by(step).take(limit - 1).for_each(|sample| *sample = 255);
            let check = RestartCheck::of(&samples, claim(1.0 / 3.0)).unwrap();
            assert!(check.passed(), "{check:?}");
            samples[step * (limit - 1)] = 255;
            let check = RestartCheck::of(&samples, claim(1.0 / 3.0)).unwrap();
            assert!(!check.passed(), "{check:?}");
            assert!(check.most_in_row <= row && check.most_in_column <= column, "{check:?}");
        }
    }

    #[test]
    fn only_a_million_samples_are_a_matrix() {
        let samples = matrix();
        assert_eq!(RestartCheck::of(&samples[..999_000], claim(1.0)), None);
        assert_eq!(RestartCheck::of(&samples[..999_999], claim(1.0)), None);
        assert_eq!(RestartCheck::of(&[], claim(1.0)), None);
    }

    /// Computed with 60 decimal digits from the definition.
    #[test]
    fn cutoffs() {
        for (bits, count) in [(1.0 / 3.0, 849), (1.0, 573), (2.5, 237), (8.0, 20)] {
            assert_eq!(cutoff(claim(bits)), count, "{bits}");
        }
    }
}
