//! The graph in each of the six formats.
//!
//! Property-graph files carry everything. RDF has no place for the properties of an edge, so there an edge is one triple.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::graph::{Batch, DAYS, FIRST, Knows, LAST, Person};
use super::sink::Sink;
use crate::error::{Error, Result};
use crate::flags::{Compression, Format};

/// Where all IRIs of the graph begin.
const BASE: &str = "http://example.org/";
/// The graph of the N-Quads file.
const GRAPH: &str = "http://example.org/graph";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// The directory, below the one asked for, that is the source of a load.
pub(super) const fn directory(format: Format) -> &'static str {
    format.name()
}

/// What a load of the format counts as `totalRecords`: for property graphs one a label, one an edge, one a property; for
/// RDF one a statement.
pub(super) const fn records(format: Format, vertices: u64, edges: u64) -> u64 {
    match format {
        Format::Csv | Format::OpenCypher => 5 * vertices + 3 * edges,
        Format::NTriples | Format::NQuads | Format::Turtle | Format::RdfXml => 5 * vertices + edges,
    }
}

/// The files of one format.
pub(super) struct Files {
    format: Format,
    /// The file of vertices, or the only one.
    vertices: Sink,
    /// The file of edges where it is another.
    edges: Option<Sink>,
    dates: Vec<String>,
    buffer: Vec<u8>,
}

impl Files {
    /// Creates the directory and the files, with their headers.
    pub(super) fn create(format: Format, directory: &Path, compression: Compression) -> Result<Self> {
        fs::create_dir_all(directory).map_err(|source| Error::Io {
            action: "cannot create",
            path: directory.to_owned(),
            source,
        })?;
        let (vertices, edges) = match format {
            Format::Csv => ("vertices.csv", Some("edges.csv")),
            Format::OpenCypher => ("nodes.csv", Some("relationships.csv")),
            Format::NTriples => ("graph.nt", None),
            Format::NQuads => ("graph.nq", None),
            Format::Turtle => ("graph.ttl", None),
            Format::RdfXml => ("graph.rdf", None),
        };
        let mut vertices = Sink::create(&directory.join(vertices), compression)?;
        let mut edges = edges.map(|name| Sink::create(&directory.join(name), compression)).transpose()?;
        let (vertex_header, edge_header) = headers(format);
        vertices.write(vertex_header.as_bytes())?;
        if let Some(edges) = &mut edges {
            edges.write(edge_header.as_bytes())?;
        }
        Ok(Self { format, vertices, edges, dates: dates(), buffer: Vec::new() })
    }

    /// Adds the rows of a batch.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<()> {
        self.buffer.clear();
        match batch {
            Batch::Persons { first, rows } => {
                for (id, person) in (*first..).zip(rows) {
                    self.person(id, person);
                }
                self.vertices.write(&self.buffer)
            }
            Batch::Knows { first, rows } => {
                for (id, knows) in (*first..).zip(rows) {
                    self.knows(id, knows);
                }
                self.edges.as_mut().unwrap_or(&mut self.vertices).write(&self.buffer)
            }
        }
    }

    /// Ends the files; their bytes.
    pub(super) fn finish(mut self) -> Result<u64> {
        if self.format == Format::RdfXml {
            self.vertices.write(b"</rdf:RDF>\n")?;
        }
        let edges = self.edges.map(Sink::finish).transpose()?.unwrap_or(0);
        Ok(self.vertices.finish()? + edges)
    }

    fn person(&mut self, id: u64, person: &Person) {
        let first = FIRST[usize::from(person.first)];
        let last = LAST[usize::from(person.last)];
        let Person { number, age, .. } = *person;
        let (whole, part) = (person.score / 10_000, person.score % 10_000);
        let created = &self.dates[usize::from(person.created)];
        let out = &mut self.buffer;
        let written = match self.format {
            Format::Csv | Format::OpenCypher => {
                writeln!(out, "p{id},Person,{first} {last} {number},{age},{whole}.{part:04},{created}")
            }
            Format::NTriples | Format::NQuads => {
                let tail =
                    if self.format == Format::NQuads { format_args!(" <{GRAPH}> .") } else { format_args!(" .") };
                write!(
                    out,
                    "<{BASE}p{id}> <{RDF_TYPE}> <{BASE}Person>{tail}\n\
                     <{BASE}p{id}> <{BASE}name> \"{first} {last} {number}\"{tail}\n\
                     <{BASE}p{id}> <{BASE}age> \"{age}\"^^<{XSD}integer>{tail}\n\
                     <{BASE}p{id}> <{BASE}score> \"{whole}.{part:04}\"^^<{XSD}double>{tail}\n\
                     <{BASE}p{id}> <{BASE}created> \"{created}\"^^<{XSD}date>{tail}\n"
                )
            }
            Format::Turtle => writeln!(
                out,
                ":p{id} a :Person ; :name \"{first} {last} {number}\" ; :age {age} ; :score \"{whole}.{part:04}\"^^xsd:double ; \
                 :created \"{created}\"^^xsd:date ."
            ),
            Format::RdfXml => writeln!(
                out,
                "<g:Person rdf:about=\"{BASE}p{id}\"><g:name>{first} {last} {number}</g:name>\
                 <g:age rdf:datatype=\"{XSD}integer\">{age}</g:age>\
                 <g:score rdf:datatype=\"{XSD}double\">{whole}.{part:04}</g:score>\
                 <g:created rdf:datatype=\"{XSD}date\">{created}</g:created></g:Person>"
            ),
        };
        written.expect("writing to a vector cannot fail");
    }

    fn knows(&mut self, id: u64, knows: &Knows) {
        let Knows { from, to, weight, .. } = *knows;
        let since = &self.dates[usize::from(knows.since)];
        let out = &mut self.buffer;
        let written = match self.format {
            Format::Csv | Format::OpenCypher => {
                writeln!(out, "e{id},p{from},p{to},KNOWS,{since},0.{weight:04}")
            }
            Format::NTriples => writeln!(out, "<{BASE}p{from}> <{BASE}KNOWS> <{BASE}p{to}> ."),
            Format::NQuads => writeln!(out, "<{BASE}p{from}> <{BASE}KNOWS> <{BASE}p{to}> <{GRAPH}> ."),
            Format::Turtle => writeln!(out, ":p{from} :KNOWS :p{to} ."),
            Format::RdfXml => writeln!(
                out,
                "<rdf:Description rdf:about=\"{BASE}p{from}\"><g:KNOWS rdf:resource=\"{BASE}p{to}\"/></rdf:Description>"
            ),
        };
        written.expect("writing to a vector cannot fail");
    }
}

/// What stands before the first vertex and, in a second file, before the first edge.
fn headers(format: Format) -> (String, &'static str) {
    match format {
        Format::Csv => (
            "~id,~label,name:String,age:Int,score:Double,created:Date\n".to_owned(),
            "~id,~from,~to,~label,since:Date,weight:Double\n",
        ),
        Format::OpenCypher => (
            ":ID,:LABEL,name:String,age:Int,score:Double,created:DateTime\n".to_owned(),
            ":ID,:START_ID,:END_ID,:TYPE,since:DateTime,weight:Double\n",
        ),
        Format::NTriples | Format::NQuads => (String::new(), ""),
        Format::Turtle => (format!("@prefix : <{BASE}> .\n@prefix xsd: <{XSD}> .\n\n"), ""),
        Format::RdfXml => (
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:g=\"{BASE}\">\n"
            ),
            "",
        ),
    }
}

/// Every date that can be drawn, written out once.
fn dates() -> Vec<String> {
    let (mut year, mut month, mut day) = (2010_u32, 1_u32, 1_u32);
    let mut dates = Vec::with_capacity(usize::from(DAYS));
    for _ in 0..DAYS {
        dates.push(format!("{year}-{month:02}-{day:02}"));
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        day += 1;
        if day > last {
            day = 1;
            month += 1;
        }
        if month > 12 {
            month = 1;
            year += 1;
        }
    }
    dates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_follow_the_calendar() {
        let dates = dates();
        for (day, date) in
            [(0, "2010-01-01"), (31, "2010-02-01"), (789, "2012-02-29"), (790, "2012-03-01"), (4999, "2023-09-09")]
        {
            assert_eq!(dates[day], date);
        }
    }
}
