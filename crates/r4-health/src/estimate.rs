//! The most common value estimate (SP 800-90B §6.3.1).

/// Standard deviations to the bound of a 99 % confidence interval, as the standard rounds them.
const Z: f64 = 2.576;

/// The value that came most often among samples; of several the least.
///
/// Its estimate is an upper bound for screening: samples that follow a pattern look as good to it
/// as samples that do not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MostCommonValue {
    /// The value.
    pub value: u8,
    /// How often it came.
    pub count: usize,
    /// `count` by the number of samples.
    pub share: f64,
    /// The estimated min-entropy in bits a sample, 0 to 8.
    pub min_entropy: f64,
}

impl MostCommonValue {
    /// Counts the values of `samples`, of which it takes two to have an estimate.
    pub fn of(samples: &[u8]) -> Option<Self> {
        let (value, count) = most_common(samples.iter().copied());
        let others = float(samples.len().checked_sub(1).filter(|others| *others > 0)?);
        let share = float(count) / float(samples.len());
        let bound = (share + Z * libm::sqrt(share * (1.0 - share) / others)).min(1.0);
        let min_entropy = libm::fabs(libm::log2(bound)); // 0, not -0, for certainty
        Some(Self { value, count, share, min_entropy })
    }
}

/// Returns the value that came most often, and how often.
pub(crate) fn most_common(samples: impl IntoIterator<Item = u8>) -> (u8, usize) {
    let mut counts = [0_usize; 256];
    for sample in samples {
        if let Some(count) = counts.get_mut(usize::from(sample)) {
            *count = count.saturating_add(1);
        }
    }
    (0..=u8::MAX).zip(counts).rev().max_by_key(|(_, count)| *count).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a rate of so many samples needs no last digit")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec::Vec;

    fn of(samples: &[u8]) -> MostCommonValue {
        MostCommonValue::of(samples).unwrap()
    }

    /// The first `equal` of `samples` are 7; the others go through all other values.
    fn with_equal(equal: usize, samples: usize) -> Vec<u8> {
        let others = (0..=u8::MAX).filter(|value| *value != 7).cycle();
        core::iter::repeat_n(7, equal).chain(others.take(samples.abs_diff(equal))).collect()
    }

    /// Computed with 60 decimal digits from the formula.
    #[test]
    fn the_estimate() {
        for (equal, samples, bits) in [
            (4, 20, 1.196_310_144_582_570_4),
            (500, 1000, 0.886_964_956_389_702_2),
            (800_000, 1_000_000, 0.320_071_098_395_683_4),
        ] {
            let got = of(&with_equal(equal, samples));
            assert_eq!((got.value, got.count), (7, equal));
            assert!((got.min_entropy - bits).abs() < 1e-12, "{got:?}");
        }
    }

    /// SP 800-90B §6.3.1 gives this example, with its result to four places.
    #[test]
    fn the_example_of_the_standard() {
        let samples = [0, 1, 1, 2, 0, 1, 2, 2, 0, 1, 0, 1, 1, 0, 2, 2, 1, 0, 2, 1];
        let got = of(&samples);
        assert_eq!((got.value, got.count), (1, 8));
        assert!((got.share - 0.4).abs() < 1e-15 && (got.min_entropy - 0.5363).abs() < 5e-5);
    }

    #[test]
    fn equal_samples_have_none() {
        for samples in [with_equal(1000, 1000), with_equal(999, 1000)] {
            assert_eq!(of(&samples).min_entropy.to_bits(), 0.0_f64.to_bits());
        }
    }

    #[test]
    fn the_least_of_several() {
        assert_eq!(of(&[9, 5, 9, 5, 1]).value, 5);
    }

    #[test]
    fn one_sample_is_no_estimate() {
        assert_eq!(MostCommonValue::of(&[]), None);
        assert_eq!(MostCommonValue::of(&[1]), None);
    }
}
