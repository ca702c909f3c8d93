//! The layers around every service's routes, outermost first: id, log and metrics, the rest of the
//! body, panic, time-out, size of bodies. Authentication is the route's own affair.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::metrics::gauge;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use futures_util::FutureExt as _;
use http_body::Body as _;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::observed::{Observed, Route};
use crate::query::Query;
use crate::ready::Readiness;
use crate::{Problem, kind, leftover, metrics};

/// Header that names a request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Bounds on one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Most time until the head of the answer is sent.
    pub head_deadline: Duration,
    /// Most bytes of a request's body.
    pub body_bytes: usize,
}

/// Adds `/ready` and `/metrics`, the fallbacks and the layers to a service's own routes.
pub fn wrap(routes: Router, readiness: Readiness, limits: RequestLimits) -> Router {
    metrics::install();
    show_readiness(readiness.clone());
    let layers = ServiceBuilder::new()
        .layer(from_fn(observe_routed))
        .layer(from_fn(leftover::drain))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(from_fn(move |request, next: Next| in_time(limits.head_deadline, next.run(request))))
        .layer(DefaultBodyLimit::max(limits.body_bytes));
    routes
        .route("/ready", get(async move |uri: Uri| ready(&readiness, &uri)))
        .route("/metrics", get(metrics::render))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(layers)
}

fn show_readiness(readiness: Readiness) {
    metrics::at_each_look(move || {
        let ready = if readiness.reason().is_none() { 1.0 } else { 0.0 };
        gauge!("r4_ready").set(ready);
        Some(())
    });
}

fn ready(readiness: &Readiness, uri: &Uri) -> Result<&'static str, Problem> {
    Query::parse(uri.query(), &[])?;
    match readiness.reason() {
        None => Ok("ready"),
        Some(reason) => Err(Problem::unavailable(kind::NOT_READY, reason, 1)),
    }
}

/// Names the request, logs its end and counts it. The query is never logged: it may hold a key.
async fn observe_routed(request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let route = Route::of(&request);
    let observed = Observed::begin(request.method(), route, request.headers(), id);
    observe(observed, next.run(request)).await
}

/// Answers a request as `observed`. Combined, not awaited: an async function holds what it is given
/// twice, and each layer of it would double what is copied for every request.
pub(crate) fn observe(
    observed: Observed,
    answer: impl Future<Output = Response>,
) -> impl Future<Output = Response> {
    let context = Arc::clone(&observed.context);
    context.scope(answer.map(move |mut response| {
        response.headers_mut().insert(REQUEST_ID, observed.context.id());
        observed.end(response.status());
        response
    }))
}

/// Returns the caller's id of a request, if it is a sane one, or a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> HeaderValue {
    accepted_id(headers).unwrap_or_else(next_id)
}

fn accepted_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(REQUEST_ID)?;
    let sane = (8..=64).contains(&value.len())
        && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-');
    sane.then(|| value.clone())
}

/// Returns a random prefix of the process and a counter: unique, without a system call each time.
fn next_id() -> HeaderValue {
    static PREFIX: OnceLock<u64> = OnceLock::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let prefix = PREFIX.get_or_init(|| getrandom::u64().unwrap_or_default());
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let id = (u128::from(*prefix) << 64) | u128::from(count);
    let mut text = [0; 32];
    // The length fits.
    let _ = hex::encode_to_slice(id.to_be_bytes(), &mut text);
    HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("none"))
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
pub(crate) fn on_panic(cause: Box<dyn std::any::Any + Send>) -> Response {
    let text = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(cause = text.unwrap_or("unknown"), "a handler panicked");
    Problem::internal().into_response()
}

/// Refuses the body of a method that takes none: a layer for a service's own routes, within its
/// limits.
pub async fn refuse_needless_body(request: Request, next: Next) -> Response {
    let takes_none = matches!(*request.method(), Method::GET | Method::HEAD);
    if takes_none && !request.body().is_end_stream() {
        let detail = "this method takes no body";
        return Problem::new(kind::UNEXPECTED_BODY, detail).into_response();
    }
    next.run(request).await
}

/// Adds to the methods that `routes` has, which are those in `allowed` (a list for the header
/// `Allow`), the refusal of all others, HEAD among them: for answers that cost something and that
/// nobody would see.
pub fn no_other_method<S: Clone + Send + Sync + 'static>(
    routes: MethodRouter<S>,
    allowed: &'static str,
) -> MethodRouter<S> {
    let refuse = async move || Problem::only_methods(allowed);
    routes.head(refuse).fallback(refuse)
}

/// Answers within `deadline`, or says that there is no answer.
pub(crate) fn in_time(
    deadline: Duration,
    answer: impl Future<Output = Response>,
) -> impl Future<Output = Response> {
    tokio::time::timeout(deadline, answer).map(move |answer| {
        answer.unwrap_or_else(|_| {
            let seconds = deadline.as_secs();
            let detail = format!("the request was not answered within {seconds} s");
            Problem::unavailable(kind::DEADLINE, detail, 1).into_response()
        })
    })
}
