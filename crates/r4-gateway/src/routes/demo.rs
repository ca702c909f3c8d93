//! `/v1/demo/*`: the node at work, for whoever has no key yet. Small, slow, and off when the
//! operator says so; pages of other origins cannot use it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use r4_api::core::RandomJson;
use r4_service::Problem;
use r4_service::query::Query;

use crate::App;
use crate::error::{invalid, missing};
use crate::relay::Call;
use crate::routes::{ask_vrf, draws, forwarded};
use crate::schemas::{Draw, DrawOrder, Receipt};

/// Most digits of an alpha: of 64 bytes.
const ALPHA_DIGITS: usize = 128;
/// Most bytes of the order of a draw.
pub(crate) const ORDER_BYTES: usize = 1024;

/// 32 random bytes, without a key.
#[utoipa::path(get, path = "/v1/demo/random", tag = "demo", responses(
    (status = 200, description = "Fresh bytes, never served again", body = RandomJson),
))]
pub(crate) async fn random(
    State(app): State<Arc<App>>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Query::parse(uri.query(), &[])?;
    Call::get(&app.core, app.deadlines, "/random?n=32&fmt=json")?.relay().await
}

/// A signed receipt of verifiable randomness for a short input, without a key.
#[utoipa::path(get, path = "/v1/demo/vrf", tag = "demo",
    params(("alpha" = String, Query, min_length = 2, max_length = 130, pattern = "^(0x)?([0-9a-fA-F]{2}){1,64}$", example = "68656c6c6f", description = "Input of the VRF: 1 to 64 bytes in hex, `0x` optional")),
    responses((status = 200, description = "The receipt", body = Receipt)),
)]
pub(crate) async fn vrf(State(app): State<Arc<App>>, uri: Uri) -> Result<Response<Body>, Problem> {
    let query = Query::parse(uri.query(), &["alpha"])?;
    let alpha = query.text("alpha").ok_or_else(|| missing("alpha", "alpha=68656c6c6f"))?;
    if alpha.strip_prefix("0x").unwrap_or(alpha).len() > ALPHA_DIGITS {
        return Err(invalid("alpha", "1 to 64 bytes in hex here; with a key, up to 1024"));
    }
    let path = forwarded("/vrf", uri.query(), &["alpha"])?;
    ask_vrf(&app, &path).await
}

/// A draw, without a key.
#[utoipa::path(post, path = "/v1/demo/draws", tag = "demo",
    request_body = DrawOrder,
    responses((status = 200, description = "The draw, with its receipt", body = Draw)),
)]
pub(crate) async fn draw(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let order = draws::read_order(&app, request, &[], ORDER_BYTES).await?;
    draws::draw(app, order).await
}
