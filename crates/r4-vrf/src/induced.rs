//! Faults on demand, for the tests that kill the service at a labelled point of an answer's life, and
//! answers without the log, which `cargo xtask bench` compares with. Without the features
//! `induced-faults` and `benchmarks` this is empty.

/// Ends the process at once, as `kill -9` would, when `R4_CRASH_AT` names this point and has counted
/// down: `POINT` or `POINT:N` for the N-th time.
#[cfg(feature = "induced-faults")]
pub(crate) fn reached(point: &'static str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("R4_CRASH_AT") else { return };
    let (name, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    let seen = || SEEN.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    if name == point && seen().to_string() == nth {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Nothing.
#[cfg(not(feature = "induced-faults"))]
pub(crate) const fn reached(_: &'static str) {}

/// Tells whether answers leave without an entry in the log: when `R4_WITHOUT_LOG` is set.
#[cfg(feature = "benchmarks")]
#[expect(clippy::disallowed_methods, reason = "no setting of the product")]
pub(crate) fn without_log() -> bool {
    use std::sync::LazyLock;
    static WITHOUT: LazyLock<bool> = LazyLock::new(|| {
        let set = std::env::var("R4_WITHOUT_LOG").is_ok();
        if set {
            tracing::warn!("R4_WITHOUT_LOG: answers are not in the log");
        }
        set
    });
    *WITHOUT
}

/// Never.
#[cfg(not(feature = "benchmarks"))]
pub(crate) const fn without_log() -> bool {
    false
}
