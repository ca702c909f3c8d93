//! Cut-offs of the health tests, from the claimed min-entropy and the accepted false alarms.

use core::f64::consts::LN_2;
use core::iter::successors;

use crate::claim::{ClaimError, MinEntropy};
use crate::failure::Severity;

/// Samples that the adaptive proportion test looks at together (SP 800-90B §4.4.2, non-binary).
pub const WINDOW: u32 = 512;
/// The same for samples of one bit (SP 800-90B §4.4.2, binary).
pub const BINARY_WINDOW: u32 = 1024;
/// Accepted false alarms: a probability α of 2^-30 for intermittent, 2^-60 for permanent failures.
pub const FALSE_ALARM_BITS: Levels = Levels { intermittent: 30, permanent: 60 };

/// A number for each [`Severity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// For an intermittent failure.
    pub intermittent: u32,
    /// For a permanent failure.
    pub permanent: u32,
}

impl Levels {
    /// Returns the cut-off that `count` has just come to. A count that grows in steps of one comes
    /// to each cut-off once.
    #[inline]
    pub(crate) fn reached(self, count: u32) -> Option<Severity> {
        if count == self.permanent {
            Some(Severity::Permanent)
        } else if count == self.intermittent {
            Some(Severity::Intermittent)
        } else {
            None
        }
    }

    fn map(self, cutoff: impl Fn(u32) -> u32) -> Self {
        Self { intermittent: cutoff(self.intermittent), permanent: cutoff(self.permanent) }
    }
}

/// Returns how many equal samples in a row are a failure: 1 + ⌈-log2 α / H⌉ (SP 800-90B §4.4.1).
pub fn repetition_cutoffs(claim: MinEntropy) -> Levels {
    FALSE_ALARM_BITS.map(|bits| repetition_cutoff(claim, bits))
}

/// Returns how many equal samples in a window are a failure: the least C for which a binomial
/// variable of `window` trials, each a success with probability 2^-H, is at least C with a
/// probability of at most α (SP 800-90B §4.4.2, 1 + CRITBINOM).
///
/// It is `window + 1`, which no count comes to, where even a full window is likelier than α.
pub fn proportion_cutoffs(claim: MinEntropy, window: u32) -> Levels {
    FALSE_ALARM_BITS.map(|bits| proportion_cutoff(claim, window, -f64::from(bits)))
}

fn repetition_cutoff(claim: MinEntropy, bits: u32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and positive; more than fits becomes the most that fits"
    )]
    let repeats = libm::ceil(f64::from(bits) / claim.bits()) as u32;
    repeats.saturating_add(1)
}

/// Returns the least count that `window` samples come to with a probability of at most α.
pub(crate) fn proportion_cutoff(claim: MinEntropy, window: u32, log2_alpha: f64) -> u32 {
    Tail::upwards_of(claim, window)
        .take_while(|tail| tail.log2 <= log2_alpha)
        .last()
        .map_or(window.saturating_add(1), |tail| tail.count)
}

/// Returns [`proportion_cutoffs`] in [`WINDOW`].
///
/// # Errors
/// [`ClaimError::TooLow`] where one lies above the window.
pub(crate) fn usable_proportion_cutoffs(claim: MinEntropy) -> Result<Levels, ClaimError> {
    let cutoffs = proportion_cutoffs(claim, WINDOW);
    if cutoffs.permanent > WINDOW {
        return Err(ClaimError::TooLow { bits: claim.bits() });
    }
    Ok(cutoffs)
}

/// Returns log2 of the probability that `length` samples in a row are what was guessed: -H·length.
pub fn log2_run_probability(claim: MinEntropy, length: u32) -> f64 {
    -claim.bits() * f64::from(length)
}

/// Returns log2 of the probability that at least `count` of `window` samples are what was guessed,
/// each with probability 2^-H.
pub fn log2_tail_probability(claim: MinEntropy, window: u32, count: u32) -> f64 {
    Tail::upwards_of(claim, window)
        .find(|tail| tail.count == count)
        .map_or(f64::NEG_INFINITY, |tail| tail.log2)
}

/// The upper tail of a binomial distribution, in logarithms: 2^-4096 is no number of 64 bits.
#[derive(Clone, Copy)]
struct Tail {
    count: u32,
    /// log2 P(X = count)
    log2_here: f64,
    /// log2 P(X >= count)
    log2: f64,
}

impl Tail {
    /// Returns the tails from `window` down to 0.
    fn upwards_of(claim: MinEntropy, window: u32) -> impl Iterator<Item = Self> {
        let log2_miss = libm::log2(-libm::expm1(-claim.bits() * LN_2));
        let log2_odds = -claim.bits() - log2_miss;
        let all = log2_run_probability(claim, window);
        let full = Self { count: window, log2_here: all, log2: all };
        successors(Some(full), move |tail| tail.with_next_lower(window, log2_odds))
    }

    /// P(X = k - 1) = P(X = k) · k / (window - k + 1) · (1 - p) / p.
    fn with_next_lower(&self, window: u32, log2_odds: f64) -> Option<Self> {
        let count = self.count.checked_sub(1)?;
        let ways = f64::from(self.count) / f64::from(window.saturating_sub(count));
        let log2_here = self.log2_here + libm::log2(ways) - log2_odds;
        Some(Self { count, log2_here, log2: log2_sum(self.log2, log2_here) })
    }
}

/// Returns log2(2^a + 2^b).
fn log2_sum(a: f64, b: f64) -> f64 {
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    more + libm::log1p(libm::exp2(less - more)) / LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(bits: f64) -> MinEntropy {
        MinEntropy::of_bits(bits).unwrap()
    }

    /// SP 800-90B Table 2, α = 2^-20.
    #[test]
    fn the_proportion_cutoffs_of_the_standard() {
        for (bits, cutoff) in [(0.2, 941), (0.4, 840), (0.6, 748), (0.8, 664), (1.0, 589)] {
            assert_eq!(proportion_cutoff(claim(bits), BINARY_WINDOW, -20.0), cutoff, "{bits}");
        }
        for (bits, cutoff) in [(0.5, 410), (1.0, 311), (2.0, 177), (4.0, 62), (8.0, 13)] {
            assert_eq!(proportion_cutoff(claim(bits), WINDOW, -20.0), cutoff, "{bits}");
        }
    }

    /// The example of SP 800-90B §4.4.1, α = 2^-20, and claims that divide the bits or do not.
    #[test]
    fn the_repetition_cutoffs_of_the_standard() {
        assert_eq!(repetition_cutoff(claim(2.0), 20), 11);
        let cutoffs = |bits| repetition_cutoffs(claim(bits));
        assert_eq!(cutoffs(1.0 / 3.0), Levels { intermittent: 91, permanent: 181 });
        assert_eq!(cutoffs(0.7), Levels { intermittent: 44, permanent: 87 });
        assert_eq!(cutoffs(8.0), Levels { intermittent: 5, permanent: 9 });
        assert_eq!(cutoffs(f64::MIN_POSITIVE).permanent, u32::MAX);
    }

    /// Computed with 60 decimal digits from the definition.
    #[test]
    fn proportion_cutoffs_at_both_levels() {
        for (window, bits, intermittent, permanent) in [
            (BINARY_WINDOW, 0.2, 952, 976),
            (BINARY_WINDOW, 1.0, 609, 652),
            (WINDOW, 1.0 / 3.0, 458, 479),
            (WINDOW, 0.5, 422, 447),
            (WINDOW, 1.0, 325, 355),
            (WINDOW, 8.0, 16, 25),
            (WINDOW, 0.12, 503, 512),
            (WINDOW, 60.0 / 512.0, 504, 512),
            (WINDOW, 60.0 / 512.0 - 1e-9, 504, 513),
            (WINDOW, 1e-6, 513, 513),
        ] {
            let got = proportion_cutoffs(claim(bits), window);
            assert_eq!(got, Levels { intermittent, permanent }, "{bits} bits in {window}");
        }
    }

    #[test]
    fn a_test_that_cannot_fail_is_refused() {
        assert!(usable_proportion_cutoffs(claim(60.0 / 512.0)).is_ok());
        let bits = 60.0 / 512.0 - 1e-9;
        assert_eq!(usable_proportion_cutoffs(claim(bits)), Err(ClaimError::TooLow { bits }));
    }

    /// Logarithms computed with 60 decimal digits from the definition; the least is 2^-4096.
    #[test]
    fn tails_of_the_binomial_distribution() {
        for (window, bits, count, log2) in [
            (1024, 0.2, 941, -20.580_668_356_680_425),
            (512, 0.5, 410, -20.092_399_355_640_77),
            (512, 1.0 / 3.0, 459, -31.195_762_152_364_8),
            (512, 1.0 / 3.0, 480, -63.539_423_381_550_9),
            (512, 8.0, 13, -22.360_410_750_126_106),
            (512, 4.0, 200, -339.500_552_782_866_6),
            (512, 8.0, 300, -1_904.962_675_372_104_5),
            (512, 8.0, 512, -4096.0),
            (512, 1.0 / 3.0, 0, 0.0),
        ] {
            let got = log2_tail_probability(claim(bits), window, count);
            assert!((got - log2).abs() < 1e-10, "{window} {bits} {count}: {got}");
        }
        assert!(log2_tail_probability(claim(1.0), 512, 513) < f64::MIN);
    }
}
