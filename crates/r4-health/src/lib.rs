//! Health tests of noise sources for 8-bit samples (SP 800-90B §4.4), with cut-offs computed from
//! the claimed min-entropy; the most common value estimate (§6.3.1) and the sanity check of a restart
//! matrix (§3.1.4.3).
//!
//! Pure: samples and times come in as arguments. Not here: noise sources, what is done about a
//! failure, and the other estimators of SP 800-90B §6.3.
//!
//! ```
//! use r4_health::{ContinuousTests, MinEntropy, Severity, Test};
//!
//! let claim = MinEntropy::of_bits(1.0)?; // bits a sample
//! let mut tests = ContinuousTests::new(claim)?;
//! let stuck = [7; 31]; // as likely as 2^-30
//! let failure = stuck.into_iter().find_map(|sample| tests.feed(sample).err());
//! let failure = failure.ok_or("31 equal samples are too many")?;
//! assert_eq!((failure.test, failure.severity), (Test::RepetitionCount, Severity::Intermittent));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![no_std]

mod claim;
mod continuous;
mod cutoff;
mod estimate;
mod failure;
mod history;
mod lag;
mod proportion;
mod repetition;
mod restart;

pub use claim::{ClaimError, MinEntropy};
pub use continuous::ContinuousTests;
pub use cutoff::{
    BINARY_WINDOW, FALSE_ALARM_BITS, Levels, WINDOW, log2_run_probability, log2_tail_probability,
    proportion_cutoffs, repetition_cutoffs,
};
pub use estimate::MostCommonValue;
pub use failure::{Failure, Severity, Test};
pub use history::FailureHistory;
pub use restart::RestartCheck;
