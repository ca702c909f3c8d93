//! Starting the generator: after the tests, and again when it died.

use std::sync::Arc;
use std::time::{Duration, Instant};

use r4_api::core::{Integrity, Mode, Selftest};

use super::{Core, Running};
use crate::child;
use crate::error::GeneratorError;
use crate::generator::Generator;
use crate::moment::Moment;
use crate::sealed::SealedBinary;

/// Restarts within [`RESTART_WINDOW`] after which the generator counts as broken.
const MAX_RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_mins(1);
/// Time until a generator that could not be started is tried again: what is short may be free then.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

impl Core {
    /// Starts the generator again, unless another caller did; goes on when the caller gives up.
    pub(super) async fn restart(self: &Arc<Self>) {
        let core = Arc::clone(self);
        let restart = tokio::spawn(async move {
            let mut running = core.running.lock().await;
            if running.generator.is_none() && core.mode() == Mode::Sealed {
                core.start_again(&mut running).await;
            }
        });
        if let Err(cause) = restart.await
            && self.mode() == Mode::Sealed
        {
            let reason = format!("the sealed core was not restarted: {cause}");
            self.fall(Selftest::Degraded, &reason);
        }
    }

    /// Starts the generator again from the sealed copy, after hashing that copy again.
    async fn start_again(&self, running: &mut Running) {
        tracing::error!("the sealed core died; starting it again");
        self.change(|s| s.health.restarts = s.health.restarts.saturating_add(1));
        metrics::counter!("r4_core_restarts_total").increment(1);
        running.restarts.retain(|at| at.elapsed() < RESTART_WINDOW);
        if running.restarts.len() >= MAX_RESTARTS {
            return self.fall(Selftest::Degraded, "the sealed core keeps dying");
        }
        running.restarts.push(Instant::now());
        let Some(sealed) = &self.sealed else { return };
        if let Err(error) = sealed.check() {
            return self.block_integrity(&error);
        }
        match self.start_generator(sealed).await {
            Ok(generator) => running.generator = Some(generator),
            // Tried again by the caller, until the window is full.
            Err(GeneratorError::Died) => {}
            Err(error @ GeneratorError::Spawn(_)) if running.restarts.len() < MAX_RESTARTS => {
                tracing::warn!(%error, "trying again in a second");
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
            Err(other) => self.give_up(&other),
        }
    }

    /// First start: known-answer tests, then the generator.
    pub(super) async fn launch(&self) {
        let Some(sealed) = &self.sealed else { return };
        self.change(|s| s.integrity = Integrity::Verified);
        if let Err(error) = self.run_tests(sealed).await.and_then(|run| run.verdict) {
            return self.give_up(&error);
        }
        match self.start_generator(sealed).await {
            Ok(generator) => {
                self.running.lock().await.generator = Some(generator);
                self.change(|s| {
                    s.selftest = Selftest::Pass;
                    s.mode = Mode::Sealed;
                    s.reason = None;
                });
            }
            Err(error) => self.give_up(&error),
        }
    }

    async fn start_generator(&self, sealed: &SealedBinary) -> Result<Generator, GeneratorError> {
        let mut command = child::command(&sealed.executable());
        command.args(["--report", "--lend", "--engine", self.engine.name()]);
        if self.is_strict() {
            command.arg("--strict");
        }
        let generator = Generator::start(command, &self.reported, Moment::now()).await?;
        self.change(|s| s.health.starts = s.health.starts.saturating_add(1));
        Ok(generator)
    }
}
