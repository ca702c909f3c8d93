//! The gateway's metrics: what they are, and the sizes of its tables.

use std::sync::Arc;

use metrics::{counter, gauge};
use r4_service::metrics::{Metric, at_each_look, count, describe, show_build};

use crate::limits::MOST_SOURCES;
use crate::store::Connections;
use crate::{App, GIT, VERSION};

const METRICS: [Metric; 15] = [
    Metric::gauge("r4_gateway_upstream_ready", "1: the upstream may be sent work"),
    Metric::counter("r4_gateway_upstream_failures_total", "Calls without a whole answer"),
    Metric::counter("r4_gateway_rate_limited_total", "Requests that a limit refused"),
    Metric::gauge("r4_gateway_buckets", "Callers with a bucket of their own"),
    Metric::gauge("r4_gateway_buckets_limit", "Most addresses with a bucket of their own"),
    Metric::gauge("r4_gateway_open_addresses", "Addresses with open requests"),
    Metric::gauge("r4_gateway_keys", "API keys in the table, old secrets included"),
    Metric::gauge("r4_gateway_store_connections", "Connections to the database at work"),
    Metric::gauge("r4_gateway_store_connections_limit", "Most connections to the database"),
    Metric::gauge("r4_gateway_store_waiting", "Calls that wait for a connection to the database"),
    Metric::gauge("r4_gateway_redis_up", "1: limits are shared by Redis"),
    Metric::counter("r4_gateway_redis_failures_total", "Calls of Redis that failed"),
    Metric::counter("r4_gateway_admin_refused_total", "Requests without the admin API's token"),
    Metric::gauge("r4_gateway_history_waiting", "Counts of the history that are not written yet"),
    Metric::counter("r4_gateway_history_failures_total", "Writings of the history that failed"),
];

/// Explains the gateway's metrics, and shows the sizes of its tables as long as it runs.
pub(crate) fn show(app: &Arc<App>) {
    r4_service::metrics::install();
    show_build(VERSION, GIT);
    describe(&METRICS);
    counter!("r4_gateway_history_failures_total").increment(0);
    for upstream in [app.core.name(), app.vrf.name()] {
        counter!("r4_gateway_upstream_failures_total", "upstream" => upstream).increment(0);
    }
    let app = Arc::downgrade(app);
    at_each_look(move || app.upgrade().map(|app| look(&app)));
}

fn look(app: &App) {
    for (limit, held) in app.rates.sizes() {
        gauge!("r4_gateway_buckets", "limit" => limit).set(count(held));
    }
    gauge!("r4_gateway_buckets_limit").set(count(MOST_SOURCES));
    gauge!("r4_gateway_open_addresses").set(count(app.open.addresses()));
    gauge!("r4_gateway_keys").set(count(app.keys.len()));
    gauge!("r4_gateway_history_waiting").set(count(app.watch.history().waiting()));
    if let Some(Connections { in_use, waiting, most }) = app.store.connections() {
        gauge!("r4_gateway_store_connections").set(count(in_use));
        gauge!("r4_gateway_store_connections_limit").set(count(most));
        gauge!("r4_gateway_store_waiting").set(count(waiting));
    }
}
