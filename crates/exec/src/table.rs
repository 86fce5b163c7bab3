//! Plans as tables, of whatever language: as text with lines drawn around their cells, as HTML, as CSV.

use std::io::{self, Write};
use std::time::Duration;

/// The columns of every table.
const COLUMNS: [&str; 6] = ["ID", "Out #1", "Out #2", "Name", "Arguments", "Mode"];

/// The columns of what was measured.
const MEASURED: [&str; 4] = ["Units In", "Units Out", "Ratio", "Time (ms)"];

/// How tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For a terminal.
    Text,
    /// For a browser.
    Html,
    /// For a program.
    Csv,
}

impl Form {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=UTF-8",
            Self::Html => "text/html; charset=UTF-8",
            Self::Csv => "text/csv; charset=UTF-8",
        }
    }
}

/// A table.
#[derive(Debug)]
pub struct Table {
    title: Option<String>,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one; with columns for what was measured, if anything was.
    pub fn new(title: Option<String>, measured: bool) -> Self {
        let more: &[&str] = if measured { &MEASURED } else { &[] };
        Self { title, columns: [&COLUMNS[..], more].concat(), rows: Vec::new() }
    }

    /// Adds a step: its id, the id of the step that takes its rows; its name, arguments and mode; the rows that it was
    /// given, those that came out, and its time.
    pub fn row(&mut self, id: usize, next: String, what: [String; 3], measured: Option<(u64, u64, Duration)>) {
        let mut cells = vec![id.to_string(), next, "-".to_owned()];
        cells.extend(what);
        if let Some((given, came, took)) = measured {
            let ratio = if given == 0 { 0.0 } else { came as f64 / given as f64 };
            let time = took.as_secs_f64() * 1_000.0;
            cells.extend([given.to_string(), came.to_string(), format!("{ratio:.2}"), format!("{time:.2}")]);
        }
        self.rows.push(cells);
    }
}

/// Writes tables, behind the text of their query if it is given.
pub fn write(out: &mut impl Write, form: Form, query: Option<&str>, tables: &[Table]) -> io::Result<()> {
    match form {
        Form::Text => text(out, query, tables),
        Form::Html => html(out, query, tables),
        Form::Csv => csv(out, query, tables),
    }
}

fn text(out: &mut impl Write, query: Option<&str>, tables: &[Table]) -> io::Result<()> {
    if let Some(query) = query {
        writeln!(out, "Query:\n{query}\n")?;
    }
    for (at, table) in tables.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some(title) = &table.title {
            writeln!(out, "{title}")?;
        }
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.chain([table.columns[at].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
        let rule = |ends: [char; 4]| {
            let [left, line, between, right] = ends;
            let parts: Vec<String> = widths.iter().map(|width| line.to_string().repeat(width + 2)).collect();
            format!("{left}{}{right}", parts.join(&between.to_string()))
        };
        let cells = |cells: &mut dyn Iterator<Item = &str>| {
            let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect();
            format!("║{}║", cells.join("│"))
        };
        writeln!(out, "{}", rule(['╔', '═', '╤', '╗']))?;
        writeln!(out, "{}", cells(&mut table.columns.iter().copied()))?;
        writeln!(out, "{}", rule(['╠', '═', '╪', '╣']))?;
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                writeln!(out, "{}", rule(['╟', '─', '┼', '╢']))?;
            }
            writeln!(out, "{}", cells(&mut row.iter().map(String::as_str)))?;
        }
        writeln!(out, "{}", rule(['╚', '═', '╧', '╝']))?;
    }
    Ok(())
}

/// A cell takes one line, and nothing in it moves a terminal's cursor.
fn one_line(cell: &str) -> String {
    cell.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn html(out: &mut impl Write, query: Option<&str>, tables: &[Table]) -> io::Result<()> {
    writeln!(out, "<!DOCTYPE html>\n<html>\n<head><meta charset=\"UTF-8\"><title>Explain</title></head>\n<body>")?;
    if let Some(query) = query {
        writeln!(out, "<p>Query:</p>\n<pre>{}</pre>", escaped(query))?;
    }
    for table in tables {
        if let Some(title) = &table.title {
            writeln!(out, "<h4>{}</h4>", escaped(title))?;
        }
        writeln!(out, "<table border=\"1\">\n<thead>\n<tr>")?;
        for column in &table.columns {
            writeln!(out, "<th>{}</th>", escaped(column))?;
        }
        writeln!(out, "</tr>\n</thead>\n<tbody>")?;
        for row in &table.rows {
            let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            writeln!(out, "<tr><td>{}</td></tr>", cells.join("</td><td>"))?;
        }
        writeln!(out, "</tbody>\n</table>")?;
    }
    writeln!(out, "</body>\n</html>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn csv(out: &mut impl Write, query: Option<&str>, tables: &[Table]) -> io::Result<()> {
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.map(quoted).collect();
        write!(out, "{}\r\n", cells.join(","))
    };
    if let Some(query) = query {
        line(&mut ["Query:", query].into_iter())?;
    }
    for table in tables {
        if let Some(title) = &table.title {
            line(&mut [title.as_str()].into_iter())?;
        }
        line(&mut table.columns.iter().copied())?;
        for row in &table.rows {
            line(&mut row.iter().map(String::as_str))?;
        }
    }
    Ok(())
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, measured: bool) -> String {
        let mut table = Table::new(Some("subQuery1".to_owned()), measured);
        let numbers = measured.then_some((4, 2, Duration::from_micros(1_500)));
        table.row(0, "1".to_owned(), ["Filter", "?0 < 'a,\"b\"'", "-"].map(str::to_owned), numbers);
        let mut out = Vec::new();
        write(&mut out, form, Some("RETURN 1"), &[table]).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_has_lines_around_its_cells() {
        assert_eq!(
            written(Form::Text, true),
            "Query:\nRETURN 1\n\nsubQuery1\n\
             ╔════╤════════╤════════╤════════╤══════════════╤══════╤══════════╤═══════════╤═══════╤═══════════╗\n\
             ║ ID │ Out #1 │ Out #2 │ Name   │ Arguments    │ Mode │ Units In │ Units Out │ Ratio │ Time (ms) ║\n\
             ╠════╪════════╪════════╪════════╪══════════════╪══════╪══════════╪═══════════╪═══════╪═══════════╣\n\
             ║ 0  │ 1      │ -      │ Filter │ ?0 < 'a,\"b\"' │ -    │ 4        │ 2         │ 0.50  │ 1.50      ║\n\
             ╚════╧════════╧════════╧════════╧══════════════╧══════╧══════════╧═══════════╧═══════╧═══════════╝\n"
        );
    }

    #[test]
    fn markup_and_separators_are_escaped() {
        assert!(written(Form::Html, false).contains("<td>?0 &lt; 'a,&quot;b&quot;'</td>"));
        assert_eq!(
            written(Form::Csv, false),
            "Query:,RETURN 1\r\nsubQuery1\r\nID,Out #1,Out #2,Name,Arguments,Mode\r\n0,1,-,Filter,\"?0 < 'a,\"\"b\"\"'\",-\r\n"
        );
    }
}
