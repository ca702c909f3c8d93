//! The text of `proof/benchmarks.md`.

use std::fmt::Write;

use anyhow::Result;

use super::{
    figures::Spread,
    machine::Machine,
    open, peers, services,
    tools::{self, Tool},
    wrk,
};

/// What others have made, as it was measured or as it measured.
#[derive(Default)]
pub(super) struct Peers {
    /// Names with versions.
    versions: Vec<String>,
    /// Names and texts of settings.
    settings: Vec<(&'static str, &'static str)>,
}

impl Peers {
    /// Asks the tools.
    ///
    /// # Errors
    /// When one is missing.
    pub(super) fn of(needed: &[&Tool]) -> Result<Self> {
        let mut versions = tools::versions(needed)?;
        if needed.contains(&&tools::PYTHON) {
            let packages = ["fastapi", "uvicorn", "uvloop", "httptools"];
            let said = packages.map(|name| (name, peers::version(name).unwrap_or("unknown")));
            versions.extend(said.map(|(name, version)| format!("{name} {version}")));
        }
        let all = [
            (&tools::NGINX, "nginx.conf", peers::NGINX),
            (&tools::CADDY, "Caddyfile", peers::CADDY),
        ];
        let used = all.into_iter().filter(|(tool, ..)| needed.contains(tool));
        Ok(Self { versions, settings: used.map(|(_, name, text)| (name, text)).collect() })
    }
}

/// One subject: how it was measured, and what came out.
pub(super) struct Section {
    pub(super) title: &'static str,
    /// Before the table.
    pub(super) text: String,
    pub(super) table: Vec<Row>,
    /// After it, if there is anything to say.
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
pub(super) fn write(
    command: &str,
    machine: &Machine,
    load: f64,
    peers: &Peers,
    sections: &[Section],
) -> String {
    let Machine { date, commit, compiler, kernel, processor, processors, .. } = machine;
    let (memory, file_system, load_before) =
        (machine.memory_gib, &machine.file_system, machine.load);
    let mut text = format!(
        "# Benchmarks\n\n\
         By `{command}`.\n\n\
         `cargo xtask bench` takes half an hour and replaces this file; `--quick` takes some minutes and writes nothing,\n\
         `--only PART` measures one part, `--dir DIR` the disk of that folder. Everything runs on loopback, on cores and a\n\
         disk that others may use too: read the ratios first, and beside each median the least and the most.\n\n\
         {date}, commit {commit}, {compiler}.\n\
         {processors} cores of {processor}, {memory} GiB, {kernel}, {file_system}.\n\
         Load of the last minute when the run began {load_before:.1}, when it ended {load:.1}.\n"
    );
    text.push_str(&said_of(peers));
    text.push_str(&summary(sections));
    // Writing to a text cannot fail.
    let how = [services::HOW, wrk::HOW, open::HOW].join("\n\n");
    let _written = write!(text, "\n## How\n\n{how}\n");
    for Section { title, text: before, table, notes } in sections {
        let lines: Vec<String> = table.iter().map(Row::line).collect();
        let _written = write!(
            text,
            "\n## {title}\n\n{before}\n\n\
             | | median | least | most | asked | reached |\n|---|--:|--:|--:|--:|---|\n{}\n",
            lines.join("\n")
        );
        if !notes.is_empty() {
            let _written = write!(text, "\n{notes}\n");
        }
    }
    for (name, settings) in &peers.settings {
        let _written = write!(
            text,
            "\n## The settings of a peer: `crates/xtask/peers/{name}`\n\n```\n{settings}```\n"
        );
    }
    text
}

fn said_of(peers: &Peers) -> String {
    if peers.versions.is_empty() {
        String::new()
    } else {
        format!("{}.\n", peers.versions.join(", "))
    }
}

/// Says how much of what was asked is reached, and names the rest.
fn summary(sections: &[Section]) -> String {
    let (mut asked, mut missed) = (0_usize, String::new());
    for Section { title, table, .. } in sections {
        let mut subject = "";
        for row in table {
            // A row that begins so goes on with the subject of those before.
            let detail = row.what.starts_with('–');
            if !detail {
                subject = &row.what;
            }
            let Some(reached) = row.reached() else { continue };
            asked = asked.saturating_add(1);
            if !reached {
                let detail = if detail { format!(" {}", row.what) } else { String::new() };
                let _written = write!(missed, "\n- {title}: {subject}{detail}");
            }
        }
    }
    let reached = asked.saturating_sub(missed.lines().skip(1).count());
    let rest = if missed.is_empty() { "" } else { " Not reached:\n" };
    format!("\nOf {asked} figures that are asked for, {reached} are reached.{rest}{missed}\n")
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
    fn the_summary_names_what_is_not_reached() {
        let section = |bound| Section {
            title: "T",
            text: String::new(),
            table: vec![row(&[2.0]).asked(Asked::AtLeast(bound)), row(&[2.0])],
            notes: String::new(),
        };
        let all = summary(&[section(1.0), section(2.0)]);
        assert_eq!(all, "\nOf 2 figures that are asked for, 2 are reached.\n");
        let one = summary(&[section(1.0), section(3.0)]);
        assert!(one.ends_with("for, 1 are reached. Not reached:\n\n- T: a\n"), "{one}");
        let mut detail = section(1.0);
        detail.table.push(Row::new("– b", Spread::of([1.0]), 0).asked(Asked::AtMost(0.0)));
        assert!(summary(&[detail]).ends_with("\n\n- T: a – b\n"));
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
