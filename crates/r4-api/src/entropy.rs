//! The entropy of r4-core: its engine, its noise sources, and how they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// State of the entropy as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EntropyStatus {
    /// The sealed generator serves and every noise source there is passes its tests.
    Ok,
    /// Bytes are served, but a noise source fails its tests or the generator is not the sealed one.
    Degraded,
    /// Nothing is served.
    Failed,
}

/// State of a noise source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// It passes its tests.
    Ok,
    /// It failed one by the lower cut-off and is being tested again; nothing is taken from it.
    Intermittent,
    /// It failed for good and is not used until the sealed program is started anew.
    Failed,
    /// This machine has none.
    Absent,
}

impl SourceState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Intermittent, Self::Failed, Self::Absent];

    /// Returns the word used in JSON and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Intermittent => "intermittent",
            Self::Failed => "failed",
            Self::Absent => "absent",
        }
    }

    /// Returns whether the source is there and does not pass its tests.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Intermittent | Self::Failed)
    }
}

/// A noise source, with its counters since the running generator started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoiseSource {
    /// `jitter`, `rdseed` or `getrandom`.
    pub name: String,
    /// How it is.
    pub state: SourceState,
    /// Entropy credited to its part of a seed, in bits.
    pub credited_bits: u32,
    /// Samples taken from it.
    pub samples: u64,
    /// Failures by the lower cut-off.
    pub intermittent_failures: u64,
    /// Failures for good.
    pub permanent_failures: u64,
    /// The test that failed last.
    pub failed_test: Option<String>,
}

/// Events since the start of r4-core.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthCounters {
    /// Times the sealed generator was started.
    pub starts: u64,
    /// Times it died and was started again.
    pub restarts: u64,
    /// Times an integrity check failed.
    pub integrity_failures: u64,
    /// Runs of the known-answer tests.
    pub selftests: u64,
    /// Runs that did not pass.
    pub selftest_failures: u64,
}

/// `entropy` of `GET /version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entropy {
    /// State as a whole.
    pub status: EntropyStatus,
    /// Engine that makes the bytes: `chacha20`, `ctr-aes256`, `kernel` (fallback) or `none`.
    pub drbg: String,
    /// Times the engine was reseeded since the start of r4-core; first seeds do not count.
    pub reseeds: u64,
    /// Noise sources that seed the engine; those last seen when nothing is served.
    pub sources: Vec<NoiseSource>,
    /// Counters of events.
    pub health: HealthCounters,
}
