//! The metrics of requests, each looked up once for a thread: the recorder's look-up costs more than
//! counting does.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Counter, Histogram, counter, gauge, histogram};

use crate::metrics::count;

/// Requests whose answer has no head yet.
static OPEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// As many as there are routes and statuses; what is asked for often stands in front.
    static SERIES: RefCell<Vec<Series>> = const { RefCell::new(Vec::new()) };
}

/// The metrics of one kind of request.
struct Series {
    method: &'static str,
    route: Box<str>,
    status: u16,
    total: Counter,
    seconds: Histogram,
}

impl Series {
    fn new(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [
            ("method", method.to_owned()),
            ("route", route.to_owned()),
            ("status", status.to_string()),
        ];
        Self {
            method,
            route: route.into(),
            status,
            total: counter!("r4_http_requests_total", &labels),
            seconds: histogram!("r4_http_request_seconds", &labels),
        }
    }

    fn is_of(&self, method: &str, route: &str, status: u16) -> bool {
        self.status == status && self.method == method && *self.route == *route
    }
}

/// Counts a request that has begun.
pub(crate) fn opened() {
    OPEN.fetch_add(1, Ordering::Relaxed);
}

/// Counts a request that has ended.
pub(crate) fn closed(method: &'static str, route: &str, status: u16, took: Duration) {
    OPEN.fetch_sub(1, Ordering::Relaxed);
    let add = |known: &mut Vec<Series>| {
        let place = known.iter().position(|series| series.is_of(method, route, status));
        let place = place.unwrap_or_else(|| {
            known.push(Series::new(method, route, status));
            known.len().saturating_sub(1)
        });
        let Some(series) = known.get(place) else { return };
        series.total.increment(1);
        series.seconds.record(took.as_secs_f64());
        known.swap(place, place.saturating_sub(1));
    };
    // A thread that ends has none any more.
    let _ = SERIES.try_with(|known| add(&mut known.borrow_mut()));
}

/// Shows how many requests are open.
pub(crate) fn show_open() {
    gauge!("r4_http_requests_open").set(count(OPEN.load(Ordering::Relaxed)));
}
