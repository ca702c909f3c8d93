//! The entropy core: which bytes are served, and whether any are.
//!
//! ```text
//! integrity failed, no good noise ───────────────────────▶ blocked
//! self-test failed or hung, generator hangs or trickles ─▶ fallback   (strict: blocked)
//! generator died ─▶ fresh hash ─▶ started again ─────────▶ sealed
//! ```
//! Without good noise nothing is served in either mode: what failed is the kernel's generator,
//! which is the fallback, or a source that strict mode does not go without. The generator is looked
//! at every second, so that a fault shows without a request. Nothing but a restart of the service
//! leaves `fallback` or `blocked`.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use r4_api::core::Mode;
use r4_api::entropy::Entropy;
use r4_drbg::Engine;
use r4_service::ready::Readiness;
use tokio::sync::Mutex;
use zeroize::{Zeroize, Zeroizing};

use crate::config::{OnFailure, SourceConfig};
use crate::error::GeneratorError;
use crate::generator::Generator;
use crate::health::ReportedHealth;
use crate::moment::Moment;
use crate::observe::{self, OpenFill};
use crate::sealed::SealedBinary;
use crate::status::Status;

mod launch;
mod on_demand;
mod state;
#[cfg(test)]
mod tests;

pub use on_demand::Untested;

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
    engine: Engine,
    on_failure: OnFailure,
    readiness: Readiness,
    /// Guards the attested state; never held across an await.
    status: RwLock<Status>,
    reported: Arc<ReportedHealth>,
    /// Guards the running generator and the times of its restarts.
    running: Mutex<Running>,
    /// Held by the self-test that was asked for and runs.
    testing: Arc<Mutex<()>>,
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
        let SourceConfig::Sealed(config) = source else {
            let core = Self::new(None, Engine::default(), on_failure, readiness);
            core.develop();
            return core;
        };
        let path = std::path::absolute(&config.binary).unwrap_or_else(|_| config.binary.clone());
        let mut core = Self::new(Some(path), config.engine, on_failure, readiness);
        match SealedBinary::load(&config) {
            Ok(sealed) => {
                core.sealed = Some(sealed);
                core.launch().await;
            }
            Err(error) => core.block_integrity(&error),
        }
        core
    }

    fn new(
        path: Option<PathBuf>,
        engine: Engine,
        on_failure: OnFailure,
        readiness: Readiness,
    ) -> Self {
        Self {
            sealed: None,
            path,
            engine,
            on_failure,
            readiness,
            status: RwLock::new(Status::unchecked()),
            reported: Arc::default(),
            running: Mutex::default(),
            testing: Arc::default(),
        }
    }

    /// Returns the attested state.
    pub fn status(&self) -> Status {
        self.status.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns where bytes come from, without copying the rest of the state.
    pub fn mode(&self) -> Mode {
        self.status.read().unwrap_or_else(PoisonError::into_inner).mode
    }

    /// Returns what is known of the entropy in the state `status`.
    pub fn entropy(&self, status: &Status) -> Entropy {
        self.reported.entropy(status.mode, status.health.clone())
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
        if self.fill_at_once(out) {
            return Ok(observe::made(Mode::Sealed, out.len()));
        }
        let open = OpenFill::begin();
        let filled = match self.mode() {
            // Apart, so that what is done at once is small.
            Mode::Sealed => Box::pin(self.fill_sealed(out)).await,
            other => other,
        };
        drop(open);
        match filled {
            Mode::Sealed => Ok(observe::made(Mode::Sealed, out.len())),
            Mode::Fallback if getrandom::fill(out).is_ok() => {
                Ok(observe::made(Mode::Fallback, out.len()))
            }
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

    /// Fills from what the generator has made already, if there is enough of it and nobody waits.
    fn fill_at_once(&self, out: &mut [u8]) -> bool {
        let Ok(mut running) = self.running.try_lock() else { return false };
        let Some(generator) = running.generator.as_mut() else { return false };
        self.mode() == Mode::Sealed && generator.try_fill(Moment::now(), out)
    }

    /// Fills from the generator, starting it again if it died; returns the mode afterwards.
    async fn fill_sealed(self: &Arc<Self>, out: &mut [u8]) -> Mode {
        while self.mode() == Mode::Sealed {
            let mut running = self.running.lock().await;
            let result = match running.generator.as_mut() {
                Some(generator) => generator.fill(Moment::now(), out).await,
                None => Err(GeneratorError::Died),
            };
            let Err(error) = result else { return Mode::Sealed };
            out.zeroize();
            running.generator = None;
            if !matches!(error, GeneratorError::Died) {
                self.give_up(&error);
                break;
            }
            drop(running);
            self.restart().await;
        }
        self.mode()
    }
}
