//! The entropy core: which bytes are served, and whether any are.
//!
//! ```text
//! integrity failed ─────────────────────────────▶ blocked
//! self-test failed or hung, generator hangs ────▶ fallback   (strict: blocked)
//! generator died ─▶ fresh hash ─▶ started again ─▶ sealed
//! ```
//! The generator is looked at every second, so that a fault shows without a request.
//! Nothing but a restart of the service leaves `fallback` or `blocked`.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use r4_api::core::{Integrity, Mode, Selftest};
use r4_service::ready::Readiness;
use tokio::sync::Mutex;
use zeroize::{Zeroize, Zeroizing};

use crate::config::{OnFailure, SealedConfig, SourceConfig};
use crate::generator::{self, Generator, GeneratorError};
use crate::sealed::{IntegrityError, SealedBinary};
use crate::status::Status;

/// Restarts within [`RESTART_WINDOW`] after which the generator counts as broken.
const MAX_RESTARTS: usize = 5;
const RESTART_WINDOW: Duration = Duration::from_mins(1);
/// Time between two looks at the generator.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Nothing is served, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Blocked(pub String);

/// The entropy core of one process.
#[derive(Debug)]
pub struct Core {
    sealed: Option<SealedBinary>,
    path: Option<PathBuf>,
    on_failure: OnFailure,
    readiness: Readiness,
    /// Guards the attested state; never held across an await.
    status: RwLock<Status>,
    /// Guards the running generator and the times of its restarts.
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    generator: Option<Generator>,
    restarts: Vec<Instant>,
}

impl Core {
    /// Checks and starts what `source` names. A failure is a state, not an error: the service
    /// comes up and says what is wrong.
    pub async fn start(source: SourceConfig, on_failure: OnFailure, readiness: Readiness) -> Self {
        let (sealed, path, failure) = match source {
            SourceConfig::Dev => (None, None, None),
            SourceConfig::Sealed(config) => open(&config),
        };
        let core = Self {
            sealed,
            path,
            on_failure,
            readiness,
            status: RwLock::new(Status::unchecked()),
            running: Mutex::default(),
        };
        match (failure, core.sealed.is_some()) {
            (Some(error), _) => core.block_integrity(&error),
            (None, false) => core.develop(),
            (None, true) => core.launch().await,
        }
        core
    }

    /// Returns the attested state.
    pub fn status(&self) -> Status {
        self.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns where bytes come from, without copying the rest of the state.
    pub fn mode(&self) -> Mode {
        self.status.read().unwrap_or_else(PoisonError::into_inner).mode
    }

    /// Returns the absolute path of the sealed binary, if there is one.
    pub fn sealed_path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Returns the sealed binary, if its integrity was verified.
    pub fn sealed(&self) -> Option<&SealedBinary> {
        self.sealed.as_ref()
    }

    /// Returns whether strict mode is on.
    pub fn is_strict(&self) -> bool {
        self.on_failure == OnFailure::Block
    }

    /// Returns the id of the generator's process, while it runs.
    pub async fn generator_pid(&self) -> Option<u32> {
        self.running.lock().await.generator.as_ref().and_then(Generator::pid)
    }

    /// Fills `out` with fresh bytes, all from the mode that is returned.
    ///
    /// # Errors
    /// [`Blocked`] with the reason; `out` is wiped then.
    pub async fn fill(self: &Arc<Self>, out: &mut [u8]) -> Result<Mode, Blocked> {
        let filled = match self.mode() {
            Mode::Sealed => self.fill_sealed(out).await,
            other => other,
        };
        match filled {
            Mode::Sealed => Ok(Mode::Sealed),
            Mode::Fallback if getrandom::fill(out).is_ok() => Ok(Mode::Fallback),
            Mode::Fallback => {
                out.zeroize();
                Err(Blocked("the kernel's generator failed".to_owned()))
            }
            Mode::Blocked => {
                out.zeroize();
                let reason = self.status().reason;
                Err(Blocked(reason.unwrap_or_else(|| "the core is blocked".to_owned())))
            }
        }
    }

    /// Looks at the generator for ever: draws a byte, and so finds it hanging or dead, and drops
    /// what is stale.
    pub async fn keep_watching(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.mode() == Mode::Sealed {
                let mut byte = Zeroizing::new([0]);
                self.fill_sealed(&mut *byte).await;
            }
        }
    }

    /// Fills from the generator, starting it again if it died; returns the mode afterwards.
    async fn fill_sealed(self: &Arc<Self>, out: &mut [u8]) -> Mode {
        while self.mode() == Mode::Sealed {
            let mut running = self.running.lock().await;
            let result = match running.generator.as_mut() {
                Some(generator) => generator.fill(out).await,
                None => Err(GeneratorError::Died),
            };
            let Err(error) = result else { return Mode::Sealed };
            out.zeroize();
            running.generator = None;
            drop(running);
            match error {
                GeneratorError::Died => self.restart().await,
                other => self.degrade(Selftest::Degraded, &other.to_string()),
            }
        }
        self.mode()
    }

    /// Starts the generator again, unless another caller did; goes on when the caller gives up.
    async fn restart(self: &Arc<Self>) {
        let core = Arc::clone(self);
        let restart = tokio::spawn(async move {
            let mut running = core.running.lock().await;
            if running.generator.is_none() && core.mode() == Mode::Sealed {
                core.start_again(&mut running).await;
            }
        });
        if let Err(cause) = restart.await {
            self.degrade(
                Selftest::Degraded,
                &format!("the sealed core was not restarted: {cause}"),
            );
        }
    }

    /// Starts the generator again from the sealed copy, after hashing that copy again.
    async fn start_again(&self, running: &mut Running) {
        tracing::error!("the sealed core died; starting it again");
        self.change(|s| s.health.restarts = s.health.restarts.saturating_add(1));
        metrics::counter!("r4_core_restarts_total").increment(1);
        running.restarts.retain(|at| at.elapsed() < RESTART_WINDOW);
        if running.restarts.len() >= MAX_RESTARTS {
            return self.degrade(Selftest::Degraded, "the sealed core keeps dying");
        }
        running.restarts.push(Instant::now());
        let Some(sealed) = &self.sealed else { return };
        if let Err(error) = sealed.check() {
            return self.block_integrity(&error);
        }
        match Generator::start(&sealed.executable()).await {
            Ok(generator) => {
                running.generator = Some(generator);
                self.count_start();
            }
            // Tried again by the caller, until the window is full.
            Err(GeneratorError::Died) => {}
            Err(other) => self.degrade(Selftest::Degraded, &other.to_string()),
        }
    }

    /// First start: known-answer tests, then the generator.
    async fn launch(&self) {
        let Some(sealed) = &self.sealed else { return };
        self.change(|s| s.integrity = Integrity::Verified);
        let executable = sealed.executable();
        if let Err(error) = generator::selftest(&executable).await {
            let selftest = match error {
                GeneratorError::SelftestFailed(_) => Selftest::Failed,
                _ => Selftest::Degraded,
            };
            return self.degrade(selftest, &error.to_string());
        }
        match Generator::start(&executable).await {
            Ok(generator) => {
                self.running.lock().await.generator = Some(generator);
                self.count_start();
                self.change(|s| {
                    s.selftest = Selftest::Pass;
                    s.mode = Mode::Sealed;
                    s.reason = None;
                });
            }
            Err(error) => self.degrade(Selftest::Degraded, &error.to_string()),
        }
    }

    fn count_start(&self) {
        self.change(|s| s.health.starts = s.health.starts.saturating_add(1));
    }

    fn develop(&self) {
        tracing::warn!("--dev: serving the kernel's bytes, not the sealed core's");
        self.change(|s| {
            s.integrity = Integrity::Absent;
            s.selftest = Selftest::Pass;
            s.mode = Mode::Fallback;
            s.reason = Some("started with --dev, without a sealed core".to_owned());
        });
    }

    fn degrade(&self, selftest: Selftest, reason: &str) {
        let mode = match self.on_failure {
            OnFailure::FallBack => Mode::Fallback,
            OnFailure::Block => Mode::Blocked,
        };
        tracing::error!(reason, mode = mode.as_str(), "the sealed core is not used any more");
        self.change(|s| {
            s.selftest = selftest;
            s.mode = mode;
            s.reason = Some(reason.to_owned());
        });
    }

    fn block_integrity(&self, error: &IntegrityError) {
        tracing::error!(reason = %error, "integrity check failed; nothing is served");
        self.change(|s| {
            s.integrity = Integrity::Failed;
            s.mode = Mode::Blocked;
            s.reason = Some(error.to_string());
            s.health.integrity_failures = s.health.integrity_failures.saturating_add(1);
        });
    }

    /// The one place where the state changes: readiness and metrics follow it.
    fn change(&self, change: impl FnOnce(&mut Status)) {
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

fn open(config: &SealedConfig) -> (Option<SealedBinary>, Option<PathBuf>, Option<IntegrityError>) {
    let path = std::path::absolute(&config.binary).unwrap_or_else(|_| config.binary.clone());
    match SealedBinary::load(config) {
        Ok(sealed) => (Some(sealed), Some(path), None),
        Err(error) => (None, Some(path), Some(error)),
    }
}
