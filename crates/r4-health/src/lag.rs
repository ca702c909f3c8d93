//! The lag test, ours (SP 800-90B §4.5): samples that follow the pattern of those before them.
//!
//! A predictor guesses that the next sample is the one of so many samples ago, whichever lag was
//! right most often of late (the scoreboard of SP 800-90B §6.3.8). Of a good source no predictor is
//! right with a probability of more than 2^-H, so that a run of right guesses has the cut-offs of
//! the repetition count test, and the right ones of [`WINDOW`] guesses those of the adaptive
//! proportion test.
//!
//! Guesses that the last sample comes again do not count: repetitions are what those two tests look
//! at, and one mishap is to be one failure.

use crate::claim::{ClaimError, MinEntropy};
use crate::cutoff::{Levels, WINDOW, repetition_cutoffs, usable_proportion_cutoffs};
use crate::failure::Severity;

/// Counts the right guesses of the [`Predictor`], in a row and in a window.
#[derive(Clone, Debug)]
pub(crate) struct Lag {
    predictor: Predictor,
    run_cutoffs: Levels,
    run: u32,
    window_cutoffs: Levels,
    right: u32,
    left: u32,
}

impl Lag {
    pub(crate) fn new(claim: MinEntropy) -> Result<Self, ClaimError> {
        Ok(Self {
            predictor: Predictor::default(),
            run_cutoffs: repetition_cutoffs(claim),
            run: 0,
            window_cutoffs: usable_proportion_cutoffs(claim)?,
            right: 0,
            left: WINDOW,
        })
    }

    #[inline]
    pub(crate) fn feed(&mut self, sample: u8) -> Option<Severity> {
        let guess = self.predictor.guess();
        let change = guess != self.predictor.last();
        self.predictor.learn(sample);
        if change { self.score(guess == sample) } else { None }
    }

    #[inline]
    fn score(&mut self, right: bool) -> Option<Severity> {
        if self.left == 0 {
            (self.right, self.left) = (0, WINDOW);
        }
        self.left = self.left.wrapping_sub(1);
        if !right {
            self.run = 0;
            return None;
        }
        self.run = self.run.saturating_add(1);
        self.right = self.right.wrapping_add(1);
        self.run_cutoffs.reached(self.run).max(self.window_cutoffs.reached(self.right))
    }
}

const LAGS: u16 = 8;
/// Points at which those of every lag are halved, so that the best lag is the best of late.
const MOST_POINTS: u16 = 256;

#[derive(Clone, Debug, Default)]
struct Predictor {
    /// The last samples, the latest in the lowest octet.
    history: u64,
    /// How often each lag was right, the shortest lag first.
    points: [u16; LAGS as usize],
    /// The best lag, less one; of equally good ones the shortest.
    best: u16,
}

impl Predictor {
    #[inline]
    fn guess(&self) -> u8 {
        let [guess, ..] = self.history.wrapping_shr(u32::from(self.best) << 3).to_le_bytes();
        guess
    }

    #[inline]
    fn last(&self) -> u8 {
        let [last, ..] = self.history.to_le_bytes();
        last
    }

    #[inline]
    fn learn(&mut self, sample: u8) {
        let mut most = 0;
        for ((points, guess), shortness) in
            self.points.iter_mut().zip(self.history.to_le_bytes()).zip((0..LAGS).rev())
        {
            *points = points.wrapping_add(u16::from(guess == sample));
            most = most.max(*points << 3 | shortness);
        }
        self.best = LAGS.wrapping_sub(1) ^ (most & 7);
        if most >> 3 >= MOST_POINTS {
            self.points = self.points.map(|points| points >> 1);
        }
        self.history = self.history << 8 | u64::from(sample);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use chacha20::ChaCha20;
    use cipher::{KeyIvInit as _, StreamCipher as _};
    use std::vec;

    /// A million samples, each the one before the last with a probability of 3/4: no predictor is
    /// right more often, and this one finds the lag.
    #[test]
    fn no_predictor_beats_a_good_source() {
        let mut words = vec![[0; 2]; 1_000_000];
        let mut stream = ChaCha20::new(&[3; 32].into(), &[0; 12].into());
        stream.apply_keystream(words.as_flattened_mut());

        let mut predictor = Predictor::default();
        let (mut guesses, mut right) = (0_u32, 0_u32);
        let mut before_last = 1;
        for [chance, other] in words {
            let sample = if chance < 192 { before_last } else { other };
            before_last = predictor.last();
            if predictor.guess() != predictor.last() {
                guesses += 1;
                right += u32::from(predictor.guess() == sample);
            }
            predictor.learn(sample);
        }
        assert!(guesses > 980_000, "{guesses}");
        let share = f64::from(right) / f64::from(guesses);
        let likely = 0.75 + 0.25 / 256.0;
        let deviation = (likely * (1.0 - likely) / f64::from(guesses)).sqrt();
        assert!((share - likely).abs() < 4.0 * deviation, "{share} for {likely}");
    }

    /// The cut-off of 458 reached with the last guess of a window counts; with one more does not.
    #[test]
    fn a_window_ends() {
        for (window, others, failure) in [
            (0, 54, Some(Severity::Intermittent)),
            (0, 55, None),
            (1, 54, Some(Severity::Intermittent)),
            (1, 55, None),
        ] {
            let mut test = Lag::new(MinEntropy::of_bits(1.0 / 3.0).unwrap()).unwrap();
            assert!((0..512 * window).all(|_| test.score(false).is_none()));
            let guesses = (0..457 + others).map(|i| i % 8 == 0 && i / 8 < others);
            assert!(guesses.map(|wrong| test.score(!wrong)).all(|result| result.is_none()));
            assert_eq!(test.score(true), failure, "{others} wrong ones in window {window}");
        }
    }

    /// The points of old samples fade: lag 8 is found within as many samples as points are kept.
    #[test]
    fn the_best_lag_is_the_best_of_late() {
        let mut predictor = Predictor::default();
        (0..100_000_u32).for_each(|i| predictor.learn(u8::from(i % 3 == 0)));
        assert_eq!(predictor.best, 2);
        for i in 0..u32::from(MOST_POINTS) {
            predictor.learn((i % 8).to_le_bytes()[0]);
        }
        assert_eq!(predictor.best, 7);
    }
}
