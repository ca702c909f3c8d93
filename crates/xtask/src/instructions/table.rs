//! The table of `proof/instructions.md`: written, read and compared.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};

use super::made::Made;

/// How much dearer something may become, in thousandths.
const TOLERANCE: u64 = 30;

/// What was counted, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) made: Made,
    pub(super) rows: Vec<Row>,
}

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// `group/name`.
    pub(super) name: String,
    /// Instructions of doing it once.
    pub(super) instructions: u32,
    /// Bytes that it makes or reads; 0 where its speed does not depend on them.
    pub(super) bytes: u32,
}

/// What differs between two tables: a line for each piece of work.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Over the tolerance.
    pub(super) dearer: Vec<String>,
    /// By as much.
    pub(super) cheaper: Vec<String>,
    /// Counted now and not in the old table.
    pub(super) added: Vec<String>,
    /// In the old table and not counted any more.
    pub(super) gone: Vec<String>,
}

const HEAD: &str = "\
# Instructions

By `cargo xtask instructions --write`, which replaces this file. `cargo xtask instructions` counts again, and fails where
something needs over 3 % more than it says here. Times vary with whoever else uses the machine; instructions repeat.

Counted are those of user space, by callgrind: the mean of many times, after one that is not counted, with the inputs of
`crates/xtask/benches/works`. Not counted are the kernel, the sealed generator's process, and waiting. `core/random` is
`/random?n=32&fmt=hex` through r4-core's server, from the socket to the socket, with the few instructions of a client;
`gateway/random` is `/v1/random?n=32&fmt=hex` through r4-gateway's, with authentication, limits and metrics, and that r4-core.
ML-DSA-65 signing is not here: it is hedged, and the number of its tries is left to chance;
`receipt/issue_without_mldsa` is all else that making a receipt takes. `cargo bench -p xtask --bench primitives` times
both.

Valgrind shows the programs a processor of its own, without SHA extensions and AVX-512: what is hashed, and what
`chacha20` and `ctr_aes256` make, needs more here than on a processor that has them. So the counts of two processors that
it shows alike can be compared, and the counts of different pieces of work with care.

";

impl Table {
    /// Writes the file.
    pub(super) fn to_markdown(&self) -> String {
        let mut text = HEAD.to_owned();
        for (name, value) in self.made.lines() {
            // Writing to a text cannot fail.
            let _written = writeln!(text, "- {name}: {value}");
        }
        text.push_str("\n| work | instructions | bytes | a byte |\n|---|--:|--:|--:|\n");
        self.rows.iter().for_each(|row| text.push_str(&row.line()));
        text
    }

    /// Reads the file.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let made = Made::parse(text).context("it does not say on what it was made")?;
        let lines = text.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows: Vec<Row> = lines.map(Row::parse).collect::<Result<_>>()?;
        ensure!(!rows.is_empty(), "it has no counts");
        Ok(Self { made, rows })
    }

    /// Compares with newer counts.
    pub(super) fn changes(&self, new: &Self) -> Changes {
        let mut changes = Changes::default();
        for row in &new.rows {
            let Some(old) = self.row(&row.name) else {
                changes.added.push(format!("{}: is not in the table", row.name));
                continue;
            };
            let (was, is) = (u64::from(old.instructions), u64::from(row.instructions));
            let bound = |thousandths: u64| was.saturating_mul(thousandths);
            let (is_in_thousandths, line) = (is.saturating_mul(1000), || old.change(row));
            if is_in_thousandths > bound(1000 + TOLERANCE) {
                changes.dearer.push(line());
            } else if is_in_thousandths < bound(1000 - TOLERANCE) {
                changes.cheaper.push(line());
            }
        }
        let gone = self.rows.iter().filter(|row| new.row(&row.name).is_none());
        changes.gone = gone.map(|row| format!("{}: is not counted any more", row.name)).collect();
        changes
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }
}

impl Changes {
    /// Returns the lines of what must not be.
    pub(super) fn wrong(&self) -> Vec<String> {
        [&self.dearer, &self.added, &self.gone].into_iter().flatten().cloned().collect()
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { name, instructions, bytes } = self;
        let count = grouped(*instructions);
        if *bytes == 0 {
            return format!("| `{name}` | {count} | | |\n");
        }
        let each = f64::from(*instructions) / f64::from(*bytes);
        format!("| `{name}` | {count} | {} | {each:.2} |\n", grouped(*bytes))
    }

    /// Reads what follows the name's opening sign.
    fn parse(line: &str) -> Result<Self> {
        let row = || {
            let mut fields = line.split('|').map(str::trim);
            let name = fields.next()?.strip_suffix('`')?.to_owned();
            let instructions = fields.next()?.replace(',', "").parse().ok()?;
            let bytes = match fields.next()? {
                "" => 0,
                bytes => bytes.replace(',', "").parse().ok()?,
            };
            Some(Self { name, instructions, bytes })
        };
        row().with_context(|| format!("a line cannot be read: | `{line}"))
    }

    fn change(&self, new: &Self) -> String {
        let (was, is) = (self.instructions, new.instructions);
        let percent = (f64::from(is) / f64::from(was.max(1)) - 1.0) * 100.0;
        format!("{}: {} → {}, {percent:+.1} %", self.name, grouped(was), grouped(is))
    }
}

/// Writes a number with a comma after each thousand.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, u32, u32)]) -> Table {
        let row = |&(name, instructions, bytes): &(&str, u32, u32)| Row {
            name: name.into(),
            instructions,
            bytes,
        };
        let made = Made {
            processor: "x86_64 avx2".into(),
            compiler: "rustc 1".into(),
            valgrind: "valgrind-3".into(),
            c_library: "glibc 2".into(),
        };
        Table { made, rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = table(&[("a/b", 12, 0), ("a/c", 1_234_567, 1000)]);
        let text = written.to_markdown();
        assert!(
            text.ends_with("| `a/b` | 12 | | |\n| `a/c` | 1,234,567 | 1,000 | 1234.57 |\n"),
            "{text}"
        );
        assert_eq!(Table::parse(&text).unwrap(), written);
    }

    #[test]
    fn a_damaged_table_is_refused() {
        let text = table(&[("a/b", 12, 0)]).to_markdown();
        for (from, to) in
            [("12", "1x2"), ("| `a/b`", "| a/b"), ("- Compiler", "- "), ("| 12 | | |", "")]
        {
            assert!(Table::parse(&text.replace(from, to)).is_err(), "{from}");
        }
    }

    #[test]
    fn each_kind_of_change_is_told_apart() {
        let old = table(&[("same", 1000, 0), ("more", 1000, 0), ("less", 1000, 0), ("gone", 1, 0)]);
        let new = table(&[("same", 970, 0), ("more", 1031, 0), ("less", 969, 0), ("new", 1, 0)]);
        let changes = old.changes(&new);
        assert_eq!(changes.dearer, ["more: 1,000 → 1,031, +3.1 %"]);
        assert_eq!(changes.cheaper, ["less: 1,000 → 969, -3.1 %"]);
        assert_eq!(changes.added, ["new: is not in the table"]);
        assert_eq!(changes.gone, ["gone: is not counted any more"]);
        assert_eq!(changes.wrong().len(), 3, "what is cheaper is not wrong");
    }
}
