//! One request as it is logged, counted and traced: when it is answered, or when its caller has
//! given it up.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::context::{RequestContext, RequestTrace};
use crate::otlp::{Side, Span};
use crate::series;

/// Routes that machines ask all the time; a request for one is logged at level `debug`, and is no
/// trace of its own.
const PROBES: [&str; 4] = ["/health", "/ready", "/version", "/metrics"];
/// Route of a request for a path that no route has; its text is the caller's.
const UNMATCHED: &str = "unmatched";
/// Status of a request whose caller left before the head of the answer.
const GIVEN_UP: u16 = 499;

/// The path of a request as logs and metrics name it: a route's, never the caller's text.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    Known(&'static str),
    Matched(MatchedPath),
    Unmatched,
}

impl Route {
    pub(crate) fn of(request: &Request) -> Self {
        request.extensions().get::<MatchedPath>().cloned().map_or(Self::Unmatched, Self::Matched)
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Known(path) => path,
            Self::Matched(path) => path.as_str(),
            Self::Unmatched => UNMATCHED,
        }
    }
}

/// A request that was not answered yet.
pub(crate) struct Observed {
    pub(crate) context: Arc<RequestContext>,
    started: Instant,
    method: &'static str,
    route: Route,
    span: Option<Span>,
    /// Whether its end was told.
    ended: bool,
}

impl Observed {
    pub(crate) fn begin(
        method: &Method,
        route: Route,
        headers: &HeaderMap,
        id: HeaderValue,
    ) -> Self {
        let is_probe = PROBES.contains(&route.as_str());
        let trace = RequestTrace::of(headers);
        // Without a caller's trace, one of nothing but a probe is of no use.
        let trace = trace.filter(|trace| trace.parent.is_some() || !is_probe);
        let begin = |trace: &RequestTrace| Span::begin(trace.own, Side::Server(trace.parent));
        let span = trace.as_ref().and_then(begin);
        series::opened();
        Self {
            context: RequestContext::new(id, trace),
            started: Instant::now(),
            method: method_name(method),
            route,
            span,
            ended: false,
        }
    }

    /// Tells the end of the request.
    pub(crate) fn end(mut self, status: StatusCode) {
        self.tell(status.as_u16());
    }

    fn tell(&mut self, status: u16) {
        self.ended = true;
        let (elapsed, method) = (self.started.elapsed(), self.method);
        let route = self.route.as_str();
        let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let key = self.context.key();
        if PROBES.contains(&route) {
            tracing::debug!(method, route, status, duration_us, key, "request");
        } else {
            tracing::info!(method, route, status, duration_us, key, "request");
        }
        series::closed(method, route, status, elapsed);
        if let Some(span) = self.span.take() {
            let error = match status {
                GIVEN_UP => Some("given up"),
                500.. => Some("failed"),
                _ => None,
            };
            let mut attributes = vec![
                ("http.request.method", method.into()),
                ("http.route", route.to_owned().into()),
                ("http.response.status_code", i64::from(status).into()),
                ("r4.request_id", self.context.id_text().to_owned().into()),
            ];
            attributes.extend(key.map(|key| ("r4.key", key.to_owned().into())));
            span.end(format!("{method} {route}"), error, attributes);
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(GIVEN_UP);
        }
    }
}

/// Returns a method's name. One that HTTP does not know is the caller's text, and is not repeated.
pub(crate) fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "CONNECT" => "CONNECT",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "PATCH" => "PATCH",
        _ => "other",
    }
}
