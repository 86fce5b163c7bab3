//! Text tables for a terminal: aligned columns, two spaces apart, a rule below the header.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Where a column's cells stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// A table under construction.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    /// Set when the header was given out.
    widths: Option<Vec<usize>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let columns = columns.into_iter().map(|(name, align)| (printable(name), align)).collect();
        Self { columns, rows: Vec::new(), widths: None }
    }

    /// Adds a row; missing cells are blank, surplus ones left out.
    pub(crate) fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| printable(cell.as_ref())).collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// Rows that wait to be given out.
    pub(crate) const fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// The whole table, a line feed after each line.
    pub(crate) fn render(mut self) -> String {
        self.take()
    }

    /// The rows since the last call, the first time with the header. The first rows set the widths; a later cell that is
    /// wider pushes the rest of its line to the right.
    pub(crate) fn take(&mut self) -> String {
        let mut out = String::new();
        let rows = std::mem::take(&mut self.rows);
        let header = self.widths.is_none();
        let widths = self.widths.take().unwrap_or_else(|| widths(&self.columns, &rows));
        if header {
            self.line(&mut out, &widths, self.columns.iter().map(|(name, _)| name.as_str()));
            let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            self.line(&mut out, &widths, rules.iter().map(String::as_str));
        }
        for row in &rows {
            self.line(&mut out, &widths, row.iter().map(String::as_str));
        }
        self.widths = Some(widths);
        out
    }

    fn line<'a>(&self, out: &mut String, widths: &[usize], cells: impl Iterator<Item = &'a str>) {
        let mut text = String::new();
        for ((cell, width), (_, align)) in cells.zip(widths).zip(&self.columns) {
            let pad = width.saturating_sub(cell.width());
            let (before, after) = if *align == Align::Right { (pad, 0) } else { (0, pad) };
            let _ = write!(text, "{:before$}{cell}{:after$}  ", "", "");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
}

/// The width of each column.
fn widths(columns: &[(String, Align)], rows: &[Vec<String>]) -> Vec<usize> {
    let cells = |i: usize| rows.iter().filter_map(move |row| row.get(i)).map(|cell| cell.width());
    columns.iter().enumerate().map(|(i, (name, _))| cells(i).fold(name.width(), usize::max)).collect()
}

/// Text that cannot move the cursor or otherwise command a terminal: data may hold anything.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// A number with its thousands apart: `1,234,567`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_by_width() {
        let mut table = Table::new([("name", Align::Left), ("radius", Align::Right)]);
        table.row(["Io", "1821"]);
        table.row(["月", "7"]);
        assert_eq!(table.render(), "name  radius\n----  ------\nIo      1821\n月         7\n");
    }

    #[test]
    fn cells_cannot_command_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
    }

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
