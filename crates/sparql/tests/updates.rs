//! Updates: what each operation leaves, in the data set of Neptune, whose default graph is the union of all.

#[path = "support/load.rs"]
mod load;

use std::collections::HashMap;

use auth::{Access, Accesses};
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use sparql::{
    Document, Error, Fetch, FetchError, OutputFormat, ParseOptions, Query, Surroundings, Update, UpdateOptions,
};
use store::{CancelToken, Transaction};

const PROLOGUE: &str = "PREFIX : <http://ex.test/> ";

/// Documents by their IRIs.
struct Shelf(HashMap<&'static str, &'static str>);

impl Fetch for Shelf {
    fn open(&self, iri: &str, _: &CancelToken) -> Result<Document, FetchError> {
        let text = self.0.get(iri).ok_or_else(|| FetchError::Unreachable(format!("{iri} is not there")))?;
        Ok(Document { reader: Box::new(text.as_bytes()), media_type: None })
    }
}

fn shelf() -> Shelf {
    Shelf(HashMap::from([
        ("http://doc.test/a.ttl", "@prefix : <http://ex.test/> . :a :p 1 ; :q <#self>, [ :r 2 ] ."),
        ("http://doc.test/ground.nt", "<http://ex.test/a> <http://ex.test/p> <http://ex.test/b> ."),
        ("http://doc.test/blank.nt", "_:a <http://ex.test/p> <http://ex.test/b> ."),
        (
            "http://doc.test/broken.nt",
            "<http://ex.test/a> <http://ex.test/p> <http://ex.test/b> .\n<http://ex.test/a> nonsense",
        ),
        (
            "http://doc.test/quads.nq",
            "<http://ex.test/a> <http://ex.test/p> <http://ex.test/b> <http://ex.test/g> .\n\
             <http://ex.test/a> <http://ex.test/p> <http://ex.test/c> .",
        ),
    ]))
}

fn update(transaction: &mut Transaction, text: &str, options: UpdateOptions) -> Result<(), Error> {
    let update = Update::parse(&format!("{PROLOGUE}{text}"), None, options)?;
    let surroundings = Surroundings { fetch: &shelf(), seed: [3; 16], cancel: &CancelToken::new() };
    update.run(transaction, &surroundings).map(drop)
}

#[test]
fn literals_are_stored_as_a_load_stores_them() {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    let date = "'2001-01-01T01:00:00+01:00'^^<http://www.w3.org/2001/XMLSchema#dateTime>";
    update(&mut transaction, &format!("INSERT DATA {{ :a :p {date} , 'x'@EN }}"), UpdateOptions::default()).unwrap();
    let stored = quads(&mut transaction).join(" ");
    assert!(stored.contains("2001-01-01T00:00:00Z") && stored.contains("\"x\"@en"), "{stored}");
    // What is asked for and what is deleted means the same.
    update(&mut transaction, &format!("INSERT {{ :a :q ?s }} WHERE {{ ?s :p {date} }}"), UpdateOptions::default())
        .unwrap();
    assert!(quads(&mut transaction).contains(&"a q a -".to_owned()));
    update(&mut transaction, &format!("DELETE DATA {{ :a :p {date} }}"), UpdateOptions::default()).unwrap();
    assert!(!quads(&mut transaction).join(" ").contains("2001"));
    let error =
        update(&mut transaction, "INSERT DATA { :a :p 18446744073709551616 }", UpdateOptions::default()).unwrap_err();
    assert!(matches!(error, Error::Number(_)) && error.to_string().contains("at most 64 bits"), "{error}");
}

#[test]
fn a_bounded_description_follows_blank_nodes_and_reifications() {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    let data = "INSERT DATA { :a :p [ :q [ :r :b ] ] . :b :s :c . [ :t :a ] :u 1 .
                [ a rdf:Statement ; rdf:subject :a ; rdf:predicate :v ; rdf:object 2 ; :says 'so' ] :w 3 . :a :v 2 }";
    update(&mut transaction, data, UpdateOptions::default()).unwrap();
    let snapshot = transaction.snapshot();
    let described = |mode: &str| {
        let hints = "http://aws.amazon.com/neptune/vocab/v01/QueryHints#";
        let text = format!("{PROLOGUE} PREFIX hint: <{hints}> DESCRIBE :a {{ hint:Query hint:describeMode {mode} }}");
        let query = Query::parse(&text, None, ParseOptions::default()).unwrap();
        let mut out = Vec::new();
        query.run(&snapshot, OutputFormat::NTriples, &mut out, &CancelToken::new()).unwrap();
        let mut lines: Vec<String> = String::from_utf8(out).unwrap().lines().map(str::to_owned).collect();
        let told = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), told, "each triple once");
        told
    };
    assert_eq!(described("'ForwardOneStep'"), 2);
    assert_eq!(described("'SymmetricOneStep'"), 4);
    // The two blank nodes, and the six triples of the statement about :a :v 2.
    assert_eq!(described("'CBD'"), 10);
    // And what points at it.
    assert_eq!(described("'SCBD'"), 12);
    assert_eq!(described("'CBD'; hint:describeIterationLimit 1; hint:describeStatementLimit 1"), 2);
}

/// Every quad, short: the fallback graph as `-`, blank nodes as `_`.
fn quads(transaction: &mut Transaction) -> Vec<String> {
    let query = Query::parse("SELECT ?s ?p ?o ?g { GRAPH ?g { ?s ?p ?o } }", None, ParseOptions::default())
        .expect("the query is right");
    let mut out = Vec::new();
    query
        .run(&transaction.snapshot(), OutputFormat::Tsv, &mut out, &CancelToken::new())
        .expect("the store can be read");
    let mut lines: Vec<String> = String::from_utf8(out)
        .expect("results are UTF-8")
        .lines()
        .skip(1)
        .map(|line| {
            let short = |cell: &str| match cell {
                "<http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph>" => "-".to_owned(),
                cell if cell.starts_with("_:") => "_".to_owned(),
                cell => cell.trim_start_matches("<http://ex.test/").trim_end_matches('>').to_owned(),
            };
            line.split('\t').map(short).collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.sort();
    lines
}

/// Runs the updates one after the other on an empty store.
fn check(updates: &[&str], expected: &[&str]) {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    for text in updates {
        update(&mut transaction, text, UpdateOptions::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    assert_eq!(quads(&mut transaction), expected, "{updates:?}");
}

#[test]
fn what_names_no_graph_goes_to_the_fallback_graph_and_comes_from_all() {
    let data = "INSERT DATA { :a :p :b . GRAPH :g { :a :p :b, :c } }";
    check(&[data], &["a p b -", "a p b g", "a p c g"]);
    check(&[data, "DELETE DATA { :a :p :b }"], &["a p c g"]);
    check(&[data, "DELETE DATA { GRAPH :g { :a :p :b } }"], &["a p b -", "a p c g"]);
    check(&[data, "DELETE WHERE { ?s ?p :c }"], &["a p b -", "a p b g"]);
    check(&[data, "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?g = :g) }"], &["a p b -"]);
    check(&[data, "CLEAR DEFAULT"], &["a p b g", "a p c g"]);
    check(&[data, "DROP GRAPH :g"], &["a p b -"]);
    check(&[data, "CLEAR NAMED"], &[]);
    check(&[data, "DROP ALL"], &[]);
    check(&[data, "CREATE GRAPH :h; DROP GRAPH :nothing"], &["a p b -", "a p b g", "a p c g"]);
}

#[test]
fn with_and_using_say_what_where_is_about() {
    let data = "INSERT DATA { GRAPH :g { :a :p 1 } GRAPH :h { :a :p 2 } }";
    check(&[data, "WITH :g DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE { ?s :p ?o }"], &["a p 2 h", "a q 1 g"]);
    check(&[data, "INSERT { GRAPH :i { ?s :p ?o } } USING :h WHERE { ?s :p ?o }"], &["a p 1 g", "a p 2 h", "a p 2 i"]);
    check(
        &[data, "INSERT { GRAPH :i { ?s :p ?o } } USING NAMED :h WHERE { GRAPH ?g { ?s :p ?o } }"],
        &["a p 1 g", "a p 2 h", "a p 2 i"],
    );
    check(
        &[data, "WITH :g INSERT { ?s :q ?o } WHERE { ?s :p 1 . GRAPH :h { ?s :p ?o } }"],
        &["a p 1 g", "a p 2 h", "a q 2 g"],
    );
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    update(&mut transaction, data, UpdateOptions::default()).unwrap();
    let using = UpdateOptions { using_graphs: vec!["http://ex.test/h".to_owned()], ..UpdateOptions::default() };
    update(&mut transaction, "INSERT { :x :y ?o } WHERE { ?s :p ?o }", using.clone()).unwrap();
    assert_eq!(quads(&mut transaction), ["a p 1 g", "a p 2 h", "x y 2 -"]);
    let both = update(&mut transaction, "WITH :g DELETE { ?s :p ?o } WHERE { ?s :p ?o }", using).unwrap_err();
    assert!(both.to_string().starts_with("Malformed query: the request has using-graph-uri"), "{both}");
}

#[test]
fn each_operation_sees_those_before_it_and_nothing_of_itself() {
    check(
        &["INSERT DATA { :a :n 1 }; INSERT { ?s :n ?m } WHERE { ?s :n ?n BIND(?n + 1 AS ?m) }; \
           PREFIX e: <http://ex.test/> DELETE DATA { e:a e:n 1 }"],
        &["a n 2 -"],
    );
    // An insert wins over a delete of any row.
    check(
        &["INSERT DATA { :a :p 1 . :b :p 2 }", "DELETE { ?x :p ?o } INSERT { ?x :p 1 } WHERE { ?x :p ?o }"],
        &["a p 1 -", "b p 1 -"],
    );
    check(
        &["INSERT DATA { :a :p :b . :b :p :c }", "COPY DEFAULT TO :g", "MOVE :g TO :h", "ADD :h TO :i"],
        &["a p b -", "a p b h", "a p b i", "b p c -", "b p c h", "b p c i"],
    );
}

#[test]
fn blank_nodes_are_new_for_each_row() {
    check(
        &["INSERT DATA { _:a :p _:a . :x :n 1, 2 }", "INSERT { _:b :of ?n ; :is [] } WHERE { :x :n ?n }"],
        &["_ is _ -", "_ is _ -", "_ of 1 -", "_ of 2 -", "_ p _ -", "x n 1 -", "x n 2 -"],
    );
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    let text = "INSERT DATA { _:a :p 1 . _:a :q 2 }; DELETE { ?b :q ?q } INSERT { ?b :r 3 } WHERE { ?b :p 1 ; :q ?q }";
    update(&mut transaction, text, UpdateOptions::default()).unwrap();
    assert_eq!(quads(&mut transaction), ["_ p 1 -", "_ r 3 -"]);
}

#[test]
fn documents_are_loaded_and_unloaded() {
    check(&["LOAD <http://doc.test/a.ttl>"], &["_ r 2 -", "a p 1 -", "a q <http://doc.test/a.ttl#self -", "a q _ -"]);
    check(&["LOAD <http://doc.test/ground.nt> INTO GRAPH :g"], &["a p b g"]);
    check(&["LOAD <http://doc.test/quads.nq>"], &["a p b g", "a p c -"]);
    let twice = "LOAD <http://doc.test/ground.nt> INTO GRAPH :g; LOAD <http://doc.test/ground.nt>";
    check(&[twice, "UNLOAD <http://doc.test/ground.nt> FROM GRAPH :g"], &["a p b -"]);
    check(&[twice, "unload <http://doc.test/ground.nt>"], &[]);
    check(&["LOAD SILENT <http://doc.test/broken.nt>; LOAD SILENT <http://doc.test/none.nt>"], &[]);
    for (text, expected) in [
        ("LOAD <http://doc.test/broken.nt>", "Invalid syntax in the specified file: <http://doc.test/broken.nt>: "),
        ("LOAD <http://doc.test/none.nt>", "http://doc.test/none.nt is not there"),
        ("LOAD <http://doc.test/none>", "http://doc.test/none is not there"),
        ("UNLOAD <http://doc.test/blank.nt>", "Blank nodes are not allowed for UNLOAD"),
    ] {
        let scratch = load::Scratch::new();
        let error = update(&mut scratch.begin(), text, UpdateOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn a_wrong_text_is_told_where() {
    for (text, expected) in [
        ("INSERT DATA { :a :p ?o }", "line 1, column "),
        ("INSERT DATE { :a :p 1 }", "unexpected ‘DATE’"),
        ("DELETE DATA { _:a :p 1 }", "line 1, column "),
        ("INSERT DATA { _:a :p 1 }; INSERT DATA { _:a :p 2 }", "blank node"),
    ] {
        let scratch = load::Scratch::new();
        let error = update(&mut scratch.begin(), text, UpdateOptions::default()).unwrap_err().to_string();
        assert!(error.starts_with("Malformed query: ") && error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_an_update_may_do_is_told_by_its_tree() {
    let of = |write, delete| Access { read: true, write, delete };
    for (text, expected) in [
        ("INSERT DATA { :a :p 1 }", of(true, false)),
        ("LOAD <http://doc.test/a.ttl>", of(true, false)),
        ("ADD :g TO :h", of(true, false)),
        ("DELETE DATA { :a :p 1 }", of(false, true)),
        ("UNLOAD <http://doc.test/a.ttl>", of(false, true)),
        ("CLEAR ALL", of(false, true)),
        ("DELETE WHERE { ?s ?p ?o }", of(false, true)),
        ("INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", of(true, false)),
        ("DELETE { ?s ?p ?o } INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", Access::ALL),
        ("COPY :g TO :h", Access::ALL),
        ("MOVE :g TO :h", Access::ALL),
    ] {
        let update = Update::parse(&format!("{PROLOGUE}{text}"), None, UpdateOptions::default()).unwrap();
        assert_eq!(update.accesses(), expected, "{text}");
    }
}

#[test]
fn an_update_that_keeps_too_much_or_is_cancelled_ends() {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    for n in 0..500 {
        let subject = NamedNode::new_unchecked(format!("http://ex.test/s{n}"));
        let predicate = NamedNode::new_unchecked("http://ex.test/p");
        load::insert(&mut transaction, &Quad::new(subject, predicate, Literal::from(n), GraphName::DefaultGraph), "");
    }
    let text = format!("{PROLOGUE}DELETE {{ ?s :p ?o }} INSERT {{ ?s :q ?o }} WHERE {{ ?s :p ?o }}");
    let large = Update::parse(&text, None, UpdateOptions::default()).unwrap().with_memory(50_000);
    let cancel = CancelToken::new();
    let surroundings = Surroundings { fetch: &shelf(), seed: [3; 16], cancel: &cancel };
    assert!(matches!(large.run(&mut transaction, &surroundings), Err(Error::MemoryLimit { limit: 50_000 })));
    cancel.cancel();
    let update = Update::parse(&text, None, UpdateOptions::default()).unwrap();
    assert!(matches!(update.run(&mut transaction, &surroundings), Err(Error::Cancelled)));
}
