//! Metrics of this service, beside the shell's.

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
    Metric::histogram("r4_core_refill_seconds", "Wait for the sealed core to fill the buffer"),
    Metric::gauge("r4_core_source_state", "1: the noise source is in this state"),
    Metric::counter("r4_core_source_samples_total", "Samples taken of a noise source"),
    Metric::counter("r4_core_health_failures_total", "Health tests that a noise source failed"),
    Metric::counter("r4_core_reseeds_total", "Reseeds of the sealed core after its first seed"),
];

/// Explains the metrics, and makes the counters visible before their first event.
pub fn start() {
    shell::install();
    shell::describe(&METRICS);
    metrics::counter!("r4_core_restarts_total").increment(0);
    for result in ["pass", "fail"] {
        metrics::counter!("r4_core_selftests_total", "result" => result).increment(0);
    }
    metrics::gauge!("r4_core_fills_open").set(0.0);
}

/// A request that waits for bytes, until this is dropped.
#[derive(Debug)]
pub(crate) struct OpenFill;

impl OpenFill {
    pub(crate) fn begin() -> Self {
        metrics::gauge!("r4_core_fills_open").increment(1.0);
        Self
    }
}

impl Drop for OpenFill {
    fn drop(&mut self) {
        metrics::gauge!("r4_core_fills_open").decrement(1.0);
    }
}

/// Counts bytes that were made, and returns how.
pub(crate) fn made(mode: Mode, bytes: usize) -> Mode {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    metrics::counter!("r4_core_bytes_total", "mode" => mode.as_str()).increment(bytes);
    mode
}

/// Shows the buffer after a request.
pub(crate) fn buffered(bytes: usize, most: usize) {
    metrics::gauge!("r4_core_buffer_bytes").set(shell::count(bytes));
    metrics::gauge!("r4_core_buffer_limit_bytes").set(shell::count(most));
}

/// Notes how long the buffer took to be filled.
pub(crate) fn refilled(took: std::time::Duration) {
    metrics::histogram!("r4_core_refill_seconds").record(took.as_secs_f64());
}
