//! Errors as clients see them: `application/problem+json` (RFC 9457).

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One problem: a status, a stable `type`, and a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    slug: &'static str,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Makes a problem; its `type` is `/errors/{slug}`.
    pub fn new(status: StatusCode, slug: &'static str, detail: impl Into<String>) -> Self {
        Self { status, slug, detail: detail.into(), headers: Vec::new() }
    }

    /// A 400 about one query parameter or body field.
    pub fn bad_request(slug: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, detail)
    }

    /// A 503 that a client may retry after `seconds`.
    pub fn unavailable(slug: &'static str, detail: impl Into<String>, seconds: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, slug, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The 404 of a path that no route has.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such path")
    }

    /// The 405 of a path that has the method not.
    pub fn method_not_allowed() -> Self {
        let detail = "this path does not take that method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }

    /// The 405 of a path that has the methods `allowed` (a list for the header `Allow`) alone.
    pub fn only_methods(allowed: &'static str) -> Self {
        Self::method_not_allowed().with_header(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// The 408 of a body that comes too slowly; it ends the connection.
    pub fn slow_body() -> Self {
        let detail = "the body of the request did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow-body", detail)
            .with_header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// The 500 of a fault of ours; the cause goes to the log, not to the client.
    pub fn internal() -> Self {
        let detail = "the service failed; its log has the cause under this request's id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the last part of `type`.
    pub fn slug(&self) -> &'static str {
        self.slug
    }

    /// Returns the sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "type": format!("/errors/{}", self.slug),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}
