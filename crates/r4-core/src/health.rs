//! The health of the entropy, as the sealed core reports it: alarms and metrics follow each report.

use std::sync::{Mutex, MutexGuard, PoisonError};

use r4_api::core::Mode;
use r4_api::entropy::{Entropy, EntropyStatus, HealthCounters, NoiseSource, SourceState};
use serde::Deserialize;

const SOURCE_STATE: &str = "r4_core_source_state";
const SAMPLES: &str = "r4_core_source_samples_total";
const FAILURES: &str = "r4_core_health_failures_total";
const RESEEDS: &str = "r4_core_reseeds_total";

/// One report: a line of JSON on the sealed core's standard error. Its counters begin with the
/// process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// The engine that makes the bytes.
    engine: String,
    /// Reseeds after the first seed.
    reseeds: u64,
    /// Every noise source it knows.
    sources: Vec<NoiseSource>,
}

impl Report {
    fn source(&self, name: &str) -> Option<&NoiseSource> {
        self.sources.iter().find(|source| source.name == name)
    }
}

/// What was reported last, by whichever process, and what adds up over all of them.
#[derive(Debug, Default)]
pub struct ReportedHealth {
    /// Never held across an await.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    latest: Report,
    reseeds: u64,
}

impl ReportedHealth {
    /// Takes a report; `before` is the one before it of the same process, or an empty one.
    pub fn take(&self, report: Report, before: &Report) {
        let mut held = self.lock();
        let reseeds = report.reseeds.saturating_sub(before.reseeds);
        held.reseeds = held.reseeds.saturating_add(reseeds);
        metrics::counter!(RESEEDS).increment(reseeds);
        for source in &report.sources {
            count(source, before.source(&source.name));
            tell(source, held.latest.source(&source.name).map(|known| known.state));
        }
        held.latest = report;
    }

    /// Returns `entropy` of `/version`.
    pub fn entropy(&self, mode: Mode, health: HealthCounters) -> Entropy {
        let held = self.lock();
        let Report { engine, sources, .. } = held.latest.clone();
        let (drbg, sources) = match mode {
            Mode::Sealed => (engine, sources),
            Mode::Fallback => ("kernel".to_owned(), vec![kernel()]),
            Mode::Blocked => ("none".to_owned(), sources),
        };
        let status = match mode {
            Mode::Blocked => EntropyStatus::Failed,
            Mode::Sealed if !sources.iter().any(|s| s.state.is_failure()) => EntropyStatus::Ok,
            Mode::Sealed | Mode::Fallback => EntropyStatus::Degraded,
        };
        Entropy { status, drbg, reseeds: held.reseeds, sources, health }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kernel's generator as it serves in `fallback`, where no seed is made and nobody counts.
fn kernel() -> NoiseSource {
    NoiseSource {
        name: "getrandom".to_owned(),
        state: SourceState::Ok,
        credited_bits: 0,
        samples: 0,
        intermittent_failures: 0,
        permanent_failures: 0,
        failed_test: None,
    }
}

/// Adds to the metrics what a process has counted since its report before.
fn count(source: &NoiseSource, before: Option<&NoiseSource>) {
    let since = |read: fn(&NoiseSource) -> u64| read(source).saturating_sub(before.map_or(0, read));
    let name = || source.name.clone();
    metrics::counter!(SAMPLES, "source" => name()).increment(since(|s| s.samples));
    metrics::counter!(FAILURES, "source" => name(), "severity" => "intermittent")
        .increment(since(|s| s.intermittent_failures));
    metrics::counter!(FAILURES, "source" => name(), "severity" => "permanent")
        .increment(since(|s| s.permanent_failures));
    for state in SourceState::ALL {
        let value = if state == source.state { 1.0 } else { 0.0 };
        metrics::gauge!(SOURCE_STATE, "source" => name(), "state" => state.as_str()).set(value);
    }
}

/// Logs a change of a source's state.
fn tell(source: &NoiseSource, before: Option<SourceState>) {
    if before == Some(source.state) {
        return;
    }
    let test = source.failed_test.as_deref().unwrap_or("none");
    let source_name = source.name.as_str();
    match source.state {
        SourceState::Failed => {
            tracing::error!(source = source_name, test, "ALARM: a noise source failed for good");
        }
        SourceState::Intermittent => {
            tracing::warn!(source = source_name, test, "a noise source is being tested again");
        }
        SourceState::Ok if before.is_some_and(SourceState::is_failure) => {
            tracing::info!(source = source_name, "a noise source is well again");
        }
        SourceState::Ok | SourceState::Absent => {}
    }
}

#[cfg(test)]
mod tests;
