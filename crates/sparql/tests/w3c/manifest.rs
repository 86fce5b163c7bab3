//! Manifests: which tests there are and what each is made of.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use oxrdf::vocab::{rdf, rdfs};
use oxrdf::{Graph, NamedNode, NamedNodeRef, NamedOrBlankNode, Quad, Term, TermRef};
use oxrdfio::{RdfFormat, RdfParser};

const MF: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#";
const QT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#";
const UT: &str = "http://www.w3.org/2009/sparql/tests/test-update#";
const DAWGT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-dawg#";

/// Stands for the folder of the suites in IRIs.
const BASE: &str = "http://suite.test/";

/// The suites on disk.
pub(crate) struct Suite {
    root: PathBuf,
}

/// What a test asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Evaluation,
    Csv,
    PositiveSyntax,
    NegativeSyntax,
    Update,
    PositiveUpdateSyntax,
    NegativeUpdateSyntax,
    /// Of protocols or entailment, or withdrawn.
    Skipped,
}

/// One test. Files are IRIs below the base.
#[derive(Debug)]
pub(crate) struct Test {
    /// Folder and name.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) query: String,
    pub(crate) data: Vec<String>,
    /// Document and name.
    pub(crate) graphs: Vec<(String, String)>,
    pub(crate) result: String,
    /// What an update leaves in the default graph.
    pub(crate) left: Vec<String>,
    /// What it leaves in named graphs: document and name.
    pub(crate) left_graphs: Vec<(String, String)>,
    /// Fewer duplicates than expected are right too.
    pub(crate) lax: bool,
}

impl Suite {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The file of an IRI.
    pub(crate) fn path(&self, iri: &str) -> PathBuf {
        self.root.join(iri.strip_prefix(BASE).unwrap_or(iri))
    }

    /// What a document says.
    pub(crate) fn quads(&self, iri: &str) -> Result<Vec<Quad>, String> {
        let path = self.path(iri);
        let text = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        quads(&text, iri)
    }

    /// The tests of a manifest and of those that it includes.
    pub(crate) fn tests(&self, manifest: &str) -> Vec<Test> {
        let mut tests = Vec::new();
        let mut seen = HashSet::new();
        let mut waiting = vec![format!("{BASE}{manifest}")];
        while let Some(iri) = waiting.pop() {
            if !seen.insert(iri.clone()) {
                continue;
            }
            let graph: Graph =
                self.quads(&iri).expect("a manifest parses").into_iter().map(oxrdf::Triple::from).collect();
            for triple in graph.triples_for_predicate(name(MF, "include").as_ref()) {
                waiting.extend(list(&graph, triple.object).iter().map(text));
            }
            for triple in graph.triples_for_predicate(name(MF, "entries").as_ref()) {
                tests.extend(list(&graph, triple.object).iter().filter_map(|entry| test(&graph, &iri, entry)));
            }
        }
        tests
    }
}

/// What a text says, by the ending of its IRI.
pub(crate) fn quads(text: &[u8], iri: &str) -> Result<Vec<Quad>, String> {
    let ending = iri.rsplit_once('.').map_or("", |(_, ending)| ending);
    let format = RdfFormat::from_extension(ending).ok_or_else(|| format!("{iri} has no known format"))?;
    RdfParser::from_format(format)
        .with_base_iri(iri)
        .map_err(|error| error.to_string())?
        .for_slice(text)
        .map(|quad| quad.map_err(|error| format!("{iri}: {error}")))
        .collect()
}

pub(crate) fn name(namespace: &str, local: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{namespace}{local}"))
}

/// An IRI's or literal's text.
pub(crate) fn text(term: &Term) -> String {
    match term {
        Term::NamedNode(iri) => iri.as_str().to_owned(),
        Term::BlankNode(node) => node.as_str().to_owned(),
        Term::Literal(literal) => literal.value().to_owned(),
    }
}

/// The objects of a subject's property.
pub(crate) fn objects(graph: &Graph, subject: &Term, predicate: NamedNodeRef<'_>) -> Vec<Term> {
    let subject = match subject {
        Term::NamedNode(iri) => NamedOrBlankNode::from(iri.clone()),
        Term::BlankNode(node) => node.clone().into(),
        Term::Literal(_) => return Vec::new(),
    };
    graph.objects_for_subject_predicate(subject.as_ref(), predicate).map(TermRef::into_owned).collect()
}

/// The items of a collection.
fn list(graph: &Graph, head: TermRef<'_>) -> Vec<Term> {
    let mut items = Vec::new();
    let mut head = head.into_owned();
    while head != Term::from(rdf::NIL.into_owned()) {
        items.extend(objects(graph, &head, rdf::FIRST));
        match objects(graph, &head, rdf::REST).pop() {
            Some(rest) => head = rest,
            None => break,
        }
    }
    items
}

/// The test that a manifest has this entry for.
fn test(graph: &Graph, manifest: &str, entry: &Term) -> Option<Test> {
    let all = |subject: &Term, namespace: &str, local: &str| objects(graph, subject, name(namespace, local).as_ref());
    let one = |subject: &Term, namespace: &str, local: &str| all(subject, namespace, local).pop();
    let types: Vec<_> = objects(graph, entry, rdf::TYPE).iter().map(text).collect();
    let withdrawn = all(entry, DAWGT, "approval")
        .iter()
        .map(text)
        .any(|approval| approval == format!("{DAWGT}NotApproved") || approval == format!("{DAWGT}Withdrawn"));
    let kind = types
        .iter()
        .find_map(|iri| match iri.strip_prefix(MF)? {
            "QueryEvaluationTest" => Some(Kind::Evaluation),
            "CSVResultFormatTest" => Some(Kind::Csv),
            "PositiveSyntaxTest" | "PositiveSyntaxTest11" => Some(Kind::PositiveSyntax),
            "NegativeSyntaxTest" | "NegativeSyntaxTest11" => Some(Kind::NegativeSyntax),
            "UpdateEvaluationTest" => Some(Kind::Update),
            "PositiveUpdateSyntaxTest11" => Some(Kind::PositiveUpdateSyntax),
            "NegativeUpdateSyntaxTest11" => Some(Kind::NegativeUpdateSyntax),
            _ => Some(Kind::Skipped),
        })
        .filter(|_| !withdrawn)
        .unwrap_or(Kind::Skipped);
    let action = one(entry, MF, "action")?;
    let query = one(&action, QT, "query").or_else(|| one(&action, UT, "request")).unwrap_or_else(|| action.clone());
    let documents =
        |subject: &Term, namespace: &str| -> Vec<String> { all(subject, namespace, "data").iter().map(text).collect() };
    let graphs = |subject: &Term, namespace: &str| -> Vec<(String, String)> {
        let named = |data: Term| match one(&data, namespace, "graph") {
            Some(document) => {
                let label = objects(graph, &data, rdfs::LABEL).pop().unwrap_or_else(|| document.clone());
                (text(&document), text(&label))
            }
            None => (text(&data), text(&data)),
        };
        all(subject, namespace, "graphData").into_iter().map(named).collect()
    };
    let result = one(entry, MF, "result");
    let left = result.as_ref().map(|result| (documents(result, UT), graphs(result, UT))).unwrap_or_default();
    let namespace = if kind == Kind::Update { UT } else { QT };
    let folder = manifest.trim_start_matches(BASE).rsplit_once('/').map_or("", |(folder, _)| folder);
    let iri = text(entry);
    Some(Test {
        name: format!("{folder}/{}", iri.rsplit(['#', '/']).next().unwrap_or(&iri)),
        kind,
        query: text(&query),
        data: documents(&action, namespace),
        graphs: graphs(&action, namespace),
        result: result.map(|result| text(&result)).unwrap_or_default(),
        left: left.0,
        left_graphs: left.1,
        lax: one(entry, MF, "resultCardinality").is_some_and(|how| text(&how).ends_with("LaxCardinality")),
    })
}
