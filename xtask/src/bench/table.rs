//! Tables in Markdown, aligned so that they can be read as they are.

use std::fmt::Write;

/// Rows of cells below a heading. The first column is text, the others are figures.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(super) fn render(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let mut text = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                let width = width(column);
                let written =
                    if column == 0 { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
                written.expect("writing to a string cannot fail");
            }
            text.push_str("|\n");
            if number == 0 {
                for column in 0..row.len() {
                    text.push_str("| ");
                    text.push_str(&"-".repeat(width(column) - 1));
                    text.push_str(if column == 0 { "- " } else { ": " });
                }
                text.push_str("|\n");
            }
        }
        text
    }
}

/// Bytes in mebibytes.
pub(super) fn mebibytes(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / f64::from(1 << 20))
}

/// A rate with the unit that suits it.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        1e6.. => format!("{:.2} M/s", per_second / 1e6),
        1e3.. => format!("{:.0} k/s", per_second / 1e3),
        _ => format!("{per_second:.0} /s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_markdown() {
        let mut table = Table::new(&["who", "wall"]);
        table.row(vec!["Kùzu".to_owned(), "12.3 s".to_owned()]);
        assert_eq!(table.render(), "| who  |   wall |\n| ---- | -----: |\n| Kùzu | 12.3 s |\n");
    }

    #[test]
    fn rates_have_units() {
        assert_eq!([12.0, 12_345.0, 12_345_678.0].map(rate), ["12 /s", "12 k/s", "12.35 M/s"]);
    }
}
