//! `POST /v1/draws`: a draw from one output of the VRF; `GET /v1/draws/{id}`: a draw again.
//!
//! The order becomes the alpha of an ordinary receipt, and the result follows from the receipt, so
//! that nothing but a draw's lists must be kept to tell it again.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use r4_draw::{Document, DrawError, Lists, Order, Spec, lists};
use r4_receipt::{KeyHash, Receipt};
use r4_service::context::carry_work;
use r4_service::media::require_json;
use r4_service::query::Query;
use r4_service::{Problem, kind};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use crate::App;
use crate::access::Caller;
use crate::error::{store_down, upstream_broken};
use crate::idempotency::once;
use crate::relay::Call;
use crate::routes::Posted;
use crate::schemas::{Draw, DrawOrder};

/// Most bytes of an order: 10,000 participants of 200 bytes, each of which may need two in JSON, and
/// their weights.
pub(crate) const ORDER_BYTES: usize = 5 << 20;

/// Draws winners, a shuffle, numbers, dice, cards, decimals or UUIDs from one output of the VRF.
///
/// The order is the input of the VRF: the same order with the same `label` gives the same result
/// for as long as the key epoch lasts. Lists that are given in the clear are public under the id of
/// the draw.
#[utoipa::path(post, path = "/v1/draws", tag = "verifiable",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", example = "0b7d1f0c-8f1e-4c55-9d0e-3f6a2c9b7e10", description = "Name of this request: sent again with it, it gets the same answer, for 24 hours")),
    request_body = DrawOrder,
    responses((status = 200, description = "The draw, with its receipt", body = Draw, headers(("Idempotency-Replayed" = String, description = "`true` when the answer is that of the first request with this `Idempotency-Key`")))),
    security(("header_key" = []), ("query_key" = [])),
)]
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let key = caller.known()?;
    let order = read_order(&app, request, &["key"], ORDER_BYTES).await?;
    let (headers, body) = (order.headers.clone(), order.body.clone());
    let work = draw(Arc::clone(&app), order);
    once(&app, key.id, "/v1/draws", &headers, &body, work).await
}

/// A draw again, computed anew from its receipt.
#[utoipa::path(get, path = "/v1/draws/{id}", tag = "verifiable",
    params(("id" = String, Path, pattern = "^0x[0-9a-f]{64}$", example = "0xb5659fd3413162b4517e83103d66c85c319c9c127c0daf69307cdf652cbbffa8", description = "`id` of the draw, which is that of its receipt")),
    responses(
        (status = 200, description = "The draw, with its receipt", body = Draw),
    ),
)]
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Path(draw): Path<String>,
    uri: Uri,
) -> Result<Response<Body>, Problem> {
    Query::parse(uri.query(), &["key"])?;
    // A key hash has the same form.
    let draw = KeyHash::parse(&draw).map_err(|_| {
        let detail = "the id of a draw is 0x and 64 lower-case hexadecimal digits";
        Problem::new(kind::INVALID_ID, detail)
    })?;
    let call = Call::get(&app.vrf, app.deadlines, &format!("/receipts/{draw}"))?;
    let receipt = match receipt_of(call).await? {
        Ok(receipt) => receipt,
        Err(refused) if refused.status() == StatusCode::NOT_FOUND => {
            let detail = "the log has no draw of this id";
            return Err(Problem::new(kind::UNKNOWN_DRAW, detail));
        }
        Err(refused) => return Ok(refused),
    };
    let spec = Spec::from_alpha(&receipt.alpha).map_err(|_| {
        let detail = "the receipt of this id is of no draw; it is at /v1/receipts";
        Problem::new(kind::UNKNOWN_DRAW, detail)
    })?;
    let lists = kept_lists(&app, draw.as_bytes()).await?;
    let document = spawn_blocking(carry_work(move || finish(spec, lists, receipt)));
    let document = document.await.map_err(|_| Problem::internal())??;
    Ok(answer(&document, "public, max-age=1"))
}

/// Reads an order of at most `most_bytes`; only `parameters` may stand in the query.
///
/// # Errors
/// 400 for a parameter, 415, 408 and 413 about the body.
pub(super) async fn read_order(
    app: &App,
    request: Request,
    parameters: &[&str],
    most_bytes: usize,
) -> Result<Posted, Problem> {
    require_json(request.headers())?;
    Posted::read(app, request, parameters, most_bytes).await
}

/// Draws: asks r4-vrf for the receipt of the order, keeps the lists, and computes the result.
///
/// # Errors
/// 400 `invalid-draw`, 503 about r4-vrf or the store.
pub(super) async fn draw(app: Arc<App>, order: Posted) -> Result<Response<Body>, Problem> {
    let Posted { body, .. } = order;
    let nonce = fresh_nonce()?;
    let parsed = spawn_blocking(carry_work(move || Order::parse(&body)));
    let order = parsed.await.map_err(|_| Problem::internal())?;
    let order = order.map_err(|error| Problem::new(kind::INVALID_DRAW, error.to_string()))?;
    let (spec, lists) = order.into_spec(nonce);
    let alpha = spec.alpha();
    let body = serde_json::json!({ "alpha": hex::encode(&alpha), "sig": "dual" });
    let json = HeaderValue::from_static("application/json");
    let body = Bytes::from(body.to_string());
    let call = Call::post(&app.vrf, app.deadlines, "/vrf", Some(&json), body)?;
    let receipt = match receipt_of(call.of_draw()).await? {
        Ok(receipt) if receipt.alpha == alpha => receipt,
        Ok(_) => return Err(upstream_broken(app.vrf.name())),
        Err(refused) => return Ok(refused),
    };
    keep_lists(&app, &lists, &receipt.envelope.id).await?;
    let document = spawn_blocking(carry_work(move || finish(spec, lists, receipt)));
    let document = document.await.map_err(|_| Problem::internal())??;
    Ok(answer(&document, "no-store"))
}

fn fresh_nonce() -> Result<[u8; 16], Problem> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|cause| {
        tracing::error!(%cause, "no random bytes from the kernel");
        Problem::internal()
    })?;
    Ok(nonce)
}

/// Calls r4-vrf for a receipt; the inner error is its own refusal, which the caller gets.
async fn receipt_of(call: Call<'_>) -> Result<Result<Receipt, Response<Body>>, Problem> {
    let name = call.upstream_name();
    let response = call.relay().await?;
    if response.status() != StatusCode::OK {
        return Ok(Err(response));
    }
    let body = response.into_body().collect().await.map_err(|_| upstream_broken(name))?;
    let receipt = Receipt::parse(&body.to_bytes()).map_err(|error| {
        tracing::error!(upstream = name, %error, "an answer is no receipt");
        upstream_broken(name)
    })?;
    Ok(Ok(receipt))
}

fn finish(spec: Spec, lists: Lists, receipt: Receipt) -> Result<Document, Problem> {
    Document::of(spec, lists, receipt).map_err(|error| match error {
        DrawError::WeightsNeeded => {
            let detail = "the weights of this draw were given as a hash, or are not kept: whoever \
                          has them checks the draw with `r4 draw verify --weights FILE`";
            Problem::new(kind::LIST_NOT_KEPT, detail)
        }
        other => Problem::new(kind::INVALID_DRAW, other.to_string()),
    })
}

fn answer(document: &Document, caching: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(document.to_json()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// Keeps the lists of a draw under its id.
async fn keep_lists(app: &App, kept: &Lists, draw: &[u8; 32]) -> Result<(), Problem> {
    let participants = kept.participants.as_deref().map(lists::to_text);
    let weights = kept.weights.as_deref().map(lists::to_text);
    for (name, text) in [("participants", participants), ("weights", weights)] {
        let Some(text) = text else { continue };
        let kept = app.store.put_list(list_key(name, draw), text.as_bytes()).await;
        kept.map_err(|error| store_down(&error))?;
    }
    Ok(())
}

/// Returns what is kept of the lists of a draw.
async fn kept_lists(app: &App, draw: &[u8; 32]) -> Result<Lists, Problem> {
    let participants = kept_list(app, "participants", draw).await?;
    let weights = kept_list(app, "weights", draw).await?;
    let unreadable = |error: lists::ListError| {
        tracing::error!(%error, "a kept list of a draw cannot be read");
        Problem::internal()
    };
    Ok(Lists {
        participants: participants
            .map(|text| lists::parse_participants(&text))
            .transpose()
            .map_err(unreadable)?,
        weights: weights.map(|text| lists::parse_weights(&text)).transpose().map_err(unreadable)?,
    })
}

async fn kept_list(app: &App, name: &str, draw: &[u8; 32]) -> Result<Option<Vec<u8>>, Problem> {
    app.store.list_text(list_key(name, draw)).await.map_err(|error| store_down(&error))
}

fn list_key(name: &str, draw: &[u8; 32]) -> [u8; 32] {
    let parts: [&[u8]; 4] = [b"r4-draw/list/v1\0", name.as_bytes(), b"\0", draw];
    Sha256::digest(parts.concat()).into()
}
