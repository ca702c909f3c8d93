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
