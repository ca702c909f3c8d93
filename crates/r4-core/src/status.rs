//! What r4-core says of itself.

use r4_api::core::{Integrity, Mode, Selftest};
use r4_api::entropy::HealthCounters;

/// The attested state. Only `Core` changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Hash check of the sealed binary.
    pub integrity: Integrity,
    /// Known-answer tests.
    pub selftest: Selftest,
    /// Where served bytes come from.
    pub mode: Mode,
    /// Why the node is not sealed.
    pub reason: Option<String>,
    /// Events since start.
    pub health: HealthCounters,
}

impl Status {
    /// The state before anything was checked: nothing is served.
    pub fn unchecked() -> Self {
        Self {
            integrity: Integrity::Failed,
            selftest: Selftest::Failed,
            mode: Mode::Blocked,
            reason: Some("the sealed core is not checked yet".to_owned()),
            health: HealthCounters::default(),
        }
    }
}
