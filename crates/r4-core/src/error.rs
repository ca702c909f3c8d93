//! Why the sealed generator gives no bytes.

use crate::generator::{MOST_TIME, SILENCE};

/// Why the generator gives no bytes.
#[derive(Debug, thiserror::Error)]
pub enum GeneratorError {
    /// It cannot be started.
    #[error("the sealed core cannot be started: {0}")]
    Spawn(std::io::Error),
    /// It ended, and did not say that anything is wrong with it.
    #[error("the sealed core died")]
    Died,
    /// It runs, but writes nothing.
    #[error("the sealed core hangs: no byte for {} s", SILENCE.as_secs())]
    Hung,
    /// It writes, but not enough.
    #[error("the sealed core is too slow: it did not write what was needed within {} s", MOST_TIME.as_secs())]
    Slow,
    /// It writes bytes without a report of its health.
    #[error("the sealed core does not report its health")]
    Unreported,
    /// Its known-answer tests took too long.
    #[error("the sealed core hangs in its self-test")]
    SelftestHung,
    /// A known-answer test failed; holds what the generator said.
    #[error("the sealed core failed its self-test: {0}")]
    SelftestFailed(String),
    /// A noise source that it needs failed for good; holds what the generator said.
    #[error("the sealed core has no good noise: {0}")]
    Noise(String),
    /// It does not know its orders or cannot confine itself; holds what the generator said.
    #[error("the sealed core gave up: {0}")]
    GaveUp(String),
}
