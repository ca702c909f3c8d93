//! Passes one request on to an upstream and its answer back.
//!
//! The first 64 KiB are read before the head is sent, so that a short answer that breaks off
//! becomes a 503. The rest streams with constant memory; an answer that breaks off there, or takes
//! too long, ends the client's connection without the end that its framing promised.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body::Body as _;
use r4_service::Problem;
use r4_service::upstream::{DRAW, Upstream};

use crate::config::Deadlines;
use crate::error::{upstream_broken, upstream_refused};
use crate::passage::{Ended, Source, count};

/// Headers of an upstream's answer that the client gets; the others are between the services.
const PASSED_ON: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::ETAG,
    header::LAST_MODIFIED,
    header::RETRY_AFTER,
    HeaderName::from_static("x-r4-mode"),
    HeaderName::from_static("x-r4-core-sha256"),
];

/// One call of an upstream.
pub(crate) struct Call<'a> {
    upstream: &'a Upstream,
    deadlines: Deadlines,
    request: Request<Bytes>,
}

impl<'a> Call<'a> {
    /// A `GET` of `path`, which holds checked parameters alone.
    ///
    /// # Errors
    /// 500 when `path` is not a URI, which checked parameters rule out.
    pub(crate) fn get(
        upstream: &'a Upstream,
        deadlines: Deadlines,
        path: &str,
    ) -> Result<Self, Problem> {
        Self::new(upstream, deadlines, Method::GET, path, Bytes::new())
    }

    /// A `POST` of `body` to `path`; the upstream judges its type, too.
    ///
    /// # Errors
    /// As [`Call::get`].
    pub(crate) fn post(
        upstream: &'a Upstream,
        deadlines: Deadlines,
        path: &str,
        kind: Option<&HeaderValue>,
        body: Bytes,
    ) -> Result<Self, Problem> {
        let mut call = Self::new(upstream, deadlines, Method::POST, path, body)?;
        if let Some(kind) = kind {
            call.request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
        }
        Ok(call)
    }

    /// Says that the order is that of a draw.
    pub(crate) fn of_draw(mut self) -> Self {
        self.request.headers_mut().insert(DRAW, HeaderValue::from_static("1"));
        self
    }

    /// Returns the name of the upstream.
    pub(crate) fn upstream_name(&self) -> &'static str {
        self.upstream.name()
    }

    fn new(
        upstream: &'a Upstream,
        deadlines: Deadlines,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Self, Problem> {
        let built = Request::builder().method(method).uri(path).body(body);
        let request = built.map_err(|_| Problem::internal())?;
        Ok(Self { upstream, deadlines, request })
    }

    /// Sends the request and returns the answer, problems of the upstream included.
    ///
    /// # Errors
    /// 503 that names the upstream: down, late, busy, broken, or refusing the internal key.
    pub(crate) async fn relay(self) -> Result<Response<Body>, Problem> {
        let Self { upstream, deadlines, request } = self;
        let name = upstream.name();
        let (answer, permit) = upstream.send(request).await.inspect_err(|_| count(name))?;
        let (head, body) = answer.into_parts();
        if matches!(head.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            tracing::error!(upstream = name, "the internal key was refused");
            return Err(upstream_refused(name));
        }
        let length = body.size_hint().exact();
        if length.is_none() && !head.headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(upstream_broken(name));
        }
        let mut source = Source::new(body, name);
        let ended =
            source.read_ahead(deadlines.upstream.head).await.inspect_err(|_| count(name))?;
        let body = match ended {
            Ended::Whole => source.into_whole(),
            Ended::Not => source.stream(permit, length, deadlines.answer_body),
        };
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        for name in PASSED_ON {
            if let Some(value) = head.headers.get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Ok(response)
    }
}
