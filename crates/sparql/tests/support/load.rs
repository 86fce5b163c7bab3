//! RDF text into a store, as a load would leave it.

use model::{Dataset, HashKey, TermRef};
use oxrdf::{BlankNode, GraphName, NamedOrBlankNode, Quad, Term};
use store::{Options, Store, Transaction};

/// A store in a directory of its own, which goes with it.
pub(crate) struct Scratch {
    pub(crate) store: Store,
    _directory: tempfile::TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = Store::open(directory.path(), Options::default()).expect("a new store opens");
        Self { store, _directory: directory }
    }

    /// An open transaction: its snapshot sees what is loaded, and nothing is kept.
    pub(crate) fn begin(&self) -> Transaction {
        self.store.begin(Dataset::Rdf)
    }
}

/// Adds a quad. A blank node is told from those of other documents by `document`.
pub(crate) fn insert(transaction: &mut Transaction, quad: &Quad, document: &str) {
    let blank = |node: &BlankNode| {
        TermRef::Blank(HashKey::new([1; 16]).blank(&[document.as_bytes(), node.as_str().as_bytes()]))
    };
    let subject = match &quad.subject {
        NamedOrBlankNode::NamedNode(iri) => TermRef::Iri(iri.as_str()),
        NamedOrBlankNode::BlankNode(node) => blank(node),
    };
    let object = match &quad.object {
        Term::NamedNode(iri) => TermRef::Iri(iri.as_str()),
        Term::BlankNode(node) => blank(node),
        Term::Literal(literal) => match literal.language() {
            Some(language) => TermRef::Lang { value: literal.value(), language },
            None => TermRef::Typed { lexical: literal.value(), datatype: literal.datatype().as_str() },
        },
    };
    let graph = match &quad.graph_name {
        GraphName::NamedNode(iri) => TermRef::Iri(iri.as_str()),
        GraphName::BlankNode(node) => blank(node),
        GraphName::DefaultGraph => TermRef::DefaultGraph,
    };
    transaction.insert(subject, TermRef::Iri(quad.predicate.as_str()), object, graph).expect("inserts");
}
