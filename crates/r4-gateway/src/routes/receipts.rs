//! `/v1/receipts`: receipts again, and the log's entries in bulk.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Response, Uri};
use r4_api::vrf::LogEntries;
use r4_receipt::KeyHash;
use r4_service::{Problem, kind};

use crate::App;
use crate::routes::get_from_vrf;
use crate::schemas::{KeptForm, Receipt};

/// A receipt of `/v1/vrf` again, with the proof that it is in the log.
#[utoipa::path(get, path = "/v1/receipts/{id}", tag = "verifiable",
    params(
        ("id" = String, Path, pattern = "^0x[0-9a-f]{64}$", example = "0x71740e3b534311650e1a0c18cd8cd142d5b6fa29e0ab0136c8dec47e8d780176", description = "`id` of the receipt"),
        ("format" = inline(Option<KeptForm>), Query, example = "json", description = "`json`, which is the default, or `tlog-proof`: the proof as a file (c2sp.org/tlog-proof) with the receipt in it"),
    ),
    responses(
        (status = 200, description = "The receipt", content((Receipt = "application/json"), (String = "text/plain"))),
    ),
)]
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    // A key hash has the same form.
    let receipt = KeyHash::parse(&receipt).map_err(|_| {
        let detail = "the id of a receipt is 0x and 64 lower-case hexadecimal digits";
        Problem::new(kind::INVALID_ID, detail)
    })?;
    get_from_vrf(&app, &format!("/receipts/{receipt}"), uri.query(), &["format"]).await
}

/// Entries of the log, in order. They have no alpha and no attested bytes.
#[utoipa::path(get, path = "/v1/receipts", tag = "log",
    params(
        ("from" = Option<u64>, Query, format = "uint64", minimum = 0, example = 0, description = "Index of the first; 0 unless given"),
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 1000, example = 2, description = "How many at most; 100 unless given"),
    ),
    responses((status = 200, description = "The entries", body = LogEntries)),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Result<Response<Body>, Problem> {
    get_from_vrf(&app, "/receipts", uri.query(), &["from", "limit"]).await
}
