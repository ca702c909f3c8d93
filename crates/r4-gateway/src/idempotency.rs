//! `Idempotency-Key` on `POST`: the answer to a request that is sent again is the first one again
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! Answers are kept for 24 hours, apart for each API key. Work that has begun goes on when its
//! caller hangs up, so that the caller finds the answer when it asks again.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use r4_service::clock::unix_now;
use r4_service::context::carry;
use r4_service::{Problem, kind};
use sha2::{Digest as _, Sha256};

use crate::App;
use crate::error::store_down;
use crate::keys::KeyId;
use crate::store::{Begun, Kept};

/// Header that names a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Header of an answer that was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Most characters of a name.
const MOST_CHARACTERS: usize = 255;
/// Most bytes of an answer that is kept: of any receipt, and of any draw without long lists. What is
/// longer is carried out again; a draw with a label has the same result then.
const MOST_KEPT: usize = 512 * 1024;

/// Answers the request with `work`, or with what was answered to it before.
///
/// # Errors
/// 400 about the header, 409 while the first request is under way, 422 when it was another request,
/// 429 when too many answers are kept for the key, 503 when the store does not answer; and those of
/// `work`.
pub(crate) async fn once(
    app: &Arc<App>,
    caller: KeyId,
    path: &str,
    headers: &HeaderMap,
    body: &Bytes,
    work: impl Future<Output = Result<Response<Body>, Problem>> + Send + 'static,
) -> Result<Response<Body>, Problem> {
    let Some(name) = named(headers)? else { return work.await };
    let slot = digest(&[caller.to_string().as_bytes(), path.as_bytes(), name.as_bytes()]);
    let kind_of_body = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let request = digest(&[kind_of_body, body]);
    let app = Arc::clone(app);
    let done = tokio::spawn(carry(async move {
        let begun = app.store.begin(slot, caller, request, unix_now()).await;
        match begun.map_err(|error| store_down(&error))? {
            Begun::New => {
                let answer = work.await;
                keep(&app, slot, answer).await
            }
            Begun::Done(kept) => again(kept),
            other => Err(refusal(&other)),
        }
    }));
    done.await.map_err(|_| Problem::internal())?
}

/// Says why a request is not carried out.
fn refusal(begun: &Begun) -> Problem {
    match begun {
        Begun::InProgress => {
            let detail = "the first request of this Idempotency-Key is still under way; ask again \
                          in a second";
            Problem::unavailable(kind::IDEMPOTENCY_IN_PROGRESS, detail, 1)
        }
        Begun::Different => {
            let detail = "this Idempotency-Key was used for another request; take a new one for \
                          each request";
            Problem::new(kind::IDEMPOTENCY_MISMATCH, detail)
        }
        Begun::Full => {
            let detail = "too many answers are kept for this API key; wait, or send fewer \
                          requests with an Idempotency-Key";
            Problem::unavailable(kind::IDEMPOTENCY_FULL, detail, 3600)
        }
        Begun::New | Begun::Done(_) => Problem::internal(),
    }
}

/// Keeps a good answer, and frees the name of any other.
async fn keep(
    app: &App,
    slot: [u8; 32],
    answer: Result<Response<Body>, Problem>,
) -> Result<Response<Body>, Problem> {
    let (answer, kept) = match answer {
        Ok(answer) if answer.status() == StatusCode::OK => match whole(answer).await {
            Ok((answer, kept)) => (Ok(answer), Some(kept)),
            Err(problem) => (Err(problem), None),
        },
        other => (other, None),
    };
    let written = match kept {
        Some(kept) if kept.body.len() <= MOST_KEPT => {
            app.store.finish(slot, kept, unix_now()).await
        }
        _ => app.store.release(slot).await,
    };
    if let Err(error) = written {
        tracing::error!(%error, "an answer cannot be kept for its Idempotency-Key");
    }
    answer
}

/// Reads an answer to its end, and returns it with what is kept of it.
async fn whole(answer: Response<Body>) -> Result<(Response<Body>, Kept), Problem> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await.map_err(|_| Problem::internal())?.to_bytes();
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kept = Kept {
        status: head.status.as_u16(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: body.to_vec(),
    };
    Ok((Response::from_parts(head, Body::from(body)), kept))
}

fn again(kept: Kept) -> Result<Response<Body>, Problem> {
    let built = Response::builder()
        .status(kept.status)
        .header(header::CONTENT_TYPE, kept.content_type)
        .header(header::CACHE_CONTROL, "no-store")
        .header(REPLAYED, "true")
        .body(Body::from(kept.body));
    built.map_err(|_| Problem::internal())
}

/// Returns the name that the caller gave to its request.
fn named(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(name) = given.next() else { return Ok(None) };
    let name = name.as_bytes();
    let good = !name.is_empty()
        && name.len() <= MOST_CHARACTERS
        && name.iter().all(u8::is_ascii_graphic)
        && given.next().is_none();
    match std::str::from_utf8(name) {
        Ok(name) if good => Ok(Some(name.to_owned())),
        _ => {
            let detail = format!(
                "Idempotency-Key must be one value of 1 to {MOST_CHARACTERS} visible ASCII \
                 characters, for example a UUID"
            );
            Err(Problem::new(kind::INVALID_IDEMPOTENCY_KEY, detail))
        }
    }
}

/// Hashes parts, each after its length.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
