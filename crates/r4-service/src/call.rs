//! One call of another service as it is counted and traced. It says which request it is for, and
//! which span asks.

use std::time::Instant;

use axum::http::{HeaderMap, Request, StatusCode};
use metrics::{counter, histogram};

use crate::context::{RequestContext, RequestTrace, with_current};
use crate::observed::method_name;
use crate::otlp::{Side, Span};
use crate::shell::REQUEST_ID;
use crate::trace_context::{TRACEPARENT, TRACESTATE};
use crate::upstream::UpstreamError;

/// A call that was not answered yet.
pub(crate) struct Call {
    upstream: &'static str,
    method: &'static str,
    started: Instant,
    span: Option<Span>,
    /// Whether its end was told.
    ended: bool,
}

impl Call {
    /// Begins a call for the request that this task works on, if there is one, and notes that in
    /// the headers.
    pub(crate) fn begin<B>(upstream: &'static str, request: &mut Request<B>) -> Self {
        let method = method_name(request.method());
        let span = with_current(|current| note(current, request.headers_mut())).flatten();
        Self { upstream, method, started: Instant::now(), span, ended: false }
    }

    /// Tells the end of the call.
    pub(crate) fn end(mut self, answer: Result<StatusCode, &UpstreamError>) {
        match answer {
            Ok(status) if status.is_server_error() => self.tell("failed", Some(status)),
            Ok(status) => self.tell("answered", Some(status)),
            Err(UpstreamError::Busy { .. }) => self.tell("busy", None),
            Err(UpstreamError::Timeout { .. }) => self.tell("timeout", None),
            Err(UpstreamError::Down { .. } | UpstreamError::TooLong { .. }) => {
                self.tell("down", None);
            }
        }
    }

    fn tell(&mut self, result: &'static str, status: Option<StatusCode>) {
        self.ended = true;
        let upstream = self.upstream;
        counter!("r4_upstream_calls_total", "upstream" => upstream, "result" => result)
            .increment(1);
        histogram!("r4_upstream_call_seconds", "upstream" => upstream)
            .record(self.started.elapsed().as_secs_f64());
        if let Some(span) = self.span.take() {
            let error = (result != "answered").then_some(result);
            let mut attributes = vec![
                ("http.request.method", self.method.into()),
                ("peer.service", upstream.into()),
            ];
            let status = status.map(|status| i64::from(status.as_u16()).into());
            attributes.extend(status.map(|status| ("http.response.status_code", status)));
            span.end(format!("{} {upstream}", self.method), error, attributes);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.tell("given up", None);
        }
    }
}

/// Tells the upstream which request and which span the call is for.
fn note(current: &RequestContext, headers: &mut HeaderMap) -> Option<Span> {
    headers.insert(REQUEST_ID, current.id());
    let RequestTrace { own, state, .. } = current.trace.as_ref()?;
    let call = own.child();
    headers.insert(TRACEPARENT, call.header_value()?);
    if let Some(state) = state {
        headers.insert(TRACESTATE, state.clone());
    }
    Span::begin(call, Side::Client(*own))
}
