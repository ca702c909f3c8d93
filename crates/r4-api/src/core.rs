//! Answers of r4-core.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entropy::Entropy;

/// Most bytes that one `/random` request may ask for.
pub const MAX_BYTES_PER_REQUEST: u32 = 1_000_000;
/// Most 32-bit words that one `fmt=u32` request may ask for.
pub const MAX_WORDS_PER_REQUEST: u32 = 250_000;

/// Result of the hash check of the sealed binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Integrity {
    /// The bytes that run are the bytes that the manifest names.
    Verified,
    /// They are not, or could not be checked.
    Failed,
    /// No sealed binary (`--dev`).
    Absent,
}

/// Result of the start-up known-answer tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Selftest {
    /// Every test passed.
    Pass,
    /// The sealed generator is intact but does not answer as it should.
    Degraded,
    /// A test failed.
    Failed,
}

/// Where served bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The sealed, checked generator.
    Sealed,
    /// The kernel's generator, said openly.
    Fallback,
    /// Nowhere: nothing is served.
    Blocked,
}

impl Mode {
    /// Returns the word used in JSON and in the header `X-R4-Mode`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Fallback => "fallback",
            Self::Blocked => "blocked",
        }
    }
}

/// `limits` of `GET /version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Most bytes of one request.
    pub max_bytes_per_request: u32,
    /// Who limits the rate, and to what.
    pub rate_limit: String,
}

/// `GET /version` of r4-core: its attestation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CoreVersion {
    /// Always `re4ctor-api`.
    pub name: String,
    /// Version of r4-core.
    pub version: String,
    /// Commit that r4-core was built from.
    pub api_git: String,
    /// Commit that the sealed binary was built from, by its manifest.
    pub core_git: String,
    /// Hash check of the sealed binary.
    pub integrity: Integrity,
    /// Known-answer tests.
    pub selftest: Selftest,
    /// Where served bytes come from.
    pub mode: Mode,
    /// Why the node is not sealed, in a sentence; absent when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Strict mode: fail closed rather than fall back.
    pub strict: bool,
    /// Absolute path of the sealed binary.
    pub sealed_core: Option<String>,
    /// SHA-256 of the bytes that run, hex.
    pub core_sha256: Option<String>,
    /// Limits of a request.
    pub limits: Limits,
    /// Engine, noise sources and counters.
    pub entropy: Entropy,
}

/// `GET /random?fmt=json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RandomJson {
    /// The bytes, lowercase hex.
    pub hex: String,
    /// How many bytes.
    pub n: u32,
    /// `sealed` or `fallback`.
    pub source: Mode,
}
