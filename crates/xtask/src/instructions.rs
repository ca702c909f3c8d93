//! `cargo xtask instructions`: counts the instructions of what the node does most, and fails where something needs over
//! 3 % more than `proof/instructions.md` says.
//!
//! Instructions repeat on a busy machine, times do not. What is counted, and how many times, says
//! `benches/instructions`.

mod callgrind;
mod made;
mod table;

use std::{
    fs,
    io::{Write, stderr, stdout},
};

use anyhow::{Context, Result, bail, ensure};

use self::{
    callgrind::{Counted, Program},
    made::Made,
    table::{Row, Table},
};
use crate::environment;

/// Where the table is, from the root of the workspace.
const TABLE: &str = "proof/instructions.md";

/// What the counts are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be compared with the table.
    Compare,
    /// To be the new table.
    Write,
}

/// Builds, counts, and compares or writes.
///
/// # Errors
/// When valgrind is missing, something does not build or run, or a count is not as the table says.
pub fn run(mode: Mode) -> Result<()> {
    let valgrind = callgrind::version()?;
    let path = environment::root().join(TABLE);
    say("building (the first time takes some minutes)");
    let program = Program::build()?;
    let (counted, processor) = program.count_all()?;
    let table = Table {
        made: Made::here(processor, valgrind)?,
        rows: counted.iter().map(Counted::row).collect(),
    };
    if mode == Mode::Write {
        fs::write(&path, table.to_markdown())
            .with_context(|| format!("cannot write {}", path.display()))?;
        say(&format!("{TABLE} is written"));
        return Ok(());
    }
    let old = fs::read_to_string(&path);
    let old = old.with_context(|| format!("cannot read {TABLE}; `--write` makes it"))?;
    let old = Table::parse(&old).with_context(|| format!("{TABLE} is damaged"))?;
    judge(&old, &table)
}

/// Says what has changed.
fn judge(old: &Table, new: &Table) -> Result<()> {
    const WRITE: &str = "cargo xtask instructions --write";
    let (was, is) = (&old.made.processor, &new.made.processor);
    ensure!(
        was == is,
        "the counts cannot be compared, because the libraries choose their code by the processor: {TABLE} was made on \
         one that valgrind shows as\n  {was}\nand this one is shown as\n  {is}\nMeasure there; or, where this one is \
         to be the measure from now on, `{WRITE}`"
    );
    let changes = old.changes(new);
    if !changes.cheaper.is_empty() {
        let lines = changes.cheaper.join("\n  ");
        say(&format!("cheaper than {TABLE} says; so that it stays so, `{WRITE}`\n  {lines}"));
    }
    let wrong = changes.wrong();
    if wrong.is_empty() {
        return show(&format!("{} counts are as {TABLE} says\n", new.rows.len()));
    }
    let other = old.made.others(&new.made);
    bail!(
        "not as {TABLE} says:\n  {}\nWhere that is meant, `{WRITE}` and commit the table{other}",
        wrong.join("\n  ")
    )
}

impl Counted {
    fn row(&self) -> Row {
        let Self { name, instructions, bytes, .. } = self;
        Row { name: name.clone(), instructions: *instructions, bytes: *bytes }
    }
}

/// Prints how far the run is.
fn say(text: &str) {
    let _unread = writeln!(stderr(), "instructions: {text}");
}

fn show(text: &str) -> Result<()> {
    Ok(stdout().write_all(text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(processor: &str, compiler: &str, instructions: u32) -> Table {
        let made =
            Made { processor: processor.into(), compiler: compiler.into(), ..Made::default() };
        Table { made, rows: vec![Row { name: "a/b".into(), instructions, bytes: 0 }] }
    }

    #[test]
    fn three_percent_are_let_through_and_no_more() {
        let old = table("p", "c", 1000);
        for good in [1, 1000, 1030] {
            judge(&old, &table("p", "c", good)).unwrap();
        }
        let error = judge(&old, &table("p", "c", 1031)).unwrap_err().to_string();
        assert!(error.contains("a/b: 1,000 → 1,031, +3.1 %"), "{error}");
        assert!(error.contains("--write") && !error.contains("compiler"), "{error}");
    }

    #[test]
    fn another_processor_is_named_and_nothing_is_compared() {
        let error = judge(&table("x avx2", "c", 1000), &table("x", "c", 1000)).unwrap_err();
        assert!(error.to_string().contains("cannot be compared"), "{error}");
    }

    #[test]
    fn another_compiler_is_a_hint() {
        judge(&table("p", "rustc 1", 1000), &table("p", "rustc 2", 1000)).unwrap();
        let error = judge(&table("p", "rustc 1", 1000), &table("p", "rustc 2", 2000)).unwrap_err();
        assert!(error.to_string().contains("compiler"), "{error}");
    }
}
