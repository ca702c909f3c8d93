//! The layers in front of the routes: who asks, and what the caller's address and key may still do.
//!
//! An address is limited by every request that brings no key of the key table. Such a key has its
//! own limit and quota, and no other: a server that paid for 500 requests in a second sends them
//! from one address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use r4_service::auth::presented_key;
use r4_service::clock::unix_now;
use r4_service::context::name_key;
use r4_service::held::hold;
use r4_service::{Problem, kind};

use crate::App;
use crate::error::{
    key_refused, missing_scope, quota_exceeded, rate_limited, store_down, too_many_open,
};
use crate::idempotency::REPLAYED;
use crate::keys::{KeyEntry, KeyId, text};
use crate::limits::Standing;
use crate::open::OpenPermit;
use crate::prices::{Price, price};
use crate::proxies::Client;
use crate::quota::NoUnits;

/// Who asks, by the key that a request presents.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// No key was presented.
    Nobody,
    /// A good key.
    Known(Arc<KeyEntry>),
    /// A key that is none, or no longer one.
    Refused(Problem),
}

impl Caller {
    /// Returns the caller's key.
    ///
    /// # Errors
    /// 401, 403 or 503: why there is none.
    pub(crate) fn known(&self) -> Result<Arc<KeyEntry>, Problem> {
        match self {
            Self::Nobody => Err(Problem::new(kind::INVALID_API_KEY, "invalid api key")),
            Self::Known(key) => Ok(Arc::clone(key)),
            Self::Refused(problem) => Err(problem.clone()),
        }
    }

    /// Returns whether the caller has a limit of its own, so that its address needs none.
    fn has_own_limit(&self) -> bool {
        matches!(self, Self::Known(key) if key.id != KeyId::SIMPLE)
    }
}

/// Where the caller's key stands: in requests for the route, and in answers for the outer layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyStanding(pub(crate) Standing);

/// For routes that anybody may use: counts the request against the client's address.
pub(crate) async fn limit_public(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client_of(&app, &request);
    let standing = app.rates.take_address(client.address).await;
    let caller = identify(&app, request.headers(), request.uri(), client);
    request.extensions_mut().insert(caller);
    pass(&app, client, Some(standing), |standing| next.run(noted(request, standing))).await
}

/// For routes that need a key: counts the request against the client's address unless its key has
/// a limit of its own.
pub(crate) async fn limit_keyed(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = client_of(&app, &request);
    let caller = identify(&app, request.headers(), request.uri(), client);
    request.extensions_mut().insert(caller.clone());
    limited(&app, client, &caller, |standing| next.run(noted(request, standing))).await
}

/// Answers a request of `caller` that needs a key, if its limits allow it.
pub(crate) async fn limited<F: Future<Output = Response>>(
    app: &App,
    client: Client,
    caller: &Caller,
    answer: impl FnOnce(Option<Standing>) -> F,
) -> Response {
    let standing = if caller.has_own_limit() {
        None
    } else {
        Some(app.rates.take_address(client.address).await)
    };
    let response = pass(app, client, standing, answer).await;
    match caller {
        // A method that no route has got here without being charged.
        Caller::Known(key)
            if standing.is_none() && response.extensions().get::<KeyStanding>().is_none() =>
        {
            let standing = app.rates.take_key(key, NonZeroU32::MIN).await;
            admit(standing).map_or_else(IntoResponse::into_response, |()| response)
        }
        _ => response,
    }
}

/// For the demonstration: a tight limit of its own, and no key.
pub(crate) async fn limit_demo(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    if !app.demo {
        let detail = "the operator of this node has switched the demonstration off; the routes \
                      with an API key are at /v1/random, /v1/vrf and /v1/draws";
        return Problem::new(kind::DEMO_OFF, detail).into_response();
    }
    let client = client_of(&app, &request);
    let standing = app.rates.take_demo(client.address).await;
    pass(&app, client, Some(standing), |standing| next.run(noted(request, standing))).await
}

/// Notes where the client's address stands in a request.
fn noted(mut request: Request, standing: Option<Standing>) -> Request {
    if let Some(standing) = standing {
        request.extensions_mut().insert(standing);
    }
    request
}

/// Lets the request in if its limit and the places of its address allow it, and tells on the answer
/// how the tighter of the limits stands.
async fn pass<F: Future<Output = Response>>(
    app: &App,
    client: Client,
    standing: Option<Standing>,
    answer: impl FnOnce(Option<Standing>) -> F,
) -> Response {
    let admitted = standing.map_or(Ok(()), admit).and_then(|()| enter(app, client));
    let mut response = match admitted {
        Ok(permit) => hold(answer(standing).await, permit),
        Err(problem) => problem.into_response(),
    };
    let key = response.extensions().get::<KeyStanding>().map(|k| k.0);
    let told = standing.map_or(key, |standing| Some(standing.tighter(key)));
    if let Some(told) = told {
        told.write(response.headers_mut());
    }
    response
}

/// Lets requests with a good key through that may use the route, and counts them against the key.
pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let price = price(path, request.uri().query(), request.headers());
    let caller = request.extensions().get::<Caller>().cloned();
    charged(&app, caller.as_ref(), &price, |standing| {
        request.extensions_mut().insert(KeyStanding(standing));
        next.run(request)
    })
    .await
}

/// Answers a request that its key may make, and counts it against the key.
pub(crate) async fn charged<F: Future<Output = Response>>(
    app: &App,
    caller: Option<&Caller>,
    price: &Price,
    answer: impl FnOnce(Standing) -> F,
) -> Response {
    match charge(app, caller, price).await {
        Ok(charged) => {
            let response = answer(charged.standing).await;
            charged.settle(app, response, price).await
        }
        Err(refused) => refused.into_response(),
    }
}

/// What a request was charged.
#[derive(Debug)]
pub(crate) struct Charged {
    key: Arc<KeyEntry>,
    pub(crate) standing: Standing,
    /// The period whose quota was charged, if one was.
    period: Option<u64>,
}

impl Charged {
    /// Counts what was used, and gives the quota back for a failure of ours or an answer that was
    /// given before.
    async fn settle(self, app: &App, response: Response, price: &Price) -> Response {
        let free = response.status().is_server_error() || response.headers().contains_key(REPLAYED);
        let units = u64::from(price.units.get());
        if free && let Some(period) = self.period {
            Box::pin(app.meters.refund(self.key.id, period, units)).await;
        }
        app.meters.count(self.key.id, price.route, if free { 0 } else { units });
        self.sign(response)
    }

    /// Notes on an answer where the key stands.
    pub(crate) fn sign(self, response: Response) -> Response {
        with_standing(response, self.standing)
    }
}

/// A request that its key does not let through.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Problem,
    charged: Option<Charged>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let response = self.problem.into_response();
        match self.charged {
            Some(charged) => charged.sign(response),
            None => response,
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, charged: None }
    }
}

/// Checks that a caller may use a route, and charges its key.
///
/// # Errors
/// 401 or 403 about the key, 429 with the key's standing, 503 when the store does not answer.
pub(crate) async fn charge(
    app: &App,
    caller: Option<&Caller>,
    price: &Price,
) -> Result<Charged, Refused> {
    let key = caller.unwrap_or(&Caller::Nobody).known()?;
    name_key(&key.name);
    let standing = app.rates.take_key(&key, price.units).await;
    let charged = |period| Charged { key: Arc::clone(&key), standing, period };
    let refuse = |problem| Refused { problem, charged: Some(charged(None)) };
    admit(standing).map_err(refuse)?;
    // What needs no scope tells a caller where it stands, also one whose quota is used up.
    let Some(scope) = price.scope else { return Ok(charged(None)) };
    if !key.policy.scopes.contains(scope) {
        return Err(refuse(missing_scope(scope)));
    }
    let Some(quota) = key.policy.quota else { return Ok(charged(None)) };
    match Box::pin(app.meters.spend(key.id, quota, price.units.get().into())).await {
        Ok(period) => Ok(charged(Some(period))),
        Err(NoUnits::Exhausted) => {
            metrics::counter!("r4_gateway_rate_limited_total", "limit" => "quota").increment(1);
            Err(refuse(quota_exceeded(quota, unix_now())))
        }
        Err(NoUnits::Failed) => Err(refuse(Problem::internal())),
        Err(NoUnits::Store(error)) => Err(refuse(store_down(&error))),
    }
}

/// Returns who asks.
pub(crate) fn identify(app: &App, headers: &HeaderMap, uri: &Uri, client: Client) -> Caller {
    let Some(presented) = presented_key(headers, uri) else {
        // A key given twice is none, and says so.
        return Caller::Nobody;
    };
    if presented.starts_with(text::PREFIX) {
        match app.keys.find(&presented, unix_now()) {
            Ok(key) => return Caller::Known(key),
            Err(refusal) if refusal.is_known() => return Caller::Refused(key_refused(refusal)),
            // R4_API_KEY may look like that, too.
            Err(_) => {}
        }
    }
    match app.guard.check(headers, uri, client.origin) {
        Ok(()) => Caller::Known(Arc::clone(&app.simple_key)),
        Err(problem) => Caller::Refused(problem),
    }
}

fn client_of(app: &App, request: &Request) -> Client {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    app.proxies.client(peer, request.headers())
}

fn admit(standing: Standing) -> Result<(), Problem> {
    let Some(seconds) = standing.retry_seconds else { return Ok(()) };
    metrics::counter!("r4_gateway_rate_limited_total", "limit" => standing.name).increment(1);
    Err(rate_limited(&standing, seconds))
}

fn enter(app: &App, client: Client) -> Result<OpenPermit, Problem> {
    app.open.take(client.address).ok_or_else(|| {
        metrics::counter!("r4_gateway_rate_limited_total", "limit" => "open").increment(1);
        too_many_open(app.open.most())
    })
}

/// Notes on an answer where the caller's key stands.
fn with_standing(mut response: Response, standing: Standing) -> Response {
    response.extensions_mut().insert(KeyStanding(standing));
    response
}
