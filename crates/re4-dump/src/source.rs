//! A noise source under its health tests (SP 800-90B §4), and what its failures lead to.
//!
//! ```text
//! start-up test passed ─▶ ok ─ failure ─▶ intermittent ─ start-up test passed ─▶ ok
//!                                              └─ permanent, or the third in 10 minutes ─▶ failed
//! ```

use std::time::Duration;

use r4_health::{ContinuousTests, FailureHistory, Severity};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    noise::{Kind, Noise, Tested, Unavailable},
    pages::wipe,
};

/// Samples of a start-up test (SP 800-90B §4.3, requirement 4: at least 1024).
const START_UP_SAMPLES: usize = 1024;

/// A source and the state of its health.
pub(crate) struct Source {
    kind: Kind,
    noise: Box<dyn Noise>,
    tests: ContinuousTests,
    history: FailureHistory,
    state: State,
    counts: Counts,
    /// SHA-256 of the last draw of conditioned output.
    last_draw: [u8; 32],
}

/// Whether a source is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It must pass the start-up test before its first use.
    Untested,
    /// It has passed its start-up test, and every test since.
    Ok,
    /// It failed, and must pass the start-up test again.
    Intermittent,
    /// It is not used any more.
    Failed,
}

/// What has happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Samples taken.
    pub(crate) samples: u64,
    /// Failures after which the source was tested again.
    pub(crate) intermittent: u64,
    /// Failures after which it was not used any more.
    pub(crate) permanent: u64,
    /// Name of the test that failed last.
    pub(crate) failed_test: Option<&'static str>,
}

/// A source failed a test or gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("noise source {}: {cause} ({})", kind.name(), severity.name())]
pub(crate) struct SourceFailure {
    /// The source.
    pub(crate) kind: Kind,
    /// What happened.
    pub(crate) cause: Cause,
    /// What it leads to.
    pub(crate) severity: Severity,
}

/// Why a source is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Cause {
    /// A health test.
    #[error("the {} test failed", .0.name())]
    Test(r4_health::Test),
    /// The same bytes as the draw before, which no conditioned source gives by chance.
    #[error("it gave the same {0} bytes twice")]
    Repeated(usize),
    /// No samples.
    #[error("{0}")]
    Unavailable(#[from] Unavailable),
}

type Trouble = (Cause, Severity);

impl SourceFailure {
    /// Tells whether the next seed is soon enough to ask again.
    pub(crate) fn is_for_later(&self) -> bool {
        self.severity == Severity::Intermittent
            && self.cause == Cause::Unavailable(Unavailable::Exhausted)
    }
}

impl Cause {
    /// Returns the name for reports.
    fn name(self) -> &'static str {
        match self {
            Self::Test(test) => test.name(),
            Self::Repeated(_) => "repeated-draw",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl Source {
    /// Takes a source that must pass its start-up test before its first use.
    pub(crate) fn new(kind: Kind, noise: Box<dyn Noise>) -> Self {
        let Ok(tests) = ContinuousTests::new(kind.properties().claim) else {
            unreachable!("claims are constants, and tested")
        };
        Self {
            kind,
            noise,
            tests,
            history: FailureHistory::default(),
            state: State::Untested,
            counts: Counts::default(),
            last_draw: [0; 32],
        }
    }

    /// Returns whether it is used.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Returns what has happened so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Overwrites `samples` with noise that passed its tests; a source that is not trusted is tested
    /// first. `samples` is wiped when the answer is an error.
    ///
    /// # Errors
    /// [`SourceFailure`]. After an intermittent one, draw again: the start-up test comes first. After
    /// a permanent one the source must not be asked again.
    pub(crate) fn draw(&mut self, samples: &mut [u8], now: Duration) -> Result<(), SourceFailure> {
        let drawn = match self.state {
            State::Untested | State::Intermittent => {
                self.start_up().and_then(|()| self.take(samples))
            }
            State::Ok | State::Failed => self.take(samples),
        };
        drawn.map_err(|(cause, severity)| {
            wipe(samples);
            self.fail(cause, severity, now)
        })
    }

    /// Takes and tests samples that are thrown away.
    fn start_up(&mut self) -> Result<(), Trouble> {
        let mut samples = Zeroizing::new([0; START_UP_SAMPLES]);
        self.sample(&mut *samples)?;
        self.test(&*samples)?;
        self.state = State::Ok;
        Ok(())
    }

    fn take(&mut self, samples: &mut [u8]) -> Result<(), Trouble> {
        self.sample(samples)?;
        match self.kind.properties().tested {
            Tested::Always => self.test(samples),
            Tested::AtStart => self.compare(samples),
        }
    }

    /// Compares a draw of conditioned output with the one before.
    fn compare(&mut self, samples: &[u8]) -> Result<(), Trouble> {
        let before = self.last_draw;
        self.last_draw = Sha256::digest(samples).into();
        if self.last_draw == before {
            return Err((Cause::Repeated(samples.len()), Severity::Permanent));
        }
        Ok(())
    }

    fn sample(&mut self, samples: &mut [u8]) -> Result<(), Trouble> {
        self.counts.samples = self.counts.samples.saturating_add(samples.len() as u64);
        self.noise.fill(samples).map_err(|cause| (cause.into(), Severity::Intermittent))
    }

    /// Feeds every sample to the tests; the worst failure counts, and the first of equals.
    fn test(&mut self, samples: &[u8]) -> Result<(), Trouble> {
        let failures = samples.iter().filter_map(|&sample| self.tests.feed(sample).err());
        let worst =
            failures.reduce(|one, other| if other.severity > one.severity { other } else { one });
        worst.map_or(Ok(()), |failure| Err((Cause::Test(failure.test), failure.severity)))
    }

    fn fail(&mut self, cause: Cause, severity: Severity, now: Duration) -> SourceFailure {
        let severity = match (severity, self.history.record(now)) {
            (Severity::Intermittent, Severity::Intermittent) => Severity::Intermittent,
            _ => Severity::Permanent,
        };
        self.counts.failed_test = Some(cause.name());
        let (count, state) = match severity {
            Severity::Intermittent => (&mut self.counts.intermittent, State::Intermittent),
            Severity::Permanent => (&mut self.counts.permanent, State::Failed),
        };
        *count = count.saturating_add(1);
        self.state = state;
        SourceFailure { kind: self.kind, cause, severity }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;
    use crate::noise::Kind;

    /// Noise that a test can spoil while the source holds it: what to do, and for how many samples.
    #[derive(Clone, Copy)]
    enum Play {
        Good,
        Stuck(usize),
        Gone,
    }

    struct Scripted {
        play: Rc<RefCell<Play>>,
        next: u64,
    }

    impl Noise for Scripted {
        fn fill(&mut self, samples: &mut [u8]) -> Result<(), Unavailable> {
            let mut play = self.play.borrow_mut();
            for sample in samples {
                // A multiplicative hash of a counter has no pattern that the tests look for.
                self.next = self.next.wrapping_add(1);
                let good = self.next.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[2];
                *sample = match &mut *play {
                    Play::Gone => return Err(Unavailable::Exhausted),
                    Play::Stuck(1..) => 7,
                    Play::Good | Play::Stuck(_) => good,
                };
                if let Play::Stuck(left) = &mut *play {
                    *left = left.saturating_sub(1);
                }
            }
            Ok(())
        }
    }

    fn source(kind: Kind, play: Play) -> (Source, Rc<RefCell<Play>>) {
        let play = Rc::new(RefCell::new(play));
        let noise = Scripted { play: Rc::clone(&play), next: 0 };
        (Source::new(kind, Box::new(noise)), play)
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn samples_come_after_a_start_up_test_whose_samples_are_thrown_away() {
        let (mut source, _) = source(Kind::Jitter, Play::Good);
        assert_eq!(source.state(), State::Untested);
        assert_eq!(source.draw(&mut [0; 100], SECOND), Ok(()));
        assert_eq!((source.state(), source.counts().samples), (State::Ok, 1124));
        assert_eq!(source.draw(&mut [0; 100], SECOND), Ok(()));
        assert_eq!(source.counts().samples, 1224);
    }

    #[test]
    fn a_stuck_source_fails_for_good_and_its_samples_are_wiped() {
        let (mut source, play) = source(Kind::Jitter, Play::Good);
        source.draw(&mut [0; 10], SECOND).unwrap();
        *play.borrow_mut() = Play::Stuck(usize::MAX);
        let mut samples = [1; 1536];
        let failure = source.draw(&mut samples, SECOND).unwrap_err();
        assert_eq!(failure.severity, Severity::Permanent);
        assert_eq!(
            failure.to_string(),
            "noise source jitter: the repetition-count test failed (permanent)"
        );
        assert_eq!(samples, [0; 1536]);
        assert_eq!(source.state(), State::Failed);
        let counts = source.counts();
        assert_eq!((counts.intermittent, counts.permanent), (0, 1));
        assert_eq!(counts.failed_test, Some("repetition-count"));
    }

    #[test]
    fn a_burst_is_intermittent_and_the_start_up_test_comes_before_the_next_samples() {
        let (mut source, play) = source(Kind::Jitter, Play::Good);
        source.draw(&mut [0; 10], SECOND).unwrap();
        *play.borrow_mut() = Play::Stuck(100);
        let failure = source.draw(&mut [0; 200], SECOND).unwrap_err();
        assert_eq!(failure.severity, Severity::Intermittent);
        assert_eq!(source.state(), State::Intermittent);
        let before = source.counts().samples;
        assert_eq!(source.draw(&mut [0; 10], SECOND), Ok(()));
        assert_eq!((source.state(), source.counts().samples), (State::Ok, before + 1034));
        assert_eq!(source.counts().intermittent, 1);
    }

    #[test]
    fn the_third_burst_within_ten_minutes_is_permanent() {
        for (third, state) in [(600, State::Failed), (602, State::Intermittent)] {
            let (mut source, play) = source(Kind::Jitter, Play::Good);
            for at in [1, 300, third] {
                source.draw(&mut [0; 10], SECOND).unwrap();
                *play.borrow_mut() = Play::Stuck(100);
                source.draw(&mut [0; 200], SECOND * at).unwrap_err();
            }
            assert_eq!(source.state(), state, "third after {third} s");
        }
    }

    #[test]
    fn conditioned_output_is_tested_at_the_start_and_never_comes_twice() {
        let (mut stuck, _) = source(Kind::Kernel, Play::Stuck(usize::MAX));
        assert_eq!(stuck.draw(&mut [0; 64], SECOND).unwrap_err().severity, Severity::Permanent);
        let (mut later, play) = source(Kind::Kernel, Play::Good);
        later.draw(&mut [0; 64], SECOND).unwrap();
        *play.borrow_mut() = Play::Stuck(usize::MAX);
        assert_eq!(later.draw(&mut [0; 48], SECOND), Ok(()), "the first of its kind");
        let failure = later.draw(&mut [0; 48], SECOND).unwrap_err();
        assert_eq!(failure.severity, Severity::Permanent);
        assert_eq!(later.counts().failed_test, Some("repeated-draw"));
    }

    #[test]
    fn the_third_time_without_samples_is_permanent() {
        let (mut source, play) = source(Kind::RdSeed, Play::Gone);
        for severity in [Severity::Intermittent, Severity::Intermittent, Severity::Permanent] {
            let failure = source.draw(&mut [0; 64], SECOND).unwrap_err();
            assert_eq!(failure.severity, severity);
        }
        assert_eq!(source.counts().failed_test, Some("unavailable"));
        *play.borrow_mut() = Play::Good;
        assert_eq!(source.state(), State::Failed, "for good");
    }

    #[test]
    fn every_claim_makes_tests_that_can_fail() {
        for kind in Kind::ALL {
            assert!(ContinuousTests::new(kind.properties().claim).is_ok(), "{kind:?}");
        }
    }
}
