//! The W3C suites for SPARQL 1.0 and 1.1: queries and updates, their syntax and the result formats.
//!
//! The suites lie outside the repository, in `conformance/` of the folder that `HALIMEDE_SHARED` names (else
//! `../shared` beside the workspace). `w3c/failing.txt` lists what fails and why; the list may only shrink: a test that
//! fails without being listed fails the run, and so does a listed one that passes.
//!
//! Data is put in through a transaction of the real store. The suites keep the default graph apart from the named ones,
//! so queries are parsed with `strict_default_graph`.

#[path = "w3c/answer.rs"]
mod answer;
#[path = "support/load.rs"]
mod load;
#[path = "w3c/manifest.rs"]
mod manifest;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use answer::Answer;
use manifest::{Kind, Suite, Test};
use oxrdf::{GraphName, NamedNode, Quad};
use sparql::{NoFetch, OutputFormat, ParseOptions, Query, QueryKind, Surroundings, Update, UpdateOptions};
use store::{CancelToken, Transaction};

/// The manifests to start from.
const MANIFESTS: [&str; 6] = [
    "sparql10/manifest-evaluation.ttl",
    "sparql10/manifest-syntax.ttl",
    "sparql11/manifest-sparql11-query.ttl",
    "sparql11/manifest-sparql11-results.ttl",
    "sparql11/manifest-sparql11-update.ttl",
    "sparql11/syntax-fed/manifest.ttl",
];

#[test]
fn the_suites_pass_but_for_the_list() {
    let Some(root) = conformance() else {
        println!("skipped: the conformance suites are not here (set HALIMEDE_SHARED)");
        return;
    };
    let mut listed = listed();
    let suite = Suite::new(root);
    let scratch = load::Scratch::new();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let mut surprises = Vec::new();
    for manifest in MANIFESTS {
        for test in suite.tests(manifest) {
            if test.kind == Kind::Skipped {
                skipped += 1;
                continue;
            }
            match (check(&suite, &test, &scratch), listed.remove(test.name.as_str())) {
                (Ok(()), None) => passed += 1,
                (Err(_), Some(_)) => failed += 1,
                (Ok(()), Some(_)) => {
                    passed += 1;
                    surprises.push(format!("{} passes: take it off the list", test.name));
                }
                (Err(reason), None) => {
                    failed += 1;
                    surprises.push(format!("{} fails: {reason}", test.name));
                }
            }
        }
    }
    surprises.extend(listed.keys().map(|name| format!("{name} is listed but was not run")));
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    assert!(surprises.is_empty(), "{} surprises\n{}", surprises.len(), surprises.join("\n"));
}

/// The folder of the suites, if it is there.
fn conformance() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("conformance");
    root.is_dir().then_some(root)
}

/// The tests that are known to fail: a name and, after blanks, the reason.
fn listed() -> BTreeMap<&'static str, &'static str> {
    include_str!("w3c/failing.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').map(|(name, reason)| (name, reason.trim())).expect("each line has a reason"))
        .collect()
}

fn check(suite: &Suite, test: &Test, scratch: &load::Scratch) -> Result<(), String> {
    let text = fs::read_to_string(suite.path(&test.query)).map_err(|error| format!("{}: {error}", test.query))?;
    if matches!(test.kind, Kind::Update | Kind::PositiveUpdateSyntax | Kind::NegativeUpdateSyntax) {
        return check_update(suite, test, &text, scratch);
    }
    let options = ParseOptions { strict_default_graph: true, ..ParseOptions::default() };
    let query = Query::parse(&text, Some(&test.query), options);
    let query = match (test.kind, query) {
        (Kind::PositiveSyntax, query) => return query.map(drop).map_err(|error| error.to_string()),
        (Kind::NegativeSyntax, Ok(_)) => return Err("was accepted".to_owned()),
        (Kind::NegativeSyntax, Err(_)) => return Ok(()),
        (_, query) => query.map_err(|error| error.to_string())?,
    };
    let mut transaction = scratch.begin();
    load_data(suite, test, Some(&text), &mut transaction)?;
    let format = match (test.kind, query.kind()) {
        (Kind::Csv, _) => OutputFormat::Csv,
        (_, QueryKind::Construct | QueryKind::Describe) => OutputFormat::NQuads,
        _ => OutputFormat::Json,
    };
    let mut out = Vec::new();
    let snapshot = transaction.snapshot();
    query.run(&snapshot, format, &mut out, &CancelToken::new()).map_err(|error| error.to_string())?;
    let path = suite.path(&test.result);
    let found = Answer::written(format, &out)?;
    let expected = Answer::expected(&path, &test.result)?;
    found.compare(&expected, test.lax)
}

fn check_update(suite: &Suite, test: &Test, text: &str, scratch: &load::Scratch) -> Result<(), String> {
    let options = UpdateOptions { strict_default_graph: true, ..UpdateOptions::default() };
    let update = match (test.kind, Update::parse(text, Some(&test.query), options)) {
        (Kind::PositiveUpdateSyntax, update) => return update.map(drop).map_err(|error| error.to_string()),
        (Kind::NegativeUpdateSyntax, Ok(_)) => return Err("was accepted".to_owned()),
        (Kind::NegativeUpdateSyntax, Err(_)) => return Ok(()),
        (_, update) => update.map_err(|error| error.to_string())?,
    };
    let mut transaction = scratch.begin();
    load_data(suite, test, None, &mut transaction)?;
    let surroundings = Surroundings { fetch: &NoFetch, seed: [7; 16], cancel: &CancelToken::new() };
    update.run(&mut transaction, &surroundings).map_err(|error| error.to_string())?;
    let text = "SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }";
    let options = ParseOptions { strict_default_graph: true, ..ParseOptions::default() };
    let all = Query::parse(text, None, options).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    all.run(&transaction.snapshot(), OutputFormat::Json, &mut out, &CancelToken::new())
        .map_err(|error| error.to_string())?;
    let mut left = Vec::new();
    for document in &test.left {
        left.extend(suite.quads(document)?);
    }
    for (document, name) in &test.left_graphs {
        let graph = GraphName::NamedNode(NamedNode::new_unchecked(name));
        left.extend(suite.quads(document)?.into_iter().map(|quad| Quad { graph_name: graph.clone(), ..quad }));
    }
    Answer::written(OutputFormat::Json, &out)?.compare(&Answer::dataset(&left), false)
}

/// Loads what the test names, and what its query names in FROM and FROM NAMED.
fn load_data(suite: &Suite, test: &Test, query: Option<&str>, transaction: &mut Transaction) -> Result<(), String> {
    let mut documents: Vec<(&str, GraphName)> = Vec::new();
    documents.extend(test.data.iter().map(|iri| (iri.as_str(), GraphName::DefaultGraph)));
    let named = |iri: &str| GraphName::NamedNode(NamedNode::new_unchecked(iri));
    documents.extend(test.graphs.iter().map(|(iri, name)| (iri.as_str(), named(name))));
    let parser = spargebra::SparqlParser::new().with_base_iri(&test.query).map_err(|error| error.to_string())?;
    // What this parser does not take is not about FROM.
    let parsed = query.and_then(|text| parser.parse_query(text).ok());
    if let Some(dataset) = parsed.as_ref().and_then(|parsed| parsed.dataset()) {
        let graphs = dataset.default.iter().chain(dataset.named.iter().flatten());
        documents.extend(graphs.map(|graph| (graph.as_str(), named(graph.as_str()))));
    }
    for (document, graph) in documents {
        for mut quad in suite.quads(document)? {
            quad.graph_name = graph.clone();
            load::insert(transaction, &quad, document);
        }
    }
    Ok(())
}
