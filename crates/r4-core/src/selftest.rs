//! The sealed core's known-answer tests, run in a process of their own.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use r4_api::selftest::{SelftestAnswer, TestOutcome};

use crate::child::{command, sentence_of};
use crate::error::GeneratorError;
use crate::patience::within;

/// Most time for all tests.
const MOST_TIME: Duration = Duration::from_secs(5);

/// How the tests went.
#[derive(Debug)]
pub struct Run {
    /// The tests, as far as they were named.
    pub answer: SelftestAnswer,
    /// Whether the generator may be used.
    pub verdict: Result<(), GeneratorError>,
}

/// Runs the tests of the sealed copy at `executable`.
///
/// # Errors
/// [`GeneratorError::Spawn`]: there was no run, which says nothing about the generator.
pub async fn run(executable: &Path) -> Result<Run, GeneratorError> {
    let output = command(executable).arg("--selftest").output();
    let Some(output) = within(MOST_TIME, output).await else {
        let verdict = Err(GeneratorError::SelftestHung);
        return Ok(Run { answer: Vec::new().into(), verdict });
    };
    Ok(judge(&output.map_err(GeneratorError::Spawn)?))
}

/// Only a success that names tests, all of them passed, is one.
fn judge(output: &Output) -> Run {
    let said = String::from_utf8_lossy(&output.stdout);
    let mut answer = SelftestAnswer::from(said.lines().map(outcome).collect::<Vec<_>>());
    answer.passed &= output.status.success();
    let verdict = if answer.passed { Ok(()) } else { Err(failure(output, &answer.failed)) };
    Run { answer, verdict }
}

/// Reads `NAME: pass`; whatever else a line says is a failure.
fn outcome(line: &str) -> TestOutcome {
    let (name, outcome) = line.rsplit_once(": ").unwrap_or((line, ""));
    TestOutcome { name: name.to_owned(), ok: outcome == "pass" }
}

fn failure(output: &Output, failed: &[String]) -> GeneratorError {
    let said = output.stderr.split(|byte| *byte == b'\n').rev().find_map(sentence_of);
    let said = said.unwrap_or_else(|| match failed {
        [] => format!("it named no test that failed ({})", output.status),
        names => names.join(", "),
    });
    GeneratorError::SelftestFailed(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    /// Judges a run that ended with `code` after writing `out` and `err`.
    fn judged(code: i32, out: &str, err: &str) -> (Run, String) {
        let status = ExitStatus::from_raw(code << 8);
        let run = judge(&Output { status, stdout: out.into(), stderr: err.into() });
        let why = run.verdict.as_ref().err().map(ToString::to_string).unwrap_or_default();
        (run, why)
    }

    #[test]
    fn a_run_passes_when_every_named_test_does() {
        let (run, why) = judged(0, "sha-256: pass\ndrbg: ctr: pass\n", "");
        assert!(run.answer.passed && run.answer.failed.is_empty() && why.is_empty(), "{run:?}");
        let names: Vec<&str> = run.answer.tests.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names, ["sha-256", "drbg: ctr"]);
    }

    #[test]
    fn anything_else_is_a_failure_with_a_reason() {
        let table: [(i32, &str, &str, &[&str], &str); 6] = [
            (3, "a: pass\nb: FAIL\n", "re4_dump: b failed\n", &["b"], ": b failed"),
            (3, "a: FAIL\nb: FAIL\n", "", &["a", "b"], ": a, b"),
            (0, "a: FAIL\n", "", &["a"], ": a"),
            (0, "a: passed\nb\n", "", &["a", "b"], ": a, b"),
            (0, "", "", &[], "it named no test"),
            (1, "a: pass\n", "re4_dump: one\nre4_dump: two\n\n", &[], ": two"),
        ];
        for (code, out, err, failed, reason) in table {
            let (run, why) = judged(code, out, err);
            assert!(!run.answer.passed, "{run:?}");
            assert_eq!(run.answer.failed, failed, "{run:?}");
            assert!(why.starts_with("the sealed core failed its self-test: "), "{why}");
            assert!(why.contains(reason), "{why}");
        }
    }
}
