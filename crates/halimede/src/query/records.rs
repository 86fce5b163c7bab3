//! The rows of an openCypher result as a table or as CSV, laid out as they stream by.
//!
//! The widths of a table come from its first rows; a later cell that is wider pushes its line to the right. So an answer of
//! any size prints in constant memory.

use std::fmt;
use std::io::{self, BufReader, Read, Write};

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::tail::Tail;
use crate::error::{Error, Result};
use crate::output;
use crate::table::{Align, Table};

/// Rows that are looked at before the first is printed.
const LAID_OUT: usize = 1000;

/// Prints a table of these columns, and how many rows there were.
pub(super) fn table(answer: &mut Tail<impl Read>, columns: &[&str], out: &mut impl Write) -> Result<()> {
    let mut table = Table::new(columns.iter().map(|column| (*column, Align::Left)));
    let mut count = 0_u64;
    each_row(answer, &mut |row| {
        table.row(row);
        count += 1;
        if table.waiting() == LAID_OUT { out.write_all(table.take().as_bytes()) } else { Ok(()) }
    })?;
    let rows = if count == 1 { "row" } else { "rows" };
    let rest = if columns.is_empty() { String::new() } else { table.take() + "\n" };
    output::written(writeln!(out, "{rest}{count} {rows}"))
}

/// Prints CSV with a line of these columns.
pub(super) fn csv(answer: &mut Tail<impl Read>, columns: &[&str], out: &mut impl Write) -> Result<()> {
    let line = |cells: &mut dyn Iterator<Item = &str>| cells.map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
    if !columns.is_empty() {
        let head = line(&mut columns.iter().copied());
        output::written(out.write_all(head.as_bytes()))?;
    }
    each_row(answer, &mut |row| out.write_all(line(&mut row.iter().map(String::as_str)).as_bytes()))?;
    output::written(out.flush())
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// What takes the cells of a row.
type Take<'t> = &'t mut dyn FnMut(Vec<String>) -> io::Result<()>;

/// Reads a result and hands out its rows. An error of whoever takes them ends it.
fn each_row(answer: &mut Tail<impl Read>, take: Take<'_>) -> Result<()> {
    let mut refused = None;
    let mut keep = |row| {
        let taken: io::Result<()> = take(row);
        // An error of a kind is enough for the parser; the error itself is kept here.
        taken.map_err(|error| {
            let kind = error.kind();
            refused = Some(error);
            kind.into()
        })
    };
    let read = {
        let mut parser = serde_json::Deserializer::from_reader(BufReader::new(&mut *answer));
        Document(&mut keep).deserialize(&mut parser).and_then(|()| parser.end())
    };
    match (read, refused) {
        (_, Some(error)) => output::written(Err(error)),
        (Ok(()), None) => Ok(()),
        (Err(error), None) => {
            Err(Error::Failed(answer.failure().unwrap_or_else(|| format!("the answer broke off: {error}"))))
        }
    }
}

/// `{"results": […]}`
struct Document<'t>(Take<'t>);

/// `[{…}, …]`
struct Rows<'t>(Take<'t>);

/// The cells of `{"column": value, …}`, in their order.
struct Row(Vec<String>);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key::<String>()? {
            if key == "results" {
                members.next_value_seed(Rows(&mut *self.0))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(Row(cells)) = rows.next_element()? {
            (self.0)(cells).map_err(serde::de::Error::custom)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cells;
        impl<'de> Visitor<'de> for Cells {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Row, A::Error> {
                let mut cells = Vec::new();
                while let Some((_, value)) = members.next_entry::<IgnoredAny, Box<RawValue>>()? {
                    cells.push(cell(value.get()));
                }
                Ok(Row(cells))
            }
        }
        deserializer.deserialize_map(Cells)
    }
}

/// A value as people read it: a string is its text, null is nothing, and everything else is its JSON.
fn cell(json: &str) -> String {
    match json {
        "null" => String::new(),
        text if text.starts_with('"') => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"{"results":[{"n":"Io, a \"moon\"","x":1.5},{"n":null,"x":{"~id":"a"}}]}"#;

    fn shown(
        json: &'static str,
        show: impl FnOnce(&mut Tail<&'static [u8]>, &[&str], &mut Vec<u8>) -> Result<()>,
    ) -> String {
        let mut out = Vec::new();
        show(&mut Tail::new(json.as_bytes()), &["n", "x"], &mut out).expect("good rows");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn rows_become_a_table() {
        let expected = "n             x\n------------  -----------\nIo, a \"moon\"  1.5\n              {\"~id\":\"a\"}\n\n2 rows\n";
        assert_eq!(shown(ROWS, table), expected);
        let none = shown(r#"{"results":[]}"#, |answer, _, out| table(answer, &[], out));
        assert_eq!(none, "0 rows\n");
    }

    #[test]
    fn rows_become_csv() {
        let expected = "n,x\r\n\"Io, a \"\"moon\"\"\",1.5\r\n,\"{\"\"~id\"\":\"\"a\"\"}\"\r\n";
        assert_eq!(shown(ROWS, csv), expected);
    }

    #[test]
    fn a_failure_behind_the_rows_is_told() {
        let text =
            r#"{"results":[{"n":1,"x":2},{"code":"XException","detailedMessage":"why","message":"why","requestId":""}"#;
        let error = table(&mut Tail::new(text.as_bytes()), &["n", "x"], &mut Vec::new()).expect_err("broken");
        assert_eq!(error.to_string(), "XException: why");
        let error = csv(&mut Tail::new(&b"{\"results\":[{\"n\""[..]), &["n"], &mut Vec::new());
        assert!(error.expect_err("broken").to_string().starts_with("the answer broke off: "));
    }
}
