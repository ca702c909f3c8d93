//! Tables whose columns stand under each other.

use std::fmt;

use crate::output::{Tone, paint, plain};

/// A table of text.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<usize>,
}

impl Table {
    /// Makes a table with a title for each column.
    pub(crate) fn new<const N: usize>(titles: [&str; N]) -> Self {
        Self { rows: vec![titles.map(str::to_owned).to_vec()], right: Vec::new() }
    }

    /// Lets columns, counted from 0, end at the same place: those with numbers.
    pub(crate) fn align_right<const N: usize>(&mut self, columns: [usize; N]) {
        self.right.extend(columns);
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: &[String; N]) {
        self.rows.push(cells.iter().map(|cell| plain(cell)).collect());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    }

    fn line(&self, row: &[String]) -> String {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = self.width(column);
            if self.right.contains(&column) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = self.rows.iter();
        if let Some(titles) = rows.next() {
            writeln!(f, "{}", paint(Tone::Dim, &self.line(titles)))?;
        }
        rows.try_for_each(|row| writeln!(f, "{}", self.line(row)))
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(["NAME", "N"]);
        table.align_right([1]);
        table.row(&["a".to_owned(), "1".to_owned()]);
        table.row(&["long\u{1b}er".to_owned(), "100".to_owned()]);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, ["a          1", "long\u{fffd}er  100"]);
    }
}
