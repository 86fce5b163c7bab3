//! From a block of CSV to rows, and from a refused row to its error.
//!
//! What both CSV formats have in common: blank lines are skipped, rows are numbered, a row wider than its header, with a
//! NUL or with an oversized value is refused, and broken quoting ends the file (`spec/loader.md` §6.1, §6.4).

use std::ops::Range;

use model::TermId;
use store::{IngestBatch, Ordinal};

use super::csv::{self, Fault, Field, Row, Text};
use super::{Parsed, RowError, RowErrorKind, VALUE_LIMIT, columns};
use crate::blocks::{Block, HEAD_LIMIT};

/// Why a row (or a header) is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: RowErrorKind,
    pub(crate) message: String,
    /// The field's number, from 0.
    pub(crate) column: Option<usize>,
}

impl Refusal {
    /// A parsing error of the whole row.
    pub(crate) const fn parse(message: String) -> Self {
        Self { kind: RowErrorKind::Parse, message, column: None }
    }

    /// The same, at a column.
    pub(crate) fn at(self, column: usize) -> Self {
        Self { kind: self.kind, message: self.message, column: Some(column) }
    }
}

/// Buffers that outlive a block.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) fields: Vec<Field>,
    pub(crate) texts: Texts,
    /// The ids of the property keys, for the block at hand.
    pub(crate) keys: Vec<TermId>,
}

/// Room for texts that must be changed before use.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// A cell without its doubled quotes; a literal without its escapes.
    pub(crate) cell: String,
    /// An element of an array without its escapes; an id with its ID space; a datatype.
    pub(crate) part: String,
}

/// One row with its number, on its way to becoming entries.
pub(crate) struct Record<'a> {
    pub(crate) row: Row<'a>,
    /// From 1.
    pub(crate) number: u64,
    pub(crate) ordinal: Ordinal,
    pub(crate) batch: &'a mut IngestBatch,
    pub(crate) texts: &'a mut Texts,
}

/// Calls `read` for each row of the block. Entries of a row that it refuses are taken back.
pub(crate) fn each(
    feed: u32,
    names: &[String],
    block: &Block,
    out: &mut Parsed,
    mut read: impl FnMut(Record<'_>) -> Result<(), Refusal>,
) {
    let data = block.data.as_slice();
    let text = Text::new(data);
    let suspicious = memchr::memchr(0, data).is_some() || data.len() > VALUE_LIMIT;
    let mut lines = Lines { data, at: 0, line: block.first_line };
    let mut number = block.first_record;
    let mut at = 0;
    let mut fields = std::mem::take(&mut out.scratch.fields);
    let mut texts = std::mem::take(&mut out.scratch.texts);
    while at < data.len() {
        let start = at;
        let (refusal, fatal) = match csv::split(data, start, &mut fields) {
            Err(fault) => {
                at = data.len();
                (Some(broken(fault, names)), Some(fault))
            }
            Ok(end) => {
                at = end;
                let row = Row::new(text, &fields);
                if row.is_blank() {
                    continue;
                }
                let entries = out.batch.entries.len();
                let record = Record {
                    row,
                    number,
                    ordinal: Ordinal::new(feed, number),
                    batch: &mut out.batch,
                    texts: &mut texts,
                };
                let result = check(row, names, suspicious).and_then(|()| read(record));
                if result.is_err() {
                    out.batch.entries.truncate(entries);
                }
                (result.err(), None)
            }
        };
        out.rows += 1;
        if let Some(refusal) = refusal {
            let end = fatal.map_or(at, |fault| line_end(data, fault.at));
            out.errors.push(RowError {
                ordinal: Ordinal::new(feed, number),
                kind: refusal.kind,
                message: refusal.message,
                record: number,
                line: lines.number_at(start),
                column: refusal.column.and_then(|column| names.get(column)).cloned(),
                raw: raw(data, start, end),
                fatal: fatal.is_some(),
            });
        }
        number += 1;
    }
    out.scratch.fields = fields;
    out.scratch.texts = texts;
}

/// What `look` makes of the one row in `data`.
pub(crate) fn only<T>(data: &[u8], look: impl FnOnce(Row<'_>) -> Option<T>) -> Option<T> {
    let mut fields = Vec::new();
    csv::split(data, 0, &mut fields).ok()?;
    look(Row::new(Text::new(data), &fields))
}

/// What a row may not be, whatever its format.
fn check(row: Row<'_>, names: &[String], suspicious: bool) -> Result<(), Refusal> {
    if row.len() > names.len() {
        return Err(Refusal::parse("Record has more columns than header".to_owned()));
    }
    if !suspicious {
        return Ok(());
    }
    let name = |column: usize| names.get(column).map(|name| super::excerpt(name)).unwrap_or_default();
    if let Some(column) = row.find(0) {
        let message = format!("Column '{}': found the character U+0000, which no value may hold", name(column));
        return Err(Refusal::parse(message).at(column));
    }
    if let Some((column, length)) = row.longest().filter(|(_, length)| *length > VALUE_LIMIT) {
        let message =
            format!("Column '{}': found a value of {length} bytes, expected at most {VALUE_LIMIT}", name(column));
        return Err(Refusal::parse(message).at(column));
    }
    Ok(())
}

/// The refusal of a row whose quoting is broken.
fn broken(fault: Fault, names: &[String]) -> Refusal {
    let place = match names.get(fault.field) {
        Some(name) => format!("Column '{}'", super::excerpt(name)),
        None => format!("Column {}", fault.field + 1),
    };
    Refusal::parse(format!("{place}: {}", fault.kind.message())).at(fault.field)
}

/// A header that can be read.
pub(crate) struct Header {
    pub(crate) names: Vec<String>,
    /// Where it lies, with its line end.
    pub(crate) line: Range<usize>,
}

/// The header; `None` if the file is blank.
///
/// # Errors
///
/// Broken quoting, names that cannot be.
pub(crate) fn header(feed: u32, head: &[u8], bom: usize) -> Result<Option<Header>, RowError> {
    let mut fields = Vec::new();
    let mut at = bom;
    while at < head.len() {
        let start = at;
        let raw = |end: usize| head.get(start..end).unwrap_or_default();
        at = csv::split(head, start, &mut fields)
            .map_err(|fault| header_error(feed, raw(line_end(head, fault.at)), &[], broken(fault, &[])))?;
        if at == head.len() && head.len() >= HEAD_LIMIT {
            let refusal = Refusal::parse(format!("The header is longer than {HEAD_LIMIT} bytes"));
            return Err(header_error(feed, raw(at), &[], refusal));
        }
        let row = Row::new(Text::new(head), &fields);
        if row.is_blank() {
            continue;
        }
        return match columns::names(row) {
            Ok(names) => Ok(Some(Header { names, line: start..at })),
            Err((message, column)) => {
                let mut error = header_error(feed, raw(at), &[], Refusal::parse(message));
                error.column = column;
                Err(error)
            }
        };
    }
    Ok(None)
}

/// A header's fault as the wire has it: record 0, and the feed ends.
pub(crate) fn header_error(feed: u32, header: &[u8], names: &[String], refusal: Refusal) -> RowError {
    RowError {
        ordinal: Ordinal::new(feed, 0),
        kind: refusal.kind,
        message: refusal.message,
        record: 0,
        line: 1,
        column: refusal.column.and_then(|column| names.get(column)).cloned(),
        raw: raw(header, 0, header.len()),
        fatal: true,
    }
}

/// A row for the job's rejects.
pub(crate) fn raw(data: &[u8], start: usize, end: usize) -> Vec<u8> {
    data.get(start..end).unwrap_or_default().to_vec()
}

/// Where the row that begins at `from` ends, with its line end, and whether it is one: a blank line is none. Agrees with
/// [`each`].
pub(crate) fn row_at(data: &[u8], from: usize, fields: &mut Vec<Field>) -> (usize, bool) {
    match csv::split(data, from, fields) {
        Ok(end) => (end, !Row::new(Text::Lossy(data), fields).is_blank()),
        Err(fault) => (line_end(data, fault.at), true),
    }
}

/// The place after the line that `at` is in.
fn line_end(data: &[u8], at: usize) -> usize {
    let rest = data.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(data.len(), |offset| at + offset + 1)
}

/// Line numbers on demand: only errors need them, and they come in order.
struct Lines<'a> {
    data: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The number of the line that holds `at`, which must not lie before an earlier question's.
    fn number_at(&mut self, at: usize) -> u64 {
        let between = self.data.get(self.at..at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u64;
        self.at = at;
        self.line
    }
}
