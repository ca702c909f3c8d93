//! The requests that come most often, without the router: a few random bytes, and a receipt.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{Method, Request};
use axum::response::{IntoResponse as _, Response};
use r4_service::Problem;
use r4_service::shortcut::Shortcut;

use crate::App;
use crate::access::{Caller, charged, identify, limited};
use crate::prices::{Price, price_of};
use crate::proxies::Client;
use crate::routes::{ask_vrf, random, vrf};
use crate::shared_calls::MOST_SHARED;

/// Answers `GET /v1/random` and `GET /v1/vrf` to known keys.
#[derive(Clone)]
pub(crate) struct Often(pub(crate) Arc<App>);

/// A good request of a known key.
pub(crate) struct Order {
    client: Client,
    caller: Caller,
    price: Price,
    what: What,
}

/// What is asked for.
enum What {
    Random(random::Order),
    /// r4-vrf's path.
    Receipt(String),
}

impl What {
    fn of(path: &str, query: Option<&str>) -> Option<Self> {
        match path {
            "/v1/random" => {
                let order = random::Order::parse(query).ok()?;
                (order.bytes() <= MOST_SHARED).then_some(Self::Random(order))
            }
            "/v1/vrf" => vrf::upstream_path(query).ok().map(Self::Receipt),
            _ => None,
        }
    }

    /// Returns the random bytes that are asked for.
    fn bytes(&self) -> u32 {
        match self {
            Self::Random(order) => u32::try_from(order.bytes()).unwrap_or(u32::MAX),
            Self::Receipt(_) => 0,
        }
    }

    async fn answer(self, app: &App) -> Result<Response, Problem> {
        match self {
            Self::Random(order) => random::answer(app, order).await,
            // Apart, so that what is short stays small.
            Self::Receipt(path) => Box::pin(ask_vrf(app, &path)).await,
        }
    }
}

impl Shortcut for Often {
    type Order = Order;

    fn order<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<Order> {
        let (uri, headers) = (request.uri(), request.headers());
        if request.method() != Method::GET {
            return None;
        }
        let what = What::of(uri.path(), uri.query())?;
        let client = self.0.proxies.client(peer, headers);
        let caller = identify(&self.0, headers, uri, client);
        let price = price_of(uri.path(), what.bytes());
        let known = matches!(caller, Caller::Known(_));
        known.then_some(Order { client, caller, price, what })
    }

    fn route(order: &Order) -> &'static str {
        order.price.route
    }

    async fn answer(&self, order: Order) -> Response {
        let (app, Order { client, caller, price, what }) = (&*self.0, order);
        let answer = async |_| what.answer(app).await.into_response();
        limited(app, client, &caller, async |_| charged(app, Some(&caller), &price, answer).await)
            .await
    }
}
