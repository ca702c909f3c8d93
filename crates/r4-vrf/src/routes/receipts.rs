//! `GET /receipts/{id}`: one receipt again, with a proof for the published checkpoint.
//! `GET /receipts`: the log's entries in bulk, which hold no alpha.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use r4_api::vrf::{LogEntries, LogEntry};
use r4_receipt::{Document, Entry, KeyHash, Log, Receipt};
use r4_service::query::Query;
use r4_service::{Problem, kind};
use r4_tlog::{Checkpoint, hash};

use super::{IMMUTABLE, JSON, MOMENTARY, TEXT, answer, read};
use crate::App;
use crate::error::unreadable;
use crate::node::Node;

/// Most entries of one answer.
const MOST_ENTRIES: u64 = 1000;
/// Entries of an answer to a caller who names no limit.
const SOME_ENTRIES: u64 = 100;

/// Answers the receipt whose digest is `id`.
///
/// # Errors
/// 400 about the id or a parameter, 404 when the log has no such receipt or keeps nothing of it.
pub async fn one(
    State(app): State<App>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = Query::parse(uri.query(), &["format"])?;
    let as_file = match query.text("format") {
        None | Some("json") => false,
        Some("tlog-proof") => true,
        Some(_) => {
            let detail = "format must be json or tlog-proof";
            return Err(Problem::new(kind::INVALID_PARAMETER, detail));
        }
    };
    // A key hash has the same form: 0x and 64 lower-case hexadecimal digits.
    let id = KeyHash::parse(&id).map_err(|_| {
        let detail = "the id of a receipt is 0x and 64 lower-case hexadecimal digits";
        Problem::new(kind::INVALID_ID, detail)
    })?;
    let receipt = read(&app, move |node| find(node, id.as_bytes())).await?;
    Ok(if as_file {
        answer(TEXT, MOMENTARY, receipt.to_tlog_proof().ok_or_else(Problem::internal)?)
    } else {
        answer(JSON, MOMENTARY, receipt.to_json())
    })
}

fn find(node: &Node, id: &[u8; 32]) -> Result<Document, Problem> {
    let log = node.log();
    let unknown = |detail: String| Problem::new(kind::UNKNOWN_RECEIPT, detail);
    let index = log
        .find(id)
        .map_err(|error| unreadable(&error))?
        .ok_or_else(|| unknown("the log has no receipt of this id".into()))?;
    let entry = log
        .entries(index, 1)
        .map_err(|error| unreadable(&error))?
        .pop()
        .ok_or_else(Problem::internal)?;
    let Ok(Entry::Vrf(said)) = Entry::parse(&entry) else {
        return Err(unknown(format!(
            "what was attested is not kept; its entry is /receipts?from={index}&limit=1"
        )));
    };
    let stored = log.body(index).map_err(|error| unreadable(&error))?.unwrap_or_default();
    if stored.is_empty() {
        // A log that was completed from a mirror after a restore has entries alone.
        return Err(unknown(format!(
            "this receipt was not kept; its entry is /receipts?from={index}&limit=1"
        )));
    }
    let keys = node.epochs.keys_of(&said.key_hash).ok_or_else(Problem::internal)?;
    let receipt = Receipt::from_stored(&said, &keys, &stored).map_err(|error| {
        tracing::error!(index, %error, "a kept receipt cannot be put together");
        Problem::internal()
    })?;
    let (checkpoint, text) = covering(node, index)?;
    let part = Log {
        origin: checkpoint.origin,
        index,
        leaf_hash: hash::leaf_hash(&entry),
        tree_size: checkpoint.size,
        root: checkpoint.root,
        inclusion: log.inclusion(index, checkpoint.size).map_err(|error| unreadable(&error))?,
        checkpoint: text,
    };
    Ok(Document::Vrf(receipt).with_log(Some(part)))
}

/// Returns the published checkpoint, with what witnesses said of it, or one of the newest tree when
/// the published one does not reach so far yet.
fn covering(node: &Node, index: u64) -> Result<(Checkpoint, String), Problem> {
    let published = node.log().published();
    if index < published.checkpoint.size {
        return Ok((published.checkpoint.clone(), published.text.to_string()));
    }
    let signed = node.recent_head(index).map_err(|error| {
        tracing::error!(%error, "a checkpoint cannot be signed");
        Problem::internal()
    })?;
    Ok((signed.checkpoint.clone(), signed.to_string()))
}

/// Answers entries from `from` on, at most `limit`.
///
/// # Errors
/// 400 about a parameter.
pub async fn list(State(app): State<App>, uri: Uri) -> Result<Response, Problem> {
    let query = Query::parse(uri.query(), &["from", "limit"])?;
    let from = query.number("from", 0, u64::MAX)?.unwrap_or(0);
    let limit = query.number("limit", 1, MOST_ENTRIES)?.unwrap_or(SOME_ENTRIES);
    let page = read(&app, move |node| page(node, from, limit)).await?;
    let whole = u64::try_from(page.entries.len()).is_ok_and(|entries| entries == limit);
    let cache = if whole { IMMUTABLE } else { MOMENTARY };
    Ok(([(header::CACHE_CONTROL, HeaderValue::from_static(cache))], Json(page)).into_response())
}

fn page(node: &Node, from: u64, limit: u64) -> Result<LogEntries, Problem> {
    let log = node.log();
    let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let (size, limit) = (log.size(), usize::try_from(limit).map_err(|_| Problem::internal())?);
    let entries = if from < size {
        log.entries(from, limit).map_err(|error| unreadable(&error))?
    } else {
        Vec::new()
    };
    let entries = (from..).zip(entries).map(|(index, entry)| LogEntry {
        index: index.to_string(),
        leaf_hash: hex(&hash::leaf_hash(&entry)),
        entry: hex(&entry),
    });
    Ok(LogEntries { from: from.to_string(), entries: entries.collect() })
}
