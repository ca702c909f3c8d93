//! What a health test says when it fails.

use core::fmt;

/// A continuous health test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// The same sample too often in a row (SP 800-90B §4.4.1).
    RepetitionCount,
    /// The same sample too often in a window (SP 800-90B §4.4.2).
    AdaptiveProportion,
    /// Samples too often as the pattern of the last ones foretells (ours, SP 800-90B §4.5).
    Lag,
}

impl Test {
    /// Every test, in the order in which they are named when several fail at once.
    pub const ALL: [Self; 3] = [Self::RepetitionCount, Self::AdaptiveProportion, Self::Lag];

    /// Returns the name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RepetitionCount => "repetition-count",
            Self::AdaptiveProportion => "adaptive-proportion",
            Self::Lag => "lag",
        }
    }
}

/// How bad a failure is. The worse is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Rare for a good source: discard the samples and test the source again.
    Intermittent,
    /// Practically impossible for a good source: use it no more.
    Permanent,
}

impl Severity {
    /// Returns the name used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intermittent => "intermittent",
            Self::Permanent => "permanent",
        }
    }
}

/// A test that failed, and how badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The test.
    pub test: Test,
    /// How badly.
    pub severity: Severity,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} test failed ({})", self.test.name(), self.severity.name())
    }
}

impl core::error::Error for Failure {}
