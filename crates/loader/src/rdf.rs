//! RDF terms between the parsers' and writers' world ([`oxrdf`]) and ours ([`model`]).
//!
//! Reading normalises literals ([`model::literal`]); all else is kept character by character. Writing gives back what is
//! stored.

use model::literal::literal_ref;
use model::term::DEFAULT_NAMED_GRAPH;
use model::{HashKey, Term, TermRef};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode};

/// The names of one file's blank nodes: the same label in another file or another load is another node, and the same
/// file of the same chain of loads names them alike again.
#[derive(Clone, Debug)]
pub struct BlankNodes {
    load_id: String,
    feed_key: String,
}

impl BlankNodes {
    /// Those of a file in a load (the first of its chain of resumed loads).
    pub fn new(load_id: &str, feed_key: &str) -> Self {
        Self { load_id: load_id.to_owned(), feed_key: feed_key.to_owned() }
    }

    /// The identity of the node with this label.
    pub fn labelled(&self, key: &HashKey, label: &str) -> u128 {
        key.blank(&[self.load_id.as_bytes(), self.feed_key.as_bytes(), b"label", label.as_bytes()])
    }

    /// The identity of the node without label that is number `number` in its file.
    pub fn anonymous(&self, key: &HashKey, number: u64) -> u128 {
        key.blank(&[self.load_id.as_bytes(), self.feed_key.as_bytes(), b"anonymous", &number.to_be_bytes()])
    }
}

/// The graph that statements without one belong to: the named one, or the default graph.
pub fn graph_ref(named: Option<&str>) -> TermRef<'_> {
    named.map_or(TermRef::DefaultGraph, TermRef::Iri)
}

/// A term that was read. `blank` gives the identity of a blank node; `normalised` is used only if the text must change.
pub fn term_ref<'a>(
    term: oxrdf::TermRef<'a>,
    blank: impl FnOnce(&str) -> u128,
    normalised: &'a mut String,
) -> TermRef<'a> {
    match term {
        oxrdf::TermRef::NamedNode(iri) => TermRef::Iri(iri.as_str()),
        oxrdf::TermRef::BlankNode(node) => TermRef::Blank(blank(node.as_str())),
        oxrdf::TermRef::Literal(literal) => {
            let language = literal.language();
            // `datatype` is known for every literal; the language says more.
            literal_ref(literal.value(), language, literal.datatype().as_str(), normalised)
        }
    }
}

/// A stored term as RDF; `None` for what only the property graph has. The default graph is the IRI that statements about
/// it use; as the graph of a statement, see [`to_graph_name`].
pub fn to_term(term: &Term) -> Option<oxrdf::Term> {
    Some(match term {
        Term::Iri(iri) => NamedNode::new_unchecked(iri.as_str()).into(),
        Term::DefaultGraph => NamedNode::new_unchecked(DEFAULT_NAMED_GRAPH).into(),
        Term::Blank(identity) => blank_node(*identity).into(),
        Term::Value(value) => {
            let lexical = value.lexical();
            match value.language() {
                Some(language) => Literal::new_language_tagged_literal_unchecked(lexical, language).into(),
                None => Literal::new_typed_literal(lexical, NamedNode::new_unchecked(value.datatype())).into(),
            }
        }
        Term::NoLabel | Term::Label | Term::Key(_) | Term::EdgeLabel(_) | Term::Vertex(_) | Term::Edge(_) => {
            return None;
        }
    })
}

/// A stored term as the subject of a statement; `None` if it cannot be one.
pub fn to_subject(term: &Term) -> Option<NamedOrBlankNode> {
    match to_term(term)? {
        oxrdf::Term::NamedNode(node) => Some(node.into()),
        oxrdf::Term::BlankNode(node) => Some(node.into()),
        oxrdf::Term::Literal(_) => None,
    }
}

/// A stored term as a predicate; `None` if it cannot be one.
pub fn to_predicate(term: &Term) -> Option<NamedNode> {
    match to_subject(term)? {
        NamedOrBlankNode::NamedNode(node) => Some(node),
        NamedOrBlankNode::BlankNode(_) => None,
    }
}

/// A stored term as the name of a graph; `None` if it cannot be one. The default graph has no name here, although it
/// also answers to [`DEFAULT_NAMED_GRAPH`].
pub fn to_graph_name(term: &Term) -> Option<GraphName> {
    match term {
        Term::DefaultGraph => Some(GraphName::DefaultGraph),
        _ => to_subject(term).map(GraphName::from),
    }
}

/// A blank node as it is written: labelled by its identity, in a form that every RDF syntax accepts.
pub fn blank_node(identity: u128) -> BlankNode {
    BlankNode::new_unchecked(format!("n{identity:030x}"))
}

#[cfg(test)]
mod tests;
