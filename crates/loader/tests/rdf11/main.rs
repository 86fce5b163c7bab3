//! The W3C suites for the RDF formats that are loaded: what is accepted, what is refused, and what it says.
//!
//! The suites lie outside the repository, in `conformance/` of the folder that `HALIMEDE_SHARED` names (else
//! `../shared` beside the workspace). `failing.txt` lists what fails and why; the list may only shrink: a test that fails
//! without being listed fails the run, and so does a listed one that passes. TriG is no format of the loader.

mod house;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use house::House;
use loader::request::Format;
use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::vocab::rdf;
use oxrdf::{Graph, Literal, NamedNode, NamedNodeRef, Term, TermRef, Triple};
use oxttl::TurtleParser;

const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
/// Stands for the folder of a suite in the IRIs of its manifest.
const BASE: &str = "http://suite.test/";

/// Folders and their formats.
const SUITES: [(&str, Format); 4] = [
    ("rdf-n-triples", Format::NTriples),
    ("rdf-n-quads", Format::NQuads),
    ("rdf-turtle", Format::Turtle),
    ("rdf-xml", Format::RdfXml),
];

#[test]
fn the_suites_pass_but_for_the_list() {
    let Some(root) = conformance() else {
        println!("skipped: the conformance suites are not here (set HALIMEDE_SHARED)");
        return;
    };
    let mut listed = listed();
    let house = House::new();
    let (mut passed, mut failed) = (0, 0);
    let mut surprises = Vec::new();
    for (folder, format) in SUITES {
        let suite = Suite::read(root.join(folder));
        for test in suite.tests() {
            let name = format!("{folder}/{}", test.name);
            match (check(&house, &suite, &test, format), listed.remove(name.as_str())) {
                (Ok(()), None) => passed += 1,
                (Err(_), Some(_)) => failed += 1,
                (Ok(()), Some(_)) => {
                    passed += 1;
                    surprises.push(format!("{name} passes: take it off the list"));
                }
                (Err(reason), None) => {
                    failed += 1;
                    surprises.push(format!("{name} fails: {reason}"));
                }
            }
        }
    }
    surprises.extend(listed.keys().map(|name| format!("{name} is listed but was not run")));
    println!("{passed} passed, {failed} failed");
    assert!(surprises.is_empty(), "{} surprises\n{}", surprises.len(), surprises.join("\n"));
}

fn conformance() -> Option<PathBuf> {
    let shared = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let root = shared.join("conformance/rdf11");
    root.is_dir().then_some(root)
}

/// The tests that are known to fail: a name and, after blanks, the reason.
fn listed() -> BTreeMap<&'static str, &'static str> {
    include_str!("failing.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(' ').expect("each line has a reason"))
        .collect()
}

fn check(house: &House, suite: &Suite, test: &Test, format: Format) -> Result<(), String> {
    let base = format!("{}{}", suite.base, test.action);
    let (errors, found) = house.load(&suite.root.join(&test.action), format, &base)?;
    if test.is_negative {
        return if errors.is_empty() { Err("was accepted".to_owned()) } else { Ok(()) };
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let Some(result) = &test.result else { return Ok(()) };
    let text = fs::read(suite.root.join(result)).map_err(|error| format!("{result}: {error}"))?;
    let mut expected = Graph::new();
    for triple in oxttl::NTriplesParser::new().for_slice(&text) {
        expected.insert(&lowered(triple.map_err(|error| format!("{result}: {error}"))?));
    }
    let mut found: Graph = found.into_iter().collect();
    found.canonicalize(CanonicalizationAlgorithm::Unstable);
    expected.canonicalize(CanonicalizationAlgorithm::Unstable);
    if found == expected { Ok(()) } else { Err(format!("loaded\n{found}\nexpected\n{expected}")) }
}

/// The triple with its language as it is stored.
fn lowered(triple: Triple) -> Triple {
    let object = match triple.object {
        Term::Literal(literal) => match literal.language() {
            Some(language) => {
                let language = language.to_ascii_lowercase();
                Literal::new_language_tagged_literal_unchecked(literal.value(), language).into()
            }
            None => literal.into(),
        },
        object => object,
    };
    Triple { object, ..triple }
}

/// A folder with a manifest.
struct Suite {
    root: PathBuf,
    manifest: Graph,
    /// The base of the tests' IRIs.
    base: String,
}

/// One test. Files are names in the folder.
struct Test {
    name: String,
    is_negative: bool,
    action: String,
    result: Option<String>,
}

impl Suite {
    fn read(root: PathBuf) -> Self {
        let text = fs::read(root.join("manifest.ttl")).expect("a manifest");
        let parser = TurtleParser::new().with_base_iri(BASE).expect("an IRI");
        let manifest: Graph = parser.for_slice(&text).map(|triple| triple.expect("a manifest parses")).collect();
        let base = object(&manifest, NamedNode::new_unchecked(BASE).as_ref(), "assumedTestBase");
        Self { root, base: base.unwrap_or_else(|| BASE.to_owned()), manifest }
    }

    fn tests(&self) -> Vec<Test> {
        let action = NamedNode::new_unchecked(format!("{MF}action"));
        let mut tests: Vec<Test> = self
            .manifest
            .triples_for_predicate(&action)
            .filter_map(|triple| {
                let oxrdf::NamedOrBlankNodeRef::NamedNode(entry) = triple.subject else { return None };
                let kind = self.manifest.object_for_subject_predicate(entry, rdf::TYPE)?.to_string();
                let file = |iri: String| iri.trim_start_matches(BASE).to_owned();
                Some(Test {
                    name: entry.as_str().trim_start_matches(BASE).trim_start_matches("manifest.ttl").replace('#', ""),
                    is_negative: kind.contains("Negative"),
                    action: file(object(&self.manifest, entry, "action")?),
                    result: object(&self.manifest, entry, "result").map(file).filter(|_| kind.contains("Eval")),
                })
            })
            .collect();
        tests.sort_by(|a, b| a.name.cmp(&b.name));
        tests
    }
}

/// The IRI that a subject's property names.
fn object(graph: &Graph, subject: NamedNodeRef<'_>, local: &str) -> Option<String> {
    let predicate = NamedNode::new_unchecked(format!("{MF}{local}"));
    match graph.object_for_subject_predicate(subject, &predicate)? {
        TermRef::NamedNode(iri) => Some(iri.as_str().to_owned()),
        _ => None,
    }
}
