//! What `r4 assess` prints.

use r4_health::{
    Levels, MostCommonValue, RestartCheck, Test, WINDOW, proportion_cutoffs, repetition_cutoffs,
};
use serde_json::{Value, json};

use super::{NONE, Report};
use crate::output::{Tone, paint};

const SCREENING: &str = "\
A screening, not the full assessment: the estimate is an upper bound and blind to patterns. For the
non-IID assessment of SP 800-90B, run NIST's ea_non_iid on the same samples.";

/// Renders the report for people: what was counted, then a mark for each test.
pub(super) fn text(report: &Report) -> String {
    let MostCommonValue { value, share, min_entropy, .. } = report.most_common;
    let percent = share * 100.0;
    let claim = report.claim.bits();
    let counted = format!(
        "samples            {}\n\
         most common value  {value}, {percent:.4} % of the samples\n\
         min-entropy        at most {min_entropy:.4} bits a sample, by the most common value\n\
         claim              {claim:.4} bits a sample\n\n",
        report.samples
    );
    let stands = report.claim_stands();
    let detail = if stands { "the claim is not refuted" } else { "the claim is refuted" };
    let claim = line(stands, "min-entropy", detail);
    let tests = report.tests.iter().map(|(test, failures)| {
        let detail = format!("{}; {}", failed(*failures), cutoffs(report, *test));
        line(*failures == NONE, test.name(), &detail)
    });
    let restarts = report.restarts.iter().map(|check| {
        let RestartCheck { most_in_row, most_in_column, cutoff } = check;
        let detail = format!(
            "at most {most_in_row} equal samples in a row of the matrix and {most_in_column} in a \
             column; {cutoff} are too many"
        );
        line(check.passed(), "restarts", &detail)
    });
    let lines: String = [claim].into_iter().chain(tests).chain(restarts).collect();
    format!("{counted}{lines}\n{SCREENING}\n")
}

fn line(passed: bool, name: &str, detail: &str) -> String {
    let mark = if passed { paint(Tone::Good, "✓") } else { paint(Tone::Bad, "✗") };
    format!("{mark} {name:19}  {detail}\n")
}

fn failed(failures: Levels) -> String {
    let Levels { intermittent, permanent } = failures;
    format!("{intermittent} intermittent, {permanent} permanent failures")
}

fn cutoffs(report: &Report, test: Test) -> String {
    let (run, window) =
        (repetition_cutoffs(report.claim), proportion_cutoffs(report.claim, WINDOW));
    let run = format!("{} and {} in a row", run.intermittent, run.permanent);
    let window = format!("{} and {} of {WINDOW}", window.intermittent, window.permanent);
    match test {
        Test::RepetitionCount => format!("cut-offs {run}"),
        Test::AdaptiveProportion => format!("cut-offs {window}"),
        Test::Lag => "both pairs of cut-offs".to_owned(),
    }
}

/// Renders the report as JSON.
pub(super) fn json(report: &Report) -> Value {
    let MostCommonValue { value, count, share, min_entropy } = report.most_common;
    let tests = report.tests.map(|(test, failures)| {
        json!({
            "name": test.name(),
            "intermittent_failures": failures.intermittent,
            "permanent_failures": failures.permanent,
        })
    });
    let faults = report.faults();
    json!({
        "samples": report.samples,
        "most_common_value": { "value": value, "count": count, "share": share },
        "min_entropy_at_most": min_entropy,
        "claim": report.claim.bits(),
        "cutoffs": {
            "in_a_row": levels(repetition_cutoffs(report.claim)),
            "in_a_window": levels(proportion_cutoffs(report.claim, WINDOW)),
            "window": WINDOW,
        },
        "tests": tests,
        "restarts": report.restarts.map(|check| json!({
            "most_in_row": check.most_in_row,
            "most_in_column": check.most_in_column,
            "cutoff": check.cutoff,
            "passed": check.passed(),
        })),
        "passed": faults.is_empty(),
        "failed": faults,
    })
}

fn levels(levels: Levels) -> Value {
    json!({ "intermittent": levels.intermittent, "permanent": levels.permanent })
}
