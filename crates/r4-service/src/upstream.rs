//! A client for one other service of the node, which may have replicas: pooled, bounded, with
//! deadlines.

use std::sync::Arc;
use std::time::Duration;

use ::metrics::gauge;
use axum::http::{HeaderName, Method, Request, Response, Uri, header, uri};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::addresses::Addresses;
use crate::call::Call;
use crate::keys::Keys;
use crate::{Problem, kind, metrics};

/// Bounds on calls of one upstream.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamLimits {
    /// Most time to connect.
    pub connect: Duration,
    /// Most time until the head of the answer.
    pub head: Duration,
    /// Most calls at once; more are refused, not queued.
    pub calls: usize,
}

impl Default for UpstreamLimits {
    fn default() -> Self {
        let (connect, head) = (Duration::from_secs(1), Duration::from_secs(5));
        Self { connect, head, calls: 512 }
    }
}

/// Why an upstream gave no answer; each names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// It cannot be reached, or broke off.
    #[error("{name} is not reachable")]
    Down {
        /// The upstream.
        name: &'static str,
    },
    /// It did not answer in time.
    #[error("{name} did not answer in time")]
    Timeout {
        /// The upstream.
        name: &'static str,
    },
    /// Too many calls are open already.
    #[error("too many requests to {name} are open")]
    Busy {
        /// The upstream.
        name: &'static str,
    },
    /// Its answer was longer than it may be.
    #[error("{name} answered more than {limit} bytes")]
    TooLong {
        /// The upstream.
        name: &'static str,
        /// Most bytes taken.
        limit: usize,
    },
}

impl From<UpstreamError> for Problem {
    fn from(error: UpstreamError) -> Self {
        let kind = match error {
            UpstreamError::Down { .. } | UpstreamError::TooLong { .. } => kind::UPSTREAM_DOWN,
            UpstreamError::Timeout { .. } => kind::UPSTREAM_TIMEOUT,
            UpstreamError::Busy { .. } => kind::UPSTREAM_BUSY,
        };
        Problem::unavailable(kind, error.to_string(), 1)
    }
}

/// Header by which r4-gateway tells r4-vrf that an order is that of a draw.
pub const DRAW: HeaderName = HeaderName::from_static("x-r4-draw");

/// One other service. Cloning shares the connections and the bound.
#[derive(Clone, Debug)]
pub struct Upstream {
    name: &'static str,
    addresses: Arc<Addresses>,
    keys: Keys,
    client: Client<HttpConnector, Full<Bytes>>,
    permits: Arc<Semaphore>,
    limits: UpstreamLimits,
    purpose: Purpose,
}

/// Whose calls they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// Callers': counted and traced.
    Requests,
    /// The service's own looks at an upstream's health, which would drown the others.
    Looks,
}

/// A place among an upstream's calls; held until the answer's body has ended.
#[derive(Debug)]
pub struct CallPermit {
    _held: OwnedSemaphorePermit,
}

impl Upstream {
    /// Names the service at `base` (`http://host:port`); the internal key of `keys` is
    /// presented with every call.
    pub fn new(name: &'static str, base: &Uri, keys: &Keys, limits: UpstreamLimits) -> Self {
        let upstream = Self::of(name, base, keys, limits, Purpose::Requests);
        metrics::show_places(Arc::downgrade(&upstream.permits), limits.calls, move |open, most| {
            gauge!("r4_upstream_calls_open", "upstream" => name).set(open);
            gauge!("r4_upstream_calls_limit", "upstream" => name).set(most);
        });
        upstream
    }

    /// As [`Upstream::new`], to look at its health: such calls are neither counted nor traced.
    pub fn to_watch(name: &'static str, base: &Uri, keys: &Keys, limits: UpstreamLimits) -> Self {
        Self::of(name, base, keys, limits, Purpose::Looks)
    }

    fn of(
        name: &'static str,
        base: &Uri,
        keys: &Keys,
        limits: UpstreamLimits,
        purpose: Purpose,
    ) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(limits.connect));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(64)
            .build(connector);
        let permits = Arc::new(Semaphore::new(limits.calls));
        let (addresses, keys) = (Addresses::of(base), keys.clone());
        Self { name, addresses, keys, client, permits, limits, purpose }
    }

    /// Returns the name used in errors.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Sends `request`, whose URI is a path and query of the upstream, and returns the head of
    /// the answer. The permit must live as long as the body is read.
    ///
    /// The key of the node replaces any key in the request's headers.
    ///
    /// # Errors
    /// [`UpstreamError::Busy`], [`UpstreamError::Down`] or [`UpstreamError::Timeout`].
    pub async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<(Response<Incoming>, CallPermit), UpstreamError> {
        if self.purpose == Purpose::Looks {
            return self.exchange(request).await;
        }
        let mut request = request;
        let call = Call::begin(self.name, &mut request);
        let answer = self.exchange(request).await;
        call.end(answer.as_ref().map(|(response, _)| response.status()));
        answer
    }

    async fn exchange(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<(Response<Incoming>, CallPermit), UpstreamError> {
        let name = self.name;
        let held = Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|_| UpstreamError::Busy { name })?;
        request.headers_mut().insert("x-api-key", self.keys.now().sent().header_value());
        request.headers_mut().remove(header::HOST);
        match tokio::time::timeout(self.limits.head, self.ask(request)).await {
            Ok(Some(response)) => Ok((response, CallPermit { _held: held })),
            Ok(None) => Err(UpstreamError::Down { name }),
            Err(_) => Err(UpstreamError::Timeout { name }),
        }
    }

    /// Asks one address after the other until one answers. A request is sent to the next when it
    /// was not sent at all, and a `GET` once more when the connection broke: at an upstream with one
    /// address nothing is asked for twice.
    async fn ask(&self, request: Request<Bytes>) -> Option<Response<Incoming>> {
        let mut may_repeat = request.method() == Method::GET;
        for address in self.addresses.in_turn().await {
            let request = addressed(request.clone(), address.authority.clone())?;
            let cause = match self.client.request(request).await {
                Ok(response) => return Some(response),
                Err(cause) => cause,
            };
            // The caller says so to its client, and readiness shows it: no line a try.
            tracing::debug!(upstream = self.name, %cause, "upstream call failed");
            if cause.is_connect() {
                self.addresses.failed(&address);
            } else if !std::mem::take(&mut may_repeat) {
                return None;
            }
        }
        None
    }

    /// Sends `GET path` and returns the whole answer, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Upstream::send`], and [`UpstreamError::TooLong`].
    pub async fn get(&self, path: &str, limit: usize) -> Result<Response<Bytes>, UpstreamError> {
        let name = self.name;
        let request =
            Request::get(path).body(Bytes::new()).map_err(|_| UpstreamError::Down { name })?;
        let (response, _permit) = self.send(request).await?;
        let (parts, body) = response.into_parts();
        let collected = Limited::new(body, limit).collect();
        let body = match tokio::time::timeout(self.limits.head, collected).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(cause)) if cause.is::<http_body_util::LengthLimitError>() => {
                return Err(UpstreamError::TooLong { name, limit });
            }
            Ok(Err(_)) => return Err(UpstreamError::Down { name }),
            Err(_) => return Err(UpstreamError::Timeout { name }),
        };
        Ok(Response::from_parts(parts, body))
    }
}

/// Gives `request`, whose URI is a path and query, the address that it is for.
fn addressed(request: Request<Bytes>, authority: uri::Authority) -> Option<Request<Full<Bytes>>> {
    let mut request = request.map(Full::new);
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(uri::Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    Some(request)
}

#[cfg(test)]
mod tests;
