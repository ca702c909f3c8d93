//! Metrics in Prometheus text, on the internal network only. `docs/metrics.md` lists all of them.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::sync::Semaphore;

use crate::query::Query;
use crate::{Problem, series};

/// Upper bounds of the histograms of times, seconds.
const TIME_BUCKETS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    20.0,
];

/// Time between two summings of the samples.
const UPKEEP_EVERY: Duration = Duration::from_secs(1);

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// What is called before each answer of `/metrics`; held while they are called.
static LOOKS: Mutex<Vec<Look>> = Mutex::new(Vec::new());

/// Sets gauges; `None` when what they show is gone for good.
type Look = Box<dyn Fn() -> Option<()> + Send>;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts samples by size.
    Histogram,
}

/// A metric as `/metrics` explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub kind: MetricKind,
    /// One sentence without a full stop.
    pub help: &'static str,
}

impl Metric {
    /// A counter.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: MetricKind::Counter, help }
    }

    /// A gauge.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: MetricKind::Gauge, help }
    }

    /// A histogram.
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: MetricKind::Histogram, help }
    }
}

/// What every service has.
const METRICS: [Metric; 19] = [
    Metric::gauge("r4_build_info", "Always 1; the labels say what runs"),
    Metric::counter("r4_http_requests_total", "Requests that were answered or given up"),
    Metric::histogram("r4_http_request_seconds", "Time until the head of an answer"),
    Metric::gauge("r4_http_requests_open", "Requests whose answer has no head yet"),
    Metric::gauge("r4_http_connections", "Open connections of callers"),
    Metric::gauge("r4_http_connections_limit", "Most connections at once"),
    Metric::counter("r4_upstream_calls_total", "Calls of another service for callers"),
    Metric::histogram("r4_upstream_call_seconds", "Time until the head of an upstream's answer"),
    Metric::gauge("r4_upstream_calls_open", "Calls whose answer was not read to its end"),
    Metric::gauge("r4_upstream_calls_limit", "Most calls at once; more are refused"),
    Metric::gauge("r4_ready", "1: the service may be sent work"),
    Metric::gauge("r4_tokio_workers", "Threads that run tasks"),
    Metric::gauge("r4_tokio_alive_tasks", "Tasks that have not ended"),
    Metric::gauge("r4_tokio_queue_depth", "Tasks that wait for any thread"),
    Metric::gauge("r4_otlp_queue", "Spans that wait to be exported"),
    Metric::gauge("r4_otlp_queue_limit", "Most spans that wait; more are dropped"),
    Metric::counter("r4_otlp_exported_total", "Spans that the collector took"),
    Metric::counter("r4_otlp_dropped_total", "Spans that were not exported"),
    Metric::counter("r4_otlp_failures_total", "Exports that failed"),
];

/// Starts the recorder of the process; later calls change nothing.
pub fn install() {
    HANDLE.get_or_init(|| {
        let times = Matcher::Suffix("_seconds".to_owned());
        let built = PrometheusBuilder::new().set_buckets_for_metric(times, &TIME_BUCKETS);
        let handle = built.ok()?.install_recorder().ok()?;
        describe(&METRICS);
        at_each_look(|| {
            show_runtime();
            series::show_open();
            Some(())
        });
        Some(handle)
    });
}

/// Shows which program this is.
pub fn show_build(version: &'static str, git: &'static str) {
    gauge!("r4_build_info", "version" => version, "git" => git).set(1.0);
}

/// Explains metrics: their lines `# HELP`.
pub fn describe(metrics: &[Metric]) {
    for Metric { name, kind, help } in metrics.iter().copied() {
        match kind {
            MetricKind::Counter => describe_counter!(name, help),
            MetricKind::Gauge => describe_gauge!(name, help),
            MetricKind::Histogram => describe_histogram!(name, help),
        }
    }
}

/// Calls `look` before each answer of `/metrics`, to set gauges of what is not counted on the way:
/// sizes of tables, places in use. Once it returns `None` it is not called again. It must not add
/// another one.
pub fn at_each_look(look: impl Fn() -> Option<()> + Send + 'static) {
    looks().push(Box::new(look));
}

/// Shows at each look how many of `most` places are taken, as long as there are any.
pub fn show_places(places: Weak<Semaphore>, most: usize, show: impl Fn(f64, f64) + Send + 'static) {
    at_each_look(move || {
        let free = places.upgrade()?.available_permits();
        show(count(most.saturating_sub(free)), count(most));
        Some(())
    });
}

/// Returns a number of things as a gauge takes it.
#[expect(clippy::cast_precision_loss, reason = "no count here is beyond 2^53")]
pub fn count(things: usize) -> f64 {
    things as f64
}

fn looks() -> MutexGuard<'static, Vec<Look>> {
    LOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show_runtime() {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    let runtime = runtime.metrics();
    gauge!("r4_tokio_workers").set(count(runtime.num_workers()));
    gauge!("r4_tokio_alive_tasks").set(count(runtime.num_alive_tasks()));
    gauge!("r4_tokio_queue_depth").set(count(runtime.global_queue_depth()));
}

/// Sums up the samples every few seconds, for ever: else each one is kept until somebody asks for
/// the metrics.
pub(crate) async fn keep_summing() {
    let Some(handle) = HANDLE.get().and_then(Option::as_ref) else { return };
    loop {
        tokio::time::sleep(UPKEEP_EVERY).await;
        handle.run_upkeep();
    }
}

/// Handler of `GET /metrics`.
///
/// # Errors
/// 400 for any parameter.
pub async fn render(uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    looks().retain(|look| look().is_some());
    let text = HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text.unwrap_or_default()).into_response())
}
