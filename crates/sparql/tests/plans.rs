//! Queries that run as plans on ids: the same rows as the evaluator's.

#[path = "support/load.rs"]
mod load;

use std::sync::Arc;

use oxrdf::vocab::rdf;
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, Quad, Term};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sparql::{OutputFormat, ParseOptions, Query};
use store::statistics::Run;
use store::{CancelToken, Snapshot};

/// What stands in the place of `$` makes it a query that only the evaluator answers.
const TEMPLATES: &[&str] = &[
    // Counts and groups.
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o $ }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o $ } GROUP BY ?p",
    "SELECT ?s (COUNT(*) AS ?n) { ?s :p ?o $ } GROUP BY ?s",
    "SELECT ?o (COUNT(*) AS ?n) (COUNT(?s) AS ?m) { ?s :p ?o $ } GROUP BY ?o",
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o . ?s :q 1 $ } GROUP BY ?s",
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
    "SELECT ?age (COUNT(*) AS ?n) { ?p a :r0 ; :q ?age $ } GROUP BY ?age",
    "SELECT ?p (COUNT(*) AS ?n) { ?p a :r0 ; :p ?o $ } GROUP BY ?p",
    // Rows.
    "SELECT ?a ?c { ?a :p ?b . ?b :q ?c $ }",
    "SELECT DISTINCT ?a ?c { ?a :p ?b . ?b ?q ?c $ }",
    "SELECT ?x ?y { ?x :p ?o . ?y :q ?o $ }",
    "SELECT ?a ?q { ?a ?q :r1 . ?a ?r 1 $ }",
    "SELECT ?a ?q { ?a ?q ?b . ?b ?q ?a $ }",
    "SELECT ?s ?o { ?s ?p ?o . ?s a :r1 $ }",
    "SELECT ?n ?o { :r1 :p ?n ; :q ?o $ }",
    "SELECT ?a ?b ?gone { { ?a :p ?b } { ?a :q ?c FILTER(?c < 3) } $ }",
    "SELECT ?a ?b { ?a :p ?b . ?a :q ?c FILTER(?b = ?c || isBlank(?b)) $ }",
    "SELECT ?a { ?a :p ?b FILTER(?nothing = 1 || ?b = :r1) $ }",
    // OPTIONAL and EXISTS.
    "SELECT ?a ?b ?c { ?a :p ?b OPTIONAL { ?b :q ?c } $ }",
    "SELECT ?a ?c { ?a :p ?b OPTIONAL { ?b :q ?c FILTER(?c > 1) } $ }",
    "SELECT ?a ?c { ?a :p ?b OPTIONAL { ?a :q ?c FILTER(?c != ?b) } $ }",
    "SELECT ?a ?c ?d { ?a :p ?b OPTIONAL { ?a :q ?c } OPTIONAL { ?b :q ?d } FILTER(bound(?c) || ?d > 1) $ }",
    "SELECT ?b (COUNT(DISTINCT ?c) AS ?n) { ?a :p ?b OPTIONAL { ?a :q ?c } $ } GROUP BY ?b",
    "SELECT ?c (COUNT(?c) AS ?n) { ?a :p ?b OPTIONAL { ?a :q ?c } $ } GROUP BY ?c HAVING (COUNT(*) > 1)",
    "SELECT ?a { ?a :p ?b FILTER EXISTS { ?b :q ?c } $ }",
    "SELECT ?a { ?a :p ?b FILTER(NOT EXISTS { ?a :q ?b } && ?b != 2) $ }",
    // UNION.
    "SELECT ?a { { ?a :p ?b } UNION { ?a :q ?b } $ }",
    "SELECT ?a ?b ?c { { ?a :p ?b } UNION { ?a :q ?c } $ }",
    "SELECT ?a (COUNT(*) AS ?n) { { ?a :p ?b } UNION { ?a :q 1 } UNION { ?c :q ?a } $ } GROUP BY ?a",
    "SELECT DISTINCT ?a ?b { { ?a :p ?b OPTIONAL { ?b :q ?c } } UNION { ?b :q ?a FILTER(?a > 1) } $ }",
    // GRAPH.
    "SELECT ?s ?o { GRAPH :g1 { ?s :p ?o } $ }",
    "SELECT ?s ?o ?r { GRAPH :g1 { ?s :p ?o } ?o ?q ?r $ }",
    "SELECT ?s ?q { GRAPH <http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph> { ?s ?q 1 } GRAPH :g2 { ?s :p ?o } $ }",
    "SELECT ?s ?x { ?s :p ?o OPTIONAL { GRAPH :g2 { ?s :q ?x } } $ }",
    "SELECT ?s (COUNT(*) AS ?n) { GRAPH :g2 { ?s :p ?o } $ } GROUP BY ?s",
];

/// What no plan can say, or not all of it.
const OTHERS: &[&str] = &[
    "SELECT ?n (SUM(?n) AS ?m) { { SELECT ?s (COUNT(*) AS ?n) { ?s :p ?o $ } GROUP BY ?s } } GROUP BY ?n",
    "SELECT (COUNT(*) + 1 AS ?n) { ?s :p/:q ?o $ }",
    "SELECT ?x ?y ?q { ?x :p ?o . ?y ?q ?o $ }",
    "SELECT ?a ?c ?d { ?a :p ?b OPTIONAL { ?a :q ?c } OPTIONAL { ?c :q ?d } $ }",
    "SELECT ?s { GRAPH ?g { ?s :p ?o } $ }",
    "SELECT ?s { ?s :p ?o GRAPH :g1 { } $ }",
    "SELECT ?a { ?a :p ?b MINUS { ?a :q 1 } $ }",
    "SELECT ?a ?b { ?a :p+ ?b $ }",
];

fn answer(snapshot: &Snapshot, text: &str, options: &ParseOptions, run: Option<&Arc<Run>>) -> Vec<String> {
    let query = Query::parse(&format!("PREFIX : <http://ex.test/> {text}"), None, options.clone()).expect("parses");
    let mut out = Vec::new();
    let query = query.with_statistics(run.cloned());
    query.run(snapshot, OutputFormat::Tsv, &mut out, &CancelToken::new()).expect("runs");
    let mut rows: Vec<String> = String::from_utf8(out).expect("UTF-8").lines().map(str::to_owned).collect();
    rows.sort();
    rows
}

/// Whether a plan answers it.
fn is_planned(snapshot: &Snapshot, text: &str) -> bool {
    let text = format!("PREFIX : <http://ex.test/> {text}");
    let query = Query::parse(&text, None, ParseOptions::default()).expect("parses");
    let plan = query.explain(snapshot, false, &CancelToken::new()).expect("explains");
    plan.steps.iter().any(|step| step.name == "Triples")
}

fn iri(name: impl Into<String>) -> NamedNode {
    NamedNode::new_unchecked(format!("http://ex.test/{}", name.into()))
}

fn resource(number: u8) -> Term {
    if number == 3 { BlankNode::new_unchecked("r3").into() } else { iri(format!("r{number}")).into() }
}

#[test]
fn rows_are_those_of_the_evaluator() {
    let data_sets = [
        ParseOptions::default(),
        ParseOptions { strict_default_graph: true, ..ParseOptions::default() },
        ParseOptions { default_graphs: vec!["http://ex.test/g1".to_owned()], ..ParseOptions::default() },
        ParseOptions { named_graphs: vec!["http://ex.test/g1".to_owned()], ..ParseOptions::default() },
        ParseOptions {
            default_graphs: vec!["http://ex.test/g1".to_owned(), "http://ex.test/g2".to_owned()],
            ..ParseOptions::default()
        },
    ];
    let quads = vec((0..4_u8, 0..3_u8, 0..8_u8, 0..3_u8), 0..40);
    let strategy = (quads, 0..3_u8, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let scratch = load::Scratch::new();
    runner
        .run(&strategy, |(quads, graphs, one_class)| {
            let mut transaction = scratch.begin();
            for (s, p, o, g) in quads {
                let quad = Quad {
                    subject: resource(s).try_into().expect("a resource"),
                    predicate: [iri("p"), iri("q"), rdf::TYPE.into_owned()][usize::from(p)].clone(),
                    object: match o {
                        _ if p == 2 && one_class => resource(0),
                        0..4 => resource(o),
                        _ => Literal::from(i64::from(o) - 4).into(),
                    },
                    // All in the fallback graph, all in another one, or here and there.
                    graph_name: match (graphs, g) {
                        (0, _) | (2, 0) => GraphName::DefaultGraph,
                        (1, _) => iri("g1").into(),
                        _ => iri(format!("g{g}")).into(),
                    },
                };
                load::insert(&mut transaction, &quad, "");
            }
            let snapshot = transaction.snapshot();
            let statistics = snapshot.statistics(&CancelToken::new()).expect("counts");
            for template in TEMPLATES {
                prop_assert!(is_planned(&snapshot, &template.replace('$', "")), "{}", template);
                prop_assert!(!is_planned(&snapshot, &template.replace('$', "BIND(0 AS ?zero)")), "{}", template);
            }
            let run = Arc::new(Run { id: 1, ended_millis: 1, statistics });
            for template in TEMPLATES.iter().chain(OTHERS) {
                for options in &data_sets {
                    let of = |more, run| answer(&snapshot, &template.replace('$', more), options, run);
                    let expected = of("BIND(0 AS ?zero)", None);
                    prop_assert_eq!(&of("", None), &expected, "{} {:?}", template, options);
                    prop_assert_eq!(&of("", Some(&run)), &expected, "counted: {} {:?}", template, options);
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn counts_are_sorted_and_cut_off() {
    let scratch = load::Scratch::new();
    let mut transaction = scratch.begin();
    for (subject, objects) in [("a", 3), ("b", 7), ("c", 1), ("d", 5)] {
        for object in 0..objects {
            let graph_name = GraphName::DefaultGraph;
            let quad = Quad {
                subject: iri(subject).into(),
                predicate: iri("p"),
                object: Literal::from(object).into(),
                graph_name,
            };
            load::insert(&mut transaction, &quad, "");
        }
    }
    let snapshot = transaction.snapshot();
    let text = "PREFIX : <http://ex.test/> SELECT ?s (COUNT(*) AS ?n) { ?s :p ?o } GROUP BY ?s";
    let query = Query::parse(text, None, ParseOptions::default()).expect("parses");
    let plan = query.explain(&snapshot, false, &CancelToken::new()).expect("explains");
    let steps: Vec<(&str, &str)> = plan.steps.iter().map(|step| (&*step.name, &*step.arguments)).collect();
    // One walk along the subjects, and nothing to be put into groups.
    let walk = ("Triples", "(?0 <http://ex.test/p> ?), ?3=count");
    assert_eq!(steps, [("Unit", ""), walk, ("Project", "?2=?3")]);
    for (tail, expected) in [
        ("ORDER BY DESC(?n) LIMIT 2", "?s\t?n\n<http://ex.test/b>\t7\n<http://ex.test/d>\t5\n"),
        ("ORDER BY ?n OFFSET 1 LIMIT 2", "?s\t?n\n<http://ex.test/a>\t3\n<http://ex.test/d>\t5\n"),
        ("HAVING (COUNT(*) > 5) ORDER BY ?n", "?s\t?n\n<http://ex.test/b>\t7\n"),
    ] {
        let text = format!("PREFIX : <http://ex.test/> SELECT ?s (COUNT(*) AS ?n) {{ ?s :p ?o }} GROUP BY ?s {tail}");
        let query = Query::parse(&text, None, ParseOptions::default()).expect("parses");
        let mut out = Vec::new();
        query.run(&snapshot, OutputFormat::Tsv, &mut out, &CancelToken::new()).expect("runs");
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected, "{tail}");
    }
}
