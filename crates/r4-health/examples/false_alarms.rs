//! How often the continuous tests fail for good samples: computed, and counted.
//!
//! `cargo run --release -p r4-health --example false_alarms [SAMPLES]` tests so many samples (10⁹
//! unless told) of each of two sources that are as bad as the claim allows, the same samples every
//! time. It ends with exit 1 if a source would have been given up.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chacha20::ChaCha20;
use cipher::{KeyIvInit as _, StreamCipher as _};
use r4_health::{
    ContinuousTests, Failure, FailureHistory, Levels, MinEntropy, Severity, Test, WINDOW,
    log2_run_probability, log2_tail_probability, proportion_cutoffs, repetition_cutoffs,
};

type Error = Box<dyn std::error::Error>;

/// Samples that the core takes in a minute.
const SAMPLES_A_MINUTE: u64 = 1536;

fn main() -> Result<ExitCode, Error> {
    let samples = match std::env::args().nth(1) {
        Some(number) => number.parse()?,
        None => 1_000_000_000,
    };
    let claim = MinEntropy::JITTER;
    let likely = Likely::of(claim);
    let biased = Simulation::new(Biased { likely }, claim)?.run("biased", 0, samples)?;
    let alternating = Alternating { likely, last: [0, 1] };
    let alternating = Simulation::new(alternating, claim)?.run("alternating", 1, samples)?;

    print_rates(claim);
    print_seen(claim, samples, &[biased, alternating]);
    let given_up = biased.permanent().saturating_add(alternating.permanent()) > 0;
    Ok(if given_up { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Turns random words into samples.
trait Source {
    fn sample(&mut self, word: u32) -> u8;
}

/// What happens with probability 2^-H: a word is less than this.
#[derive(Clone, Copy)]
struct Likely(u32);

impl Likely {
    fn of(claim: MinEntropy) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive and less than 2^32"
        )]
        Self((claim.most_likely() * 2.0_f64.powi(32)) as u32)
    }

    /// Returns 0 with probability 2^-H, otherwise one of the other values, each as likely.
    #[inline]
    fn difference(self, word: u32) -> u8 {
        let product = (word & 0xffff).wrapping_mul(255);
        let [_, _, other, _] = product.to_le_bytes();
        if word < self.0 { 0 } else { other.wrapping_add(1) }
    }
}

/// One value with probability 2^-H: the worst for repetition count and adaptive proportion.
struct Biased {
    likely: Likely,
}

impl Source for Biased {
    #[inline]
    fn sample(&mut self, word: u32) -> u8 {
        self.likely.difference(word)
    }
}

/// The sample before the last with probability 2^-H: the worst for lag.
struct Alternating {
    likely: Likely,
    last: [u8; 2],
}

impl Source for Alternating {
    #[inline]
    fn sample(&mut self, word: u32) -> u8 {
        let [before_last, last] = self.last;
        let sample = before_last ^ self.likely.difference(word);
        self.last = [last, sample];
        sample
    }
}

/// Failures of each test, in the order of [`Test::ALL`].
#[derive(Clone, Copy)]
struct Seen {
    tests: [Levels; Test::ALL.len()],
    /// Intermittent failures that were the third in 10 minutes.
    thirds: u32,
}

impl Seen {
    fn record(&mut self, failure: Failure) {
        for (seen, _) in self.tests.iter_mut().zip(Test::ALL).filter(|(_, t)| *t == failure.test) {
            let count = match failure.severity {
                Severity::Intermittent => &mut seen.intermittent,
                Severity::Permanent => &mut seen.permanent,
            };
            *count = count.saturating_add(1);
        }
    }

    fn permanent(&self) -> u32 {
        self.tests.iter().map(|seen| seen.permanent).fold(self.thirds, u32::saturating_add)
    }
}

struct Simulation<S> {
    source: S,
    tests: ContinuousTests,
    history: FailureHistory,
    seen: Seen,
    samples: u64,
}

impl<S: Source> Simulation<S> {
    fn new(source: S, claim: MinEntropy) -> Result<Self, Error> {
        let none = Levels { intermittent: 0, permanent: 0 };
        Ok(Self {
            source,
            tests: ContinuousTests::new(claim)?,
            history: FailureHistory::default(),
            seen: Seen { tests: [none; Test::ALL.len()], thirds: 0 },
            samples: 0,
        })
    }

    fn run(mut self, name: &str, stream: u8, samples: u64) -> Result<Seen, Error> {
        let started = Instant::now();
        let mut stream = ChaCha20::new(&[0; 32].into(), &[stream; 12].into());
        let mut tenths = 0;
        while self.samples < samples {
            let mut words = [[0; 4]; 4096];
            stream.apply_keystream(words.as_flattened_mut());
            let left = usize::try_from(samples.abs_diff(self.samples))?;
            words.into_iter().take(left).for_each(|word| self.step(u32::from_le_bytes(word)));
            let done = self.samples.saturating_mul(10).checked_div(samples).unwrap_or_default();
            if done > tenths {
                tenths = done;
                eprintln!("{name} source: {:3} %", done.saturating_mul(10));
            }
        }
        eprintln!("{name} source: {:.1} s", started.elapsed().as_secs_f64());
        Ok(self.seen)
    }

    #[inline]
    fn step(&mut self, word: u32) {
        self.samples = self.samples.wrapping_add(1);
        if let Err(failure) = self.tests.feed(self.source.sample(word)) {
            self.record(failure);
        }
    }

    #[cold]
    fn record(&mut self, failure: Failure) {
        self.seen.record(failure);
        if failure.severity == Severity::Intermittent {
            let now = Duration::from_secs(self.samples.saturating_mul(60) / SAMPLES_A_MINUTE);
            let third = self.history.record(now) == Severity::Permanent;
            self.seen.thirds = self.seen.thirds.saturating_add(u32::from(third));
        }
    }
}

/// Prints the cut-offs, and the probability that the worst of good sources comes to them.
fn print_rates(claim: MinEntropy) {
    let (bits, likely) = (claim.bits(), claim.most_likely());
    println!("{bits:.4} bits of min-entropy claimed: no value is likelier than {likely:.4}\n");
    println!("test                 severity      cut-off  probability  in samples  a year");
    let (runs, windows) = (repetition_cutoffs(claim), proportion_cutoffs(claim, WINDOW));
    let run = |length: u32| log2_run_probability(claim, length);
    let tail = |count| log2_tail_probability(claim, WINDOW, count);
    print_rate("repetition-count", runs, 1, |equal| run(equal.saturating_sub(1)));
    print_rate("adaptive-proportion", windows, WINDOW, tail);
    print_rate("lag, in a row", runs, 1, run);
    print_rate("lag, in a window", windows, WINDOW, tail);
}

/// Prints both levels of a test that can fail once in `per` samples.
fn print_rate(test: &str, cutoffs: Levels, per: u32, log2_rate: impl Fn(u32) -> f64) {
    let per_year = SAMPLES_A_MINUTE.saturating_mul(60 * 24 * 365);
    for (severity, of) in SEVERITIES {
        let cutoff = of(&cutoffs);
        let log2_rate = log2_rate(cutoff);
        let a_year = float(per_year) / f64::from(per) * log2_rate.exp2();
        let rate = format!("2^{log2_rate:.2}");
        let severity = severity.name();
        println!("{test:19}  {severity:12}  {cutoff:7}  {rate:>11}  {per:10}  {a_year:6.0e}");
    }
}

/// Prints how many failures there were, and how many the source that is worst for a test lets
/// expect; the other adds next to none.
fn print_seen(claim: MinEntropy, samples: u64, sources: &[Seen]) {
    let likely = claim.most_likely();
    let (runs, windows) = (repetition_cutoffs(claim), proportion_cutoffs(claim, WINDOW));
    let run = |cutoff| float(samples) * (1.0 - likely) * log2_run_probability(claim, cutoff).exp2();
    let tail = |window, cutoff| {
        float(samples) / f64::from(WINDOW) * log2_tail_probability(claim, window, cutoff).exp2()
    };
    println!("\n{samples} samples of each source\n");
    println!("test                 severity      expected  seen");
    let begun = WINDOW.saturating_sub(1);
    for (severity, of) in SEVERITIES {
        let (runs, window) = (of(&runs), of(&windows));
        let expected = [
            run(runs),
            likely * tail(begun, window.saturating_sub(1)),
            run(runs) + tail(WINDOW, window),
        ];
        for ((test, expected), index) in Test::ALL.into_iter().zip(expected).zip(0..) {
            let seen: u32 = sources.iter().filter_map(|seen| seen.tests.get(index)).map(of).sum();
            println!("{:19}  {:12}  {expected:8.1e}  {seen:4}", test.name(), severity.name());
        }
    }
    let thirds: u32 = sources.iter().map(|seen| seen.thirds).sum();
    println!("third intermittent failure in 10 minutes: {thirds}");
}

type Cutoff = fn(&Levels) -> u32;

/// The severities, and the number that a pair of [`Levels`] has for each.
const SEVERITIES: [(Severity, Cutoff); 2] = [
    (Severity::Intermittent, |levels| levels.intermittent),
    (Severity::Permanent, |levels| levels.permanent),
];

#[expect(clippy::cast_precision_loss, reason = "for rates of a few digits")]
fn float(count: u64) -> f64 {
    count as f64
}
