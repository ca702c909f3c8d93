//! Waiting that does not count time in which this process did not run: stopped, paused, in a machine
//! that slept. What it waits for may have stood still as well, and is owed the time.
//!
//! It waits in ticks, and a tick that took long counts as a short one: one that ends late, ends late
//! because nobody was there to end it.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// Time waited at once.
const TICK: Duration = Duration::from_millis(100);
/// Most that a tick counts, however long it took.
const MOST_OF_A_TICK: Duration = Duration::from_millis(200);

/// Returns what `future` gives, unless that takes longer than `limit`.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut waited = Waited::begin(Instant::now());
    loop {
        if let Ok(done) = timeout(waited.next_tick(limit), future.as_mut()).await {
            return Some(done);
        }
        waited.count(Instant::now());
        if waited.has_reached(limit) {
            return None;
        }
    }
}

/// How long something was waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    counted: Duration,
    /// When the tick began that is not counted yet.
    tick: Instant,
}

impl Waited {
    pub(crate) fn begin(now: Instant) -> Self {
        Self { counted: Duration::ZERO, tick: now }
    }

    /// Ends the tick, and begins the next; returns what it counts.
    pub(crate) fn count(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.tick).min(MOST_OF_A_TICK);
        self.tick = now;
        self.counted += passed;
        passed
    }

    /// Returns how long to wait next.
    pub(crate) fn next_tick(self, limit: Duration) -> Duration {
        self.left(limit).min(TICK)
    }

    pub(crate) fn left(self, limit: Duration) -> Duration {
        limit.saturating_sub(self.counted)
    }

    pub(crate) fn has_reached(self, limit: Duration) -> bool {
        self.counted >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLIS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_tick_counts_as_short_however_long_it_took() {
        let begun = Instant::now();
        let mut waited = Waited::begin(begun);
        let hour = MILLIS(3_600_000);
        for (after, counts) in [
            (MILLIS(100), MILLIS(100)),
            (MILLIS(300), MILLIS(200)),
            (MILLIS(501), MILLIS(200)),
            (hour, MILLIS(200)),
            (hour, MILLIS(0)),
            (MILLIS(0), MILLIS(0)),
        ] {
            assert_eq!(waited.count(begun + after), counts, "{after:?}");
        }
        assert!(waited.has_reached(MILLIS(700)) && !waited.has_reached(MILLIS(701)));
        assert_eq!(waited.next_tick(MILLIS(740)), MILLIS(40));
        assert_eq!(waited.next_tick(hour), TICK);
        assert_eq!(waited.next_tick(MILLIS(600)), MILLIS(0));
    }

    #[tokio::test]
    async fn what_takes_too_long_is_given_up() {
        let begun = Instant::now();
        assert_eq!(within(MILLIS(250), std::future::pending::<()>()).await, None);
        assert!(begun.elapsed() >= MILLIS(250), "{:?}", begun.elapsed());
        assert_eq!(within(MILLIS(0), async { 1 }).await, Some(1));
    }

    #[tokio::test]
    async fn a_freeze_is_not_waited_for() {
        let (tell, told) = tokio::sync::oneshot::channel();
        let thaw = async {
            // The only thread stands still, as all do in a freeze.
            std::thread::sleep(MILLIS(1500));
            tokio::time::sleep(MILLIS(50)).await;
            tell.send(()).unwrap();
        };
        let (heard, ()) = tokio::join!(within(MILLIS(1000), told), thaw);
        assert_eq!(heard, Some(Ok(())));
    }
}
