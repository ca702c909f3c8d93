//! Metrics of this service, beside the shell's.

mod state_folder;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::gauge;
use r4_receipt::Schemes;
use r4_service::clock::unix_now;
use r4_service::metrics::{Metric, at_each_look, count as as_gauge, describe, show_build};

use crate::node::{MOST_OPEN, Node};

const RECEIPTS: &str = "r4_vrf_receipts_total";
const SELF_CHECK_FAILURES: &str = "r4_vrf_self_check_failures_total";
const INDEX_FAILURES: &str = "r4_vrf_index_failures_total";
const INDEX_RESERVED: &str = "r4_vrf_index_reserved";
const LOG_MISSED: &str = "r4_log_missed_total";
const LOG_PUBLISHED: &str = "r4_log_published_size";
const LOG_PUBLISH_FAILURES: &str = "r4_log_publish_failures_total";
const LOG_COSIGNATURES: &str = "r4_log_cosignings_total";

const METRICS: [Metric; 24] = [
    Metric::counter(RECEIPTS, "Answers that were sent"),
    Metric::counter(SELF_CHECK_FAILURES, "Own checks that failed; signing has stopped then"),
    Metric::counter(INDEX_FAILURES, "Requests that got no index, because nothing could be written"),
    Metric::counter(INDEX_RESERVED, "First index that is not reserved on disk"),
    Metric::gauge("r4_vrf_work_running", "Work that runs on blocking threads"),
    Metric::gauge("r4_vrf_work_running_limit", "Most work that runs at once"),
    Metric::gauge("r4_vrf_work_open", "Work that runs or waits"),
    Metric::gauge("r4_vrf_work_open_limit", "Most work that runs or waits; more is refused"),
    Metric::gauge("r4_vrf_answers_open", "Answers between their index and their entry in the log"),
    Metric::gauge("r4_vrf_answers_open_limit", "Most such answers; more are refused"),
    Metric::gauge("r4_vrf_key_active_since_seconds", "When the active key epoch began, Unix time"),
    Metric::gauge("r4_vrf_key_next_seconds", "When the announced key epoch begins, Unix time"),
    Metric::gauge("r4_log_queue", "Entries that wait to be written"),
    Metric::gauge("r4_log_size", "Entries on disk"),
    Metric::counter(LOG_MISSED, "Indexes that nobody was answered with"),
    Metric::counter(LOG_PUBLISHED, "Entries of the published checkpoint"),
    Metric::counter(LOG_PUBLISH_FAILURES, "Checkpoints that could not be published"),
    Metric::gauge("r4_log_checkpoint_age_seconds", "Time since a checkpoint was published"),
    Metric::counter(LOG_COSIGNATURES, "Answers of witnesses"),
    Metric::gauge("r4_log_witnesses", "Witnesses that are asked"),
    Metric::gauge("r4_log_cosigned_by", "Witnesses that cosigned the published checkpoint"),
    Metric::gauge(state_folder::FREE, "Space left for the state folder"),
    Metric::gauge(state_folder::SIZE, "Size of the disk that the state folder is on"),
    Metric::gauge(state_folder::BACKUP, "When the last backup was made; 0: never"),
];

/// When the checkpoint was published last, Unix seconds.
static PUBLISHED_AT: AtomicU64 = AtomicU64::new(0);

/// What an answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A VRF receipt.
    Vrf,
    /// Attested bytes.
    Attested,
}

/// How a witness answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cosigning {
    /// It cosigned.
    Done,
    /// It did not.
    Failed,
    /// It has seen another log than this: more of it, or other entries.
    Other,
}

impl Cosigning {
    const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Other];

    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Other => "other",
        }
    }
}

/// Makes the counters visible before their first event.
pub fn start(node: &Arc<Node>) {
    describe(&METRICS);
    show_build(env!("CARGO_PKG_VERSION"), crate::GIT);
    for schemes in Schemes::ALL {
        count(Kind::Vrf, schemes, 0);
    }
    count(Kind::Attested, Schemes::Dual, 0);
    metrics::counter!(SELF_CHECK_FAILURES).increment(0);
    metrics::counter!(INDEX_FAILURES).increment(0);
    reserved(node.reserved());
    metrics::counter!(LOG_MISSED).increment(0);
    metrics::counter!(LOG_PUBLISH_FAILURES).increment(0);
    for cosigning in Cosigning::ALL {
        metrics::counter!(LOG_COSIGNATURES, "result" => cosigning.name()).increment(0);
    }
    published(node.log().published().checkpoint.size);
    let node = Arc::downgrade(node);
    at_each_look(move || node.upgrade().map(|node| look(&node)));
}

/// Shows at each look the space of the state folder, and when it was backed up.
pub fn state_folder(folder: PathBuf) {
    at_each_look(move || {
        state_folder::show(&folder);
        Some(())
    });
}

#[expect(clippy::cast_precision_loss, reason = "no log has 2^53 entries, no time so many seconds")]
fn look(node: &Node) {
    gauge!("r4_vrf_answers_open").set(as_gauge(node.open_answers()));
    gauge!("r4_vrf_answers_open_limit").set(as_gauge(MOST_OPEN));
    gauge!("r4_log_queue").set(as_gauge(node.log().waiting()));
    gauge!("r4_log_size").set(node.log().size() as f64);
    let age = unix_now().saturating_sub(PUBLISHED_AT.load(Ordering::Relaxed));
    gauge!("r4_log_checkpoint_age_seconds").set(age as f64);
    let (since, next) = node.epochs.times();
    gauge!("r4_vrf_key_active_since_seconds").set(since as f64);
    gauge!("r4_vrf_key_next_seconds").set(next.unwrap_or(0) as f64);
}

/// Shows how many witnesses are asked.
pub fn witnesses(asked: usize) {
    gauge!("r4_log_witnesses").set(as_gauge(asked));
    cosigned_by(0);
}

/// Shows how many witnesses cosigned the published checkpoint.
pub fn cosigned_by(witnesses: usize) {
    gauge!("r4_log_cosigned_by").set(as_gauge(witnesses));
}

/// Counts an index that nobody was answered with.
pub fn missed() {
    metrics::counter!(LOG_MISSED).increment(1);
}

/// Shows how many entries the published checkpoint has.
pub fn published(size: u64) {
    metrics::counter!(LOG_PUBLISHED).absolute(size);
    PUBLISHED_AT.store(unix_now(), Ordering::Relaxed);
}

/// Counts a checkpoint that could not be published.
pub fn publish_failed() {
    metrics::counter!(LOG_PUBLISH_FAILURES).increment(1);
}

/// Counts an answer of a witness.
pub fn cosigned(how: Cosigning) {
    metrics::counter!(LOG_COSIGNATURES, "result" => how.name()).increment(1);
}

/// Counts an answer that is sent.
pub fn issued(kind: Kind, schemes: Schemes) {
    count(kind, schemes, 1);
}

/// Counts an answer that the node's own check refused, and a self-test that failed.
pub fn self_check_failed() {
    metrics::counter!(SELF_CHECK_FAILURES).increment(1);
}

/// Counts a request that got no index.
pub fn index_failed() {
    metrics::counter!(INDEX_FAILURES).increment(1);
}

/// Shows the first index that is not reserved on disk; it only grows.
pub fn reserved(ceiling: u64) {
    metrics::counter!(INDEX_RESERVED).absolute(ceiling);
}

fn count(kind: Kind, schemes: Schemes, by: u64) {
    let kind = match kind {
        Kind::Vrf => "vrf",
        Kind::Attested => "attested",
    };
    let sig = match schemes {
        Schemes::Ecdsa => "ecdsa",
        Schemes::Mldsa => "mldsa65",
        Schemes::Dual => "dual",
    };
    metrics::counter!(RECEIPTS, "kind" => kind, "sig" => sig).increment(by);
}
