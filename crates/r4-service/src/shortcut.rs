//! A way past the router for the requests that come most often.
//!
//! It saves what the router and its layers cost: an allocation or two each. The answer is the same,
//! and so is all that is logged, counted and bounded.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use http_body::Body as _;
use hyper::body::Incoming;

use crate::observed::{Observed, Route};
use crate::server::Answer;
use crate::shell::{in_time, observe, on_panic, request_id};

/// Answers some requests of a few routes, and leaves all others to the router.
pub trait Shortcut: Clone + Send + Sync + 'static {
    /// What a request asks for.
    type Order: Send;

    /// Reads a request without a body that came from `peer`. `None` leaves it to the router, which
    /// says what is wrong with it; nothing may be counted before that.
    fn order<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<Self::Order>;

    /// Returns the path of the route, as logs and metrics name it.
    fn route(order: &Self::Order) -> &'static str;

    /// Answers as the route does.
    fn answer(&self, order: Self::Order) -> impl Future<Output = Response> + Send;
}

/// A service's routes, with a shortcut.
#[derive(Clone, Debug)]
pub struct Shortened<S> {
    shortcut: S,
    routes: Router,
    deadline: Duration,
}

impl<S: Shortcut> Shortened<S> {
    /// Puts `shortcut` before `routes`; its answers may take as long as `deadline`.
    pub fn new(shortcut: S, routes: Router, deadline: Duration) -> Self {
        Self { shortcut, routes, deadline }
    }

    async fn take<B>(&self, request: &Request<B>, order: S::Order) -> Response {
        let id = request_id(request.headers());
        let route = Route::Known(S::route(&order));
        let observed = Observed::begin(request.method(), route, request.headers(), id);
        let answer = AssertUnwindSafe(self.shortcut.answer(order)).catch_unwind();
        let answer = answer.map(|answer| answer.unwrap_or_else(on_panic));
        observe(observed, in_time(self.deadline, answer)).await
    }
}

impl<S: Shortcut> Answer for Shortened<S> {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response {
        let order =
            request.body().is_end_stream().then(|| self.shortcut.order(&request, peer.ip()));
        match order.flatten() {
            Some(order) => self.take(&request, order).await,
            // Apart, so that what is short stays small.
            None => Box::pin(self.routes.answer(request, peer)).await,
        }
    }
}
