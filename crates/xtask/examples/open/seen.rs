//! What all clients have seen.

use std::{collections::BTreeMap, time::Duration};

/// Times are counted in this unit, up to more than any answer may take.
const UNIT: Duration = Duration::from_micros(10);
const UNITS: usize = 600_000;

/// What all clients have seen.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) sent: u64,
    pub(crate) unsent: u64,
    pub(crate) answers: BTreeMap<u16, Answers>,
}

/// Answers of one status.
pub(crate) struct Answers {
    pub(crate) count: u64,
    /// Those before the end of the window.
    early: u64,
    pub(crate) longest: Duration,
    /// How many took so many units of time.
    times: Vec<u32>,
}

impl Seen {
    /// Counts an answer; `early` is one before the end of the window.
    pub(crate) fn note(&mut self, status: u16, time: Duration, early: bool) {
        let answers = self.answers.entry(status).or_default();
        answers.count = answers.count.saturating_add(1);
        answers.early = answers.early.saturating_add(early.into());
        answers.longest = answers.longest.max(time);
        let place = time.as_micros().checked_div(UNIT.as_micros());
        let place = place.and_then(|place| usize::try_from(place).ok()).unwrap_or(UNITS);
        if let Some(times) = answers.times.get_mut(place.min(UNITS)) {
            *times = times.saturating_add(1);
        }
    }

    pub(crate) fn print(&self) {
        println!("sent\t{}\nunsent\t{}", self.sent, self.unsent);
        for (status, answers) in &self.answers {
            let [median, late] = [0.5, 0.99].map(|part| crate::milliseconds(answers.at(part)));
            let longest = crate::milliseconds(answers.longest);
            let Answers { count, early, .. } = answers;
            println!("status\t{status}\t{count}\t{early}\t{median:.3}\t{late:.3}\t{longest:.3}");
        }
    }
}

impl Default for Answers {
    fn default() -> Self {
        let times = vec![0; UNITS.saturating_add(1)];
        Self { count: 0, early: 0, longest: Duration::ZERO, times }
    }
}

impl Answers {
    /// Returns the time that this part of the answers did not exceed.
    #[expect(clippy::cast_precision_loss, reason = "answers of a minute are few enough")]
    fn at(&self, part: f64) -> Duration {
        let mut passed = 0_u64;
        for (place, times) in (1_u32..).zip(&self.times) {
            passed = passed.saturating_add(u64::from(*times));
            if passed as f64 >= part * self.count as f64 {
                return UNIT.saturating_mul(place).min(self.longest);
            }
        }
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_no_less_than_what_it_covers() {
        let mut seen = Seen::default();
        for milliseconds in 1..=100 {
            seen.note(200, Duration::from_millis(milliseconds), milliseconds <= 60);
        }
        let answers = &seen.answers[&200];
        assert_eq!((answers.count, answers.early), (100, 60));
        assert_eq!(answers.longest, Duration::from_millis(100));
        for (part, least) in [(0.5, 50), (0.99, 99)] {
            let (time, least) = (answers.at(part), Duration::from_millis(least));
            assert!((least..=least + UNIT).contains(&time), "{time:?}");
        }
        seen.note(0, crate::PATIENCE, false);
        assert_eq!(seen.answers[&0].at(0.5), crate::PATIENCE);
    }
}
