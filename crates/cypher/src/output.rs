//! A result as the service writes it: `{"results":[{"column":value, …}, …]}`.
//!
//! **Source**: spec/opencypher.md §2.

use std::io;

use exec::Value;
use exec::batch::Slot;
use exec::context::Context;
use exec::graph::Shown;
use exec::memory::Held;
use exec::{fault, json};

use crate::{Column, Rows};

/// How every result begins.
pub const HEAD: &[u8] = b"{\"results\":[";

/// How every result ends.
pub const TAIL: &[u8] = b"]}";

/// Writes all rows with the frame around them; how many there were. A row is written in one piece.
///
/// # Errors
///
/// Each of [`fault::Error`]; then what was written has no end.
pub fn write_json(
    out: &mut impl io::Write,
    columns: &[Column],
    rows: &mut Rows<'_>,
    context: &Context<'_>,
) -> fault::Result<u64> {
    let keys = keys(columns)?;
    let mut entities = Shown::new(context);
    let mut count = 0;
    let mut row = Row { text: Vec::new(), held: context.memory.hold(), counted: 0, refused: None };
    out.write_all(HEAD)?;
    while let Some(batch) = rows.next_batch()? {
        let read = |at: usize| batch.column(Slot(at as u32)).resolved(batch.len(), context);
        let values = (0..keys.len()).map(read).collect::<fault::Result<Vec<_>>>()?;
        entities.read(values.iter().flat_map(|column| column.iter()))?;
        for at in 0..batch.len() {
            row.text.clear();
            row.text.extend_from_slice(if count == 0 { b"{" } else { b",{" });
            for (key, column) in keys.iter().zip(&values) {
                row.text.extend_from_slice(key);
                let value = column.get(at).unwrap_or(&Value::Null);
                let written = json::write(&mut row, value, &mut entities);
                match row.refused.take() {
                    Some(refused) => return Err(refused),
                    None => written?,
                }
            }
            row.text.push(b'}');
            out.write_all(&row.text)?;
            count += 1;
        }
    }
    out.write_all(TAIL)?;
    Ok(count)
}

/// The text of a row, which is held: it may be larger by far than what is kept of its values, if these share their parts.
struct Row {
    text: Vec<u8>,
    held: Held,
    /// Bytes that are held.
    counted: usize,
    /// Why no more was taken.
    refused: Option<fault::Error>,
}

impl io::Write for Row {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        if self.text.capacity() > self.counted {
            self.counted = self.text.capacity();
            if let Err(refused) = self.held.set(self.counted as u64) {
                self.refused = Some(refused);
                return Err(io::Error::other("out of memory"));
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands before the value of each column: `"first":`, then `,"second":`.
fn keys(columns: &[Column]) -> io::Result<Vec<Vec<u8>>> {
    let key = |(at, column): (usize, &Column)| {
        let mut text = if at == 0 { Vec::new() } else { vec![b','] };
        json::write_string(&mut text, &column.name)?;
        text.push(b':');
        Ok(text)
    };
    columns.iter().enumerate().map(key).collect()
}
