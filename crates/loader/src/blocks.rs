//! Cuts a stream of decoded bytes into blocks at record boundaries, and numbers the records.
//!
//! One thread reads and cuts, many parse: so the cutter does only what must be done in order. For CSV it follows quotes
//! and line ends, and counts what [`crate::format`] will count; for lines it counts lines.
//!
//! - **Invariant**: the blocks laid end to end are the file; every block but the last ends with a whole record; numbers
//!   do not depend on the block size. (Property tests hold it to that, down to blocks of one byte.)
//! - **Bound**: a block is as large as asked for, or as the one record in it, at most [`RECORD_LIMIT`].

use std::io::{self, Read};

use memchr::{memchr_iter, memchr2_iter, memmem};

use crate::format::is_blank;

/// How much of a file its header is looked for in, in bytes.
pub const HEAD_LIMIT: usize = 1 << 20;

/// The usual size of a block, in bytes.
pub const BLOCK_SIZE: usize = 1 << 20;

/// The longest record, in bytes: some more than the longest value.
pub const RECORD_LIMIT: usize = 64 << 20;

/// Where records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// At line ends outside quotes. Blank lines are no records.
    Csv,
    /// At each line feed. Every line is a record, whatever is on it; a carriage return alone also ends a line.
    Lines,
}

/// Some whole records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The bytes.
    pub data: Vec<u8>,
    /// The number of the first record in it, from 1.
    pub first_record: u64,
    /// How many records are in it.
    pub records: u64,
    /// The number of the first line in it, from 1.
    pub first_line: u64,
    /// Whether nothing follows.
    pub last: bool,
}

/// Why there is no next block.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    /// The stream failed.
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// A record is longer than a value may be; most often a quote is opened and never closed.
    #[error("record {record} in line {line} is longer than {limit} bytes: is a quote not closed?")]
    TooLong {
        /// Its number.
        record: u64,
        /// The line it begins at.
        line: u64,
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Reads a stream and cuts it.
#[derive(Debug)]
pub struct BlockReader<R> {
    reader: R,
    cut: Cut,
    target: usize,
    limit: usize,
    /// Read, not yet handed out. Begins at a record's beginning.
    buffer: Vec<u8>,
    /// The stream has ended, or failed.
    ended: bool,
    /// How it failed: told when the whole records before are handed out.
    failed: Option<io::Error>,
    /// The quoting broke: the block that shows it was handed out, the rest means nothing.
    broken: bool,
    record: u64,
    line: u64,
}

impl<R: Read> BlockReader<R> {
    /// Cuts into blocks of about `target` bytes (at least one).
    pub fn new(reader: R, cut: Cut, target: usize) -> Self {
        Self {
            reader,
            cut,
            target: target.clamp(1, RECORD_LIMIT),
            limit: RECORD_LIMIT,
            buffer: Vec::new(),
            ended: false,
            failed: None,
            broken: false,
            record: 1,
            line: 1,
        }
    }

    /// The same with another limit than [`RECORD_LIMIT`], in bytes.
    #[must_use]
    pub fn with_record_limit(mut self, limit: usize) -> Self {
        self.limit = limit.max(1);
        self.target = self.target.min(self.limit);
        self
    }

    /// The beginning of the file: [`HEAD_LIMIT`] bytes, or all of it if it is shorter. Before the first block.
    ///
    /// # Errors
    ///
    /// The stream's, if it gave nothing before it failed.
    pub fn head(&mut self) -> io::Result<&[u8]> {
        self.fill(HEAD_LIMIT);
        match self.failure() {
            Some(error) if self.buffer.is_empty() => Err(error),
            failed => {
                self.failed = failed;
                Ok(&self.buffer)
            }
        }
    }

    /// How the stream failed, if it has and that was not told yet. [`Self::head`] may be cut short by it.
    pub fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// The number of the first record that was not handed out, from 1.
    pub const fn next_record(&self) -> u64 {
        self.record
    }

    /// The line that it begins at, from 1.
    pub const fn next_line(&self) -> u64 {
        self.line
    }

    /// Drops the first `bytes` of [`Self::head`], which are no record: byte order mark and header.
    pub fn consume(&mut self, bytes: usize) {
        let bytes = bytes.min(self.buffer.len());
        self.line += lines(self.buffer.get(..bytes).unwrap_or_default(), self.cut);
        self.buffer.drain(..bytes);
    }

    /// The next block, or `None` at the end. A file without bytes has no block.
    ///
    /// # Errors
    ///
    /// [`BlockError`]; the reader is of no use after it. All whole records before it have been handed out.
    pub fn next_block(&mut self) -> Result<Option<Block>, BlockError> {
        if self.broken {
            return Ok(None);
        }
        let mut scan = Scan::default();
        let mut window = self.target;
        loop {
            self.fill(window);
            let seen = self.buffer.get(..window).unwrap_or(&self.buffer);
            match self.cut {
                Cut::Csv => scan.csv(seen),
                Cut::Lines => scan.lines(seen),
            }
            if scan.cut > 0 {
                return Ok(Some(self.hand_out(&scan)));
            }
            if seen.len() > self.limit {
                return Err(BlockError::TooLong { record: self.record, line: self.line, limit: self.limit });
            }
            if self.ended && seen.len() == self.buffer.len() {
                // Whole records would have been cut off.
                let blank = seen.is_empty() || self.cut == Cut::Csv && is_blank(seen);
                (scan.cut, scan.rest) = (seen.len(), u64::from(!blank));
                if let Some(error) = self.failure() {
                    self.broken = true; // what is left is a part of a record
                    return Err(error.into());
                }
                // The last record has no line end.
                return Ok((scan.cut > 0).then(|| self.hand_out(&scan)));
            }
            window = window.saturating_mul(2).min(self.limit.saturating_add(1)).max(window + 1);
        }
    }

    /// Gives the first `scan.cut` bytes as a block; what follows stays.
    fn hand_out(&mut self, scan: &Scan) -> Block {
        let rest = self.buffer.split_off(scan.cut);
        let data = std::mem::replace(&mut self.buffer, rest);
        self.broken = scan.broken_record_cut;
        if self.buffer.is_empty() && !self.broken {
            self.fill(1); // is there more?
        }
        let block = Block {
            data,
            first_record: self.record,
            records: scan.records + scan.rest,
            first_line: self.line,
            last: self.broken || (self.buffer.is_empty() && self.failed.is_none()),
        };
        self.record += scan.records;
        self.line += scan.cut_lines;
        block
    }

    /// Reads until the buffer holds `length` bytes or the stream ends or fails. What came before a failure is kept.
    fn fill(&mut self, length: usize) {
        let missing = length.saturating_sub(self.buffer.len());
        if missing == 0 || self.ended {
            return;
        }
        self.buffer.reserve_exact(missing);
        match self.reader.by_ref().take(missing as u64).read_to_end(&mut self.buffer) {
            Ok(read) => self.ended = read < missing,
            Err(error) => {
                self.ended = true;
                self.failed = Some(error);
            }
        }
    }
}

/// How far the search for record ends has come in a buffer that only grows.
#[derive(Debug, Default)]
struct Scan {
    /// All before is looked at.
    at: usize,
    /// The end of the last whole record.
    cut: usize,
    /// Records before `cut` that end with a line end.
    records: u64,
    /// Whether one follows that does not: 1 or 0.
    rest: u64,
    /// Lines before `cut`.
    cut_lines: u64,
    /// Lines before `at`.
    lines: u64,
    in_quotes: bool,
    /// A quote where none may stand: the record's line is the last that can be told.
    broken: bool,
    /// `cut` is the end of that line.
    broken_record_cut: bool,
}

impl Scan {
    /// Follows quotes. A quote opens a field only at its beginning; elsewhere it breaks the file, and following it could
    /// take the rest of the file for one field.
    fn csv(&mut self, data: &[u8]) {
        let fresh = data.get(self.at..).unwrap_or_default();
        for offset in memchr2_iter(b'"', b'\n', fresh) {
            let at = self.at + offset;
            if data.get(at) == Some(&b'"') {
                if self.in_quotes {
                    self.in_quotes = false;
                } else if !self.broken {
                    self.broken = !opens(data.get(self.cut..at).unwrap_or_default());
                    self.in_quotes = !self.broken;
                }
                continue;
            }
            self.lines += 1;
            if self.in_quotes {
                continue;
            }
            if !is_blank(data.get(self.cut..at).unwrap_or_default()) {
                self.records += 1;
            }
            self.cut = at + 1;
            self.cut_lines = self.lines;
            if self.broken {
                self.broken_record_cut = true;
                return;
            }
        }
        self.at = data.len();
    }

    fn lines(&mut self, data: &[u8]) {
        let fresh = data.get(self.at..).unwrap_or_default();
        self.at = data.len();
        if let Some(last) = memchr::memrchr(b'\n', fresh) {
            self.cut = data.len() - fresh.len() + last + 1;
            self.records = lines(data.get(..self.cut).unwrap_or_default(), Cut::Lines);
            self.cut_lines = self.records;
        }
    }
}

/// Whether a quote may follow this beginning of a record, outside quotes: at a field's beginning, or right after another
/// quote, which it makes a quote inside quotes.
fn opens(before: &[u8]) -> bool {
    if before.last() == Some(&b'"') {
        return true;
    }
    let field = before.iter().rposition(|byte| *byte != b' ');
    field.is_none_or(|at| before.get(at) == Some(&b','))
}

/// The number of line ends in `data`: line feeds, and in RDF carriage returns that stand alone.
fn lines(data: &[u8], cut: Cut) -> u64 {
    let feeds = memchr_iter(b'\n', data).count();
    let returns = match cut {
        Cut::Lines => memchr_iter(b'\r', data).count(),
        Cut::Csv => 0,
    };
    // Most files have no carriage return at all, and pairs need not be looked for.
    let pairs = if returns == 0 { 0 } else { memmem::find_iter(data, b"\r\n").count() };
    (feeds + returns - pairs) as u64
}

#[cfg(test)]
mod tests;
