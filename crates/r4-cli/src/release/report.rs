//! What was found about a release, and how it is shown.

use serde_json::json;

use super::shown;
use crate::exit::{Error, Exit};
use crate::output::{self, Tone, paint};

/// The checks in their order; a name stands for several of them.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<(String, Option<String>)>);

impl Report {
    /// Adds the result of a check of `name`; returns what it gave.
    pub(super) fn add<T>(&mut self, name: &str, result: Result<T, String>) -> Option<T> {
        let (given, fault) = match result {
            Ok(given) => (Some(given), None),
            Err(fault) => (None, Some(fault)),
        };
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, first)) => *first = first.take().or(fault),
            None => self.0.push((name.to_owned(), fault)),
        }
        given
    }

    /// Prints everything, and says how the command ends.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(super) fn print(&self, pinned: bool, as_json: bool) -> Result<Exit, Error> {
        let valid = self.0.iter().all(|(_, fault)| fault.is_none());
        if as_json {
            let checks = self.0.iter().map(|(name, fault)| json!({ "name": name, "fault": fault }));
            let checks: Vec<_> = checks.collect();
            output::print_json(&json!({ "valid": valid, "signed": pinned, "checks": checks }))?;
        } else {
            output::print(&self.text(pinned, valid))?;
        }
        Ok(match (valid, pinned) {
            (false, _) => Exit::Failed,
            (true, true) => Exit::Success,
            (true, false) => Exit::Unpinned,
        })
    }

    fn text(&self, pinned: bool, valid: bool) -> String {
        let line = |(name, fault): &(String, Option<String>)| match fault {
            None => format!("{} {}\n", paint(Tone::Good, "✓"), shown(name)),
            Some(fault) => format!("{} {}: {}\n", paint(Tone::Bad, "✗"), shown(name), shown(fault)),
        };
        let verdict = match (valid, pinned) {
            (false, _) => paint(Tone::Bad, "this is not a whole release: do not use it"),
            (true, true) => paint(Tone::Good, "all of it is what the key's owner released"),
            (true, false) => {
                paint(Tone::Amber, "it fits together; who released it was NOT checked (--key)")
            }
        };
        format!("{}{verdict}\n", self.0.iter().map(line).collect::<String>())
    }
}
