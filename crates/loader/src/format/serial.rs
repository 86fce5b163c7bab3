//! Turtle and RDF/XML: read by one parser from beginning to end, since they cannot be cut (`spec/loader.md` §8).
//!
//! - **Errors**: Turtle goes on after the next dot that ends a statement; RDF/XML that is not well formed ends the file.
//! - **Blank nodes**: the parsers name nodes without a label at random. They are numbered by first appearance instead, so
//!   that reading the file again gives the same ids; this takes some 30 bytes of memory for each of them.
//! - **Bound**: a file that goes on for [`RECORD_LIMIT`] bytes without a statement or an error is refused, and so is one
//!   that nests too deep or whose entities grow too long.

use std::fmt;
use std::io::{self, Read};

use model::{HashKey, Quad, TermId, TermRef};
use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxrdfxml::{RdfXmlParseError, RdfXmlParser, ReaderRdfXmlParser};
use oxttl::turtle::ReaderTurtleParser;
use oxttl::{TurtleParseError, TurtleParser};
use rustc_hash::FxHashMap;
use store::{IngestBatch, Ordinal, Role};

use super::rows::{self, Refusal};
use super::{DEFAULT_BASE, Format, FormatOptions, Parsed, RowError, statement};
use crate::blocks::RECORD_LIMIT;
use crate::rdf::{self, BlankNodes};

mod canonical;
mod cost;
mod depth;
mod source;
mod utf8;

use cost::Meter;
use source::{Progress, Source};

/// Reads one Turtle or RDF/XML file.
pub struct SerialParser<R: Read> {
    feed: u32,
    key: HashKey,
    graph: Option<String>,
    nodes: Nodes,
    /// The number of the statement or error before the next one.
    record: u64,
    parser: Parser<R>,
    progress: Progress,
    ended: bool,
}

/// The two parsers.
enum Parser<R: Read> {
    Turtle(Box<ReaderTurtleParser<Source<R>>>),
    RdfXml(Box<ReaderRdfXmlParser<Source<R>>>),
}

/// What comes next in the file.
enum Event {
    Triple(Triple),
    Fault { message: String, line: u64, fatal: bool },
}

impl<R: Read> fmt::Debug for SerialParser<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerialParser").field("feed", &self.feed).field("record", &self.record).finish_non_exhaustive()
    }
}

impl<R: Read> SerialParser<R> {
    /// A parser of file number `feed` of the load, known to users as `feed_key`. A byte order mark is passed over.
    ///
    /// # Errors
    ///
    /// The base is no IRI, or the format is one that is read in blocks (record 0, fatal).
    pub fn open(
        format: Format,
        options: &FormatOptions,
        feed: u32,
        feed_key: &str,
        reader: R,
        key: &HashKey,
    ) -> Result<Self, RowError> {
        let progress = Progress::default();
        let source = |meter| Source::new(reader, progress.clone(), meter);
        let base = options.base.as_deref().unwrap_or(DEFAULT_BASE);
        let refuse = |message| rows::header_error(feed, &[], &[], Refusal::parse(message));
        let bad_base = |error| refuse(format!("Found the base IRI '{base}', expected an absolute IRI ({error})"));
        let parser = match format {
            Format::Turtle => {
                let parser = TurtleParser::new().with_base_iri(base).map_err(bad_base)?;
                Parser::Turtle(Box::new(parser.for_reader(source(Meter::turtle()))))
            }
            Format::RdfXml => {
                let parser = RdfXmlParser::new().with_base_iri(base).map_err(bad_base)?;
                Parser::RdfXml(Box::new(parser.for_reader(source(Meter::rdf_xml()))))
            }
            Format::Csv | Format::OpenCypher | Format::NTriples | Format::NQuads => {
                return Err(refuse(format!("A file of format {format} is read in blocks")));
            }
        };
        Ok(Self {
            feed,
            key: *key,
            graph: options.named_graph.clone(),
            nodes: Nodes { names: BlankNodes::new(&options.load_id, feed_key), anonymous: FxHashMap::default() },
            record: 0,
            parser,
            progress,
            ended: false,
        })
    }

    /// Reads up to `max_statements` statements (good or bad) and appends to `out`. Gives whether there may be more.
    ///
    /// # Errors
    ///
    /// The stream's. Errors of the data are in `out`; they come without the raw text.
    pub fn next(&mut self, max_statements: usize, out: &mut Parsed) -> io::Result<bool> {
        let graph = out.batch.term(&self.key, rdf::graph_ref(self.graph.as_deref()));
        for _ in 0..max_statements {
            if self.ended {
                break;
            }
            self.progress.allow(RECORD_LIMIT as u64);
            let Some(event) = self.parser.next(&self.progress)? else {
                self.ended = true;
                break;
            };
            self.record += 1;
            out.rows += 1;
            let ordinal = Ordinal::new(self.feed, self.record);
            let (refusal, line, fatal) = match event {
                Event::Fault { message, line, fatal } => (Refusal::parse(message), line, fatal),
                Event::Triple(triple) => match self.push(&triple, graph, ordinal, &mut out.batch) {
                    Ok(()) => continue,
                    Err(refusal) => (refusal, 0, false), // the parsers do not say where a good triple stood
                },
            };
            self.ended = fatal;
            out.errors.push(RowError {
                ordinal,
                kind: refusal.kind,
                message: refusal.message,
                record: self.record,
                line,
                column: None,
                raw: Vec::new(),
                fatal,
            });
        }
        Ok(!self.ended)
    }

    fn push(
        &mut self,
        triple: &Triple,
        graph: TermId,
        ordinal: Ordinal,
        batch: &mut IngestBatch,
    ) -> Result<(), Refusal> {
        let key = &self.key;
        let s = match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => statement::iri(node.as_str(), key, batch)?,
            NamedOrBlankNode::BlankNode(node) => batch.term(key, self.nodes.term(node.as_str(), key)),
        };
        let p = statement::iri(triple.predicate.as_str(), key, batch)?;
        let o = match &triple.object {
            Term::NamedNode(node) => statement::iri(node.as_str(), key, batch)?,
            Term::BlankNode(node) => batch.term(key, self.nodes.term(node.as_str(), key)),
            Term::Literal(literal) => {
                statement::literal(literal.value(), literal.language(), Some(literal.datatype().as_str()), key, batch)?
            }
        };
        batch.push(Quad::new(s, p, o, graph), ordinal, Role::Record);
        Ok(())
    }
}

impl<R: Read> Parser<R> {
    fn next(&mut self, progress: &Progress) -> io::Result<Option<Event>> {
        match self {
            Self::Turtle(parser) => match parser.next() {
                None => Ok(None),
                Some(Ok(triple)) => Ok(Some(Event::Triple(triple))),
                Some(Err(TurtleParseError::Syntax(error))) => Ok(Some(Event::Fault {
                    message: error.message().to_owned(),
                    line: error.location().start.line + 1,
                    fatal: false,
                })),
                Some(Err(TurtleParseError::Io(error))) => oversized(error, 0).map(Some),
            },
            Self::RdfXml(parser) => match parser.next() {
                None => Ok(None),
                Some(Ok(triple)) => Ok(Some(Event::Triple(canonical::triple(triple)))),
                Some(Err(RdfXmlParseError::Syntax(error))) => Ok(Some(Event::Fault {
                    message: error.to_string(),
                    line: progress.line_at(parser.buffer_position()),
                    fatal: true,
                })),
                Some(Err(RdfXmlParseError::Io(error))) => {
                    oversized(error, progress.line_at(parser.buffer_position())).map(Some)
                }
            },
        }
    }
}

/// A text that the parser's buffer cannot hold is the file's fault, not the stream's.
fn oversized(error: io::Error, line: u64) -> io::Result<Event> {
    if error.kind() == io::ErrorKind::OutOfMemory {
        return Ok(Event::Fault {
            message: format!("Found more than can be held at a time: {error}"),
            line,
            fatal: true,
        });
    }
    Err(error)
}

/// The file's blank nodes.
struct Nodes {
    names: BlankNodes,
    /// Numbers of the nodes that the parser named.
    anonymous: FxHashMap<u128, u64>,
}

impl Nodes {
    fn term(&mut self, label: &str, key: &HashKey) -> TermRef<'static> {
        let identity = match random_name(label) {
            Some(random) => {
                let next = self.anonymous.len() as u64;
                self.names.anonymous(key, *self.anonymous.entry(random).or_insert(next))
            }
            None => self.names.labelled(key, label),
        };
        TermRef::Blank(identity)
    }
}

/// The number in a label of the form that the parsers give nodes without one: a random number in hexadecimal digits that
/// begin with a letter, without the zeros that one in 16 of them begins with. (One in 2^64 is too short to be seen here.)
/// A label of the file that looks so is numbered too, which is as good.
fn random_name(label: &str) -> Option<u128> {
    let shaped = (16..=32).contains(&label.len()) && label.starts_with(|first: char| matches!(first, 'a'..='f'));
    let digits = shaped && label.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits.then(|| u128::from_str_radix(label, 16).ok()).flatten()
}

#[cfg(test)]
mod tests;
