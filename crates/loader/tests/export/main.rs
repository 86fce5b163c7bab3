//! What was exported in each format, read again, is the graph that was exported.
//!
//! The graphs are random and full of traps (ids that are empty or quoted, values that end with a backslash, numbers that
//! are none); the store and the readers are the real ones. Most runs stop at the parsers' entries, which is quick and
//! tells what differs; some go on and load the files into the empty store, and export once more.

use std::collections::BTreeSet;

use loader::blocks::BlockReader;
use loader::export::{ExportError, Part, export};
use loader::format::{FeedParser, FormatOptions, Parsed, SerialParser};
use loader::rdf::{BlankNodes, blank_node};
use loader::request::Format;
use model::{Dataset, HashKey, Quad, Tag, TermId, TermRef};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use store::{CancelToken, IngestOptions, Options, Rules, Snapshot, Store, Transaction};

mod graphs;

use graphs::{Graph, PropertyGraph, Statements};

const LOAD: &str = "5a6f0e0c-0b1e-4a52-9f5e-6a1a1c1d1e1f";

/// A store for as long as it is in scope.
struct Place {
    store: Store,
    _directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(directory.path(), Options::default()).expect("a new store");
        Self { store, _directory: directory }
    }

    /// A transaction with these quads, to be read and forgotten.
    fn with(&self, dataset: Dataset, graph: &impl Graph) -> Transaction {
        let mut transaction = self.store.begin(dataset);
        graph.each(&mut |s, p, o, g| {
            transaction.insert(s, p, o, g).expect("the store takes a quad");
        });
        transaction
    }
}

fn written(snapshot: &Snapshot, format: Format, part: Part) -> Result<(u64, Vec<u8>), ExportError> {
    let mut file = Vec::new();
    let rows = export(snapshot, format, part, &mut file, &CancelToken::new())?;
    Ok((rows, file))
}

fn text(snapshot: &Snapshot, format: Format, part: Part) -> String {
    let (_, file) = written(snapshot, format, part).expect("the format can say it");
    String::from_utf8(file).expect("all formats are text")
}

/// The quads of a file, as a load reads it.
fn read(format: Format, file: &[u8], part: Part, key: &HashKey) -> BTreeSet<Quad> {
    parse(format, 0, file, part, key).batch.entries.iter().map(|entry| entry.quad).collect()
}

/// A file as a load reads it, as that feed of it.
fn parse(format: Format, feed: u32, file: &[u8], part: Part, key: &HashKey) -> Parsed {
    let mut options = FormatOptions::new(LOAD);
    options.allow_empty_strings = true;
    let mut parsed = Parsed::new();
    if let Some(cut) = format.cut() {
        let mut blocks = BlockReader::new(file, cut, 64);
        let head = blocks.head().expect("memory is read").to_vec();
        let opened = FeedParser::open(format, &options, feed, part.name(), &head, key);
        let (parser, _, header) =
            opened.unwrap_or_else(|error| panic!("{}: {}", error.message, String::from_utf8_lossy(&head)));
        blocks.consume(header);
        while let Some(block) = blocks.next_block().expect("records are short") {
            parser.parse(&block, &mut parsed);
        }
    } else {
        let parser = SerialParser::open(format, &options, feed, part.name(), file, key);
        let mut parser = parser.expect("the default base is an IRI");
        while parser.next(100, &mut parsed).expect("memory is read") {}
    }
    assert_eq!(parsed.errors, [], "{}", String::from_utf8_lossy(file));
    parsed
}

/// Loads files into a store, as one load.
fn load(store: &Store, dataset: Dataset, format: Format, files: &[(Part, Vec<u8>)]) {
    let rules = match format {
        Format::Csv => Rules::GremlinCsv,
        Format::OpenCypher => Rules::OpenCypher,
        Format::NTriples | Format::NQuads | Format::Turtle | Format::RdfXml => Rules::Rdf,
    };
    let mut ingest = store.ingest(dataset, IngestOptions { rules, cancel: CancelToken::new(), threads: 1 });
    for (feed, (part, file)) in (0..).zip(files) {
        let mut parsed = parse(format, feed, file, *part, &store.hash_key());
        ingest.add(&mut parsed.batch).expect("the store takes a batch");
    }
    let prepared = ingest.prepare(None, false, &mut |violation| panic!("{violation:?}"));
    let published = ingest.publish(prepared.expect("the rows are judged"), &mut |_| Some(Vec::new()));
    assert!(published.expect("the store publishes"));
}

/// Runs `test` on random graphs in one store.
fn check<G: Graph>(dataset: Dataset, test: impl Fn(&Snapshot, &HashKey) -> Result<(), TestCaseError>) {
    let place = Place::new();
    let key = place.store.hash_key();
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let result = runner.run(&G::any(), |graph: G| {
        let mut transaction = place.with(dataset, &graph);
        test(&transaction.snapshot(), &key)
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

fn quads(snapshot: &Snapshot) -> BTreeSet<Quad> {
    let batches = snapshot.scan(store::Pattern::ALL, store::Order::Spog);
    batches.flat_map(|batch| batch.expect("a new store is sound").quads().collect::<Vec<_>>()).collect()
}

/// That the CSV files of a snapshot hold it.
fn check_csv(snapshot: &Snapshot, key: &HashKey, format: Format) -> Result<(), TestCaseError> {
    let mut found = BTreeSet::new();
    for part in Part::of(format) {
        let (_, file) = written(snapshot, format, *part).map_err(|error| TestCaseError::fail(error.to_string()))?;
        found.extend(read(format, &file, *part, key));
    }
    same(&found, &quads(snapshot), snapshot)
}

/// What a load of exported statements makes of them: all in one graph if the format has none, and blank nodes, whose
/// labels are read as those of another file, the same nodes named anew.
fn read_anew(quads: &BTreeSet<Quad>, key: &HashKey, format: Format) -> BTreeSet<Quad> {
    let names = BlankNodes::new(LOAD, Part::Statements.name());
    let renamed = |id: TermId| match id.tag() {
        Some(Tag::Blank) => TermId::new(Tag::Blank, names.labelled(key, blank_node(id.payload()).as_str())),
        _ => id,
    };
    let graph = |id| if format == Format::NQuads { renamed(id) } else { TermId::DEFAULT_GRAPH };
    quads.iter().map(|quad| Quad::new(renamed(quad.s), renamed(quad.p), renamed(quad.o), graph(quad.g))).collect()
}

/// Exports random graphs, loads the files, and holds the store against the graph; a property graph is exported again,
/// to the same bytes.
fn check_loaded<G: Graph>(dataset: Dataset, format: Format) {
    let mut runner = TestRunner::new(Config { cases: 25, failure_persistence: None, ..Config::default() });
    let result = runner.run(&G::any(), |graph: G| {
        let place = Place::new();
        let mut transaction = place.with(dataset, &graph);
        let snapshot = transaction.snapshot();
        let export = |snapshot: &Snapshot| -> Vec<(Part, Vec<u8>)> {
            let parts = Part::of(format).iter();
            parts.map(|part| (*part, written(snapshot, format, *part).expect("the format can say it").1)).collect()
        };
        let files = export(&snapshot);
        let mut expected = quads(&snapshot);
        if dataset == Dataset::Rdf {
            expected = read_anew(&expected, &place.store.hash_key(), format);
        }
        transaction.rollback();
        load(&place.store, dataset, format, &files);
        let loaded = place.store.snapshot(dataset);
        same(&quads(&loaded), &expected, &snapshot)?;
        if dataset == Dataset::Pg {
            proptest::prop_assert_eq!(export(&loaded), files);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

/// That the statements of a snapshot come back, but for the graphs if the format has none.
fn check_rdf(snapshot: &Snapshot, key: &HashKey, format: Format) -> Result<(), TestCaseError> {
    let (rows, file) =
        written(snapshot, format, Part::Statements).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let found = read(format, &file, Part::Statements, key);
    let expected = read_anew(&quads(snapshot), key, format);
    proptest::prop_assert_eq!(rows, expected.len() as u64);
    same(&found, &expected, snapshot)
}

/// That two graphs are one; shows what differs in words.
fn same(found: &BTreeSet<Quad>, expected: &BTreeSet<Quad>, snapshot: &Snapshot) -> Result<(), TestCaseError> {
    let words = |quads: Vec<&Quad>| {
        let word = |id| snapshot.resolve(id).map_or_else(|_| format!("{id:?}"), |term| format!("{term:?}"));
        quads.iter().map(|quad| [quad.s, quad.p, quad.o, quad.g].map(word).join(" ")).collect::<Vec<_>>()
    };
    let missing = words(expected.difference(found).collect());
    let extra = words(found.difference(expected).collect());
    proptest::prop_assert!(missing.is_empty() && extra.is_empty(), "missing {:#?}, extra {:#?}", missing, extra);
    Ok(())
}

#[test]
fn property_graphs_come_back_from_gremlin_csv() {
    check::<PropertyGraph>(Dataset::Pg, |snapshot, key| check_csv(snapshot, key, Format::Csv));
}

#[test]
fn property_graphs_come_back_from_opencypher_csv() {
    check::<PropertyGraph<true>>(Dataset::Pg, |snapshot, key| check_csv(snapshot, key, Format::OpenCypher));
}

#[test]
fn statements_come_back_from_ntriples() {
    check::<Statements>(Dataset::Rdf, |snapshot, key| check_rdf(snapshot, key, Format::NTriples));
}

#[test]
fn statements_come_back_from_nquads() {
    check::<Statements>(Dataset::Rdf, |snapshot, key| check_rdf(snapshot, key, Format::NQuads));
}

#[test]
fn statements_come_back_from_turtle() {
    check::<Statements>(Dataset::Rdf, |snapshot, key| check_rdf(snapshot, key, Format::Turtle));
}

#[test]
fn statements_come_back_from_rdf_xml() {
    check::<Statements<true>>(Dataset::Rdf, |snapshot, key| check_rdf(snapshot, key, Format::RdfXml));
}

#[test]
fn loaded_property_graphs_come_back() {
    check_loaded::<PropertyGraph>(Dataset::Pg, Format::Csv);
    check_loaded::<PropertyGraph<true>>(Dataset::Pg, Format::OpenCypher);
}

#[test]
fn loaded_statements_come_back() {
    check_loaded::<Statements>(Dataset::Rdf, Format::NTriples);
    check_loaded::<Statements>(Dataset::Rdf, Format::NQuads);
    check_loaded::<Statements>(Dataset::Rdf, Format::Turtle);
    check_loaded::<Statements<true>>(Dataset::Rdf, Format::RdfXml);
}

/// A graph of two vertices and an edge.
#[derive(Debug)]
struct Small;

impl Graph for Small {
    fn any() -> proptest::strategy::BoxedStrategy<Self> {
        unreachable!("it is but one")
    }

    fn each(&self, insert: &mut dyn FnMut(TermRef<'_>, TermRef<'_>, TermRef<'_>, TermRef<'_>)) {
        use TermRef::{DateTime, DefaultGraph, Double, Edge, EdgeLabel, Int, Key, Label, NoLabel, String, Vertex};
        let mut property = |element, key, value| insert(element, Key(key), value, DefaultGraph);
        property(Vertex("a"), "name", String("Ada, of \"A\""));
        property(Vertex("a"), "nick", String("x;y"));
        property(Vertex("a"), "nick", String("z"));
        property(Vertex("a"), "age", Int(36));
        property(Vertex("b"), "age", Double(1.5));
        property(Vertex("b"), "born", DateTime(1_000_000_000_000));
        property(Edge("e"), "since", Int(1999));
        insert(Vertex("a"), Label, String("Person"), DefaultGraph);
        insert(Vertex("a"), Label, String("Countess"), DefaultGraph);
        insert(Vertex("b"), Label, NoLabel, DefaultGraph);
        insert(Vertex("a"), EdgeLabel("knows"), Vertex("b"), Edge("e"));
    }
}

#[test]
fn files_are_those_a_person_would_write() {
    let place = Place::new();
    let mut transaction = place.with(Dataset::Pg, &Small);
    let snapshot = transaction.snapshot();
    assert_eq!(
        text(&snapshot, Format::Csv, Part::Vertices),
        "~id,~label,age:Int,age:Double,born:Date,name:String,nick:String[]\n\
         a,Countess;Person,36,,,\"Ada, of \"\"A\"\"\",x\\;y;z\n\
         b,,,1.5,2001-09-09T01:46:40Z,,\n"
    );
    let edges = "e,a,b,knows,1999\n";
    assert_eq!(text(&snapshot, Format::Csv, Part::Edges), format!("~id,~from,~to,~label,since:Int\n{edges}"));
    assert_eq!(
        text(&snapshot, Format::OpenCypher, Part::Edges),
        format!(":ID,:START_ID,:END_ID,:TYPE,since:Int\n{edges}")
    );
}

#[test]
fn what_a_format_cannot_say_is_named() {
    let place = Place::new();
    let mut transaction = place.with(Dataset::Pg, &Small);
    let snapshot = transaction.snapshot();
    let refused = |format, part| written(&snapshot, format, part).map_err(|error| error.to_string());
    let several = "format opencypher gives each of the vertices one value of the property \"nick\": \"a\" has several";
    for (format, part, expected) in [
        (Format::OpenCypher, Part::Vertices, several),
        (Format::Csv, Part::Statements, "format csv has no file of statements"),
        (Format::NQuads, Part::Statements, "format nquads holds the data set rdf, not pg"),
    ] {
        let message = refused(format, part).expect_err(expected);
        assert!(message.starts_with(expected), "{message}");
    }
    let spaced = (TermRef::Vertex("a"), TermRef::Key("first name"), TermRef::Int(1), TermRef::DefaultGraph);
    transaction.insert(spaced.0, spaced.1, spaced.2, spaced.3).expect("the store takes a quad");
    let error = written(&transaction.snapshot(), Format::Csv, Part::Vertices).expect_err("a space in a header");
    assert!(error.to_string().contains("\"first name\""), "{error}");
}

#[test]
fn a_cancelled_export_says_so() {
    let place = Place::new();
    let mut transaction = place.with(Dataset::Pg, &Small);
    let cancel = CancelToken::new();
    cancel.cancel();
    for part in [Part::Vertices, Part::Edges] {
        let result = export(&transaction.snapshot(), Format::Csv, part, &mut Vec::new(), &cancel);
        assert!(matches!(result, Err(ExportError::Store(store::Error::Cancelled))), "{result:?}");
    }
}
