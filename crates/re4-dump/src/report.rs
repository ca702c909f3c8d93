//! What the generator says of its health: sentences for people, and lines of JSON for r4-core.

use std::{
    fmt::Write as _,
    io::{Write as _, stderr},
};

use r4_drbg::Engine;
use r4_health::Severity;

use crate::{
    noise::Kind,
    source::{Source, SourceFailure, State},
    sources::Sources,
};

/// More than a line ever has: no memory is allocated once the system call filter is installed.
const LINE_BYTES: usize = 2048;

/// Whether lines of JSON are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// After the first seed, every reseed and every failure.
    Json,
    /// Never.
    Nothing,
}

/// Writes to standard error.
pub(crate) struct Reporter {
    report: Report,
    engine: Engine,
    /// Reseeds after the first seed.
    reseeds: u64,
    line: String,
}

impl Reporter {
    /// Allocates: call it before the system call filter is installed.
    pub(crate) fn new(report: Report, engine: Engine) -> Self {
        Self { report, engine, reseeds: 0, line: String::with_capacity(LINE_BYTES) }
    }

    /// Tells of the first seed.
    pub(crate) fn seeded(&mut self, sources: &Sources) {
        self.report(sources);
    }

    /// Tells of a reseed.
    pub(crate) fn reseeded(&mut self, sources: &Sources) {
        self.reseeds = self.reseeds.saturating_add(1);
        self.report(sources);
    }

    /// Tells of a source that failed a test.
    pub(crate) fn failed(&mut self, sources: &Sources, failure: SourceFailure) {
        let then = match failure.severity {
            Severity::Intermittent => "it is tested again",
            Severity::Permanent => "it is not used any more",
        };
        say(format_args!("{failure}: {then}"));
        self.report(sources);
    }

    fn report(&mut self, sources: &Sources) {
        if self.report == Report::Json {
            self.line.clear();
            let _fits = write_json(&mut self.line, self.engine, self.reseeds, sources);
            let _unread = stderr().write_all(self.line.as_bytes());
        }
    }
}

/// Writes one line to standard error. That it is closed is no reason to stop; a full pipe that nobody
/// reads is waited for.
pub(crate) fn say(sentence: std::fmt::Arguments<'_>) {
    let _unread = writeln!(stderr(), "re4_dump: {sentence}");
}

/// Appends the line. Names have no character that JSON would escape.
fn write_json(
    line: &mut String,
    engine: Engine,
    reseeds: u64,
    sources: &Sources,
) -> std::fmt::Result {
    write!(line, r#"{{"engine":"{}","reseeds":{reseeds},"sources":["#, engine.name())?;
    let mut separator = "";
    for (kind, source) in sources.all() {
        if source.as_ref().is_none_or(|source| source.state() != State::Untested) {
            line.write_str(separator)?;
            write_source(line, *kind, source.as_ref())?;
            separator = ",";
        }
    }
    line.write_str("]}\n")
}

fn write_source(line: &mut String, kind: Kind, source: Option<&Source>) -> std::fmt::Result {
    let counts = source.map(Source::counts).unwrap_or_default();
    let credited_bits = if source.is_some() { kind.properties().credited_bits() } else { 0 };
    let state = match source.map(Source::state) {
        None => "absent",
        Some(State::Untested | State::Intermittent) => "intermittent",
        Some(State::Ok) => "ok",
        Some(State::Failed) => "failed",
    };
    write!(
        line,
        r#"{{"name":"{}","state":"{state}","credited_bits":{credited_bits},"samples":{},"intermittent_failures":{},"permanent_failures":{},"failed_test":"#,
        kind.name(),
        counts.samples,
        counts.intermittent,
        counts.permanent,
    )?;
    match counts.failed_test {
        Some(test) => write!(line, r#""{test}"}}"#),
        None => line.write_str("null}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::OnFailure;

    #[test]
    fn the_line_is_json_and_fits() {
        let mut sources = Sources::find(OnFailure::Drop);
        let mut line = String::with_capacity(LINE_BYTES);
        write_json(&mut line, Engine::CtrAes256, 0, &sources).unwrap();
        assert!(!line.contains("getrandom"), "what was not tested yet is not spoken of: {line}");

        let mut reporter = Reporter::new(Report::Nothing, Engine::CtrAes256);
        sources.seed(&mut [0; 48], std::time::Duration::ZERO, &mut reporter).unwrap();
        line.clear();
        write_json(&mut line, Engine::CtrAes256, u64::MAX, &sources).unwrap();
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["engine"], "ctr-aes256");
        assert_eq!(json["reseeds"], u64::MAX);
        let kernel = &json["sources"][2];
        assert_eq!((&kernel["name"], &kernel["state"]), (&"getrandom".into(), &"ok".into()));
        assert_eq!(kernel["credited_bits"], 512);
        assert_eq!(kernel["samples"], 1088);
        assert_eq!(kernel["failed_test"], serde_json::Value::Null);
        // The largest counts are 20 digits long; there are four, in three sources.
        assert!(line.len() + 12 * 20 < LINE_BYTES, "{line}");
    }
}
