//! The one home of the wall clock: everything below L3 takes time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns Unix time in whole seconds; a clock set before 1970 reads as 0.
pub fn unix_now() -> u64 {
    now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// Returns the time.
#[expect(clippy::disallowed_methods, reason = "this module is the one home of the wall clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
