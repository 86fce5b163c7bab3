//! How answers are written, in each format, and what happens when they cannot be.

#[path = "support/load.rs"]
mod load;

use std::io::{self, Write};

use model::Dataset;
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use sparql::OutputFormat::{Boolean, Csv, Json, JsonLd, N3, NQuads, NTriples, RdfXml, TriG, Tsv, Turtle, Xml};
use sparql::{Error, OutputFormat, ParseOptions, Query};
use store::{CancelToken, Snapshot};

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://ex.test/{name}"))
}

/// Triples of one subject.
fn loaded(triples: impl IntoIterator<Item = (NamedNode, Term)>) -> (load::Scratch, Snapshot) {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    for (predicate, object) in triples {
        load::insert(&mut transaction, &Quad::new(iri("s"), predicate, object, GraphName::DefaultGraph), "");
    }
    transaction.commit().expect("commits");
    let snapshot = scratch.store.snapshot(Dataset::Rdf);
    (scratch, snapshot)
}

fn run(snapshot: &Snapshot, text: &str, format: OutputFormat) -> Result<String, Error> {
    let query = Query::parse(text, None, ParseOptions::default())?;
    let mut out = Vec::new();
    query.run(snapshot, format, &mut out, &CancelToken::new())?;
    Ok(String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn each_format_writes_its_text() {
    let (_scratch, snapshot) = loaded([
        (iri("n"), Literal::from(1).into()),
        (iri("t"), Literal::new_language_tagged_literal_unchecked("a, \"b\"", "en").into()),
    ]);
    const SELECT: &str = "SELECT ?p ?o ?none { ?s ?p ?o } ORDER BY ?p";
    const ASK: &str = "ASK { ?s ?p 1 }";
    const CONSTRUCT: &str = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?o = 1) }";
    const TRIPLE: &str = "<http://ex.test/s> <http://ex.test/n> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n";
    for (text, format, expected) in [
        (
            SELECT,
            Json,
            r#"{"head":{"vars":["p","o","none"]},"results":{"bindings":[{"p":{"type":"uri","value":"http://ex.test/n"},"o":{"type":"literal","value":"1","datatype":"http://www.w3.org/2001/XMLSchema#integer"}},{"p":{"type":"uri","value":"http://ex.test/t"},"o":{"type":"literal","value":"a, \"b\"","xml:lang":"en"}}]}}"#,
        ),
        (
            SELECT,
            Xml,
            r#"<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="p"/><variable name="o"/><variable name="none"/></head><results><result><binding name="p"><uri>http://ex.test/n</uri></binding><binding name="o"><literal datatype="http://www.w3.org/2001/XMLSchema#integer">1</literal></binding></result><result><binding name="p"><uri>http://ex.test/t</uri></binding><binding name="o"><literal xml:lang="en">a, &quot;b&quot;</literal></binding></result></results></sparql>"#,
        ),
        (SELECT, Csv, "p,o,none\r\nhttp://ex.test/n,1,\r\nhttp://ex.test/t,\"a, \"\"b\"\"\",\r\n"),
        (SELECT, Tsv, "?p\t?o\t?none\n<http://ex.test/n>\t1\t\n<http://ex.test/t>\t\"a, \\\"b\\\"\"@en\t\n"),
        (ASK, Json, r#"{"head":{},"boolean":true}"#),
        (
            ASK,
            Xml,
            r#"<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head></head><boolean>true</boolean></sparql>"#,
        ),
        (ASK, Boolean, "true"),
        (CONSTRUCT, NQuads, TRIPLE),
        (CONSTRUCT, NTriples, TRIPLE),
        (CONSTRUCT, Turtle, "<http://ex.test/s> <http://ex.test/n> 1 .\n"),
        (CONSTRUCT, N3, "<http://ex.test/s> <http://ex.test/n> 1 .\n"),
        (CONSTRUCT, TriG, "<http://ex.test/s> <http://ex.test/n> 1 .\n"),
        (
            CONSTRUCT,
            RdfXml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:its=\"http://www.w3.org/2005/11/its\">\n\t<rdf:Description rdf:about=\"http://ex.test/s\">\n\t\t<n xmlns=\"http://ex.test/\" rdf:datatype=\"http://www.w3.org/2001/XMLSchema#integer\">1</n>\n\t</rdf:Description>\n</rdf:RDF>",
        ),
        (
            CONSTRUCT,
            JsonLd,
            r#"[{"@id":"http://ex.test/s","http://ex.test/n":[{"@type":"http://www.w3.org/2001/XMLSchema#integer","@value":"1"}]}]"#,
        ),
        (
            CONSTRUCT,
            Json,
            r#"{"head":{"vars":["subject","predicate","object","context"]},"results":{"bindings":[{"subject":{"type":"uri","value":"http://ex.test/s"},"predicate":{"type":"uri","value":"http://ex.test/n"},"object":{"type":"literal","value":"1","datatype":"http://www.w3.org/2001/XMLSchema#integer"}}]}}"#,
        ),
        ("DESCRIBE <http://ex.test/nothing>", Turtle, ""),
        ("SELECT ?x { ?x <http://ex.test/none> 1 }", Csv, "x\r\n"),
    ] {
        assert_eq!(run(&snapshot, text, format).expect(text), expected, "{text} {format:?}");
    }
}

#[test]
fn a_format_for_another_kind_is_refused() {
    let (_scratch, snapshot) = loaded([]);
    for (text, format) in
        [("SELECT * { ?s ?p ?o }", Turtle), ("ASK {}", NQuads), ("CONSTRUCT WHERE { ?s ?p ?o }", Boolean)]
    {
        assert!(matches!(run(&snapshot, text, format), Err(Error::Unsupported(_))), "{text} {format:?}");
    }
}

#[test]
fn what_xml_cannot_say_is_refused() {
    let (_scratch, snapshot) = loaded([(iri("1"), Literal::from(1).into()), (iri("n"), Literal::from("\u{1}").into())]);
    for (text, format) in [
        ("CONSTRUCT WHERE { ?s <http://ex.test/1> ?o }", RdfXml),
        ("CONSTRUCT WHERE { ?s <http://ex.test/n> ?o }", RdfXml),
        ("SELECT * { ?s ?p ?o }", Xml),
    ] {
        let error = run(&snapshot, text, format).unwrap_err();
        assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
    }
}

/// Enough that an answer leaves in several pieces.
fn many() -> (load::Scratch, Snapshot) {
    loaded((0..3_000).map(|n| (iri("n"), Literal::from(n).into())))
}

#[test]
fn an_early_failure_writes_nothing() {
    let (_scratch, snapshot) = many();
    let query = Query::parse("SELECT (<http://ex.test/f>(?s) AS ?x) { ?s ?p ?o }", None, ParseOptions::default());
    let mut out = Vec::new();
    query.unwrap().run(&snapshot, Json, &mut out, &CancelToken::new()).unwrap_err();
    assert!(out.is_empty());
}

/// Counts the pieces that it takes, and does something at the second.
struct AtSecond<F> {
    pieces: usize,
    then: F,
}

impl<F: FnMut() -> io::Result<()>> Write for AtSecond<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pieces += 1;
        if self.pieces == 2 {
            (self.then)()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const PAIRS: &str = "SELECT ?a ?b { ?s ?p ?a . ?s ?p ?b }";

#[test]
fn a_cancel_while_writing_ends_the_query() {
    let (_scratch, snapshot) = many();
    let query = Query::parse(PAIRS, None, ParseOptions::default()).unwrap();
    let cancel = CancelToken::new();
    let pull = || {
        cancel.cancel();
        Ok(())
    };
    let mut out = AtSecond { pieces: 0, then: pull };
    assert!(matches!(query.run(&snapshot, Json, &mut out, &cancel), Err(Error::Cancelled)));
    assert_eq!(out.pieces, 2);
}

#[test]
fn a_cancel_before_the_start_writes_nothing() {
    let (_scratch, snapshot) = many();
    let query = Query::parse(PAIRS, None, ParseOptions::default()).unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    let mut out = Vec::new();
    assert!(matches!(query.run(&snapshot, Json, &mut out, &cancel), Err(Error::Cancelled)));
    assert!(out.is_empty());
}

/// Each ends only because of the cancel: in a join, a sort, a grouping, with quads or without.
#[test]
fn a_cancel_ends_whatever_the_query_is_at() {
    let (_scratch, snapshot) = many();
    let values = |name| format!("VALUES ?{name} {{ {} }}", "1 2 3 4 5 6 7 8 9 0 ".repeat(200));
    for text in [
        "SELECT (COUNT(*) AS ?n) { ?s ?p ?a . ?t ?q ?b . ?u ?r ?c . ?v ?w ?d }".to_owned(),
        format!("SELECT (COUNT(*) AS ?n) {{ {} {} {} {} }}", values("a"), values("b"), values("c"), values("d")),
        format!(
            "ASK {{ {} {} {} {} FILTER(?a + ?b + ?c < ?d - 9) }}",
            values("a"),
            values("b"),
            values("c"),
            values("d")
        ),
        "SELECT DISTINCT ?s { ?s ?p ?a . ?t ?q ?b . ?u ?r ?c . ?v ?w ?d }".to_owned(),
    ] {
        let query = Query::parse(&text, None, ParseOptions::default()).unwrap();
        let cancel = CancelToken::new();
        let answered = std::thread::scope(|scope| {
            let running = scope.spawn(|| query.run(&snapshot, Json, &mut io::sink(), &cancel));
            cancel.cancel();
            running.join().expect("no panic")
        });
        assert!(matches!(answered, Err(Error::Cancelled)), "{answered:?}");
    }
}

#[test]
fn rows_that_are_kept_are_limited_rows_that_pass_are_not() {
    let (_scratch, snapshot) = many();
    let run = |text: &str| {
        let query = Query::parse(text, None, ParseOptions::default()).unwrap().with_memory(4 << 20);
        query.run(&snapshot, Csv, &mut io::sink(), &CancelToken::new())
    };
    assert_eq!(run("SELECT ?a ?b { ?s ?p ?a . ?s ?q ?b FILTER(?a < 100) }").unwrap(), 300_000);
    assert_eq!(run("SELECT ?a { ?s ?p ?a } ORDER BY ?a").unwrap(), 3_000);
    for text in [
        "SELECT ?a ?b { ?s ?p ?a . ?s ?q ?b } ORDER BY ?a",
        "SELECT DISTINCT ?a ?b { ?s ?p ?a . ?s ?q ?b }",
        "SELECT (CONCAT(STR(?a), ' and ', STR(?b)) AS ?c) { ?s ?p ?a . ?s ?q ?b } ORDER BY ?c",
        "SELECT ?a ?b (COUNT(*) AS ?n) { ?s ?p ?a . ?s ?q ?b } GROUP BY ?a ?b",
    ] {
        let answered = run(text);
        assert!(matches!(answered, Err(Error::MemoryLimit { limit: 4_194_304 })), "{text}: {answered:?}");
    }
}

#[test]
fn a_reader_that_is_gone_ends_the_query() {
    let (_scratch, snapshot) = many();
    for (text, format) in [(PAIRS, Csv), ("CONSTRUCT { ?a ?p ?b } WHERE { ?s ?p ?b . ?a ?q ?c }", NQuads)] {
        let query = Query::parse(text, None, ParseOptions::default()).unwrap();
        let mut out = AtSecond { pieces: 0, then: || Err(io::ErrorKind::BrokenPipe.into()) };
        let answered = query.run(&snapshot, format, &mut out, &CancelToken::new());
        assert!(
            matches!(&answered, Err(Error::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe),
            "{answered:?}"
        );
        assert_eq!(out.pieces, 2);
    }
}
