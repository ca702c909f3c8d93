//! When intermittent failures come too often.

use core::time::Duration;

use crate::failure::Severity;

/// Time within which a third intermittent failure is a permanent one.
const PERIOD: Duration = Duration::from_mins(10);

/// Remembers the last two intermittent failures of a source.
#[derive(Clone, Debug, Default)]
pub struct FailureHistory {
    before_last: Option<Duration>,
    last: Option<Duration>,
}

impl FailureHistory {
    /// Records an intermittent failure at `now`, a time that does not run backwards, and says how
    /// bad it is: the third within 10 minutes is permanent.
    pub fn record(&mut self, now: Duration) -> Severity {
        let third = self.before_last.is_some_and(|first| now.saturating_sub(first) <= PERIOD);
        (self.before_last, self.last) = (self.last, Some(now));
        if third { Severity::Permanent } else { Severity::Intermittent }
    }
}

#[cfg(test)]
mod tests {
    use super::Severity::{Intermittent, Permanent};
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn the_third_within_ten_minutes_is_permanent() {
        let start = Duration::from_hours(1);
        for (third, severity) in [
            (start, Permanent),
            (start + PERIOD, Permanent),
            (start + PERIOD + MILLISECOND, Intermittent),
        ] {
            let mut history = FailureHistory::default();
            assert_eq!(history.record(start), Intermittent);
            assert_eq!(history.record(start), Intermittent);
            assert_eq!(history.record(third), severity, "{third:?}");
        }
    }

    #[test]
    fn old_failures_are_forgotten() {
        let mut history = FailureHistory::default();
        for minutes in [0, 6, 12, 18, 24] {
            assert_eq!(history.record(Duration::from_mins(minutes)), Intermittent);
        }
        assert_eq!(history.record(Duration::from_mins(27)), Permanent);
    }

    #[test]
    fn a_clock_that_runs_backwards_forgives_nothing() {
        let mut history = FailureHistory::default();
        for seconds in [20, 10] {
            assert_eq!(history.record(Duration::from_secs(seconds)), Intermittent);
        }
        assert_eq!(history.record(Duration::ZERO), Permanent);
    }
}
