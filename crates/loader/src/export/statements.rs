//! RDF files: a statement a quad, or a triple of the union of all graphs.

use std::io::Write;

use model::{Quad, Term};
use oxrdf::{NamedNode, NamedOrBlankNode, TripleRef};
use oxttl::nquads::WriterNQuadsSerializer;
use oxttl::ntriples::WriterNTriplesSerializer;
use oxttl::turtle::WriterTurtleSerializer;
use oxttl::{NQuadsSerializer, NTriplesSerializer, TurtleSerializer};
use store::{Order, Pattern};

use super::rdf_xml::RdfXmlWriter;
use super::terms::Terms;
use super::{ExportError, Job};
use crate::rdf;
use crate::request::Format;

/// Writes the file of statements; gives their number.
pub(super) fn write(job: &Job<'_>, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut writer = Writer::new(job, out)?;
    let mut terms = Terms::default();
    let mut quads = Vec::new();
    let mut last: Option<Quad> = None;
    let mut count = 0;
    for batch in job.snapshot.scan(Pattern::ALL, Order::Spog) {
        job.cancel.check()?;
        quads.clear();
        quads.extend(batch?.quads());
        terms.resolve(job.snapshot, quads.iter().flat_map(|quad| [quad.s, quad.p, quad.o, quad.g]))?;
        for quad in &quads {
            // Graphs come last in this order, so that the same triple in two of them is two neighbours.
            let repeated = last.is_some_and(|last| (last.s, last.p, last.o) == (quad.s, quad.p, quad.o));
            last = Some(*quad);
            if repeated && !writer.has_graphs() {
                continue;
            }
            writer.write(job, &Statement::new(job, quad, &terms)?)?;
            count += 1;
        }
    }
    writer.finish()?;
    Ok(count)
}

/// A quad as the RDF libraries hold it.
struct Statement {
    subject: NamedOrBlankNode,
    predicate: NamedNode,
    object: oxrdf::Term,
    graph: oxrdf::GraphName,
}

impl Statement {
    fn new(job: &Job<'_>, quad: &Quad, terms: &Terms) -> Result<Self, ExportError> {
        let place = |term, expected| (terms.get(term), expected);
        let (subject, predicate) = (place(quad.s, "an IRI or blank node"), place(quad.p, "an IRI"));
        let (object, graph) = (place(quad.o, "an RDF term"), place(quad.g, "the name of a graph"));
        let misplaced = |(term, expected): (&Term, &'static str)| job.misplaced(term, expected);
        Ok(Self {
            subject: rdf::to_subject(subject.0).ok_or_else(|| misplaced(subject))?,
            predicate: rdf::to_predicate(predicate.0).ok_or_else(|| misplaced(predicate))?,
            object: rdf::to_term(object.0).ok_or_else(|| misplaced(object))?,
            graph: rdf::to_graph_name(graph.0).ok_or_else(|| misplaced(graph))?,
        })
    }

    fn triple(&self) -> TripleRef<'_> {
        TripleRef::new(&self.subject, &self.predicate, &self.object)
    }
}

/// The writers of the four formats.
enum Writer<'a> {
    NTriples(WriterNTriplesSerializer<&'a mut dyn Write>),
    NQuads(WriterNQuadsSerializer<&'a mut dyn Write>),
    Turtle(WriterTurtleSerializer<&'a mut dyn Write>),
    RdfXml(RdfXmlWriter<'a>),
}

impl<'a> Writer<'a> {
    fn new(job: &Job<'_>, out: &'a mut dyn Write) -> Result<Self, ExportError> {
        Ok(match job.format {
            Format::NTriples => Self::NTriples(NTriplesSerializer::new().for_writer(out)),
            Format::Turtle => Self::Turtle(TurtleSerializer::new().for_writer(out)),
            Format::RdfXml => Self::RdfXml(RdfXmlWriter::new(out)?),
            // Asking for another format was refused before.
            Format::NQuads | Format::Csv | Format::OpenCypher => Self::NQuads(NQuadsSerializer::new().for_writer(out)),
        })
    }

    /// Whether the format names the graph of a statement.
    const fn has_graphs(&self) -> bool {
        match self {
            Self::NQuads(_) => true,
            Self::NTriples(_) | Self::Turtle(_) | Self::RdfXml(_) => false,
        }
    }

    fn write(&mut self, job: &Job<'_>, statement: &Statement) -> Result<(), ExportError> {
        match self {
            Self::NTriples(writer) => writer.serialize_triple(statement.triple())?,
            Self::NQuads(writer) => {
                writer.serialize_quad(statement.triple().in_graph(&statement.graph))?;
            }
            Self::Turtle(writer) => writer.serialize_triple(statement.triple())?,
            Self::RdfXml(writer) => writer.write(job, statement.triple())?,
        }
        Ok(())
    }

    fn finish(self) -> Result<(), ExportError> {
        match self {
            Self::NTriples(writer) => drop(writer.finish()),
            Self::NQuads(writer) => drop(writer.finish()),
            Self::Turtle(writer) => drop(writer.finish()?),
            Self::RdfXml(writer) => writer.finish()?,
        }
        Ok(())
    }
}
