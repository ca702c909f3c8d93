//! The text of `proof/benchmarks.md`.

use std::fmt::Write;

use super::{figures::Spread, machine::Machine};

/// One subject: how it was measured, and what came out.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Before the table.
    pub(super) text: String,
    pub(super) table: Vec<Row>,
    /// After it.
    pub(super) notes: String,
}

/// A line of the table.
pub(super) struct Row {
    what: String,
    spread: Spread,
    decimals: usize,
    asked: Option<Asked>,
}

/// What the median must be.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    AtLeast(f64),
    AtMost(f64),
    /// The farthest measurement is no more than this part away from the median.
    Within(f64),
}

impl Row {
    pub(super) fn new(what: impl Into<String>, spread: Spread, decimals: usize) -> Self {
        Self { what: what.into(), spread, decimals, asked: None }
    }

    pub(super) fn asked(self, asked: Asked) -> Self {
        Self { asked: Some(asked), ..self }
    }

    /// Tells whether the figure is as asked, if something is asked.
    pub(super) fn reached(&self) -> Option<bool> {
        let Spread { least, median, most } = self.spread;
        Some(match self.asked? {
            Asked::AtLeast(bound) => median >= bound,
            Asked::AtMost(bound) => median <= bound,
            Asked::Within(part) => (most - median).max(median - least) <= median * part,
        })
    }

    fn line(&self) -> String {
        let (what, decimals) = (&self.what, self.decimals);
        let Spread { least, median, most } = self.spread;
        let asked = match self.asked {
            None => String::new(),
            Some(Asked::AtLeast(bound)) => format!("≥ {bound:.decimals$}"),
            Some(Asked::AtMost(bound)) => format!("≤ {bound:.decimals$}"),
            Some(Asked::Within(part)) => format!("± {:.0} %", part * 100.0),
        };
        let reached = self.reached().map_or("", |reached| if reached { "yes" } else { "**no**" });
        format!(
            "| {what} | {median:.decimals$} | {least:.decimals$} | {most:.decimals$} | {asked} | \
             {reached} |"
        )
    }
}

/// Writes the whole report; `command` makes it again, `load` is that of the last minute.
pub(super) fn write(command: &str, machine: &Machine, load: f64, sections: &[Section]) -> String {
    let Machine { date, commit, compiler, kernel, processor, processors, .. } = machine;
    let (memory, file_system, load_before) =
        (machine.memory_gib, &machine.file_system, machine.load);
    let mut text = format!(
        "# Benchmarks\n\n\
         By `{command}`, which replaces this file. `--quick` takes a minute and a half and writes nothing;\n\
         `--dir DIR` measures the disk of that folder. Everything runs on loopback, on cores and a disk that others may\n\
         use too: read the ratios first, and beside each median the least and the most.\n\n\
         {date}, commit {commit}, {compiler}.\n\
         {processors} cores of {processor}, {memory} GiB, {kernel}, {file_system}.\n\
         Load of the last minute when the run began {load_before:.1}, when it ended {load:.1}.\n"
    );
    for Section { title, text: before, table, notes } in sections {
        let lines: Vec<String> = table.iter().map(Row::line).collect();
        // Writing to a text cannot fail.
        let _written = write!(
            text,
            "\n## {title}\n\n{before}\n\n\
             | | median | least | most | asked | reached |\n|---|--:|--:|--:|--:|---|\n{}\n\n{notes}\n",
            lines.join("\n")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64]) -> Row {
        Row::new("a", Spread::of(values.iter().copied()), 1)
    }

    #[test]
    fn a_line_says_whether_what_was_asked_is_reached() {
        let line = |row: Row| row.line();
        assert_eq!(line(row(&[1.0, 2.0, 4.0])), "| a | 2.0 | 1.0 | 4.0 |  |  |");
        let asked = |asked| line(row(&[1.0, 2.0, 4.0]).asked(asked));
        assert_eq!(asked(Asked::AtLeast(2.0)), "| a | 2.0 | 1.0 | 4.0 | ≥ 2.0 | yes |");
        assert_eq!(asked(Asked::AtLeast(2.1)), "| a | 2.0 | 1.0 | 4.0 | ≥ 2.1 | **no** |");
        assert_eq!(asked(Asked::AtMost(2.0)), "| a | 2.0 | 1.0 | 4.0 | ≤ 2.0 | yes |");
        assert_eq!(asked(Asked::AtMost(1.9)), "| a | 2.0 | 1.0 | 4.0 | ≤ 1.9 | **no** |");
    }

    #[test]
    fn flat_is_what_no_measurement_leaves() {
        let flat = |values: &[f64]| row(values).asked(Asked::Within(0.1)).reached();
        assert_eq!(flat(&[9.0, 10.0, 11.0]), Some(true));
        assert_eq!(flat(&[8.9, 10.0, 11.0]), Some(false));
        assert_eq!(flat(&[9.0, 10.0, 11.1]), Some(false));
        assert_eq!(flat(&[]), Some(false), "nothing measured is nothing reached");
    }
}
