//! `r4 assess`: what raw samples of a noise source are worth at most, and whether they would have
//! passed the health tests.

mod render;

use r4_health::{
    ClaimError, ContinuousTests, Levels, MinEntropy, MostCommonValue, RestartCheck, Severity, Test,
};

use crate::exit::{Error, Exit};
use crate::input::Source;
use crate::output;

const HELP: &str = "\
Examples:
  re4_dump --raw jitter --samples 1000000 | r4 assess -
  r4 assess --claim 0.5 --json samples.bin
  r4 assess --restarts restarts.bin

What it shows:
  min-entropy   the most common value estimate of SP 800-90B 6.3.1. It counts values and is blind to
                patterns, so that it is an upper bound: it can refute a claim, never prove one
  health tests  how often each continuous test of SP 800-90B 4.4 fails for these samples; the lag
                test sees periods of up to 8 samples

It is a screening, no assessment: for that, run NIST's ea_non_iid on the same file.

Exit codes: 0 the claim stands; 1 it is refuted, or a test failed; 2 the samples cannot be used.";

/// Fewest samples that are worth an estimate.
const LEAST_SAMPLES: usize = 1000;
/// Most samples that are read.
const MOST_SAMPLES: u64 = 1 << 28;

/// Arguments of `r4 assess`.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// The samples, one byte each; - reads standard input
    #[arg(value_name = "FILE")]
    samples: Source,
    /// The claimed min-entropy of a sample, in bits [default: 1/3, as of jitter]
    #[arg(long, value_name = "BITS")]
    claim: Option<f64>,
    /// The file is 1000 samples after each of 1000 restarts: check these as well
    #[arg(long)]
    restarts: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Assesses the samples and prints what was found.
///
/// # Errors
/// Samples that cannot be used, or of which something is wrong.
pub(crate) fn run(args: &Args) -> Result<Exit, Error> {
    let claim = args.claim.map_or(Ok(MinEntropy::JITTER), MinEntropy::of_bits);
    let claim = claim.map_err(|e| Error::unusable("--claim", e))?;
    let samples = args.samples.read("samples", MOST_SAMPLES)?;
    let report = Report::of(&samples, claim, args)?;
    if args.json {
        output::print_json(&render::json(&report))?;
    } else {
        output::print(&render::text(&report))?;
    }
    match report.faults() {
        faults if faults.is_empty() => Ok(Exit::Success),
        faults => Err(Error::Failed(format!("not as claimed: {}", faults.join(", ")))),
    }
}

struct Report {
    samples: usize,
    most_common: MostCommonValue,
    claim: MinEntropy,
    tests: [(Test, Levels); Test::ALL.len()],
    restarts: Option<RestartCheck>,
}

impl Report {
    fn of(samples: &[u8], claim: MinEntropy, args: &Args) -> Result<Self, Error> {
        let unusable = |reason| Error::unusable(&args.samples, reason);
        let restarts = args
            .restarts
            .then(|| RestartCheck::of(samples, claim))
            .map(|check| check.ok_or_else(|| unusable(not_a_matrix(samples.len()))))
            .transpose()?;
        let most_common = MostCommonValue::of(samples).filter(|_| samples.len() >= LEAST_SAMPLES);
        let most_common = most_common.ok_or_else(|| {
            unusable(format!("{} samples are too few: {LEAST_SAMPLES} at least", samples.len()))
        })?;
        let sequence = if args.restarts { RestartCheck::SIDE } else { samples.len() };
        let tests = Test::ALL.map(|test| (test, NONE));
        let mut report = Self { samples: samples.len(), most_common, claim, tests, restarts };
        for sequence in samples.chunks(sequence) {
            report.test(sequence).map_err(|e| Error::unusable("--claim", e))?;
        }
        Ok(report)
    }

    /// Counts the failures of the continuous tests.
    fn test(&mut self, sequence: &[u8]) -> Result<(), ClaimError> {
        let mut tests = ContinuousTests::new(self.claim)?;
        for failure in sequence.iter().filter_map(|sample| tests.feed(*sample).err()) {
            for (_, failures) in self.tests.iter_mut().filter(|(test, _)| *test == failure.test) {
                let count = match failure.severity {
                    Severity::Intermittent => &mut failures.intermittent,
                    Severity::Permanent => &mut failures.permanent,
                };
                *count = count.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Says whether the estimate lets the claim stand.
    fn claim_stands(&self) -> bool {
        self.most_common.min_entropy >= self.claim.bits()
    }

    /// Returns the names of what is wrong.
    fn faults(&self) -> Vec<&'static str> {
        let claim = (!self.claim_stands()).then_some("min-entropy");
        let failed = self.tests.iter().filter(|(_, failures)| *failures != NONE);
        let restarts = self.restarts.filter(|check| !check.passed()).map(|_| "restarts");
        claim.into_iter().chain(failed.map(|(test, _)| test.name())).chain(restarts).collect()
    }
}

/// No failures.
const NONE: Levels = Levels { intermittent: 0, permanent: 0 };

fn not_a_matrix(samples: usize) -> String {
    let side = RestartCheck::SIDE;
    format!("{side} restarts of {side} samples are 1000000 samples, not {samples}")
}
