//! The log, as c2sp.org/tlog-tiles serves one: checkpoint, tiles, entries; and consistency proofs
//! for those who want no tiles.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use r4_api::vrf::Consistency;
use r4_logstore::{LogStore, ReadError};
use r4_service::query::Query;
use r4_service::{Problem, kind};
use r4_tlog::tile::Tile;

use super::{IMMUTABLE, MOMENTARY, OCTETS, TEXT, answer, read};
use crate::App;
use crate::error::unreadable;

/// Answers the published checkpoint, a signed note.
///
/// # Errors
/// 400 when there is any parameter.
pub async fn checkpoint(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    Ok(answer(TEXT, MOMENTARY, app.node.log().published().text.to_string()))
}

/// Answers a tile of hashes or a bundle of entries.
///
/// # Errors
/// 400 about the path or a parameter, 404 when the log does not reach so far.
pub async fn tile(
    State(app): State<App>,
    Path(path): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::parse(uri.query(), &[])?;
    let tile = Tile::parse(&format!("tile/{path}")).ok_or_else(|| {
        let detail = "the path is none of a tile: tile/<level>/<number>[.p/<width>] or \
                      tile/entries/<number>[.p/<width>], with the number in groups as x001/x234/067";
        Problem::new(kind::INVALID_TILE, detail)
    })?;
    let bytes =
        read(&app, move |node| node.log().tile(&tile).map_err(|error| unreadable(&error))).await?;
    let bytes = bytes.ok_or_else(|| {
        let detail = "the log has not grown so far";
        Problem::new(kind::NO_TILE, detail)
    })?;
    Ok(answer(OCTETS, IMMUTABLE, bytes))
}

/// Answers the proof that the tree of `from` leaves is the beginning of that of `to` leaves.
///
/// # Errors
/// 400 about a parameter.
pub async fn consistency(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let query = Query::parse(uri.query(), &["from", "to"])?;
    let number = |name| {
        let missing = || Problem::new(kind::MISSING_PARAMETER, format!("{name} is missing"));
        query.number(name, 1, u64::MAX)?.ok_or_else(missing)
    };
    let (from, to) = (number("from")?, number("to")?);
    let size = app.node.log().size();
    if from > to || to > size {
        let detail = format!("from must be at most to, and to at most the log's size, {size}");
        return Err(Problem::new(kind::INVALID_PARAMETER, detail));
    }
    let proof =
        read(&app, move |node| proof(node.log(), from, to).map_err(|error| unreadable(&error)));
    let cache = [(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE))];
    Ok((cache, Json(proof.await?)).into_response())
}

fn proof(log: &LogStore, from: u64, to: u64) -> Result<Consistency, ReadError> {
    let hex = |hash: r4_tlog::Hash| format!("0x{}", hex::encode(hash));
    Ok(Consistency {
        from: from.to_string(),
        to: to.to_string(),
        from_root: hex(log.root(from)?),
        to_root: hex(log.root(to)?),
        proof: log.consistency(from, to)?.into_iter().map(hex).collect(),
    })
}
