//! `GET /random`: fresh bytes, small answers whole, large ones in pieces.
//!
//! A failure before the head is a 503; after it the body breaks off short of its Content-Length,
//! so that no client takes a part for the whole.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use r4_api::core::{MAX_BYTES_PER_REQUEST, MAX_WORDS_PER_REQUEST, Mode};
use r4_api::encode::{Format, PIECE_BYTES};
use r4_service::query::Query;
use r4_service::shortcut::Shortcut;
use r4_service::{Problem, kind};
use zeroize::Zeroizing;

use crate::App;
use crate::core::Blocked;

const MODE: HeaderName = HeaderName::from_static("x-r4-mode");
const CORE_SHA256: HeaderName = HeaderName::from_static("x-r4-core-sha256");

/// Bytes of a long answer that are made at a time.
const PART_BYTES: usize = 4 * PIECE_BYTES;

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    n: u32,
    format: Format,
}

/// Answers `n` fresh bytes in the form `fmt`.
///
/// # Errors
/// 400 about a parameter, 503 with the reason when blocked.
pub async fn random(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let order = Order::parse(&uri)?;
    answer(app, order).await
}

async fn answer(app: App, order: Order) -> Result<Response, Problem> {
    let core_sha256 = app.core_sha256.clone();
    let (body, mode) = body(app, order).await.map_err(|e| blocked(&e))?;
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(order.format.content_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(MODE, HeaderValue::from_static(mode.as_str()));
    if let Some(length) = order.format.content_length(order.n, mode.as_str()) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Some(sha256) = core_sha256 {
        headers.insert(CORE_SHA256, sha256);
    }
    Ok(response)
}

/// The path of this route.
pub(crate) const ROUTE: &str = "/random";

/// `GET /random` without the router.
impl Shortcut for App {
    type Order = Order;

    fn order<B>(&self, request: &Request<B>, peer: IpAddr) -> Option<Order> {
        let is_route = request.method() == Method::GET && request.uri().path() == ROUTE;
        let order = is_route.then(|| Order::parse(request.uri()).ok()).flatten()?;
        self.guard.check(request.headers(), request.uri(), peer).ok()?;
        Some(order)
    }

    fn route(_: &Order) -> &'static str {
        ROUTE
    }

    async fn answer(&self, order: Order) -> Response {
        answer(self.clone(), order).await.into_response()
    }
}

/// Makes the body, or its first piece, and says where the bytes come from.
async fn body(app: App, order: Order) -> Result<(Body, Mode), Blocked> {
    let length = order.format.random_bytes(order.n);
    let is_long = order.format == Format::Raw && length > PIECE_BYTES;
    if let Some(mut buffer) = is_long.then(|| app.buffers.take(length)).flatten() {
        let mode = fill_whole(&app, buffer.bytes()).await?;
        return Ok((Body::from(Bytes::from(buffer)), mode));
    }
    let mut piece = Piece::new(app, order);
    let first = piece.next(None).await?;
    let mode = first.mode;
    Ok((piece.into_body(first), mode))
}

/// Fills a long answer in parts, so that short ones do not wait for all of it. Nothing of it has left
/// yet, so when the mode changes it is begun again; a mode never comes back, so that ends.
async fn fill_whole(app: &App, out: &mut [u8]) -> Result<Mode, Blocked> {
    let mut mode = app.core.mode();
    loop {
        let begun = mode;
        for part in out.chunks_mut(PART_BYTES) {
            mode = app.core.fill(part).await?;
            if mode != begun {
                break;
            }
        }
        if mode == begun {
            return Ok(mode);
        }
    }
}

fn blocked(blocked: &Blocked) -> Problem {
    Problem::unavailable(kind::CORE_BLOCKED, format!("r4-core is blocked: {blocked}"), 5)
}

impl Order {
    fn parse(uri: &Uri) -> Result<Self, Problem> {
        let query = Query::parse(uri.query(), &["n", "fmt", "key"])?;
        let name = query.text("fmt").unwrap_or("raw");
        let format = Format::parse(name).ok_or_else(|| {
            Problem::new(kind::INVALID_PARAMETER, format!("fmt must be {}", Format::NAMES))
        })?;
        let most = match format {
            Format::U32 => MAX_WORDS_PER_REQUEST,
            _ => MAX_BYTES_PER_REQUEST,
        };
        let n = query.number("n", 1, most)?.ok_or_else(|| {
            let detail = format!("n is missing: say how many, from 1 to {most}");
            Problem::new(kind::MISSING_PARAMETER, detail)
        })?;
        Ok(Self { n, format })
    }
}

/// The rest of an answer that is being made.
struct Piece {
    app: App,
    order: Order,
    /// Random bytes still to be made.
    left: usize,
    first: bool,
}

/// Encoded text of one piece, and where its bytes came from.
struct Encoded {
    text: Vec<u8>,
    mode: Mode,
}

impl Piece {
    fn new(app: App, order: Order) -> Self {
        let left = order.format.random_bytes(order.n);
        Self { app, order, left, first: true }
    }

    /// Makes the next piece. With `promised`, the mode must still be that one: the head says so.
    async fn next(&mut self, promised: Option<Mode>) -> Result<Encoded, Blocked> {
        let format = self.order.format;
        let count = self.left.min(PIECE_BYTES);
        let mut bytes = Zeroizing::new(vec![0; count]);
        let mode = self.app.core.fill(&mut bytes).await?;
        if promised.is_some_and(|promised| promised != mode) {
            return Err(Blocked("the mode changed while the answer was sent".to_owned()));
        }
        self.left = self.left.saturating_sub(count);
        let first = std::mem::take(&mut self.first);
        if format == Format::Raw {
            return Ok(Encoded { text: std::mem::take(&mut *bytes), mode });
        }
        let mut text = Vec::with_capacity(count.saturating_mul(3));
        if first {
            text.extend_from_slice(format.head().as_bytes());
        }
        format.piece(&bytes, first, &mut text);
        if self.left == 0 {
            text.extend_from_slice(format.tail(self.order.n, mode.as_str()).as_bytes());
        }
        Ok(Encoded { text, mode })
    }

    fn into_body(self, first: Encoded) -> Body {
        if self.left == 0 {
            return Body::from(first.text);
        }
        let mode = first.mode;
        let rest = try_unfold((self, Some(first.text)), move |(mut piece, ready)| async move {
            if let Some(text) = ready {
                return Ok(Some((Bytes::from(text), (piece, None))));
            }
            if piece.left == 0 {
                return Ok(None);
            }
            let next = piece.next(Some(mode)).await.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>(Some((Bytes::from(next.text), (piece, None))))
        });
        Body::from_stream(rest)
    }
}
