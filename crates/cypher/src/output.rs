//! A result as the service writes it: `{"results":[{"column":value, …}, …]}`.
//!
//! **Source**: spec/opencypher.md §2.

use std::io;

use exec::batch::Slot;
use exec::context::Context;
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
    let mut entities = context;
    let mut count = 0;
    let mut row = Vec::new();
    out.write_all(HEAD)?;
    while let Some(batch) = rows.next_batch()? {
        let read = |at: usize| context.column_values(batch.column(Slot(at as u32)), batch.len());
        let values = (0..keys.len()).map(read).collect::<fault::Result<Vec<_>>>()?;
        for at in 0..batch.len() {
            row.clear();
            row.extend_from_slice(if count == 0 { b"{" } else { b",{" });
            for (key, column) in keys.iter().zip(&values) {
                row.extend_from_slice(key);
                match column.get(at) {
                    Some(value) => json::write(&mut row, value, &mut entities)?,
                    None => row.extend_from_slice(b"null"),
                }
            }
            row.push(b'}');
            out.write_all(&row)?;
            count += 1;
        }
    }
    out.write_all(TAIL)?;
    Ok(count)
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
