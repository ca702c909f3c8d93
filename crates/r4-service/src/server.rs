//! The listener: a connection cap, time-outs and limits on the head, a drained shutdown.
//!
//! Accepts on hyper itself, because `axum::serve` has no time-out for a slow head.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::metrics::gauge;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tower::ServiceExt as _;

use crate::args::complain;
use crate::places::{Place, Places};
use crate::ready::Readiness;
use crate::{metrics, otlp, supervisor, trace};

/// Time for requests that were sent before a stop to be read.
const LAST_READ: Duration = Duration::from_millis(100);
/// Time for work on blocking threads after the last answer.
const LAST_WORK: Duration = Duration::from_secs(1);

/// Bounds on connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Most connections at once. For one more, the one that has waited longest for a request is
    /// closed; while all are busy, more wait in the kernel's queue.
    pub connections: usize,
    /// Most time for one request's head, and most time a connection may idle.
    pub head: Duration,
    /// Most time for a client to take what was sent.
    pub unread: Duration,
    /// Most bytes of a head.
    pub head_bytes: usize,
    /// Most header lines of a head.
    pub headers: usize,
    /// Most time for open requests after a stop was asked for.
    pub drain: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            head: Duration::from_secs(10),
            unread: Duration::from_secs(30),
            head_bytes: 16 * 1024,
            headers: 64,
            drain: Duration::from_secs(8),
        }
    }
}

/// Why serving ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}; PORT and API_HOST choose another address")]
    Bind {
        /// Address asked for.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::Error,
    },
    /// Signals cannot be watched for.
    #[error("cannot watch for SIGTERM: {0}")]
    Signals(std::io::Error),
    /// Requests were still open when the drain time was over.
    #[error("requests were still open after {seconds} s and were cut off")]
    Forced {
        /// The drain time.
        seconds: u64,
    },
    /// It was told to stop and had never been ready. No success: who replaces a service by a newer
    /// one and gives that up, such as Docker Swarm, may otherwise take the new one's end for its
    /// start, and stop the one that serves.
    #[error("stopped before it was ever ready: {reason}")]
    NeverReady {
        /// Why it was not ready.
        reason: String,
    },
}

/// What answers requests.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answers a request that came from `peer`.
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send;
}

impl Answer for Router {
    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Response {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let Ok(response) = self.clone().oneshot(request).await;
        response
    }
}

/// Binds `address` and prints the one line that says where `name` listens.
///
/// # Errors
/// [`ServeError::Bind`].
pub async fn bind(name: &str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    let fail = |cause| ServeError::Bind { address, cause };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let bound = listener.local_addr().map_err(fail)?;
    announce(&format!("{name} listening on http://{bound}"));
    Ok(listener)
}

/// Writes a line to standard output; a closed standard output does not stop a service.
fn announce(line: &str) {
    use std::io::Write as _;
    if let Err(cause) = writeln!(std::io::stdout(), "{line}") {
        tracing::debug!(%cause, "standard output is closed");
    }
}

/// Serves `app` until `stop` is asked for, then drains.
///
/// # Errors
/// [`ServeError::Forced`] when the drain time was not enough, [`ServeError::NeverReady`] when the
/// service never was.
pub async fn run(
    listener: TcpListener,
    app: impl Answer,
    readiness: Readiness,
    mut stop: Stop,
) -> Result<(), ServeError> {
    tokio::spawn(metrics::keep_summing());
    supervisor::listening();
    tokio::spawn(supervisor::keep_telling(readiness.clone()));
    let limits = ConnectionLimits::default();
    let stop = stop.asked().inspect(|()| supervisor::stopping());
    let served = serve_until(listener, app, readiness, limits, stop).await;
    otlp::flush().await;
    served
}

/// Serves `app` until `stop` ends, then: readiness off, no new connections, drain, time-out.
///
/// # Errors
/// [`ServeError::Forced`] when the drain time was not enough, [`ServeError::NeverReady`] when the
/// service never was.
pub async fn serve_until(
    listener: TcpListener,
    app: impl Answer,
    readiness: Readiness,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let opener = Opener { app, limits, graceful: GracefulShutdown::new() };
    let places = Places::new(limits.connections);
    show_connections(&listener, &places, limits.connections);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            (stream, peer, place) = next(&listener, &places) => opener.open(stream, peer, place),
        }
    }
    let never_ready = readiness.never();
    readiness.end("the service is stopping");
    take_waiting(&listener, &places, &opener).await;
    drop(listener);
    tracing::info!("stopping: waiting for open requests");
    let seconds = limits.drain.as_secs();
    let drained = tokio::time::timeout(limits.drain, opener.graceful.shutdown()).await;
    drained.map_err(|_| ServeError::Forced { seconds })?;
    never_ready.map_or(Ok(()), |reason| Err(ServeError::NeverReady { reason }))
}

fn show_connections(listener: &TcpListener, places: &Places, most: usize) {
    let port = listener.local_addr().map_or(0, |address| address.port()).to_string();
    metrics::show_places(places.free(), most, move |open, most| {
        gauge!("r4_http_connections", "port" => port.clone()).set(open);
        gauge!("r4_http_connections_limit", "port" => port.clone()).set(most);
    });
}

/// Takes the connections that wait in the kernel's queue, and gives what they already sent the time
/// to be read: closing the listener would reset them.
async fn take_waiting(listener: &TcpListener, places: &Arc<Places>, opener: &Opener<impl Answer>) {
    while let Some(place) = places.try_take() {
        let Some(Ok((stream, peer))) = listener.accept().now_or_never() else { break };
        opener.open(stream, peer, place);
    }
    tokio::time::sleep(LAST_READ).await;
}

/// Takes the next connection. It comes before its place, so that nobody makes room for no one.
async fn next(listener: &TcpListener, places: &Arc<Places>) -> (TcpStream, SocketAddr, Place) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, places.take().await),
            Err(cause) => {
                tracing::warn!(%cause, "accept failed");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Opens connections.
struct Opener<A> {
    app: A,
    limits: ConnectionLimits,
    graceful: GracefulShutdown,
}

impl<A: Answer> Opener<A> {
    fn open(&self, stream: TcpStream, peer: SocketAddr, place: Place) {
        self.tune(&stream);
        // Counted for each connection by itself, so that no two cores share the count.
        let shared = Arc::new((self.app.clone(), Arc::clone(&place.seat)));
        let service = service_fn(move |request| {
            let shared = Arc::clone(&shared);
            async move {
                let (app, seat) = &*shared;
                let work = seat.work();
                Ok::<_, Infallible>(work.until_sent(app.answer(request, peer).await))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(self.limits.headers)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        let seat = Arc::clone(&place.seat);
        let task = tokio::spawn(async move {
            if let Err(cause) = connection.await {
                tracing::debug!(%cause, "connection ended");
            }
            drop(place);
        });
        seat.serve_by(task.abort_handle());
    }

    fn tune(&self, stream: &TcpStream) {
        if let Err(cause) = stream.set_nodelay(true) {
            tracing::debug!(%cause, "cannot set TCP_NODELAY");
        }
        // A client that takes nothing of its answer must not hold its place for ever (RFC 5482).
        let unread = u32::try_from(self.limits.unread.as_millis()).unwrap_or(u32::MAX);
        if let Err(cause) = rustix::net::sockopt::set_tcp_user_timeout(stream, unread) {
            tracing::debug!(%cause, "cannot set TCP_USER_TIMEOUT");
        }
    }
}

/// The signals that end a service, watched from the moment this is made: what comes while the
/// service starts counts, too.
#[derive(Debug)]
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Begins to watch for SIGTERM and SIGINT.
    ///
    /// # Errors
    /// [`ServeError::Signals`].
    pub fn watch() -> Result<Self, ServeError> {
        let terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
        Ok(Self { terminate, interrupt })
    }

    /// Ends at the first signal.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for `start`.
    ///
    /// # Errors
    /// [`ServeError::NeverReady`] when a signal comes first, and `start` is given up then.
    pub async fn or<T>(&mut self, start: impl Future<Output = T>) -> Result<T, ServeError> {
        tokio::select! {
            () = self.asked() => Err(ServeError::NeverReady { reason: "it was starting".to_owned() }),
            started = start => Ok(started),
        }
    }
}

/// Runs a service named `name` on a runtime of its own to its end, and says why it failed.
///
/// Work that blocks does not hold the end up for long.
pub fn run_to_end<E: fmt::Display>(
    name: &'static str,
    service: impl Future<Output = Result<(), E>>,
) -> ExitCode {
    trace::name_service(name);
    metrics::install();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return complain(&format!("{name}: no threads: {cause}"), 1),
    };
    let ended = runtime.block_on(service);
    runtime.shutdown_timeout(LAST_WORK);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("{name}: {error}"), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the proxy sends a request on a connection that is being closed; one with a body it
    /// cannot send again, and its client is told that the service does not answer.
    #[test]
    fn the_proxy_gives_idle_connections_up_first() {
        let caddyfile = include_str!("../../../Caddyfile");
        let mut lines = caddyfile.lines().map(str::trim);
        let seconds = lines.find_map(|line| line.strip_prefix("keepalive ")?.strip_suffix('s'));
        let idle: u64 = seconds.expect("Caddyfile sets keepalive").parse().expect("in seconds");
        assert!(Duration::from_secs(idle) < ConnectionLimits::default().head);
    }
}
