//! Metrics of this service, beside the shell's.

use r4_receipt::Schemes;

use crate::node::Node;

const RECEIPTS: &str = "r4_vrf_receipts_total";
const SELF_CHECK_FAILURES: &str = "r4_vrf_self_check_failures_total";
const INDEX_FAILURES: &str = "r4_vrf_index_failures_total";
const INDEX_RESERVED: &str = "r4_vrf_index_reserved";
const LOG_MISSED: &str = "r4_log_missed_total";
const LOG_PUBLISHED: &str = "r4_log_published_size";
const LOG_PUBLISH_FAILURES: &str = "r4_log_publish_failures_total";
const LOG_COSIGNATURES: &str = "r4_log_cosignings_total";

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
pub fn start(node: &Node) {
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
}

/// Counts an index that nobody was answered with.
pub fn missed() {
    metrics::counter!(LOG_MISSED).increment(1);
}

/// Shows how many entries the published checkpoint has.
pub fn published(size: u64) {
    metrics::counter!(LOG_PUBLISHED).absolute(size);
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
