//! The repetition count test (SP 800-90B §4.4.1).

use crate::claim::MinEntropy;
use crate::cutoff::{Levels, repetition_cutoffs};
use crate::failure::Severity;

/// Counts how often the last sample came in a row.
#[derive(Clone, Debug)]
pub(crate) struct RepetitionCount {
    cutoffs: Levels,
    last: u8,
    run: u32,
}

impl RepetitionCount {
    pub(crate) fn new(claim: MinEntropy) -> Self {
        Self { cutoffs: repetition_cutoffs(claim), last: 0, run: 0 }
    }

    #[inline]
    pub(crate) fn feed(&mut self, sample: u8) -> Option<Severity> {
        let before = if sample == self.last { self.run } else { 0 };
        self.last = sample;
        self.run = before.saturating_add(1);
        self.cutoffs.reached(self.run)
    }
}
