//! Known-answer and pairwise tests that were asked for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestOutcome {
    /// Stable name.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
}

/// Answer of `POST /selftest` of r4-core and r4-vrf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SelftestAnswer {
    /// Whether there were tests and every one passed.
    pub passed: bool,
    /// Every test, in order.
    pub tests: Vec<TestOutcome>,
    /// Names of those that failed.
    pub failed: Vec<String>,
}

impl From<Vec<TestOutcome>> for SelftestAnswer {
    fn from(tests: Vec<TestOutcome>) -> Self {
        let failed: Vec<String> =
            tests.iter().filter(|test| !test.ok).map(|test| test.name.clone()).collect();
        Self { passed: failed.is_empty() && !tests.is_empty(), tests, failed }
    }
}
