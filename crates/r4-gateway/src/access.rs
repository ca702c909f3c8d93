//! The layers in front of the routes: the limit of an address, then the key and its limit.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use r4_service::Problem;

use crate::App;
use crate::error::{rate_limited, too_many_open};
use crate::limits::Standing;
use crate::open::{OpenPermit, hold};
use crate::proxies::Client;

/// Where the caller's key stands; put into answers, so that the outer layer sees it.
#[derive(Clone, Copy, Debug)]
struct KeyStanding(Standing);

/// Counts the request against the client's address, whatever becomes of it, lets it in if the
/// address has not too many open, and tells on the answer how the tighter of the two limits stands.
pub(crate) async fn limit(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
    let client = app.proxies.client(peer, request.headers());
    let standing = app.address_limit.take(client.address);
    let mut response = match admit(standing).and_then(|()| enter(&app, client)) {
        Ok(permit) => {
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(standing);
            hold(next.run(request).await, permit)
        }
        Err(problem) => problem.into_response(),
    };
    let key = response.extensions().get::<KeyStanding>().map(|k| k.0);
    standing.tighter(key).write(response.headers_mut());
    response
}

/// Lets requests with a good key through, and counts them against the key.
pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<Client>().copied();
    match check_key(&app, request.headers(), request.uri(), client) {
        Ok(standing) => with_standing(next.run(request).await, standing),
        Err(refused) => refused.into_response(),
    }
}

/// A request that its key does not let through.
#[derive(Debug)]
pub(crate) struct Refused {
    problem: Problem,
    standing: Option<Standing>,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let response = self.problem.into_response();
        match self.standing {
            Some(standing) => with_standing(response, standing),
            None => response,
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self { problem, standing: None }
    }
}

/// Checks the key that a request presents and counts the request against it.
///
/// # Errors
/// 401, 403, or 429 with the key's standing.
pub(crate) fn check_key(
    app: &App,
    headers: &HeaderMap,
    uri: &Uri,
    client: Option<Client>,
) -> Result<Standing, Refused> {
    let origin = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |client| client.origin);
    let key = app.guard.check(headers, uri, origin)?;
    let standing = app.key_limit.take(&key.fingerprint());
    admit(standing).map_err(|problem| Refused { problem, standing: Some(standing) })?;
    Ok(standing)
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
pub(crate) fn with_standing(mut response: Response, standing: Standing) -> Response {
    response.extensions_mut().insert(KeyStanding(standing));
    response
}
