//! `GET /admin/v1/snapshot`: the file of the store as of one moment, for `r4 backup create`.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::try_unfold;
use r4_service::query::Query;
use r4_service::{Problem, kind};

use super::Admin;
use super::error::unavailable;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Answers a copy of the file.
pub(super) async fn snapshot(
    State(admin): State<Arc<Admin>>,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let file = admin.store.snapshot().await.map_err(|error| unavailable(&error))?;
    let file = file.ok_or_else(|| {
        let detail = if admin.store.is_shared() {
            "this gateway keeps its API keys in PostgreSQL (R4_DATABASE_URL): back that up with \
             pg_dump"
        } else {
            "this gateway keeps its API keys in its memory alone: set R4_STATE_DIR"
        };
        Problem::new(kind::KEYS_ELSEWHERE, detail)
    })?;
    let length = file.metadata().map_err(|cause| unread(&cause))?.len();
    let rest = try_unfold((Arc::new(file), 0), |(file, at)| async move {
        let reading = Arc::clone(&file);
        let read = tokio::task::spawn_blocking(move || chunk(&reading, at)).await;
        let bytes = read.map_err(io::Error::other)??;
        let next = at.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok::<_, io::Error>((!bytes.is_empty()).then_some((bytes, (file, next))))
    });
    let mut answer = Response::new(Body::from_stream(rest));
    let octets = HeaderValue::from_static("application/octet-stream");
    answer.headers_mut().insert(header::CONTENT_TYPE, octets);
    answer.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    Ok(answer)
}

fn chunk(file: &File, at: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; CHUNK_BYTES];
    let read = file.read_at(&mut bytes, at)?;
    bytes.truncate(read);
    Ok(bytes.into())
}

fn unread(cause: &io::Error) -> Problem {
    tracing::error!(%cause, "the copy of the store cannot be read");
    Problem::internal()
}
