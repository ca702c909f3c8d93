//! What a client still sends when its answer is ready.
//!
//! A body that nobody reads breaks the connection, and a proxy in between then reports that the
//! service does not answer. So the rest of it is taken in and thrown away, within bounds.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// Most bytes that are thrown away.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Most time for them.
const MOST_TIME: Duration = Duration::from_secs(3);

/// Takes in what the routes left of the request's body before the answer leaves, unless the answer
/// ends the connection.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let waits = request.headers().contains_key(header::EXPECT);
    let home = Home::default();
    let mut response = next.run(request.map(|body| Lent::wrap(body, &home))).await;
    let Some(returned) = home.lock().take() else { return response };
    if response.headers().contains_key(header::CONNECTION) {
        return response;
    }
    // Who waits for leave to send and did not get it sends nothing, and what comes next on the
    // connection could be either the body or another request. It ends, and the client is told
    // (RFC 9110 §10.1.1): a proxy that keeps it would lose the next request.
    if waits && !returned.polled || !swallow(returned.body).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads a body to its end; returns whether it came to one.
async fn swallow(mut body: Body) -> bool {
    let reading = async {
        let mut seen = 0_usize;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            seen = seen.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if seen > MOST_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(MOST_TIME, reading).await.unwrap_or(false)
}

/// A body that came back unfinished.
struct Returned {
    body: Body,
    polled: bool,
}

/// Where a lent body comes back to; the lock is never held across an await.
#[derive(Clone, Default)]
struct Home(Arc<Mutex<Option<Returned>>>);

impl Home {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Returned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that goes back home when the routes drop it before its end.
struct Lent {
    body: Body,
    polled: bool,
    home: Home,
}

impl Lent {
    fn wrap(body: Body, home: &Home) -> Body {
        Body::new(Self { body, polled: false, home: home.clone() })
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.polled = true;
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.home.lock() = Some(Returned { body, polled: self.polled });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::{Method, StatusCode};
    use axum::middleware::from_fn;
    use axum::routing::any;
    use futures_util::StreamExt as _;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt as _;

    /// Sends `pieces` of 1 KiB to a route that reads none of them; returns the answer and how
    /// many were taken.
    async fn send(pieces: usize, expect: bool) -> (Response, usize) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let stream = futures_util::stream::iter(0..pieces).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(&[0; 1024]))
        });
        let mut request = Request::builder().method(Method::POST).uri("/");
        if expect {
            request = request.header(header::EXPECT, "100-continue");
        }
        let request = request.body(Body::from_stream(stream)).unwrap();
        let routes = Router::new().route("/", any(async || StatusCode::UNAUTHORIZED));
        let response = routes.layer(from_fn(drain)).oneshot(request).await.unwrap();
        (response, taken.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn what_is_left_is_taken_in() {
        let (response, taken) = send(100, false).await;
        assert_eq!((response.status(), taken), (StatusCode::UNAUTHORIZED, 100));
        assert!(!response.headers().contains_key(header::CONNECTION));
    }

    #[tokio::test]
    async fn but_not_without_end() {
        let (response, taken) = send(100 * 1024, false).await;
        assert_eq!(response.headers()[header::CONNECTION], "close");
        assert_eq!(taken, MOST_BYTES / 1024 + 1);
    }

    #[tokio::test]
    async fn who_waits_for_leave_is_not_told_to_send() {
        let (response, taken) = send(100, true).await;
        assert_eq!(taken, 0);
        assert_eq!(response.headers()[header::CONNECTION], "close");
    }

    #[tokio::test(start_paused = true)]
    async fn and_not_for_ever() {
        let body =
            Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert!(!swallow(body).await);
    }
}
