//! How far a section is: a bar on a terminal, lines elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use super::say;

/// The progress of one section.
pub(super) struct Progress {
    subject: &'static str,
    /// None where nobody sees it move.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins with no step done of so many.
    pub(super) fn begin(subject: &'static str, steps: usize) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("bench: {prefix} {bar:30} {eta} {msg}");
            let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
            bar.set_prefix(subject);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { subject, bar }
    }

    /// Says what is measured now.
    pub(super) fn now(&self, text: String) {
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => say(&format!("{}: {text}", self.subject)),
        }
    }

    /// Counts a step.
    pub(super) fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
