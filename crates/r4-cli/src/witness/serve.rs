//! The witness's HTTP: one route to write, one to say that it is well.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use r4_service::clock::unix_now;
use r4_service::ready::Readiness;
use r4_service::server::{self, Stop};
use r4_service::shell::{self, RequestLimits};
use r4_service::{Problem, kind, trace};
use r4_tlog::SignatureLine;
use tokio::net::TcpListener;

use super::answer::{Refusal, Witness};
use super::config::Config;
use super::ledger::Ledger;
use super::logs;
use crate::atomic_file::FolderLock;
use crate::exit::{Error, Exit};
use crate::output;

/// Bounds on a request: a checkpoint with a few dozen cosignatures.
const LIMITS: RequestLimits =
    RequestLimits { head_deadline: Duration::from_secs(10), body_bytes: 256 * 1024 };

/// Serves until a signal.
///
/// # Errors
/// It cannot start, or requests had to be cut off.
pub(super) fn run(config: &Config) -> Result<Exit, Error> {
    trace::init(config.log);
    let _lock = FolderLock::take(&config.identity.state)?;
    let witness = open(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::unusable("no threads", cause))?;
    runtime.block_on(serve(config.listen, witness))?;
    Ok(Exit::Success)
}

fn open(config: &Config) -> Result<Witness, Error> {
    let keys = super::keys(&config.identity)?;
    let mut ledgers = BTreeMap::new();
    for (origin, keys) in logs::known(config)? {
        let ledger = Ledger::open(&config.identity.state, &origin, keys)?;
        tracing::info!(origin, size = ledger.lock().last().size, "cosigning");
        ledgers.insert(origin, ledger);
    }
    Ok(Witness { keys, logs: ledgers })
}

async fn serve(address: SocketAddr, witness: Witness) -> Result<(), Error> {
    let refuse = |cause: std::io::Error| {
        Error::unusable(address, format!("cannot be listened on: {cause}; --listen names another"))
    };
    let stop = Stop::watch().map_err(|error| Error::Unusable(error.to_string()))?;
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let bound = listener.local_addr().map_err(refuse)?;
    output::print(&format!("r4 witness listening on http://{bound}\n"))?;
    let readiness = Readiness::ready();
    let app = shell::wrap(routes(witness), readiness.clone(), LIMITS);
    server::run(listener, app, readiness, stop).await.map_err(Error::failed)
}

fn routes(witness: Witness) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/health", get(async || "ok"))
        .with_state(Arc::new(witness))
}

async fn add_checkpoint(State(witness): State<Arc<Witness>>, body: Bytes) -> Response {
    let work = move || witness.add_checkpoint(&body, unix_now());
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(lines)) => cosigned(&lines),
        Ok(Err(refusal)) => refused(&refusal),
        Err(cause) => {
            tracing::error!(%cause, "a request failed");
            Problem::internal().into_response()
        }
    }
}

fn cosigned(lines: &[SignatureLine]) -> Response {
    let text: String = lines.iter().map(ToString::to_string).collect();
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// Answers as c2sp.org/tlog-witness says. What is signed and does not fit may be proof that the log
/// misbehaves, so it is logged.
fn refused(refusal: &Refusal) -> Response {
    let detail = refusal.to_string();
    let problem = |kind| Problem::new(kind, detail.as_str()).into_response();
    match refusal {
        Refusal::Malformed(_) => problem(kind::MALFORMED_REQUEST),
        Refusal::OldSize => problem(kind::OLD_SIZE),
        Refusal::UnknownLog(_) => problem(kind::UNKNOWN_LOG),
        Refusal::Unsigned(_) => problem(kind::UNSIGNED_CHECKPOINT),
        Refusal::Proof(_) => {
            tracing::warn!(detail, "a signed checkpoint is not shown to continue the last one");
            problem(kind::CONSISTENCY_PROOF)
        }
        Refusal::Conflict { size } => conflict(*size),
        Refusal::Fork { size } => {
            tracing::warn!(detail, "a log has signed two trees of one size");
            conflict(*size)
        }
        Refusal::Internal(cause) => {
            tracing::error!(cause, "a checkpoint was not cosigned");
            Problem::internal().into_response()
        }
    }
}

fn conflict(size: u64) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/x.tlog.size")];
    (StatusCode::CONFLICT, kind, format!("{size}\n")).into_response()
}
