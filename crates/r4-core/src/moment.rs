//! When bytes were made, on clocks that betray a sleep of the machine and a copy of it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Age at which unserved bytes are dropped, so that a copy of the machine that is resumed later
/// does not serve what the first one served.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(1);
/// Most that the wall clock may be set by meanwhile: a copy that is resumed sets it.
const WALL_CLOCK_JUMP: Duration = Duration::from_millis(100);

/// A moment.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// On the clock that goes on while the machine sleeps.
    since_boot: Duration,
    /// How far the wall clock was ahead of it.
    wall_ahead: Duration,
}

impl Moment {
    /// Reads the clocks.
    pub fn now() -> Self {
        let read = |clock| Duration::try_from(clock_gettime(clock)).unwrap_or_default();
        let since_boot = read(ClockId::Boottime);
        Self { since_boot, wall_ahead: read(ClockId::Realtime).saturating_sub(since_boot) }
    }

    /// Returns whether what was made at this moment must not be served at `now`.
    pub fn is_stale_at(self, now: Self) -> bool {
        now.since_boot.saturating_sub(self.since_boot) > STALE_AFTER
            || now.wall_ahead.abs_diff(self.wall_ahead) > WALL_CLOCK_JUMP
    }

    /// Returns the moment `time` later.
    #[cfg(test)]
    pub(crate) fn later_by(self, time: Duration) -> Self {
        Self { since_boot: self.since_boot + time, ..self }
    }

    /// Returns this moment on a wall clock that was set forward by `ahead`, or back by `back`.
    #[cfg(test)]
    pub(crate) fn with_wall_clock_set(self, ahead: Duration, back: Duration) -> Self {
        Self { wall_ahead: (self.wall_ahead + ahead).saturating_sub(back), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_and_a_wall_clock_that_is_set_make_stale() {
        let millis = Duration::from_millis;
        let moment = |since_boot, wall_ahead| Moment {
            since_boot: millis(since_boot),
            wall_ahead: millis(wall_ahead),
        };
        let made = moment(10_000, 5_000_000);
        for (since_boot, wall_ahead, stale) in [
            (10_000, 5_000_000, false),
            (11_000, 5_000_000, false),
            (11_001, 5_000_000, true),
            (10_000, 5_000_100, false),
            (10_000, 5_000_101, true),
            (10_000, 4_999_900, false),
            (10_000, 4_999_899, true),
        ] {
            let now = moment(since_boot, wall_ahead);
            assert_eq!(made.is_stale_at(now), stale, "{now:?}");
        }
    }

    #[test]
    fn both_clocks_run() {
        let (before, now) = (Moment::now(), Moment::now());
        assert!(!before.is_stale_at(now));
        assert!(before.since_boot <= now.since_boot && now.wall_ahead > Duration::ZERO);
    }
}
