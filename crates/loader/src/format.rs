//! The six formats: blocks of decoded bytes to quads, with no I/O.
//!
//! A [`FeedParser`] knows one file: its format, its header, its number among the files of the load. It is shared by the
//! threads that parse the file's [`Block`]s; each hands its results over in a [`Parsed`] of its own. Turtle and RDF/XML
//! cannot be cut into blocks; [`SerialParser`] pulls them through one thread.
//!
//! - **Invariant**: what a record becomes (quads, ordinals, ids of blank nodes and of generated edges, errors) depends on
//!   the record, its number and [`FormatOptions`] only, never on where the file was cut or on which thread ran.
//! - **Errors** of the data are results ([`RowError`]), to be counted and listed; a refused row leaves no entry.
//! - **Source**: `spec/loader.md` §6 to §8.

use std::borrow::Cow;

use model::{HashKey, Quad};
use store::{IngestBatch, Ordinal};

use crate::blocks::{Block, Cut};

mod columns;
mod csv;
mod data_type;
mod element;
mod gremlin;
mod nquads;
mod opencypher;
mod properties;
mod rows;
mod serial;
mod statement;

pub use crate::request::Format;
pub use serial::SerialParser;

pub(crate) use csv::is_blank;

impl Format {
    /// How a file is cut into blocks, or `None` if it cannot be: then [`SerialParser`] reads it.
    pub const fn cut(self) -> Option<Cut> {
        match self {
            Self::Csv | Self::OpenCypher => Some(Cut::Csv),
            Self::NTriples | Self::NQuads => Some(Cut::Lines),
            Self::Turtle | Self::RdfXml => None,
        }
    }
}

/// What the request says about reading (`spec/loader.md` §2.2). Members that do not concern a format are ignored by it.
#[derive(Clone, Debug)]
pub struct FormatOptions {
    /// `allowEmptyStrings`: whether `""` is stored as an empty string, or not at all. CSV only.
    pub allow_empty_strings: bool,
    /// `namedGraphUri`: the graph of statements that name none, instead of the default graph. RDF only.
    pub named_graph: Option<String>,
    /// `baseUri`: what relative IRIs are resolved against, instead of [`DEFAULT_BASE`]. Turtle and RDF/XML only.
    pub base: Option<String>,
    /// `userProvidedEdgeIds`: whether relationship files have `:ID`. openCypher only.
    pub user_edge_ids: bool,
    /// The first load id of the chain of resumed loads: the seed of blank nodes and of generated edge ids, so that a
    /// resumed load names them as the first one did, and a new load anew.
    pub load_id: String,
}

impl FormatOptions {
    /// The defaults of the wire, for a load with this id.
    pub fn new(load_id: impl Into<String>) -> Self {
        Self { allow_empty_strings: false, named_graph: None, base: None, user_edge_ids: true, load_id: load_id.into() }
    }
}

/// The base of Turtle and RDF/XML files if neither request nor file names one (`spec/loader.md` §8).
pub const DEFAULT_BASE: &str = "http://aws.amazon.com/neptune/default";

/// What a file holds, known from its format and header: vertices are loaded before edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedKind {
    /// Vertices with their properties.
    Vertices,
    /// Edges with their properties.
    Edges,
    /// RDF statements.
    Statements,
}

/// What came of some blocks: entries for the store, and the rows that were refused.
///
/// Parsers append; [`Self::clear`] empties it for the next use and keeps its buffers.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Entries, and the spellings of their hashed ids. (A refused row leaves no entry, but may leave a spelling.)
    pub batch: IngestBatch,
    /// Refused rows, in order.
    pub errors: Vec<RowError>,
    /// Records read, good and bad; for RDF, statements.
    pub rows: u64,
    scratch: rows::Scratch,
}

impl Parsed {
    /// Nothing parsed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets what came of the records up to and with this one.
    pub(crate) fn forget(&mut self, through: Ordinal) {
        self.batch.entries.retain(|entry| entry.ordinal > through);
        self.errors.retain(|error| error.ordinal > through);
    }

    /// Forgets the results, keeps the memory.
    pub fn clear(&mut self) {
        self.batch.clear();
        self.errors.clear();
        self.rows = 0;
    }
}

/// Why a row was refused: one record and one error in the job's counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Feed and record.
    pub ordinal: Ordinal,
    /// Which counter it belongs to.
    pub kind: RowErrorKind,
    /// What was wrong, where, and what was expected.
    pub message: String,
    /// The wire's `recordNum`: data record from 1 (for N-Triples and N-Quads the line), 0 for header errors.
    pub record: u64,
    /// The line that the record begins at, from 1; 0 if unknown.
    pub line: u64,
    /// The CSV column, as its header names it.
    pub column: Option<String>,
    /// The record as it stands in the file, with its line end; empty if the format does not tell.
    pub raw: Vec<u8>,
    /// Whether the feed cannot go on: broken quoting, a bad header, XML that is not well formed.
    pub fatal: bool,
}

/// The counter of a [`RowError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowErrorKind {
    /// `parsingErrors`
    Parse,
    /// `datatypeMismatchErrors`: a value that does not fit its type.
    Datatype,
}

/// The longest value or label, in bytes (`spec/loader.md` §6.1).
pub const VALUE_LIMIT: usize = 55 << 20;

/// Reads the blocks of one file. Shared by threads.
#[derive(Debug)]
pub struct FeedParser {
    feed: u32,
    key: HashKey,
    /// See [`Self::header`].
    header: Vec<u8>,
    rules: Rules,
}

/// What each format knows about one file.
#[derive(Debug)]
enum Rules {
    /// A CSV file without so much as a header.
    Empty,
    Gremlin(gremlin::Reader),
    OpenCypher(opencypher::Reader),
    Lines(nquads::Reader),
}

impl FeedParser {
    /// Makes a parser for file number `feed` of the load, known to users as `feed_key`.
    ///
    /// `head` is the beginning of the decoded file, up to [`crate::blocks::HEAD_LIMIT`] or the whole file: enough for the
    /// header. Gives also what the file holds and how many bytes byte order mark and header take; blocks begin after
    /// them. A CSV file with nothing in it has no rows and no error.
    ///
    /// # Errors
    ///
    /// What is wrong with the header: record 0, fatal. Also for Turtle and RDF/XML, which have no blocks.
    pub fn open(
        format: Format,
        options: &FormatOptions,
        feed: u32,
        feed_key: &str,
        head: &[u8],
        key: &HashKey,
    ) -> Result<(Self, FeedKind, usize), RowError> {
        let bom = byte_order_mark(head);
        let parser = |rules| Self { feed, key: *key, header: Vec::new(), rules };
        match format {
            Format::Csv | Format::OpenCypher => {
                let Some(rows::Header { names, line }) = rows::header(feed, head, bom)? else {
                    return Ok((parser(Rules::Empty), FeedKind::Vertices, head.len()));
                };
                let header = head.get(line.clone()).unwrap_or_default();
                let refuse = |refusal| rows::header_error(feed, header, &names, refusal);
                let (rules, kind) = if format == Format::Csv {
                    let reader = gremlin::Reader::new(&names, options).map_err(refuse)?;
                    let kind = reader.kind();
                    (Rules::Gremlin(reader), kind)
                } else {
                    let reader = opencypher::Reader::new(&names, options, feed_key).map_err(refuse)?;
                    let kind = reader.kind();
                    (Rules::OpenCypher(reader), kind)
                };
                Ok((Self { header: header.to_vec(), ..parser(rules) }, kind, line.end))
            }
            Format::NTriples | Format::NQuads => {
                let reader = nquads::Reader::new(format == Format::NQuads, options, feed_key);
                Ok((parser(Rules::Lines(reader)), FeedKind::Statements, bom))
            }
            Format::Turtle | Format::RdfXml => {
                let refusal = rows::Refusal::parse(format!("A file of format {format} is read in one piece"));
                Err(rows::header_error(feed, &[], &[], refusal))
            }
        }
    }

    /// The line that names the columns, as it stands in the file, with its line end; empty if the format has none.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// Whether the row `text` says what `quad` says, if it is record number `record` of the file; and where. `out` is
    /// scratch.
    pub(crate) fn find(&self, text: &[u8], record: u64, quad: &Quad, out: &mut Parsed) -> Option<Place> {
        out.clear();
        let block = Block { data: text.to_vec(), first_record: record, records: 1, first_line: 0, last: false };
        self.parse(&block, out);
        if !out.batch.entries.iter().any(|entry| entry.quad == *quad) {
            return None;
        }
        let column = match &self.rules {
            Rules::Gremlin(reader) => rows::only(text, |row| reader.column_of(row, quad, &self.key)),
            Rules::Empty | Rules::OpenCypher(_) | Rules::Lines(_) => None,
        };
        Some(Place { column })
    }

    /// Reads one block and appends to `out`. Stops after a fatal error.
    pub fn parse(&self, block: &Block, out: &mut Parsed) {
        match &self.rules {
            Rules::Empty => {}
            Rules::Gremlin(reader) => reader.parse(self.feed, &self.key, block, out),
            Rules::OpenCypher(reader) => reader.parse(self.feed, &self.key, block, out),
            Rules::Lines(reader) => reader.parse(self.feed, &self.key, block, out),
        }
    }
}

/// Where in its row a quad was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The column, if it is one property's value.
    pub(crate) column: Option<String>,
}

/// Finds the records of a block again, one after the other, without reading what they say.
#[derive(Debug, Default)]
pub(crate) struct Records(Vec<csv::Field>);

impl Records {
    /// Where the record that begins at `from` ends, with its line end, and whether it counts as one.
    pub(crate) fn at(&mut self, cut: Cut, data: &[u8], from: usize) -> (usize, bool) {
        match cut {
            Cut::Csv => rows::row_at(data, from, &mut self.0),
            Cut::Lines => (nquads::line_at(data, from).1, true),
        }
    }
}

/// The length of a byte order mark.
const MARK_BYTES: usize = 3;

/// How many bytes of a byte order mark `data` begins with: [`MARK_BYTES`] or 0.
fn byte_order_mark(data: &[u8]) -> usize {
    if data.starts_with(b"\xEF\xBB\xBF") { MARK_BYTES } else { 0 }
}

/// User text for a message: cut to about 100 characters.
fn excerpt(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(100) {
        Some((at, _)) => Cow::Owned(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests;
