//! Reports as they become states, metrics and lines of the log.

use std::io;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;

/// A report with one source: its reseeds, and the source's state and counters.
fn report(reseeds: u64, state: SourceState, counters: [u64; 3]) -> Report {
    let [samples, intermittent_failures, permanent_failures] = counters;
    let source = NoiseSource {
        name: "jitter".to_owned(),
        state,
        samples,
        intermittent_failures,
        permanent_failures,
        failed_test: state.is_failure().then(|| "lag".to_owned()),
        ..kernel()
    };
    Report { engine: "ctr-aes256".to_owned(), reseeds, sources: vec![source] }
}

fn entropy(health: &ReportedHealth, mode: Mode) -> Entropy {
    health.entropy(mode, HealthCounters::default())
}

#[test]
fn the_status_follows_mode_and_sources() {
    use EntropyStatus::{Degraded, Failed, Ok};
    for (state, sealed) in [
        (SourceState::Ok, Ok),
        (SourceState::Absent, Ok),
        (SourceState::Intermittent, Degraded),
        (SourceState::Failed, Degraded),
    ] {
        let health = ReportedHealth::default();
        health.take(report(0, state, [7, 0, 0]), &Report::default());
        let now = entropy(&health, Mode::Sealed);
        assert_eq!((now.status, now.drbg.as_str()), (sealed, "ctr-aes256"), "{state:?}");
        assert_eq!((now.sources[0].name.as_str(), now.sources[0].state), ("jitter", state));
        let now = entropy(&health, Mode::Fallback);
        assert_eq!((now.status, now.drbg.as_str()), (Degraded, "kernel"));
        assert_eq!(now.sources, [kernel()]);
        let now = entropy(&health, Mode::Blocked);
        assert_eq!((now.status, now.drbg.as_str()), (Failed, "none"));
        assert_eq!(now.sources[0].state, state, "what was seen last stays visible");
    }
}

#[test]
fn counters_add_up_over_the_processes() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let health = ReportedHealth::default();
    metrics::with_local_recorder(&recorder, || {
        let first = report(2, SourceState::Ok, [100, 1, 0]);
        let second = report(3, SourceState::Failed, [150, 2, 1]);
        health.take(first.clone(), &Report::default());
        health.take(second, &first);
        // A new process begins at zero.
        health.take(report(1, SourceState::Ok, [40, 0, 0]), &Report::default());
    });
    let text = recorder.handle().render();
    for line in [
        "r4_core_reseeds_total 4",
        "r4_core_source_samples_total{source=\"jitter\"} 190",
        "r4_core_health_failures_total{source=\"jitter\",severity=\"intermittent\"} 2",
        "r4_core_health_failures_total{source=\"jitter\",severity=\"permanent\"} 1",
        "r4_core_source_state{source=\"jitter\",state=\"ok\"} 1",
        "r4_core_source_state{source=\"jitter\",state=\"intermittent\"} 0",
        "r4_core_source_state{source=\"jitter\",state=\"failed\"} 0",
        "r4_core_source_state{source=\"jitter\",state=\"absent\"} 0",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert_eq!(entropy(&health, Mode::Sealed).reseeds, 4);
    assert_eq!(entropy(&health, Mode::Sealed).sources[0].samples, 40);
}

/// Where a subscriber writes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn each_change_of_a_state_is_one_line_of_its_level() {
    use SourceState::{Absent, Failed, Intermittent, Ok};
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let health = ReportedHealth::default();
        for state in [Absent, Ok, Ok, Intermittent, Intermittent, Ok, Intermittent, Failed, Failed]
        {
            health.take(report(0, state, [0; 3]), &Report::default());
        }
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let levels: Vec<&str> = text.lines().map(|l| l.split_whitespace().next().unwrap()).collect();
    assert_eq!(levels, ["WARN", "INFO", "WARN", "ERROR"], "{text}");
    for line in text.lines() {
        assert!(line.contains("source=\"jitter\""), "{line}");
        assert!(line.contains("INFO") || line.contains("test=\"lag\""), "{line}");
    }
}
