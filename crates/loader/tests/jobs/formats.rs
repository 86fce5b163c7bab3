//! A random graph in every format, compressed any way, with bad rows in it, cut into blocks of any size: what is in the
//! graph and in the error log is what a row-by-row reading of the documentation gives, quad by quad.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use loader::request::{Format, LoadRequest};
use model::{Dataset, Quad, TermRef};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use store::Store;

use super::house::House;

const NAMED: &str = "http://ex.test/graph";

/// One element's row; what a format cannot say is left out of its file.
#[derive(Clone, Debug)]
struct Row {
    id: u8,
    ends: (u8, u8),
    labels: BTreeSet<u8>,
    name: Option<u8>,
    tags: BTreeSet<u8>,
    number: Option<i8>,
    bad: Option<Bad>,
}

#[derive(Clone, Copy, Debug)]
enum Bad {
    /// A field too many, or a statement that is none.
    Wide,
    /// A value that does not fit its type.
    Unfit,
}

#[derive(Clone, Copy, Debug)]
enum Compression {
    None,
    Gzip,
    Bzip2,
}

#[derive(Clone, Debug)]
struct Case {
    format: Format,
    vertices: [Vec<Row>; 2],
    edges: Vec<Row>,
    strict: bool,
    compression: Compression,
    /// Where a compressed file begins a new member.
    members: Vec<Index>,
    block_bytes: usize,
    publish_at: Option<u64>,
    stage_at: Option<u64>,
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let some = || prop::collection::btree_set(0..4_u8, 0..3);
    let bad = prop_oneof![1 => Just(Bad::Wide), 1 => Just(Bad::Unfit)];
    let bad = prop::option::weighted(0.04, bad);
    let row = (0..24_u8, (0..26_u8, 0..26_u8), some(), prop::option::of(0..3_u8), some(), any::<Option<i8>>(), bad);
    let row = row.prop_map(|(id, ends, labels, name, tags, number, bad)| {
        // Ends follow from the id more often than not, so that repeats are of the same edge as well as of others.
        let ends = if id % 4 == 0 { ends } else { (id, id / 2) };
        Row { id, ends, labels, name, tags, number, bad }
    });
    prop::collection::vec(row, 0..most)
}

fn cases() -> impl Strategy<Value = Case> {
    let format = prop::sample::select(vec![
        Format::Csv,
        Format::OpenCypher,
        Format::NTriples,
        Format::NQuads,
        Format::Turtle,
        Format::RdfXml,
    ]);
    let compression = prop_oneof![Just(Compression::None), Just(Compression::Gzip), Just(Compression::Bzip2)];
    let quads = || prop::option::of(1..100_u64);
    let members = prop::collection::vec(any::<Index>(), 0..4);
    let graph = ([rows(40), rows(40)], rows(60));
    (format, graph, any::<bool>(), compression, members, 1..600_usize, quads(), quads()).prop_map(
        |(format, (vertices, edges), strict, compression, members, block_bytes, publish_at, stage_at)| Case {
            format,
            vertices,
            edges,
            strict,
            compression,
            members,
            block_bytes,
            publish_at,
            stage_at,
        },
    )
}

/// What is there afterwards, and what is reported: code, file and record.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    quads: BTreeSet<Quad>,
    errors: Vec<(String, String, u64)>,
    /// `totalRecords`, counted row by row.
    records: u64,
}

/// The text of a list, `;` between its members.
fn listed(prefix: &str, members: &BTreeSet<u8>) -> String {
    members.iter().map(|member| format!("{prefix}{member}")).collect::<Vec<_>>().join(";")
}

fn optional<T: std::fmt::Display>(prefix: &str, value: Option<T>) -> String {
    value.map_or(String::new(), |value| format!("{prefix}{value}"))
}

/// The property graph: files, and what they give.
struct Graph<'a> {
    case: &'a Case,
    store: &'a Store,
    outcome: Outcome,
    owners: BTreeMap<u8, (u8, u8)>,
}

impl Graph<'_> {
    fn is_cypher(&self) -> bool {
        self.case.format == Format::OpenCypher
    }

    fn vertex_file(&self, rows: &[Row]) -> String {
        let header = if self.is_cypher() {
            ":ID,:LABEL,name:String,n:Int"
        } else {
            "~id,~label,name:String(single),tag:String[],n:Int"
        };
        rows.iter().fold(format!("{header}\n"), |text, row| {
            let number = if matches!(row.bad, Some(Bad::Unfit)) { "1.5".to_owned() } else { optional("", row.number) };
            let tags = if self.is_cypher() { String::new() } else { format!("\"{}\",", listed("t ", &row.tags)) };
            let wide = if matches!(row.bad, Some(Bad::Wide)) { ",more" } else { "" };
            text + &format!(
                "v{},{},{},{tags}{number}{wide}\n",
                row.id,
                listed("L", &row.labels),
                optional("n", row.name)
            )
        })
    }

    fn edge_file(&self, rows: &[Row]) -> String {
        let header = if self.is_cypher() { ":ID,:START_ID,:END_ID,:TYPE,n:Int" } else { "~id,~from,~to,~label,n:Int" };
        rows.iter().fold(format!("{header}\n"), |text, row| {
            let number = if matches!(row.bad, Some(Bad::Unfit)) { "much".to_owned() } else { optional("", row.number) };
            let wide = if matches!(row.bad, Some(Bad::Wide)) { ",more" } else { "" };
            text + &format!("e{},v{},v{},X,{number}{wide}\n", row.id, row.ends.0, row.ends.1)
        })
    }

    fn quad(&self, s: TermRef<'_>, p: TermRef<'_>, o: TermRef<'_>, g: TermRef<'_>) -> Quad {
        Quad::new(self.store.encode(s), self.store.encode(p), self.store.encode(o), self.store.encode(g))
    }

    fn error(&mut self, code: &str, file: &str, record: u64) -> bool {
        self.outcome.errors.push((code.to_owned(), file.to_owned(), record));
        self.case.strict
    }

    /// Adds a value that the element may have once; whether it has another.
    fn single(&mut self, quad: Quad) -> bool {
        let taken = self.outcome.quads.iter().any(|known| known.s == quad.s && known.p == quad.p && known.o != quad.o);
        if !taken {
            self.outcome.quads.insert(quad);
        }
        taken
    }

    /// Whether the load ends with this row.
    fn vertex(&mut self, row: &Row, file: &str, record: u64) -> bool {
        if row.bad.is_some() {
            self.outcome.records += 1;
            return self.error("PARSING_ERROR", file, record);
        }
        let before = (self.outcome.quads.clone(), self.outcome.records);
        let tags = if self.is_cypher() { 0 } else { row.tags.len() };
        let records = row.labels.len() + usize::from(row.name.is_some()) + usize::from(row.number.is_some()) + tags;
        self.outcome.records += records.max(1) as u64;
        let id = format!("v{}", row.id);
        let s = TermRef::Vertex(&id);
        let graph = TermRef::DefaultGraph;
        for label in &row.labels {
            let quad = self.quad(s, TermRef::Label, TermRef::String(&format!("L{label}")), graph);
            self.outcome.quads.insert(quad);
        }
        if row.labels.is_empty() {
            let quad = self.quad(s, TermRef::Label, TermRef::NoLabel, graph);
            self.outcome.quads.insert(quad);
        }
        let mut violations = 0;
        if let Some(name) = row.name {
            let quad = self.quad(s, TermRef::Key("name"), TermRef::String(&format!("n{name}")), graph);
            violations += u32::from(self.single(quad));
        }
        if let Some(number) = row.number {
            let quad = self.quad(s, TermRef::Key("n"), TermRef::Int(number.into()), graph);
            if self.is_cypher() {
                violations += u32::from(self.single(quad));
            } else {
                self.outcome.quads.insert(quad);
            }
        }
        if self.is_cypher() {
            return false; // the first value stays, and nothing is said
        }
        for tag in &row.tags {
            let quad = self.quad(s, TermRef::Key("tag"), TermRef::String(&format!("t {tag}")), graph);
            self.outcome.quads.insert(quad);
        }
        for _ in 0..violations {
            if self.error("SINGLE_CARDINALITY_VIOLATION", file, 0) {
                self.outcome.quads = before.0;
                self.outcome.records = before.1 + 1;
                return true;
            }
        }
        false
    }

    fn edge(&mut self, row: &Row, file: &str, record: u64) -> bool {
        self.outcome.records += 1;
        if row.bad.is_some() {
            return self.error("PARSING_ERROR", file, record);
        }
        let (from, to, id) = (format!("v{}", row.ends.0), format!("v{}", row.ends.1), format!("e{}", row.id));
        let label = self.store.encode(TermRef::Label);
        let is_vertex = |name: &str| {
            let s = self.store.encode(TermRef::Vertex(name));
            self.outcome.quads.iter().any(|quad| quad.s == s && quad.p == label)
        };
        if !is_vertex(&from) || !is_vertex(&to) {
            return self.error("FROM_OR_TO_VERTEX_ARE_MISSING", file, 0);
        }
        if *self.owners.entry(row.id).or_insert(row.ends) != row.ends {
            if self.is_cypher() {
                // Within one load one of them is kept, and nothing is said.
                self.outcome.records += u64::from(row.number.is_some());
                return false;
            }
            return self.error("ID_ASSIGNED_TO_MULTIPLE_EDGES", file, 0);
        }
        let before = self.outcome.quads.clone();
        self.outcome.records += u64::from(row.number.is_some());
        let edge = self.quad(TermRef::Vertex(&from), TermRef::EdgeLabel("X"), TermRef::Vertex(&to), TermRef::Edge(&id));
        let new = self.outcome.quads.insert(edge);
        if let Some(number) = row.number {
            let quad =
                self.quad(TermRef::Edge(&id), TermRef::Key("n"), TermRef::Int(number.into()), TermRef::DefaultGraph);
            if self.single(quad) && !self.is_cypher() && self.error("SINGLE_CARDINALITY_VIOLATION", file, 0) {
                self.outcome.quads = before;
                self.outcome.records -= 1;
                if new {
                    self.owners.remove(&row.id);
                }
                return true;
            }
        }
        false
    }
}

/// A statement as text in this format, and as a quad.
fn statement(case: &Case, store: &Store, row: &Row, at: usize, text: &mut String) -> Quad {
    let (s, p) = (format!("http://ex.test/v{}", row.id), format!("http://ex.test/p{}", row.ends.0 % 3));
    let target = format!("http://ex.test/v{}", row.ends.1);
    let plain = format!("tab\tquote\" & <{}> ü", row.name.unwrap_or(9));
    let number = row.number.unwrap_or(0);
    let lexical = number.to_string();
    let datatype = "http://www.w3.org/2001/XMLSchema#integer";
    let (object, o, xml) = match at % 4 {
        0 => (format!("<{target}>"), TermRef::Iri(&target), format!("rdf:resource=\"{target}\"/>")),
        1 => {
            let escaped = plain.replace('\\', "\\\\").replace('\t', "\\t").replace('"', "\\\"");
            let xml = plain.replace('&', "&amp;").replace('<', "&lt;").replace('\t', "&#9;");
            (format!("\"{escaped}\""), TermRef::String(&plain), format!(">{xml}</e:p{}>", row.ends.0 % 3))
        }
        2 => (
            format!("\"{plain}\"@de", plain = row.id),
            TermRef::Lang { value: "", language: "de" },
            format!(" xml:lang=\"de\">{}</e:p{}>", row.id, row.ends.0 % 3),
        ),
        _ => (
            format!("\"{lexical}\"^^<{datatype}>"),
            TermRef::Typed { lexical: &lexical, datatype },
            format!(" rdf:datatype=\"{datatype}\">{lexical}</e:p{}>", row.ends.0 % 3),
        ),
    };
    let id = row.id.to_string();
    let o = if let TermRef::Lang { language, .. } = o { TermRef::Lang { value: &id, language } } else { o };
    let in_graph = case.format == Format::NQuads && row.labels.len() == 1;
    // Infallible: a String grows.
    let _ = match case.format {
        Format::RdfXml => {
            writeln!(text, "<rdf:Description rdf:about=\"{s}\"><e:p{} {xml}</rdf:Description>", row.ends.0 % 3)
        }
        Format::Turtle if at.is_multiple_of(3) => writeln!(text, "<v{}> e:p{} {object} .", row.id, row.ends.0 % 3),
        _ if in_graph => writeln!(text, "<{s}> <{p}> {object} <{NAMED}> ."),
        _ => writeln!(text, "<{s}> <{p}> {object} ."),
    };
    let default = "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph";
    let graph = TermRef::Iri(if in_graph { NAMED } else { default });
    Quad::new(store.encode(TermRef::Iri(&s)), store.encode(TermRef::Iri(&p)), store.encode(o), store.encode(graph))
}

fn rdf_file(case: &Case, store: &Store, rows: &[Row], file: &str, outcome: &mut Outcome, stopped: &mut bool) -> String {
    let mut text = String::new();
    match case.format {
        Format::Turtle => text.push_str("@base <http://ex.test/> . @prefix e: <http://ex.test/> .\n"),
        Format::RdfXml => text.push_str(
            "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:e=\"http://ex.test/\">\n",
        ),
        _ => {}
    }
    let by_line = matches!(case.format, Format::NTriples | Format::NQuads);
    for (at, row) in rows.iter().enumerate() {
        if by_line && row.bad.is_some() {
            let _ = writeln!(text, "<http://ex.test/v{}> is no statement", row.id);
            if !*stopped {
                outcome.records += 1;
                outcome.errors.push(("PARSING_ERROR".to_owned(), file.to_owned(), at as u64 + 1));
                *stopped = case.strict;
            }
            continue;
        }
        let quad = statement(case, store, row, at, &mut text);
        if !*stopped {
            outcome.quads.insert(quad);
            outcome.records += 1;
        }
    }
    if case.format == Format::RdfXml {
        text.push_str("</rdf:RDF>\n");
    }
    text
}

/// The files by name, in the order in which they are loaded, and what they give.
fn model(case: &Case, store: &Store) -> (Vec<(&'static str, String)>, Outcome) {
    let names = ["v", "w", "x"];
    if case.format.is_rdf() {
        let mut outcome = Outcome::default();
        let mut stopped = false;
        let files = names.into_iter().zip([&case.vertices[0], &case.vertices[1], &case.edges]);
        let files =
            files.map(|(name, rows)| (name, rdf_file(case, store, rows, name, &mut outcome, &mut stopped))).collect();
        return (files, outcome);
    }
    let mut graph = Graph { case, store, outcome: Outcome::default(), owners: BTreeMap::new() };
    let files = vec![
        ("v", graph.vertex_file(&case.vertices[0])),
        ("w", graph.vertex_file(&case.vertices[1])),
        ("x", graph.edge_file(&case.edges)),
    ];
    let vertices =
        names.into_iter().zip(&case.vertices).flat_map(|(file, rows)| (1..).zip(rows).map(move |row| (file, row)));
    let mut stopped = false;
    for (file, (record, row)) in vertices {
        stopped = stopped || graph.vertex(row, file, record);
    }
    for (record, row) in (1..).zip(&case.edges) {
        stopped = stopped || graph.edge(row, "x", record);
    }
    (files, graph.outcome)
}

/// The bytes compressed, in as many members as there are cuts.
fn compressed(case: &Case, text: &str) -> Vec<u8> {
    let mut cuts: Vec<usize> = case.members.iter().map(|at| at.index(text.len() + 1)).chain([text.len()]).collect();
    cuts.sort_unstable();
    let mut from = 0;
    let mut bytes = Vec::new();
    for cut in cuts {
        let part = &text.as_bytes()[from..cut];
        from = cut;
        match case.compression {
            Compression::None => bytes.extend_from_slice(part),
            Compression::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::fast());
                encoder.write_all(part).and_then(|()| encoder.finish().map(drop)).expect("memory");
            }
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(&mut bytes, bzip2::Compression::fast());
                encoder.write_all(part).and_then(|()| encoder.finish().map(drop)).expect("memory");
            }
        }
    }
    bytes
}

fn logged(status: &Value) -> Vec<(String, String, u64)> {
    let logs = status["errors"]["errorLogs"].as_array().expect("an array");
    let text = |error: &Value, member: &str| error[member].as_str().expect("a text").to_owned();
    logs.iter()
        .map(|error| {
            let file = text(error, "fileName").rsplit('/').next().unwrap_or_default().to_owned();
            (text(error, "errorCode"), file, error["recordNum"].as_u64().expect("a number"))
        })
        .collect()
}

#[test]
fn a_load_of_any_format_is_what_its_rows_say() {
    let mut runner = TestRunner::new(Config { cases: 120, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&cases(), |case| {
        let house = House::hooked(|config| {
            config.block_bytes = case.block_bytes;
            config.publish_at = case.publish_at;
            config.stage_at = case.stage_at;
        });
        let (files, expected) = model(&case, &house.store);
        for (name, text) in &files {
            house.file(&format!("g/{name}"), compressed(&case, text));
        }
        let request = LoadRequest { fail_on_error: case.strict, ..house.request("g", case.format) };
        let status = house.load(request);
        let dataset = if case.format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
        let quads: BTreeSet<Quad> = house.quads(dataset).into_iter().collect();
        let overall = &status["overallStatus"];
        let number = |name: &str| overall[name].as_u64().expect("a number");
        let found = Outcome { quads, errors: logged(&status), records: number("totalRecords") };
        prop_assert_eq!(&found, &expected, "{}", status);
        let errors = number("parsingErrors") + number("datatypeMismatchErrors") + number("insertErrors");
        prop_assert_eq!(errors, expected.errors.len() as u64);
        house.check();
        let bad = !expected.errors.is_empty();
        let completed = status["overallStatus"]["status"] == "LOAD_COMPLETED";
        prop_assert_eq!(completed, !bad, "{}", status);
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}
