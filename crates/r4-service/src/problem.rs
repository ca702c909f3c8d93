//! Errors as clients see them: `application/problem+json` (RFC 9457), each of a kind that the
//! catalogue has.

pub mod kind;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// One kind of problem. Its slug and status never change; [`kind`] holds them all.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Last part of the problem's `type`.
    pub slug: &'static str,
    /// Status of every answer of this kind.
    pub status: StatusCode,
    /// What answers it.
    pub services: &'static [Service],
    /// What has happened, in a sentence.
    pub meaning: &'static str,
    /// What the reader can do, in a sentence or two.
    pub remedy: &'static str,
    /// The `detail` of an example.
    pub example: &'static str,
}

impl Kind {
    /// Returns the problem's `type`.
    pub fn uri(&self) -> String {
        format!("/errors/{}", self.slug)
    }

    /// Returns the document of an example.
    pub fn example_document(&self) -> serde_json::Value {
        self.document(self.example)
    }

    fn document(&self, detail: &str) -> serde_json::Value {
        serde_json::json!({
            "type": self.uri(),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": detail,
        })
    }
}

/// What answers problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// r4-core.
    Core,
    /// r4-vrf.
    Vrf,
    /// r4-gateway.
    Gateway,
    /// The port of r4-gateway for its operator.
    Admin,
    /// `r4 witness serve`.
    Witness,
}

impl Service {
    /// Returns its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "r4-core",
            Self::Vrf => "r4-vrf",
            Self::Gateway => "r4-gateway",
            Self::Admin => "admin API",
            Self::Witness => "witness",
        }
    }
}

/// One problem: its kind, and a sentence that says what is wrong this time and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// Makes a problem.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), headers: Vec::new() }
    }

    /// A problem after which a client may try again in `seconds`.
    pub fn unavailable(kind: &'static Kind, detail: impl Into<String>, seconds: u32) -> Self {
        Self::new(kind, detail).with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The 404 of a path that no route has.
    pub fn not_found() -> Self {
        Self::new(kind::NOT_FOUND, "there is no such path")
    }

    /// The 405 of a path that has the method not.
    pub fn method_not_allowed() -> Self {
        Self::new(kind::METHOD_NOT_ALLOWED, "this path does not take that method")
    }

    /// The 405 of a path that has the methods `allowed` (a list for the header `Allow`) alone.
    pub fn only_methods(allowed: &'static str) -> Self {
        Self::method_not_allowed().with_header(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// The 408 of a body that comes too slowly; it ends the connection.
    pub fn slow_body() -> Self {
        Self::new(kind::SLOW_BODY, "the body of the request did not arrive in time")
            .with_header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// The 500 of a fault of ours; the cause goes to the log, not to the client.
    pub fn internal() -> Self {
        let detail = "the service failed; its log has the cause under this request's id";
        Self::new(kind::INTERNAL, detail)
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Returns the sentence for people of an answer's body, if that is a problem.
    pub fn detail_of(body: &[u8]) -> Option<String> {
        let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
        Some(problem.get("detail")?.as_str()?.to_owned())
    }

    /// Returns the kind.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// Returns the last part of `type`.
    pub fn slug(&self) -> &'static str {
        self.kind.slug
    }

    /// Returns the sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.kind.document(&self.detail);
        let mut response = (self.status(), body.to_string()).into_response();
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
