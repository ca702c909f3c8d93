//! How the attested state of the core changes: it only ever gets worse after the start.

use std::sync::PoisonError;

use r4_api::core::{Integrity, Mode, Selftest};

use super::Core;
use crate::config::OnFailure;
use crate::error::GeneratorError;
use crate::sealed::IntegrityError;
use crate::status::Status;

impl Core {
    pub(super) fn develop(&self) {
        tracing::warn!("--dev: serving the kernel's bytes, not the sealed core's");
        self.change(|s| {
            s.integrity = Integrity::Absent;
            s.selftest = Selftest::Pass;
            s.mode = Mode::Fallback;
            s.reason = Some("started with --dev, without a sealed core".to_owned());
        });
    }

    /// Uses the sealed core no more, for what is wrong with it.
    pub(super) fn give_up(&self, error: &GeneratorError) {
        let reason = error.to_string();
        match error {
            GeneratorError::Noise(_) => self.leave(Selftest::Degraded, Mode::Blocked, &reason),
            GeneratorError::SelftestFailed(_) => self.fall(Selftest::Failed, &reason),
            _ => self.fall(Selftest::Degraded, &reason),
        }
    }

    /// Falls back or, in strict mode, blocks.
    pub(super) fn fall(&self, selftest: Selftest, reason: &str) {
        let mode = match self.on_failure {
            OnFailure::FallBack => Mode::Fallback,
            OnFailure::Block => Mode::Blocked,
        };
        self.leave(selftest, mode, reason);
    }

    fn leave(&self, selftest: Selftest, mode: Mode, reason: &str) {
        tracing::error!(reason, mode = mode.as_str(), "the sealed core is not used any more");
        self.change(|s| {
            s.selftest = selftest;
            s.mode = mode;
            s.reason = Some(reason.to_owned());
        });
    }

    pub(super) fn block_integrity(&self, error: &IntegrityError) {
        tracing::error!(reason = %error, "integrity check failed; nothing is served");
        self.change(|s| {
            s.integrity = Integrity::Failed;
            s.mode = Mode::Blocked;
            s.reason = Some(error.to_string());
            s.health.integrity_failures = s.health.integrity_failures.saturating_add(1);
        });
    }

    /// The one place where the state changes: readiness and metrics follow it.
    pub(super) fn change(&self, change: impl FnOnce(&mut Status)) {
        let mut status = self.status.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut status);
        let blocked = status.mode == Mode::Blocked;
        self.readiness.set(status.reason.clone().filter(|_| blocked));
        for mode in [Mode::Sealed, Mode::Fallback, Mode::Blocked] {
            let value = if mode == status.mode { 1.0 } else { 0.0 };
            metrics::gauge!("r4_core_mode", "mode" => mode.as_str()).set(value);
        }
    }
}
