//! Whole streams through the continuous tests: each kind of fault is named by its own test, and
//! good samples pass.
#![expect(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "helpers of tests that clippy does not see as such"
)]

use chacha20::ChaCha20;
use cipher::{KeyIvInit as _, StreamCipher as _};
use r4_health::Severity::{Intermittent, Permanent};
use r4_health::Test::{AdaptiveProportion, Lag, RepetitionCount};
use r4_health::{ClaimError, ContinuousTests, Failure, MinEntropy, Severity, Test};

const JITTER: f64 = 1.0 / 3.0;

fn tests(bits: f64) -> ContinuousTests {
    ContinuousTests::new(MinEntropy::of_bits(bits).unwrap()).unwrap()
}

/// Every failure, with the number of the sample that brought it about.
fn failures(
    tests: &mut ContinuousTests,
    samples: impl IntoIterator<Item = u8>,
) -> Vec<(usize, Test, Severity)> {
    let failed = |(sample, number): (u8, usize)| {
        tests.feed(sample).err().map(|Failure { test, severity }| (number, test, severity))
    };
    samples.into_iter().zip(1..).filter_map(failed).collect()
}

/// `length` samples, each one of 256 values.
fn good(length: usize) -> Vec<u8> {
    let mut samples = vec![0; length];
    ChaCha20::new(&[1; 32].into(), &[0; 12].into()).apply_keystream(&mut samples);
    samples
}

#[test]
fn a_stuck_source_is_named_by_repetition_count() {
    for stuck in [0, 7] {
        let found = failures(&mut tests(JITTER), [stuck; 300]);
        let want = [(91, RepetitionCount, Intermittent), (181, RepetitionCount, Permanent)];
        assert_eq!(found, want, "stuck at {stuck}");
    }
}

/// 30 equal samples, another, and again.
#[test]
fn a_biased_source_is_named_by_adaptive_proportion() {
    let biased = || (0..3000_u32).map(|i| if i % 31 == 30 { (i / 31) as u8 } else { 200 });
    let found = failures(&mut tests(JITTER), biased());
    assert_eq!(
        found[..2],
        [(473, AdaptiveProportion, Intermittent), (494, AdaptiveProportion, Permanent)]
    );
    assert!(found.iter().all(|(_, test, _)| *test == AdaptiveProportion), "{found:?}");
}

#[test]
fn a_cyclic_source_is_named_by_lag() {
    for period in 2..=8 {
        let cycle = (0..1000_u32).map(|i| (i % period) as u8);
        let found = failures(&mut tests(JITTER), cycle);
        assert_eq!(found[0].1, Lag, "{period}: {found:?}");
        assert!(found[0].0 <= 91 + 9, "{period}: {found:?}");
        assert!(found.contains(&(found[0].0 + 90, Lag, Permanent)), "{period}: {found:?}");
        assert!(found.iter().all(|(_, test, _)| *test == Lag), "{period}: {found:?}");
    }
}

/// A cycle of 8 in which one sample of 25 is another, so that no run of right guesses is long.
#[test]
fn a_cycle_with_holes_is_named_by_lag() {
    let cycle = (0..2000_u32).map(|i| if i % 25 == 0 { 99 } else { (i % 8) as u8 });
    let found = failures(&mut tests(JITTER), cycle);
    assert_eq!(
        found.first().map(|(_, test, severity)| (*test, *severity)),
        Some((Lag, Intermittent))
    );
}

/// However long a source was good, or lagged otherwise, the lag test learns what it does now.
#[test]
fn a_cycle_that_begins_late_is_found() {
    let mut tests = tests(JITTER);
    assert_eq!(failures(&mut tests, good(1_000_000)), []);
    let cycle = |period: u32| (0..700_u32).map(move |i| (i % period) as u8);
    let found = failures(&mut tests, cycle(3));
    assert!(found[0].0 <= 91 + 256 && found[0].1 == Lag, "{found:?}");
    let found = failures(&mut tests, cycle(8));
    assert!(found.iter().any(|(_, test, severity)| (*test, *severity) == (Lag, Permanent)));
}

#[test]
fn the_claim_decides() {
    let run = |length| [7_u8].repeat(length);
    assert_eq!(failures(&mut tests(8.0), run(4)), []);
    assert_eq!(failures(&mut tests(8.0), run(5)), [(5, RepetitionCount, Intermittent)]);
    assert_eq!(failures(&mut tests(1.0), run(30)), []);
    assert_eq!(failures(&mut tests(1.0), run(31)), [(31, RepetitionCount, Intermittent)]);
}

/// Every run and window reports each failure once, however long it goes on.
#[test]
fn a_failure_is_reported_once() {
    let found = failures(&mut tests(JITTER), [7; 10_000]);
    let count = |test| found.iter().filter(|(_, failed, _)| *failed == test).count();
    assert_eq!(count(RepetitionCount), 2, "{found:?}");
    assert_eq!(count(AdaptiveProportion), 2 * (10_000 / 512), "{found:?}");
    assert_eq!(count(Lag), 0, "{found:?}");
}

#[test]
fn a_source_that_recovers_passes_again() {
    let mut tests = tests(JITTER);
    assert_eq!(failures(&mut tests, [7; 100]), [(91, RepetitionCount, Intermittent)]);
    assert_eq!(failures(&mut tests, good(100_000)), []);
    assert_eq!(failures(&mut tests, [7; 91]), [(91, RepetitionCount, Intermittent)]);
}

/// A window in which both cut-offs are reached with the first sample of the next run.
#[test]
fn the_worst_failure_of_a_sample_is_reported() {
    let mut tests = tests(JITTER);
    // 388 + 91 = 479 equal ones in 512: a run of 91 ends where the window fails for good.
    let runs = [90, 90, 90, 90, 28, 91].map(|length| [7_u8].repeat(length));
    let samples = runs.join(&9);
    let found = failures(&mut tests, samples.iter().copied());
    assert_eq!(found.last(), Some(&(samples.len(), AdaptiveProportion, Permanent)), "{found:?}");
}

#[test]
fn a_claim_too_low_for_the_window_is_refused() {
    let tests = ContinuousTests::new(MinEntropy::of_bits(0.1).unwrap());
    assert_eq!(tests.err(), Some(ClaimError::TooLow { bits: 0.1 }));
}

/// Four million samples with exactly the claimed min-entropy, the same ones every time.
#[test]
fn good_samples_pass() {
    assert_eq!(failures(&mut tests(8.0), good(2_000_000)), []);
    let one_bit = good(2_000_000).into_iter().map(|sample| sample & 1);
    assert_eq!(failures(&mut tests(1.0), one_bit), []);
}

#[test]
fn failures_say_what_failed() {
    let failure = Failure { test: RepetitionCount, severity: Intermittent };
    assert_eq!(failure.to_string(), "repetition-count test failed (intermittent)");
    let failure = Failure { test: Lag, severity: Permanent };
    assert_eq!(failure.to_string(), "lag test failed (permanent)");
    assert_eq!(AdaptiveProportion.name(), "adaptive-proportion");
}
