//! `GET /v1/random`: random bytes of r4-core.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use r4_api::core::{MAX_BYTES_PER_REQUEST, MAX_WORDS_PER_REQUEST};
use r4_api::encode::Format;
use r4_api::gateway::RandomAnswer;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;
use crate::error::{invalid, missing, upstream_broken};
use crate::relay::Call;
use crate::schemas::RandomFormat;
use crate::shared_calls::{MOST_SHARED, Reply};

const MODE: HeaderName = HeaderName::from_static("x-r4-mode");

/// Random bytes.
///
/// Streams with constant memory. An answer that breaks off is never well formed: its connection
/// ends before its Content-Length is reached.
#[utoipa::path(get, path = "/v1/random", tag = "random",
    params(
        ("n" = u32, Query, minimum = 1, maximum = 1_000_000, example = 32, description = "How many bytes; with `fmt=u32`, how many words, up to 250000"),
        ("fmt" = inline(Option<RandomFormat>), Query, example = "hex", description = "Form of the answer; `raw` unless given"),
    ),
    responses((status = 200, description = "Fresh bytes, never served again", content(
        (Vec<u8> = "application/octet-stream"), (String = "text/plain"), (RandomAnswer = "application/json"),
    ), headers(
        ("X-R4-Mode" = String, description = "`sealed`, or `fallback`: the kernel's generator"),
        ("X-R4-Core-SHA256" = String, description = "SHA-256 of the sealed binary, where there is one"),
    ))),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn random(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    answer(&app, Order::parse(uri.query())?).await
}

/// Answers what was ordered.
///
/// # Errors
/// 503 that names r4-core.
pub(super) async fn answer(app: &App, order: Order) -> Result<Response<Body>, Problem> {
    if order.bytes() > MOST_SHARED {
        let call = Call::get(&app.core, app.deadlines, &order.path())?;
        return Box::pin(call.relay()).await;
    }
    let reply = app.shared_calls.ask(order.bytes()).await?;
    if reply.status != StatusCode::OK {
        return Ok(reply.into());
    }
    let mut response = Response::from(order.written(reply)?);
    let kind = HeaderValue::from_static(order.format.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    n: u32,
    format: Format,
}

impl Order {
    /// Checks the parameters.
    ///
    /// # Errors
    /// 400 about one of them.
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let query = Query::parse(query, &["n", "fmt", "key"])?;
        let format = Format::parse(query.text("fmt").unwrap_or("raw"))
            .ok_or_else(|| invalid("fmt", Format::NAMES))?;
        let most =
            if format == Format::U32 { MAX_WORDS_PER_REQUEST } else { MAX_BYTES_PER_REQUEST };
        let n = query.number("n", 1, most)?.ok_or_else(|| missing("n", "n=32"))?;
        Ok(Self { n, format })
    }

    /// Returns how many bytes of r4-core that takes.
    pub(super) fn bytes(self) -> usize {
        self.format.random_bytes(self.n)
    }

    /// Returns r4-core's path.
    fn path(self) -> String {
        format!("/random?n={}&fmt={}", self.n, self.format.as_str())
    }

    /// Writes the bytes of a reply in the form that was asked for.
    ///
    /// # Errors
    /// 503 when r4-core does not say where the bytes come from.
    fn written(self, mut reply: Reply) -> Result<Reply, Problem> {
        let mode = reply.headers.get(MODE).and_then(|mode| mode.to_str().ok());
        let mode = mode.ok_or_else(|| upstream_broken("r4-core"))?;
        if self.format != Format::Raw {
            reply.body = self.format.whole(&reply.body, self.n, mode).into();
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Order {
        Order::parse(Some(query)).expect(query)
    }

    fn slug(query: &str) -> &'static str {
        Order::parse(Some(query)).expect_err(query).slug()
    }

    #[test]
    fn checked_parameters_alone_go_on() {
        let path = |query| parsed(query).path();
        assert_eq!(path("n=64"), "/random?n=64&fmt=raw");
        assert_eq!(path("fmt=hex&key=secret&n=007"), "/random?n=7&fmt=hex");
        assert_eq!(path("n=1000000&fmt=%72aw"), "/random?n=1000000&fmt=raw");
        assert_eq!(path("n=250000&fmt=u32"), "/random?n=250000&fmt=u32");
    }

    #[test]
    fn bad_parameters_are_refused() {
        for bad in ["n=", "n=0", "n=-1", "n=1000001", "n=1e9", "n=abc", "n=250001&fmt=u32"] {
            assert_eq!(slug(bad), "invalid-parameter", "{bad}");
        }
        assert_eq!(slug("n=1&fmt=HEX"), "invalid-parameter");
        assert_eq!(slug("n=1&fmt="), "invalid-parameter");
        assert_eq!(slug("fmt=hex"), "missing-parameter");
        assert_eq!(slug("n=1&n=1"), "repeated-parameter");
        assert_eq!(slug("n=1&m=1"), "unknown-parameter");
    }

    #[test]
    fn a_reply_is_written_in_the_form_that_was_asked_for() {
        let headers = [(MODE, HeaderValue::from_static("sealed"))];
        let reply = |body: &'static [u8]| Reply {
            status: StatusCode::OK,
            headers: Arc::new(headers.clone().into_iter().collect()),
            body: body.into(),
        };
        let written = |query, body| parsed(query).written(reply(body)).expect(query);
        assert_eq!(written("n=2", &[1, 2]).body.as_ref(), [1, 2]);
        assert_eq!(written("n=2&fmt=hex", &[1, 0xab]).body, "01ab");
        let json = written("n=1&fmt=json", &[7]);
        assert_eq!(json.body, r#"{"hex":"07","n":1,"source":"sealed"}"#);
        assert_eq!(written("n=2&fmt=u32", &[1, 0, 0, 0, 0, 1, 0, 0]).body, "[1,256]");
        let unknown = Reply { headers: Arc::default(), ..reply(&[1]) };
        assert!(parsed("n=1").written(unknown).is_err(), "nobody says where the byte comes from");
    }
}
