//! What several measurements of the same thing come to.

/// The least, the median and the most of some measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of no measurement everything is not a number.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        let median = f64::midpoint(at(last / 2), at(last.div_ceil(2)));
        Self { least: at(0), median, most: at(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        let three = Spread::of([3.0, 1.0, 2.0]);
        assert_eq!(three, Spread { least: 1.0, median: 2.0, most: 3.0 });
        let four = Spread::of([4.0, 1.0, 2.0, 3.0]);
        assert_eq!(four, Spread { least: 1.0, median: 2.5, most: 4.0 });
        assert_eq!(Spread::of([7.0]), Spread { least: 7.0, median: 7.0, most: 7.0 });
        assert!(Spread::of([]).median.is_nan());
    }
}
