//! Traces: one span for each request and for each call of another service, sent to a collector by
//! OTLP/HTTP when one is configured.
//!
//! No request waits for the collector. Spans wait in a queue of `QUEUE`; what does not fit is
//! dropped and counted. A span holds what the log line of its request holds, and nothing more.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use axum::http::Uri;
use metrics::{counter, gauge};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use crate::clock;
use crate::metrics::{at_each_look, count, install};
use crate::trace::service;
use crate::trace_context::TraceContext;

/// Most spans that wait to be exported.
const QUEUE: usize = 2048;
/// Most spans of one export.
const BATCH: usize = 256;
/// Longest wait of a span for others of its batch.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most time for the collector to take a batch.
const EXPORT: Duration = Duration::from_secs(5);
/// Most time at the end for what still waits.
const FLUSH: Duration = Duration::from_millis(900);

static EXPORT_TO: OnceLock<Export> = OnceLock::new();

/// Where spans go, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct OtlpConfig {
    /// The collector: `http://host:port`.
    pub endpoint: Uri,
    /// Share of the new traces that is sent, from 0 to 1. A caller's trace is sent if the caller
    /// says that it is recorded.
    pub ratio: f64,
}

struct Export {
    ratio: f64,
    spans: mpsc::Sender<SpanData>,
    flush: mpsc::Sender<oneshot::Sender<()>>,
}

/// Begins to export spans, if a collector is configured, from a task of this runtime. A second call
/// changes nothing.
pub fn start(config: Option<&OtlpConfig>) {
    let Some(OtlpConfig { endpoint, ratio }) = config else { return };
    let exporter = match exporter(endpoint) {
        Ok(exporter) => exporter,
        Err(cause) => return tracing::error!(%cause, "spans cannot be exported"),
    };
    install();
    let (spans, queued) = mpsc::channel(QUEUE);
    let (flush, flushes) = mpsc::channel(1);
    show_queue(&spans);
    if EXPORT_TO.set(Export { ratio: *ratio, spans, flush }).is_ok() {
        tokio::spawn(Exporting { exporter, queued, flushes, well: true }.run());
    }
}

fn exporter(endpoint: &Uri) -> Result<SpanExporter, opentelemetry_otlp::ExporterBuildError> {
    let base = endpoint.to_string();
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(format!("{}/v1/traces", base.trim_end_matches('/')))
        .with_timeout(EXPORT)
        .build()?;
    let name = service().unwrap_or("re4ctor");
    exporter.set_resource(&Resource::builder_empty().with_service_name(name).build());
    Ok(exporter)
}

fn show_queue(spans: &mpsc::Sender<SpanData>) {
    for cause in ["full", "refused"] {
        counter!("r4_otlp_dropped_total", "cause" => cause).increment(0);
    }
    counter!("r4_otlp_exported_total").increment(0);
    counter!("r4_otlp_failures_total").increment(0);
    let spans = spans.downgrade();
    at_each_look(move || {
        let free = spans.upgrade()?.capacity();
        gauge!("r4_otlp_queue").set(count(QUEUE.saturating_sub(free)));
        gauge!("r4_otlp_queue_limit").set(count(QUEUE));
        Some(())
    });
}

/// Sends what waits, within a second. For the end of a service.
pub(crate) async fn flush() {
    let Some(export) = EXPORT_TO.get() else { return };
    let (done, ended) = oneshot::channel();
    // A flush that was asked for already is as good.
    if export.flush.try_send(done).is_ok() {
        let _ = timeout(FLUSH, ended).await;
    }
}

/// Begins a trace of this service's own; `None` when no spans are exported.
pub(crate) fn sample_new_trace() -> Option<TraceContext> {
    let export = EXPORT_TO.get()?;
    let trace = TraceContext::new_trace(true);
    Some(TraceContext { sampled: trace.falls_within(export.ratio), ..trace })
}

/// A span that has begun and will be exported.
#[derive(Debug)]
pub(crate) struct Span {
    own: TraceContext,
    parent: Option<TraceContext>,
    kind: SpanKind,
    started: SystemTime,
}

/// Which side of a call a span is, and its parent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    /// The one that answers; the parent is the caller's.
    Server(Option<TraceContext>),
    /// The one that asks, for a request of its own.
    Client(TraceContext),
}

impl Span {
    /// Begins a span if it is to be exported.
    pub(crate) fn begin(own: TraceContext, side: Side) -> Option<Self> {
        EXPORT_TO.get().filter(|_| own.sampled)?;
        let (kind, parent) = match side {
            Side::Server(parent) => (SpanKind::Server, parent),
            Side::Client(parent) => (SpanKind::Client, Some(parent)),
        };
        Some(Self { own, parent, kind, started: clock::now() })
    }

    /// Ends the span and lets it wait for its export. Nobody may put into `attributes` what must not
    /// stand in the log.
    pub(crate) fn end(
        self,
        name: impl Into<Cow<'static, str>>,
        error: Option<&'static str>,
        attributes: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        let Some(export) = EXPORT_TO.get() else { return };
        let attributes = attributes.into_iter().chain(error.map(|e| ("error.type", e.into())));
        let data = SpanData {
            span_context: span_context(self.own),
            parent_span_id: self.parent.map_or(SpanId::INVALID, span_id),
            parent_span_is_remote: self.kind == SpanKind::Server && self.parent.is_some(),
            span_kind: self.kind,
            name: name.into(),
            start_time: self.started,
            end_time: clock::now(),
            attributes: attributes.map(|(key, value)| KeyValue::new(key, value)).collect(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: error.map_or(Status::Unset, Status::error),
            instrumentation_scope: InstrumentationScope::builder("re4ctor").build(),
        };
        if export.spans.try_send(data).is_err() {
            dropped("full", 1);
        }
    }
}

fn span_id(place: TraceContext) -> SpanId {
    SpanId::from_bytes(place.span_id.get().to_be_bytes())
}

fn span_context(place: TraceContext) -> SpanContext {
    let trace_id = TraceId::from_bytes(place.trace_id.get().to_be_bytes());
    SpanContext::new(trace_id, span_id(place), TraceFlags::SAMPLED, false, TraceState::NONE)
}

fn dropped(cause: &'static str, spans: usize) {
    counter!("r4_otlp_dropped_total", "cause" => cause).increment(number(spans));
}

fn number(spans: usize) -> u64 {
    u64::try_from(spans).unwrap_or(u64::MAX)
}

/// The task that exports.
struct Exporting {
    exporter: SpanExporter,
    queued: mpsc::Receiver<SpanData>,
    flushes: mpsc::Receiver<oneshot::Sender<()>>,
    /// Whether the last export went well; a change of it is logged once.
    well: bool,
}

impl Exporting {
    async fn run(mut self) {
        loop {
            let mut batch = Vec::with_capacity(BATCH);
            let asked = self.gather(&mut batch).await;
            self.export(batch).await;
            if let Some(asked) = asked {
                while let Some(batch) = self.waiting() {
                    self.export(batch).await;
                }
                // Nobody may wait any more.
                let _ = asked.send(());
            }
        }
    }

    /// Takes spans until a batch is full, the first has waited long enough, or a flush is asked for.
    async fn gather(&mut self, batch: &mut Vec<SpanData>) -> Option<oneshot::Sender<()>> {
        let mut due = None;
        loop {
            let until = due.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                asked = self.flushes.recv() => return asked,
                () = sleep_until(until), if due.is_some() => return None,
                Some(span) = self.queued.recv() => {
                    due.get_or_insert_with(|| Instant::now() + PATIENCE);
                    batch.push(span);
                    if batch.len() >= BATCH {
                        return None;
                    }
                }
            }
        }
    }

    fn waiting(&mut self) -> Option<Vec<SpanData>> {
        let spans = std::iter::from_fn(|| self.queued.try_recv().ok());
        let batch: Vec<SpanData> = spans.take(BATCH).collect();
        (!batch.is_empty()).then_some(batch)
    }

    async fn export(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len();
        if spans == 0 {
            return;
        }
        let result = self.exporter.export(batch).await;
        if result.is_ok() {
            counter!("r4_otlp_exported_total").increment(number(spans));
        } else {
            counter!("r4_otlp_failures_total").increment(1);
            dropped("refused", spans);
        }
        if self.well != result.is_ok() {
            self.well = result.is_ok();
            match result {
                Ok(()) => tracing::info!("the collector takes spans again"),
                Err(cause) => tracing::warn!(%cause, "the collector takes no spans"),
            }
        }
    }
}
