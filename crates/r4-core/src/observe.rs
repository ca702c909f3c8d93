//! Metrics of this service, beside the shell's.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use r4_api::core::Mode;
use r4_service::metrics::{self as shell, Metric};

const METRICS: [Metric; 12] = [
    Metric::gauge("r4_core_mode", "1: bytes come from there"),
    Metric::counter("r4_core_restarts_total", "Starts of the sealed core after it died"),
    Metric::counter("r4_core_selftests_total", "Runs of the sealed core's self-test"),
    Metric::counter("r4_core_bytes_total", "Random bytes that were made for answers"),
    Metric::gauge("r4_core_fills_open", "Requests that wait for bytes; one is served at a time"),
    Metric::gauge("r4_core_buffer_bytes", "Unserved bytes in the buffer after the last request"),
    Metric::gauge("r4_core_buffer_limit_bytes", "Size of the buffer"),
    Metric::histogram("r4_core_refill_seconds", "Wait for bytes of the sealed core"),
    Metric::gauge("r4_core_source_state", "1: the noise source is in this state"),
    Metric::counter("r4_core_source_samples_total", "Samples taken of a noise source"),
    Metric::counter("r4_core_health_failures_total", "Health tests that a noise source failed"),
    Metric::counter("r4_core_reseeds_total", "Reseeds of the sealed core after its first seed"),
];

/// Requests that wait for bytes.
static OPEN_FILLS: AtomicUsize = AtomicUsize::new(0);
/// Bytes made, and where they came from.
static MADE: [(Mode, AtomicU64); 2] =
    [(Mode::Sealed, AtomicU64::new(0)), (Mode::Fallback, AtomicU64::new(0))];
/// Unserved bytes in the buffer after the last request, and its size.
static BUFFERED: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

/// Explains the metrics, and makes the counters visible before their first event.
pub fn start() {
    shell::install();
    shell::show_build(env!("CARGO_PKG_VERSION"), crate::GIT);
    shell::describe(&METRICS);
    metrics::counter!("r4_core_restarts_total").increment(0);
    for result in ["pass", "fail"] {
        metrics::counter!("r4_core_selftests_total", "result" => result).increment(0);
    }
    shell::at_each_look(|| {
        show();
        Some(())
    });
}

/// Shows what is counted here, on the way of every request, where the recorder would be slow.
fn show() {
    metrics::gauge!("r4_core_fills_open").set(shell::count(OPEN_FILLS.load(Ordering::Relaxed)));
    for (mode, bytes) in &MADE {
        let bytes = bytes.load(Ordering::Relaxed);
        if bytes > 0 {
            metrics::counter!("r4_core_bytes_total", "mode" => mode.as_str()).absolute(bytes);
        }
    }
    let [bytes, most] =
        BUFFERED.each_ref().map(|count| shell::count(count.load(Ordering::Relaxed)));
    if most > 0.0 {
        metrics::gauge!("r4_core_buffer_bytes").set(bytes);
        metrics::gauge!("r4_core_buffer_limit_bytes").set(most);
    }
}

/// A request that waits for bytes, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenFill;

impl OpenFill {
    pub(crate) fn begin() -> Self {
        OPEN_FILLS.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for OpenFill {
    fn drop(&mut self) {
        OPEN_FILLS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts bytes that were made, and returns how.
pub(crate) fn made(mode: Mode, bytes: usize) -> Mode {
    if let Some((_, made)) = MADE.iter().find(|(of, _)| *of == mode) {
        made.fetch_add(bytes as u64, Ordering::Relaxed);
    }
    mode
}

/// Notes how the buffer stands after a request.
pub(crate) fn buffered(bytes: usize, most: usize) {
    for (count, now) in BUFFERED.iter().zip([bytes, most]) {
        count.store(now, Ordering::Relaxed);
    }
}

/// Notes how long bytes were waited for.
pub(crate) fn refilled(took: std::time::Duration) {
    metrics::histogram!("r4_core_refill_seconds").record(took.as_secs_f64());
}
