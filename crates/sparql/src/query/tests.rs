//! Forms, prefixes, bases and data sets of a query, and texts without bounds.

use super::*;
use crate::QueryKind;

fn parse(text: &str) -> Result<Query, Error> {
    Query::parse(text, None, ParseOptions::default())
}

fn iris(iris: &[&str]) -> Vec<NamedNode> {
    iris.iter().map(|iri| NamedNode::new_unchecked(*iri)).collect()
}

#[test]
fn each_form_is_recognised() {
    for (text, kind) in [
        ("SELECT * { ?s ?p ?o }", QueryKind::Select),
        ("ASK { ?s ?p ?o }", QueryKind::Ask),
        ("CONSTRUCT WHERE { ?s ?p ?o }", QueryKind::Construct),
        ("DESCRIBE <http://ex.test/a>", QueryKind::Describe),
    ] {
        assert_eq!(parse(text).unwrap().kind(), kind, "{text}");
    }
}

#[test]
fn four_prefixes_are_known_and_can_be_redefined() {
    for (text, iri) in [
        ("ASK { ?s rdf:type ?o }", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
        ("ASK { ?s rdfs:label ?o }", "http://www.w3.org/2000/01/rdf-schema#label"),
        ("ASK { ?s owl:sameAs ?o }", "http://www.w3.org/2002/07/owl#sameAs"),
        ("ASK { ?s xsd:string ?o }", "http://www.w3.org/2001/XMLSchema#string"),
        ("PREFIX rdf: <http://ex.test/> ASK { ?s rdf:type ?o }", "http://ex.test/type"),
    ] {
        assert!(parse(text).unwrap().algebra.to_string().contains(&format!("<{iri}>")), "{text}");
    }
    assert!(matches!(parse("ASK { ?s foaf:name ?o }"), Err(Error::Syntax { .. })));
}

#[test]
fn relative_iris_have_a_base() {
    let text = "ASK { <a> ?p ?o }";
    for (base, iri) in
        [(None, "http://aws.amazon.com/neptune/default/a"), (Some("http://ex.test/b/c"), "http://ex.test/b/a")]
    {
        let query = Query::parse(text, base, ParseOptions::default()).unwrap();
        assert!(query.algebra.to_string().contains(&format!("<{iri}>")), "{query:?}");
    }
    assert!(matches!(Query::parse(text, Some("b/c"), ParseOptions::default()), Err(Error::Syntax { at: None, .. })));
}

#[test]
fn the_protocol_overrides_the_text() {
    let text = "SELECT * FROM <http://ex.test/a> FROM NAMED <http://ex.test/b> { ?s ?p ?o }";
    assert_eq!(
        parse(text).unwrap().graphs,
        Graphs::Named { default: iris(&["http://ex.test/a"]), named: Some(iris(&["http://ex.test/b"])) }
    );
    let options = ParseOptions { named_graphs: vec!["http://ex.test/c".to_owned()], ..ParseOptions::default() };
    assert_eq!(
        Query::parse(text, None, options).unwrap().graphs,
        Graphs::Named { default: vec![], named: Some(iris(&["http://ex.test/c"])) }
    );
    let options = ParseOptions { default_graphs: vec!["c".to_owned()], ..ParseOptions::default() };
    let error = Query::parse(text, None, options).unwrap_err();
    assert!(error.to_string().starts_with("Malformed query: default-graph-uri c is no absolute IRI"), "{error}");
}

#[test]
fn without_from_the_default_graph_is_the_union_unless_asked_otherwise() {
    assert_eq!(parse("ASK {}").unwrap().graphs, Graphs::Union);
    let strict = ParseOptions { strict_default_graph: true, ..ParseOptions::default() };
    assert_eq!(Query::parse("ASK {}", None, strict).unwrap().graphs, Graphs::Strict);
}

/// Each of these would overflow an ordinary stack in the parser, or when dropped.
#[test]
fn texts_without_bounds_are_refused_not_fatal() {
    let n = limits::MAX_TEXT;
    for text in [
        format!("ASK {{ FILTER({}1{}) }}", "ABS(".repeat(30_000), ")".repeat(30_000)),
        format!("ASK {}{}", "{ ?s ?p 1 ".repeat(6_000), "}".repeat(6_000)),
        format!("ASK {}", "(".repeat(n / 2)),
        format!("ASK {{ FILTER(1{}) }}", "+1".repeat(n / 2 - 20)),
        format!("ASK {{ FILTER(1{}) }}", "||1".repeat(n / 3 - 20)),
        format!("ASK {{ {{}} {} }}", "UNION {}".repeat(30_000)),
        format!("ASK {{ ?s <a:a>{} ?o }}", "|<a:a>".repeat(n / 6 - 20)),
        format!("ASK {{ {} }}", "?s ?p ?o .".repeat(n / 10 - 20)),
        "x".repeat(n + 1),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(matches!(error, Error::Syntax { .. }), "{}: {error}", &text[..40]);
    }
}

#[test]
fn long_lists_and_idle_brackets_are_no_nesting() {
    let rows = "(<http://ex.test/a> \"(\")".repeat(10_000);
    parse(&format!("SELECT * {{ VALUES (?a ?b) {{ {rows} }} }}")).unwrap();
    let items = vec!["1"; 100_000].join(",");
    parse(&format!("SELECT * {{ ?s ?p ?o FILTER(?o IN ({items})) }}")).unwrap();
    let (open, close) = ("(".repeat(30_000), ")".repeat(30_000));
    parse(&format!("ASK {{ FILTER({open}1{close}) }}")).unwrap();
}
