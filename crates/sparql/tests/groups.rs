//! Counts and groups over triple patterns, which are told from ids: the same as the evaluator's, row by row.

#[path = "support/load.rs"]
mod load;

use oxrdf::{GraphName, Literal, NamedNode, Quad};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sparql::{OutputFormat, ParseOptions, Query};
use store::{CancelToken, Snapshot};

const TEMPLATES: [&str; 14] = [
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o $ }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o $ } GROUP BY ?p",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) (COUNT(DISTINCT ?o) AS ?m) { ?s :p ?o $ }",
    "SELECT ?o (COUNT(DISTINCT ?s) AS ?n) { ?s :p ?o $ } GROUP BY ?o HAVING (COUNT(*) > 1)",
    "SELECT (COUNT(*) AS ?n) { ?a :p ?b . ?b :p ?c $ }",
    "SELECT ?c (COUNT(*) AS ?n) { ?a :p ?b . ?b :q ?c $ } GROUP BY ?c",
    "SELECT (COUNT(?c) AS ?n) { :r1 :p ?b . ?b ?q ?c $ }",
    "SELECT (COUNT(*) AS ?n) { ?a :p ?b . ?b :p ?c . ?c :p ?a $ }",
    "SELECT ?a (COUNT(*) AS ?n) { ?a :p ?b . ?a :q ?c FILTER(?c > 1) $ } GROUP BY ?a",
    "SELECT ?a ?b (COUNT(*) AS ?n) { ?a ?p ?b FILTER(isIRI(?b)) FILTER(?a != :r0) $ } GROUP BY ?a ?b",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?a $ }",
    "SELECT (COUNT(*) AS ?n) { ?x :p ?b . ?y :p ?b $ }",
    "SELECT ?q (COUNT(*) AS ?n) (COUNT(DISTINCT ?b) AS ?m) { ?a :p ?b . ?b ?q 1 $ } GROUP BY ?q",
    "SELECT (COUNT(*) AS ?n) { ?a :p [ :p ?c ] . ?d :q ?e $ }",
];

fn answer(snapshot: &Snapshot, text: &str, options: &ParseOptions) -> Vec<String> {
    let query = Query::parse(&format!("PREFIX : <http://ex.test/> {text}"), None, options.clone()).expect("parses");
    let mut out = Vec::new();
    query.run(snapshot, OutputFormat::Tsv, &mut out, &CancelToken::new()).expect("runs");
    let mut rows: Vec<String> = String::from_utf8(out).expect("UTF-8").lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

#[test]
fn counts_are_those_of_the_evaluator() {
    let data_sets = [
        ParseOptions::default(),
        ParseOptions { strict_default_graph: true, ..ParseOptions::default() },
        ParseOptions { default_graphs: vec!["http://ex.test/g1".to_owned()], ..ParseOptions::default() },
    ];
    let quads = vec((0..4_u8, 0..2_u8, 0..8_u8, 0..3_u8), 0..40);
    let strategy = (quads, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let scratch = load::Scratch::new();
    let iri = |name: String| NamedNode::new_unchecked(format!("http://ex.test/{name}"));
    runner
        .run(&strategy, |(quads, one_graph)| {
            let mut transaction = scratch.begin();
            for (s, p, o, g) in quads {
                let quad = Quad {
                    subject: iri(format!("r{s}")).into(),
                    predicate: iri(["p", "q"][usize::from(p)].to_owned()),
                    object: if o < 4 { iri(format!("r{o}")).into() } else { Literal::from(i64::from(o) - 4).into() },
                    graph_name: match g {
                        0 => GraphName::DefaultGraph,
                        _ if one_graph => GraphName::DefaultGraph,
                        g => iri(format!("g{g}")).into(),
                    },
                };
                load::insert(&mut transaction, &quad, "");
            }
            let snapshot = transaction.snapshot();
            for template in TEMPLATES {
                for options in &data_sets {
                    // BIND makes it another kind of query.
                    let [found, expected] =
                        ["", "BIND(0 AS ?zero)"].map(|more| answer(&snapshot, &template.replace('$', more), options));
                    prop_assert_eq!(found, expected, "{} {:?}", template, options);
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
