//! What the tests share: builds, processes, a client for HTTP, the command `r4`.

pub(crate) mod build;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod disk;
pub(crate) mod entry;
pub(crate) mod external;
pub(crate) mod file_server;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod node;
pub(crate) mod process;
pub(crate) mod r4;
pub(crate) mod replicas;
pub(crate) mod servers;
pub(crate) mod stub;
pub(crate) mod target;
pub(crate) mod tree;
pub(crate) mod wire;

use std::time::{Duration, Instant};

/// Asks `done` again and again until it gives a value; panics with `what` at the deadline.
pub(crate) fn wait_for<T>(
    what: &str,
    deadline: Duration,
    mut done: impl FnMut() -> Option<T>,
) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(Instant::now() < end, "gave up after {deadline:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Returns seconds as a duration.
pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
