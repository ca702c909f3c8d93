//! Metrics in Prometheus text, on the internal network only.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::Problem;
use crate::query::Query;

/// Upper bounds of the latency histogram, seconds.
const LATENCY_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Time between two summings of the samples.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts the recorder of the process; later calls change nothing.
pub fn install() {
    HANDLE.get_or_init(|| {
        let built = PrometheusBuilder::new().set_buckets_for_metric(
            Matcher::Full("r4_http_request_seconds".to_owned()),
            &LATENCY_BUCKETS,
        );
        built.ok()?.install_recorder().ok()
    });
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
    let text = HANDLE.get().and_then(Option::as_ref).map(PrometheusHandle::render);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text.unwrap_or_default()).into_response())
}
