//! The W3C suites of RDF 1.1 by their manifests: N-Triples and N-Quads in blocks, Turtle and RDF/XML in one piece.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use oxrdf::graph::CanonicalizationAlgorithm;
use oxrdf::{Graph, NamedNode, Triple};
use oxttl::TurtleParser;

use super::*;

/// One test of a manifest.
#[derive(Default)]
struct Test {
    kind: String,
    action: String,
    result: Option<String>,
}

/// The tests of a manifest by name.
fn manifest(folder: &Path) -> HashMap<String, Test> {
    let data = fs::read(folder.join("manifest.ttl")).expect("each suite has one");
    let parser = TurtleParser::new().with_base_iri("http://suite/").expect("an IRI");
    let mut tests: HashMap<String, Test> = HashMap::new();
    for triple in parser.for_slice(&data) {
        let triple = triple.expect("a manifest is Turtle");
        let (subject, object) = (triple.subject.to_string(), triple.object.to_string());
        let value = || object.trim_matches(['<', '>', '"']).trim_start_matches("http://suite/").to_owned();
        let test = tests.entry(subject).or_default();
        match triple.predicate.as_str().rsplit(['#', '/']).next() {
            Some("type") => test.kind = value().rsplit('#').next().unwrap_or_default().to_owned(),
            Some("action") => test.action = value(),
            Some("result") => test.result = Some(value()),
            _ => {}
        }
    }
    tests.retain(|_, test| test.kind.starts_with("Test"));
    tests
}

/// The entries as a graph: equal ids are equal IRIs, blank nodes are blank nodes.
fn graph(out: &Parsed) -> Graph {
    let node = |id: TermId| match Term::decode(id, Some(b"")) {
        Ok(Term::Blank(identity)) => crate::rdf::blank_node(identity).into(),
        _ => oxrdf::Term::from(NamedNode::new_unchecked(format!("id:{:x}", id.get()))),
    };
    let triple = |quad: Quad| Triple::from_terms(node(quad.s), node(quad.p), node(quad.o)).expect("no literals here");
    let mut graph: Graph = out.batch.entries.iter().map(|entry| triple(entry.quad)).collect();
    graph.canonicalize(CanonicalizationAlgorithm::Unstable);
    graph
}

fn run(format: Format, options: &FormatOptions, data: &[u8]) -> Parsed {
    if format.cut().is_some() {
        return read(format, options, data, 16).1;
    }
    let mut out = Parsed::new();
    let mut parser = SerialParser::open(format, options, 3, "s3://bucket/key", data, &KEY).expect("the base is an IRI");
    while parser.next(7, &mut out).expect("memory can be read") {}
    out
}

/// Runs a suite of `count` tests.
fn suite(name: &str, format: Format, count: usize) {
    let Some(folder) = shared(&format!("conformance/rdf11/{name}")) else {
        return;
    };
    let tests = manifest(&folder);
    let mut failures = Vec::new();
    for (name, test) in &tests {
        let data = fs::read(folder.join(&test.action)).expect("its file is there");
        let base = format!(
            "https://w3c.github.io/rdf-tests/rdf/rdf11/{}/{}",
            folder.file_name().unwrap_or_default().display(),
            test.action
        );
        let options = FormatOptions { base: Some(base), ..defaults() };
        let out = run(format, &options, &data);
        let negative = test.kind.contains("Negative");
        if out.errors.is_empty() == negative {
            failures.push(name.as_str());
            eprintln!("{name}: {}", show_errors(&out));
        } else if let (Some(result), true) = (&test.result, out.errors.is_empty()) {
            let expected = fs::read(folder.join(result)).expect("its file is there");
            let expected = run(Format::NTriples, &defaults(), &expected);
            if !expected.errors.is_empty() || graph(&out) != graph(&expected) {
                failures.push(name);
                eprintln!("{name}: another graph than {result}");
            }
        }
    }
    assert_eq!(failures, [""; 0]);
    assert_eq!(tests.len(), count);
}

#[test]
fn n_triples() {
    suite("rdf-n-triples", Format::NTriples, 70);
}

#[test]
fn n_quads() {
    suite("rdf-n-quads", Format::NQuads, 87);
}

#[test]
fn turtle() {
    suite("rdf-turtle", Format::Turtle, 313);
}

#[test]
fn rdf_xml() {
    suite("rdf-xml", Format::RdfXml, 166);
}
