//! The continuous tests together.

use crate::claim::{ClaimError, MinEntropy};
use crate::failure::{Failure, Test};
use crate::lag::Lag;
use crate::proportion::AdaptiveProportion;
use crate::repetition::RepetitionCount;

/// The continuous health tests of one noise source.
///
/// Each run and each window reports an intermittent failure once, and a permanent one once if it
/// goes on: a failure resets nothing.
#[derive(Clone, Debug)]
pub struct ContinuousTests {
    repetition: RepetitionCount,
    proportion: AdaptiveProportion,
    lag: Lag,
}

impl ContinuousTests {
    /// Makes tests for samples with at least the claimed min-entropy.
    ///
    /// # Errors
    /// [`ClaimError::TooLow`] for a claim that would make a test one that never fails.
    pub fn new(claim: MinEntropy) -> Result<Self, ClaimError> {
        Ok(Self {
            repetition: RepetitionCount::new(claim),
            proportion: AdaptiveProportion::new(claim)?,
            lag: Lag::new(claim)?,
        })
    }

    /// Tests one more sample.
    ///
    /// # Errors
    /// The worst [`Failure`] that this sample brings about, of equally bad ones the first in
    /// [`Test::ALL`].
    #[inline]
    pub fn feed(&mut self, sample: u8) -> Result<(), Failure> {
        let results =
            [self.repetition.feed(sample), self.proportion.feed(sample), self.lag.feed(sample)];
        let Some(severity) = results.into_iter().max().flatten() else { return Ok(()) };
        let failed = Test::ALL.into_iter().zip(results).find(|(_, r)| *r == Some(severity));
        failed.map_or(Ok(()), |(test, _)| Err(Failure { test, severity }))
    }
}
