//! What answers say, as findings.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use r4_api::entropy::Entropy;
use r4_api::gateway::UpstreamHealth;
use r4_service::Problem;
use r4_service::clock::unix_now;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::StatusCode;

use crate::log::{Alarm, Finding, Whole};

/// What the gateway calls a demonstration that is off.
const DEMO_OFF: &str = "/errors/demo-off";

/// A program of a node, and its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Running {
    pub(super) node: String,
    pub(super) program: &'static str,
    pub(super) version: String,
}

impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} is {}", self.program, self.node, self.version)
    }
}

pub(super) fn parse<T: DeserializeOwned>(path: &str, whole: &Whole) -> Result<T, Finding> {
    if whole.status != StatusCode::OK {
        return Err(refused(path, whole));
    }
    serde_json::from_slice(&whole.body).map_err(|error| malformed(path, &error))
}

pub(super) fn clock(date: SystemTime, most: u64) -> Option<Finding> {
    let theirs = date.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let differ = unix_now().abs_diff(theirs);
    let reason = format!("the node's clock and this machine's differ by {differ} s");
    (differ > most).then(|| Finding::new(Alarm::Clock, reason))
}

pub(super) fn why(upstream: &UpstreamHealth) -> &str {
    upstream.reason.as_deref().unwrap_or("it does not say why")
}

pub(super) fn failing(entropy: &Entropy) -> String {
    let failing = entropy.sources.iter().filter(|source| source.state.is_failure());
    let named: Vec<String> = failing
        .map(|source| {
            let test = source.failed_test.as_deref().unwrap_or("no test named");
            format!("{} is {} ({test})", source.name, source.state.as_str())
        })
        .collect();
    if named.is_empty() { "the entropy is not ok".to_owned() } else { named.join(", ") }
}

/// An answer that is not as this program knows it: of another version, or of no node.
pub(super) fn malformed(path: &str, error: &serde_json::Error) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    Finding::invalid(format!("{path} is not as r4 {version} knows it: {error}"))
}

/// A service that is not there is one thing, and an answer that makes no sense another.
pub(super) fn refused(path: &str, whole: &Whole) -> Finding {
    let alarm = if whole.status.is_server_error() { Alarm::NotReady } else { Alarm::Invalid };
    Finding::new(alarm, refusal(path, whole))
}

pub(super) fn refusal(path: &str, whole: &Whole) -> String {
    let detail = Problem::detail_of(&whole.body).unwrap_or_default();
    let detail: String = detail.chars().take(200).collect();
    format!("{path} answered {}: {detail}", whole.status)
}

/// The demonstration is the operator's to turn off, and may be in use by others.
pub(super) fn is_demo_refused(whole: &Whole) -> bool {
    let problem: Value = serde_json::from_slice(&whole.body).unwrap_or_default();
    problem.get("type").is_some_and(|kind| kind == DEMO_OFF)
        || whole.status == StatusCode::TOO_MANY_REQUESTS
}
