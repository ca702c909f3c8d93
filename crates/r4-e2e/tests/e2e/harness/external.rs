//! The one home of the settings: a node that stands already, instead of processes of our own.

use std::env;

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
        println!("skipped: external node");
    }
    external
}
