//! The one home of the settings: a node that stands already, instead of processes of our own; and
//! what is left out, said so that everybody sees it.

use std::env;
use std::io::Write as _;

/// Returns the trimmed value of `key`; empty means unset.
#[expect(clippy::disallowed_methods, reason = "this module is where the tests read it")]
pub(crate) fn text(key: &str) -> Option<String> {
    env::var(key).ok().map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
}

/// Returns the public address of the node to test, if there is one.
pub(crate) fn base() -> Option<String> {
    let base = text("R4_E2E_BASE_HTTPS").or_else(|| text("R4_E2E_BASE_HTTP"))?;
    Some(base.trim_end_matches('/').to_owned())
}

/// Returns whether a test that needs processes of its own is to be left out, and says so.
pub(crate) fn skips_processes() -> bool {
    let external = base().is_some();
    if external {
        skipped("it needs processes of its own, and the node stands already");
    }
    external
}

/// Says that the test that runs is left out, past what the test harness keeps to itself.
pub(crate) fn skipped(reason: &str) {
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    let _unseen = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
}

/// As [`skipped`], for what this machine lacks; where `CI` is set, nothing may be lacking.
#[track_caller]
pub(crate) fn skipped_on_this_machine(reason: &str) {
    let ci = text("CI").is_some_and(|v| v != "false" && v != "0");
    assert!(!ci, "CI is set, so this must not be left out: {reason}");
    skipped(reason);
}
