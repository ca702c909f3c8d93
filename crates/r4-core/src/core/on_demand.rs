//! The known-answer tests: at start, and again whenever they are asked for.

use std::sync::Arc;

use r4_api::core::{Integrity, Mode, Selftest};
use r4_api::selftest::SelftestAnswer;

use super::Core;
use crate::error::GeneratorError;
use crate::sealed::SealedBinary;
use crate::selftest::{self, Run};

const SELFTESTS: &str = "r4_core_selftests_total";

/// Why the tests give no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untested {
    /// There is none, or its integrity is not verified.
    #[error("there is no verified sealed core to test")]
    NoSealedCore,
    /// Another run has not ended.
    #[error("a self-test is running already")]
    Busy,
    /// The run could not be started, which changes nothing; or it named no test that failed and did
    /// not succeed either, and the node has drawn its conclusions.
    #[error("{0}")]
    Broken(String),
}

impl Core {
    /// Runs the tests in a process of their own, to their end even when the caller gives up. A
    /// failure counts like one at start; a success leaves `fallback` and `blocked` as they are, and
    /// tests that cannot be started say nothing about the generator that runs.
    ///
    /// # Errors
    /// [`Untested`].
    pub async fn selftest(self: &Arc<Self>) -> Result<SelftestAnswer, Untested> {
        let turn = Arc::clone(&self.testing).try_lock_owned().map_err(|_| Untested::Busy)?;
        let core = Arc::clone(self);
        let run = tokio::spawn(async move {
            let answer = core.test_again().await;
            drop(turn);
            answer
        });
        run.await.unwrap_or_else(|cause| Err(Untested::Broken(cause.to_string())))
    }

    async fn test_again(&self) -> Result<SelftestAnswer, Untested> {
        let verified = self.status().integrity == Integrity::Verified;
        let sealed = self.sealed.as_ref().filter(|_| verified).ok_or(Untested::NoSealedCore)?;
        let broken = |error: &GeneratorError| Untested::Broken(error.to_string());
        let Run { answer, verdict } = self.run_tests(sealed).await.map_err(|e| broken(&e))?;
        let Err(error) = verdict else { return Ok(answer) };
        self.stop_for(&error).await;
        if answer.failed.is_empty() { Err(broken(&error)) } else { Ok(answer) }
    }

    /// Stops the generator for a failure that it did not meet itself.
    pub(super) async fn stop_for(&self, error: &GeneratorError) {
        let mut running = self.running.lock().await;
        running.generator = None;
        match self.mode() {
            Mode::Sealed => self.give_up(error),
            // Nothing gets better by a failure, and the first reason stays.
            Mode::Fallback | Mode::Blocked => self.change(|s| s.selftest = Selftest::Failed),
        }
    }

    /// Runs the tests and counts the run, if there was one.
    pub(super) async fn run_tests(&self, sealed: &SealedBinary) -> Result<Run, GeneratorError> {
        let run = selftest::run(&sealed.executable()).await?;
        let failures = u64::from(run.verdict.is_err());
        self.change(|s| {
            s.health.selftests = s.health.selftests.saturating_add(1);
            s.health.selftest_failures = s.health.selftest_failures.saturating_add(failures);
        });
        metrics::counter!(SELFTESTS, "result" => "pass").increment(u64::from(failures == 0));
        metrics::counter!(SELFTESTS, "result" => "fail").increment(failures);
        Ok(run)
    }
}
