//! `GET /v1/random`: random bytes of r4-core.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, Uri};
use r4_api::core::{MAX_BYTES_PER_REQUEST, MAX_WORDS_PER_REQUEST};
use r4_api::gateway::RandomAnswer;
use r4_service::Problem;
use r4_service::query::Query;
use r4_service::shell::RequestId;

use crate::App;
use crate::error::{invalid, missing};
use crate::relay::Call;
use crate::schemas::RandomFormat;

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
    id: Option<Extension<RequestId>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    let path = upstream_path(uri.query())?;
    let id = id.as_ref().map(|Extension(id)| id);
    Call::get(&app.core, app.deadlines, &path, id)?.relay().await
}

/// Checks the parameters and returns r4-core's path, without the key.
fn upstream_path(query: Option<&str>) -> Result<String, Problem> {
    let query = Query::parse(query, &["n", "fmt", "key"])?;
    let fmt = match query.text("fmt") {
        None => None,
        Some(fmt @ ("raw" | "hex" | "base64" | "json" | "u32")) => Some(fmt),
        Some(_) => return Err(invalid("fmt", "raw, hex, base64, json or u32")),
    };
    let most = if fmt == Some("u32") { MAX_WORDS_PER_REQUEST } else { MAX_BYTES_PER_REQUEST };
    let n = query.number("n", 1, most)?.ok_or_else(|| missing("n", "n=32"))?;
    Ok(match fmt {
        Some(fmt) => format!("/random?n={n}&fmt={fmt}"),
        None => format!("/random?n={n}"),
    })
}

#[cfg(test)]
mod tests {
    use super::upstream_path;

    fn slug(query: &str) -> &'static str {
        upstream_path(Some(query)).expect_err(query).slug()
    }

    #[test]
    fn checked_parameters_alone_go_on() {
        let path = |query| upstream_path(Some(query)).expect(query);
        assert_eq!(path("n=64"), "/random?n=64");
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
}
