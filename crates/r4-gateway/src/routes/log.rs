//! `/v1/log/*`: the log of r4-vrf, as c2sp.org/tlog-tiles serves one. Whoever may read it needs no
//! key; what never changes may be kept for ever.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, Uri};
use r4_api::vrf::Consistency;
use r4_service::{Problem, kind};

use crate::App;
use crate::routes::get_from_vrf;

/// The log's newest published checkpoint: a signed note (c2sp.org/tlog-checkpoint).
#[utoipa::path(get, path = "/v1/log/checkpoint", tag = "log", responses(
    (status = 200, description = "The signed note", body = String, content_type = "text/plain"),
))]
pub(crate) async fn checkpoint(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/log/checkpoint", uri.query(), &[]).await
}

/// A tile of hashes, or a bundle of entries (c2sp.org/tlog-tiles).
#[utoipa::path(get, path = "/v1/log/tile/{path}", tag = "log",
    params(("path" = String, Path, pattern = r"^(entries|[0-9]|[1-5][0-9]|6[0-3])/(x[0-9]{3}/){0,5}[0-9]{3}(\.p/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$", description = "`<level>/<number>[.p/<width>]` or `entries/<number>[.p/<width>]`; the number in groups of three digits, as `x001/x234/067`", example = "entries/000.p/1")),
    responses(
        (status = 200, description = "The hashes, 32 bytes each, or the entries, each after its length in 2 bytes", body = Vec<u8>, content_type = "application/octet-stream"),
    ),
)]
pub(crate) async fn tile(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    // A path of other characters is none of a tile, and must not reach the request line.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.');
    if path.len() > 64 || !path.chars().all(plain) {
        return Err(Problem::new(kind::INVALID_TILE, "the path is none of a tile"));
    }
    get_from_vrf(&app, &format!("/log/tile/{path}"), uri.query(), &[]).await
}

/// The proof that one tree of the log is the beginning of another (RFC 9162 §2.1.4).
#[utoipa::path(get, path = "/v1/log/consistency", tag = "log",
    params(
        ("from" = u64, Query, format = "uint64", minimum = 1, example = 1, description = "Leaves of the smaller tree"),
        ("to" = u64, Query, format = "uint64", minimum = 1, example = 1, description = "Leaves of the larger tree"),
    ),
    responses((status = 200, description = "The proof", body = Consistency)),
)]
pub(crate) async fn consistency(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/log/consistency", uri.query(), &["from", "to"]).await
}
