//! Answers, written as they come.
//!
//! What is written is gathered into pieces of 64 KiB, and nothing leaves before the first is full or the answer is
//! whole: a query that fails early has written nothing, so that its caller can still answer with an error.

use std::io::{self, Write};
use std::sync::Arc;

use oxrdf::{Triple, Variable};
use oxrdfio::RdfSerializer;
use sparesults::{QueryResultsFormat, QueryResultsSerializer, QuerySolution};

use crate::dataset::View;
use crate::{Error, OutputFormat, QueryKind, xml};

/// Bytes gathered before they are handed on.
const PIECE: usize = 64 << 10;

/// The variables of a graph that is written as bindings. Triples of an answer are in no graph: the last is unbound.
const GRAPH_VARIABLES: [&str; 4] = ["subject", "predicate", "object", "context"];

/// Where an answer goes, and how.
pub(crate) struct Answer<'a> {
    view: &'a View,
    kind: QueryKind,
    format: OutputFormat,
    sink: Sink<'a>,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(view: &'a View, kind: QueryKind, format: OutputFormat, out: &'a mut (dyn Write + Send)) -> Self {
        let sink = Sink { out, piece: Vec::new() };
        Self { view, kind, format, sink }
    }

    /// Writes rows; returns how many.
    pub(crate) fn solutions(
        mut self,
        variables: Vec<Variable>,
        solutions: impl Iterator<Item = Result<QuerySolution, Error>>,
    ) -> Result<u64, Error> {
        let mut rows = 0;
        let mut serializer = QueryResultsSerializer::from_format(self.solutions_format()?)
            .serialize_solutions_to_writer(&mut self.sink, variables)
            .map_err(Error::Output)?;
        for solution in solutions {
            let solution = solution?;
            self.view.check()?;
            if self.format == OutputFormat::Xml
                && let Some(reason) = solution.values().iter().flatten().find_map(xml::refuses_term)
            {
                return Err(unwritable(self.format, &reason));
            }
            serializer.serialize(&solution).map_err(Error::Output)?;
            rows += 1;
        }
        self.view.check()?;
        serializer.finish().map_err(Error::Output)?;
        self.sink.finish()?;
        Ok(rows)
    }

    /// Writes true or false: one row.
    pub(crate) fn boolean(mut self, value: bool) -> Result<u64, Error> {
        self.view.check()?;
        if self.format == OutputFormat::Boolean {
            write!(self.sink, "{value}").map_err(Error::Output)?;
        } else {
            QueryResultsSerializer::from_format(self.solutions_format()?)
                .serialize_boolean_to_writer(&mut self.sink, value)
                .map_err(Error::Output)?;
        }
        self.sink.finish()?;
        Ok(1)
    }

    /// Writes triples; returns how many.
    pub(crate) fn graph(mut self, triples: impl Iterator<Item = Result<Triple, Error>>) -> Result<u64, Error> {
        let Some(format) = self.format.for_graph() else {
            let variables: Arc<[_]> = GRAPH_VARIABLES.map(Variable::new_unchecked).into();
            return self.solutions(
                variables.to_vec(),
                triples.map(move |triple| {
                    let Triple { subject, predicate, object } = triple?;
                    let terms = vec![Some(subject.into()), Some(predicate.into()), Some(object), None];
                    Ok(QuerySolution::from((Arc::clone(&variables), terms)))
                }),
            );
        };
        let mut rows = 0;
        let mut serializer = RdfSerializer::from_format(format).for_writer(&mut self.sink);
        for triple in triples {
            let triple = triple?;
            self.view.check()?;
            if let Some(reason) = (self.format == OutputFormat::RdfXml).then(|| xml::refuses(&triple)).flatten() {
                return Err(unwritable(self.format, &reason));
            }
            serializer.serialize_triple(&triple).map_err(Error::Output)?;
            rows += 1;
        }
        self.view.check()?;
        serializer.finish().map_err(Error::Output)?;
        self.sink.finish()?;
        Ok(rows)
    }

    fn solutions_format(&self) -> Result<QueryResultsFormat, Error> {
        self.format.for_solutions().ok_or_else(|| {
            Error::Unsupported(format!("{} cannot be written as {}", self.kind, self.format.media_type()))
        })
    }
}

fn unwritable(format: OutputFormat, reason: &str) -> Error {
    Error::Unsupported(format!("the answer cannot be written as {}: {reason}", format.media_type()))
}

/// Gathers pieces for the reader.
struct Sink<'a> {
    out: &'a mut (dyn Write + Send),
    piece: Vec<u8>,
}

impl Sink<'_> {
    fn hand_on(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.piece);
        self.piece.clear();
        written
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.hand_on().and_then(|()| self.out.flush()).map_err(Error::Output)
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    /// Serializers flush at their ends; a piece is handed on when it is full.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
