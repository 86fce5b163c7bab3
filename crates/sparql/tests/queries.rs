//! What queries answer, over a small graph with named graphs.

#[path = "support/load.rs"]
mod load;

use model::Dataset;
use oxrdfio::{RdfFormat, RdfParser};
use sparql::{Error, OutputFormat, ParseOptions, Query, QueryKind};
use store::{CancelToken, Snapshot};

const DATA: &str = r#"
PREFIX : <http://ex.test/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
:ann a :Person ; :name "Ann" ; :age 30 ; :height 1.70 ; :born "1994-05-01"^^xsd:date ; :knows :bob, :cid .
:bob a :Person ; :name "Bob" ; :age 25 ; :height 1.8e0 ; :born "1999-12-31"^^xsd:date ; :knows :cid .
:cid a :Person ; :name "Cid"@en-GB ; :age "025"^^xsd:integer ; :seen "2024-02-29T12:00:00Z"^^xsd:dateTime .
:dan :name "a name that is too long for an id" ; :knows [ :name "nobody" ] .
:g1 { :ann :name "Ann" . :ann :likes :tea . :bob :likes :tea }
:g2 { :ann :likes :tea . :ann :likes :milk . :bob :age 25 }
"#;

/// The data, committed.
fn loaded() -> (load::Scratch, Snapshot) {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    for quad in RdfParser::from_format(RdfFormat::TriG).for_slice(DATA) {
        load::insert(&mut transaction, &quad.expect("TriG"), "");
    }
    transaction.commit().expect("commits");
    let snapshot = scratch.store.snapshot(Dataset::Rdf);
    (scratch, snapshot)
}

/// The rows of a query as TSV without its head, `:x` for the IRIs of the data; sorted if the query does not order them.
fn rows(snapshot: &Snapshot, text: &str, options: ParseOptions) -> Result<Vec<String>, Error> {
    let text = format!(
        "PREFIX : <http://ex.test/>\nPREFIX hint: <http://aws.amazon.com/neptune/vocab/v01/QueryHints#>\n{text}"
    );
    let query = Query::parse(&text, None, options)?;
    let (format, head) = match query.kind() {
        QueryKind::Select => (OutputFormat::Tsv, 1),
        QueryKind::Ask => (OutputFormat::Boolean, 0),
        QueryKind::Construct | QueryKind::Describe => (OutputFormat::NTriples, 0),
    };
    let mut out = Vec::new();
    let count = query.run(snapshot, format, &mut out, &CancelToken::new())?;
    let out = String::from_utf8(out).expect("UTF-8").replace("http://www.w3.org/2001/XMLSchema#", "xsd:");
    let mut rows: Vec<_> = out.lines().skip(head).map(shorten).collect();
    assert_eq!(rows.len() as u64, count, "{text}");
    if !text.contains("ORDER BY") {
        rows.sort();
    }
    Ok(rows)
}

/// `<http://ex.test/x>` as `:x`, a blank node as `_`.
fn shorten(line: &str) -> String {
    let mut short = line.replace("<http://ex.test/", "\u{1}:");
    while let Some(at) = short.find('\u{1}') {
        let end = short[at..].find('>').expect("an IRI ends");
        short.remove(at + end);
        short.remove(at);
    }
    while let Some(at) = short.find("_:") {
        let name = short[at + 2..].find(|c: char| !c.is_alphanumeric()).unwrap_or(short.len() - at - 2);
        short.replace_range(at + 1..at + 2 + name, "");
    }
    short
}

#[test]
fn queries_answer_their_rows() {
    let (_scratch, snapshot) = loaded();
    let table: &[(&str, &[&str])] = &[
        // The default graph is the union, each triple once.
        ("SELECT ?n { :ann :name ?n }", &["\"Ann\""]),
        ("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", &["23"]),
        ("SELECT ?s ?o { ?s :likes ?o }", &[":ann\t:milk", ":ann\t:tea", ":bob\t:tea"]),
        ("SELECT ?a { :bob :age ?a }", &["25"]),
        ("SELECT ?s { ?s :likes :tea }", &[":ann", ":bob"]),
        ("ASK { :ann :likes :milk ; :name 'Ann' }", &["true"]),
        ("ASK { :ann :likes :beer }", &["false"]),
        // Named graphs, the fallback graph among them.
        ("SELECT ?g { GRAPH ?g {} }", &[":g1", ":g2", "<http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph>"]),
        (
            "SELECT ?g { GRAPH ?g { :ann :name 'Ann' } }",
            &[":g1", "<http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph>"],
        ),
        (
            "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
            &["<http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph>\t20", ":g1\t3", ":g2\t3"],
        ),
        ("SELECT ?o { GRAPH :g2 { :ann :likes ?o } }", &[":milk", ":tea"]),
        ("SELECT ?o { GRAPH :none { ?s ?p ?o } }", &[]),
        ("ASK { GRAPH :g1 {} }", &["true"]),
        ("ASK { GRAPH :none {} }", &["false"]),
        ("SELECT ?a { GRAPH <http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph> { :bob :age ?a } }", &["25"]),
        // FROM replaces the data set; several graphs are merged.
        ("SELECT ?s ?o FROM :g1 { ?s :likes ?o }", &[":ann\t:tea", ":bob\t:tea"]),
        ("SELECT ?s ?o FROM :g1 FROM :g2 { ?s :likes ?o }", &[":ann\t:milk", ":ann\t:tea", ":bob\t:tea"]),
        ("SELECT ?s FROM :g1 FROM :g1 { ?s :likes :tea }", &[":ann", ":bob"]),
        ("SELECT ?g FROM :g1 { GRAPH ?g { ?s ?p ?o } }", &[]),
        ("SELECT ?s FROM NAMED :g1 { ?s ?p ?o }", &[]),
        ("SELECT ?g ?s FROM NAMED :g1 FROM NAMED :none { GRAPH ?g { ?s :likes :tea } }", &[":g1\t:ann", ":g1\t:bob"]),
        ("SELECT ?o FROM :g2 FROM NAMED :g1 { ?s :likes ?o GRAPH :g1 { ?s :name ?n } }", &[":milk", ":tea"]),
        ("SELECT ?o FROM NAMED :g1 { GRAPH :g2 { ?s :likes ?o } }", &[]),
        (
            "SELECT ?n FROM <http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph> FROM :g1 { :ann :name ?n }",
            &["\"Ann\""],
        ),
        // Paths.
        ("SELECT ?x { :ann :knows/:name ?x }", &["\"Bob\"", "\"Cid\"@en-gb"]),
        ("SELECT ?x { :ann :knows+ ?x }", &[":bob", ":cid"]),
        ("SELECT ?x { :ann :knows* ?x }", &[":ann", ":bob", ":cid"]),
        ("SELECT ?x { :cid ^:knows ?x }", &[":ann", ":bob"]),
        ("SELECT ?x { :bob (:likes|:knows) ?x }", &[":cid", ":tea"]),
        ("SELECT ?x { :bob !(:likes|:knows|:name|:height|:born|a) ?x }", &["25"]),
        ("SELECT ?x { :bob :knows? ?x }", &[":bob", ":cid"]),
        // OPTIONAL, MINUS, EXISTS, UNION, BIND, VALUES, subqueries.
        (
            "SELECT ?s ?b { ?s a :Person OPTIONAL { ?s :born ?b } }",
            &[":ann\t\"1994-05-01\"^^<xsd:date>", ":bob\t\"1999-12-31\"^^<xsd:date>", ":cid\t"],
        ),
        ("SELECT ?s { ?s a :Person MINUS { ?s :born ?b } }", &[":cid"]),
        ("SELECT ?s { ?s a :Person FILTER NOT EXISTS { ?s :likes ?b } }", &[":cid"]),
        ("SELECT ?s { { ?s :likes :milk } UNION { ?s :knows :cid } }", &[":ann", ":ann", ":bob"]),
        ("SELECT DISTINCT ?s { { ?s :likes :milk } UNION { ?s :knows :cid } }", &[":ann", ":bob"]),
        ("SELECT ?s ?t { ?s :age ?a BIND(?a * 2 AS ?t) FILTER(?t > 50) }", &[":ann\t60"]),
        ("SELECT ?s ?v { VALUES (?s ?v) { (:ann 1) (:bob UNDEF) } ?s a :Person }", &[":ann\t1", ":bob\t"]),
        ("SELECT ?s { { SELECT (MAX(?a) AS ?m) { ?x :age ?a } } ?s :age ?m }", &[":ann"]),
        // Values, in ids or not.
        ("SELECT ?s { ?s :age 25 }", &[":bob"]),
        ("SELECT ?s { ?s :age ?a FILTER(?a = 25) }", &[":bob", ":cid"]),
        ("SELECT ?s { ?s :height ?h FILTER(?h > 1.75) }", &[":bob"]),
        ("SELECT ?s { ?s :born ?b FILTER(?b < '1999-01-01'^^xsd:date) }", &[":ann"]),
        ("SELECT ?s { ?s :seen ?t FILTER(?t > '2024-02-29T13:30:00+02:00'^^xsd:dateTime) }", &[":cid"]),
        ("SELECT ?y { :cid :seen ?t BIND(YEAR(?t) AS ?y) }", &["2024"]),
        ("SELECT ?s { ?s :name ?n FILTER(STRLEN(?n) > 20) }", &[":dan"]),
        ("SELECT ?s { ?s :name ?n FILTER(LANGMATCHES(LANG(?n), 'en')) }", &[":cid"]),
        ("SELECT ?s { ?s :name ?n FILTER(isBlank(?s)) }", &["_"]),
        (
            "SELECT ?b { VALUES ?v { '' 'x' 0 1 '00'^^xsd:integer 0.0 1.5 'NaN'^^xsd:double true 'a text of some length' } \
          BIND(IF(?v, 1, 0) AS ?b) }",
            &["0", "0", "0", "0", "0", "1", "1", "1", "1", "1"],
        ),
        ("SELECT ?v { VALUES ?v { '' 'x' 0 1 '00'^^xsd:integer '1' false } FILTER(?v) }", &["\"1\"", "\"x\"", "1"]),
        // Texts that the store does not have.
        (
            "SELECT ?t { :ann :name ?n BIND(CONCAT(?n, ' and everyone she knows') AS ?t) }",
            &["\"Ann and everyone she knows\""],
        ),
        (
            "SELECT ?t { VALUES ?t { 'a text that is nowhere in the store' } }",
            &["\"a text that is nowhere in the store\""],
        ),
        (
            "SELECT (COUNT(DISTINCT ?t) AS ?n) { ?s a :Person BIND(CONCAT('the same for each ', 'person') AS ?t) }",
            &["1"],
        ),
        ("SELECT ?s { ?s :name ?n FILTER(?n = CONCAT('a name that is ', 'too long for an id')) }", &[":dan"]),
        ("SELECT ?s { BIND(IRI(CONCAT('http://ex.test/', 'ann')) AS ?s) ?s :likes :milk }", &[":ann"]),
        ("SELECT ?s { BIND(CONCAT('a name that is ', 'too long for an id') AS ?n) ?s :name ?n }", &[":dan"]),
        // Order and aggregates.
        ("SELECT ?s { ?s :age ?a } ORDER BY DESC(?a) ?s", &[":ann", ":bob", ":cid"]),
        ("SELECT ?s { ?s :age ?a } ORDER BY ?s LIMIT 1 OFFSET 1", &[":bob"]),
        (
            "SELECT (COUNT(?a) AS ?n) (SUM(?a) AS ?s) (MIN(?a) AS ?l) (AVG(?h) AS ?h2) { ?x :age ?a OPTIONAL { ?x :height ?h } }",
            &["3\t80\t25\t"],
        ),
        ("SELECT ?a (COUNT(*) AS ?n) { ?s :knows ?o . ?o :age ?a } GROUP BY ?a HAVING (COUNT(*) > 1)", &["025\t2"]),
        // A graph.
        (
            "CONSTRUCT { ?o :knownBy ?s } WHERE { ?s :knows ?o . ?o a :Person }",
            &[":bob :knownBy :ann .", ":cid :knownBy :ann .", ":cid :knownBy :bob ."],
        ),
        ("CONSTRUCT { [] :of ?s } WHERE { ?s :likes :tea }", &["_ :of :ann .", "_ :of :bob ."]),
        ("DESCRIBE :tea", &[":ann :likes :tea .", ":bob :likes :tea ."]),
        ("DESCRIBE :milk :tea", &[":ann :likes :milk .", ":ann :likes :tea .", ":bob :likes :tea ."]),
        ("DESCRIBE ?s FROM :g2 { ?s :likes :milk }", &[":ann :likes :milk .", ":ann :likes :tea ."]),
        (
            "DESCRIBE :ann ?x FROM :g1 FROM :g2 { :ann :likes ?x }",
            &[":ann :likes :milk .", ":ann :likes :tea .", ":ann :name \"Ann\" .", ":bob :likes :tea ."],
        ),
        ("DESCRIBE :tea { hint:Query hint:describeMode 'ForwardOneStep' }", &[]),
        ("DESCRIBE ?n { :ann :name ?n }", &[]),
        ("DESCRIBE :nobody", &[]),
        ("SELECT ?s { ?s :likes :milk SERVICE SILENT <http://ex.test/sparql> { ?s ?p ?o } }", &[":ann"]),
        // Hints are no data.
        ("SELECT ?s { hint:Query hint:joinOrder 'Ordered' . ?s :likes :milk }", &[":ann"]),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        match rows(&snapshot, text, ParseOptions::default()) {
            Ok(rows) if rows == *expected => {}
            Ok(rows) => wrong.push(format!("{text}\n  answered {rows:?}\n  expected {expected:?}")),
            Err(error) => wrong.push(format!("{text}\n  failed: {error}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_protocol_chooses_graphs() {
    let (_scratch, snapshot) = loaded();
    let graphs = |default: &[&str], named: &[&str]| ParseOptions {
        default_graphs: default.iter().map(|graph| format!("http://ex.test/{graph}")).collect(),
        named_graphs: named.iter().map(|graph| format!("http://ex.test/{graph}")).collect(),
        ..ParseOptions::default()
    };
    for (options, text, expected) in [
        (graphs(&["g1"], &[]), "SELECT ?s FROM :g2 { ?s :likes ?o }", vec![":ann", ":bob"]),
        (graphs(&["g1", "g2"], &[]), "SELECT ?s { ?s :likes :tea }", vec![":ann", ":bob"]),
        (graphs(&[], &["g2"]), "SELECT ?g { GRAPH ?g { ?s :likes :tea } }", vec![":g2"]),
        (graphs(&[], &["g2"]), "SELECT ?s { ?s :likes :tea }", vec![]),
    ] {
        assert_eq!(rows(&snapshot, text, options).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_strict_default_graph_is_apart() {
    let (_scratch, snapshot) = loaded();
    let strict = ParseOptions { strict_default_graph: true, ..ParseOptions::default() };
    for (text, expected) in [
        ("SELECT ?s { ?s :likes ?o }", vec![]),
        ("SELECT ?g { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g", vec![":g1", ":g2"]),
        ("SELECT ?g { GRAPH ?g {} }", vec![":g1", ":g2"]),
        ("SELECT ?g { GRAPH ?g { :ann :name ?n } }", vec![":g1"]),
        ("SELECT ?n { :bob :name ?n }", vec!["\"Bob\""]),
    ] {
        assert_eq!(rows(&snapshot, text, strict.clone()).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_answered_says_so() {
    let (_scratch, snapshot) = loaded();
    for (text, message) in [
        ("SELECT (:f(?s) AS ?x) { ?s ?p ?o }", "there is no function <http://ex.test/f>"),
        (
            "SELECT * { SERVICE <http://ex.test/sparql> { ?s ?p ?o } }",
            "SERVICE <http://ex.test/sparql> is not allowed: no --service-allow of this server names it",
        ),
    ] {
        match rows(&snapshot, text, ParseOptions::default()) {
            Err(Error::Unsupported(found)) => assert_eq!(found, message),
            other => panic!("{text}: {other:?}"),
        }
    }
}

/// The shared case open-15: what was loaded without a graph is found by a plain query, and what is in two graphs once.
#[test]
fn a_plain_query_sees_the_union_of_all_graphs() {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    let triples = "<http://ex.test/a> <http://ex.test/p> \"one\" . <http://ex.test/b> <http://ex.test/p> \"two\" .";
    for text in [triples.to_owned(), format!("GRAPH <http://ex.test/second> {{ {triples} }}")] {
        for quad in RdfParser::from_format(RdfFormat::TriG).for_slice(&text) {
            load::insert(&mut transaction, &quad.expect("TriG"), "");
        }
    }
    let snapshot = transaction.snapshot();
    let answers = |text| rows(&snapshot, text, ParseOptions::default()).expect(text);
    assert_eq!(answers("SELECT ?s WHERE { ?s ?p ?o } ORDER BY ?s"), [":a", ":b"]);
    assert_eq!(
        answers("SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"),
        ["<http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph>\t2", ":second\t2"]
    );
}
