//! `GET /vrf` and `POST /vrf`: one output per key and input, in a signed receipt.

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use r4_service::query::Query;
use r4_service::upstream::DRAW;
use r4_service::{Problem, clock};

use super::{JSON, NO_STORE, TEXT, sign};
use crate::App;
use crate::body::read_json;
use crate::observe::{self, Kind};
use crate::order::{Format, Order};

/// Answers the receipt that the query asks for.
///
/// # Errors
/// 400 about a parameter, 503 when no receipt can be signed now.
pub async fn get(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    answer(&app, Order::from_query(uri.query())?.no_draw()?).await
}

/// Answers the receipt that the JSON body asks for.
///
/// # Errors
/// As for [`get`], and 413 or 415 about the body.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    Query::parse(request.uri().query(), &["key"])?;
    let is_draw = request.headers().contains_key(DRAW);
    let order = Order::from_json(&read_json(request).await?)?;
    answer(&app, if is_draw { order } else { order.no_draw()? }).await
}

async fn answer(app: &App, order: Order) -> Result<Response, Problem> {
    let (schemes, format) = (order.schemes, order.format);
    let text = sign(app, move |node| node.issue_receipt(order, clock::unix_now())).await?;
    observe::issued(Kind::Vrf, schemes);
    let kind = if format == Format::TlogProof { TEXT } else { JSON };
    Ok(super::answer(kind, NO_STORE, text))
}
