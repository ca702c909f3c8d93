//! Requests and answers of r4-vrf that are not receipts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One check of `POST /verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifyCheck {
    /// Stable name.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was compared, in a sentence.
    pub detail: String,
}

/// Answer of `POST /verify`. A convenience, not a proof: run `r4 verify` yourself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerifyAnswer {
    /// Whether every check passed.
    pub valid: bool,
    /// The checks, in order.
    pub checks: Vec<VerifyCheck>,
    /// Name of the first failed check.
    pub failed: Option<String>,
}

/// `GET /version` of r4-vrf and r4-gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServiceVersion {
    /// Name of the service.
    pub name: String,
    /// Version of the crate.
    pub version: String,
    /// Commit it was built from.
    pub git: String,
}

/// `GET /log/consistency`: the proof that one tree of the log is the beginning of another
/// (RFC 9162 §2.1.4). Hashes are 0x and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Consistency {
    /// Leaves of the smaller tree, in decimal.
    pub from: String,
    /// Leaves of the larger tree, in decimal.
    pub to: String,
    /// Root of the smaller tree.
    pub from_root: String,
    /// Root of the larger tree.
    pub to_root: String,
    /// The proof.
    pub proof: Vec<String>,
}

/// `GET /receipts`: entries of the log, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntries {
    /// Index of the first entry asked for, in decimal.
    pub from: String,
    /// The entries; fewer than asked for where the log ends.
    pub entries: Vec<LogEntry>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// The leaf's number, in decimal.
    pub index: String,
    /// The leaf's hash (RFC 6962 §2.1), 0x and 64 hexadecimal digits.
    pub leaf_hash: String,
    /// The entry's bytes, 0x and hexadecimal digits.
    pub entry: String,
}
