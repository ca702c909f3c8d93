//! Measures several things in turn, again and again (A B A B), so that a busy machine slows all.

use anyhow::Result;

use super::{figures::Spread, progress::Progress, work::Work};

/// Something with a name that can be measured.
pub(super) trait Named {
    /// Returns what it is called in the table.
    fn name(&self) -> &'static str;
}

/// What was seen of each thing, round by round.
pub(super) struct Rounds<S>(Vec<(&'static str, Vec<S>)>);

impl<S> Rounds<S> {
    /// Lets `look` measure each of `things` once in each round.
    pub(super) fn measure<T: Named>(
        work: &Work,
        subject: &'static str,
        rounds: usize,
        things: &[T],
        mut look: impl FnMut(&T) -> Result<S>,
    ) -> Result<Self> {
        let progress = Progress::begin(subject, rounds.saturating_mul(things.len()));
        let mut seen: Vec<_> = things.iter().map(|thing| (thing.name(), Vec::new())).collect();
        for round in 1..=rounds {
            for (thing, (name, seen)) in things.iter().zip(&mut seen) {
                work.go_on()?;
                progress.now(format!("round {round} of {rounds}: {name}"));
                seen.push(look(thing)?);
                progress.done();
            }
        }
        Ok(Self(seen))
    }

    /// Returns the names, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// Returns a figure of one thing.
    pub(super) fn of(&self, name: &str, figure: impl Fn(&S) -> f64) -> Spread {
        Spread::of(self.seen(name).iter().map(figure))
    }

    /// Returns a figure of one thing as a ratio to that of another in the same round.
    pub(super) fn ratio(&self, name: &str, other: &str, figure: impl Fn(&S) -> f64) -> Spread {
        self.against(name, &[other], |seen, other| {
            figure(seen) / other.iter().map(|other| figure(other)).sum::<f64>()
        })
    }

    /// Returns a figure made of what was seen of one thing and of others in the same round.
    pub(super) fn against(
        &self,
        name: &str,
        others: &[&str],
        figure: impl Fn(&S, &[&S]) -> f64,
    ) -> Spread {
        let rounds = self.seen(name).iter().enumerate().map(|(round, seen)| {
            let others: Vec<&S> =
                others.iter().filter_map(|other| self.seen(other).get(round)).collect();
            figure(seen, &others)
        });
        Spread::of(rounds)
    }

    /// Returns nothing for a name that was not measured; the figure is then not a number.
    fn seen(&self, name: &str) -> &[S] {
        self.0.iter().find(|(known, _)| *known == name).map_or(&[], |(_, seen)| seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<S> Rounds<S> {
        /// One round.
        pub(in super::super) fn once(seen: impl IntoIterator<Item = (&'static str, S)>) -> Self {
            Self(seen.into_iter().map(|(name, seen)| (name, vec![seen])).collect())
        }
    }

    fn rounds() -> Rounds<f64> {
        Rounds(vec![("a", vec![10.0, 40.0, 30.0]), ("b", vec![10.0, 20.0, 10.0])])
    }

    #[test]
    fn a_ratio_is_of_the_same_round() {
        let ratio = rounds().ratio("a", "b", |seen| *seen);
        assert_eq!(ratio, Spread { least: 1.0, median: 2.0, most: 3.0 });
        assert_eq!(rounds().of("b", |seen| *seen).median.to_bits(), 10f64.to_bits());
    }

    #[test]
    fn what_was_not_measured_is_no_number() {
        assert!(rounds().of("c", |seen| *seen).median.is_nan());
        assert!(rounds().ratio("c", "a", |seen| *seen).median.is_nan());
    }
}
