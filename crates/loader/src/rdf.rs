//! Terms of the store as terms of the RDF libraries, to be written.
//!
//! The RDF data set holds IRIs, blank nodes, literals and the default graph; every IRI was checked when it was read, so
//! none is checked again. A blank node, of which the store keeps only a 120-bit identity, is labelled `b` and 30
//! hexadecimal digits.

use model::{Term, Value};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode};

/// An IRI or blank node; `None` for any other term.
pub fn resource(term: &Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::Iri(iri) => Some(NamedNode::new_unchecked(iri).into()),
        Term::Blank(identity) => Some(blank(*identity).into()),
        // The default graph of the data set is also a resource that statements may speak of.
        Term::DefaultGraph => {
            Some(NamedNode::new_unchecked(model::term::DEFAULT_NAMED_GRAPH).into())
        }
        _ => None,
    }
}

/// An IRI; `None` for any other term.
pub fn iri(term: &Term) -> Option<NamedNode> {
    match resource(term)? {
        NamedOrBlankNode::NamedNode(iri) => Some(iri),
        NamedOrBlankNode::BlankNode(_) => None,
    }
}

/// An IRI, blank node or literal; `None` for a term of the property graph.
pub fn object(term: &Term) -> Option<oxrdf::Term> {
    match term {
        Term::Value(value) => Some(literal(value).into()),
        _ => resource(term).map(oxrdf::Term::from),
    }
}

/// The name of a graph; `None` for what names none.
pub fn graph(term: &Term) -> Option<GraphName> {
    match term {
        Term::DefaultGraph => Some(GraphName::DefaultGraph),
        _ => resource(term).map(GraphName::from),
    }
}

/// A value as a literal: the text as written, with its datatype or language.
pub fn literal(value: &Value) -> Literal {
    let text = value.lexical();
    match value.language() {
        Some(language) => Literal::new_language_tagged_literal_unchecked(text, language),
        None if value.datatype() == model::datatype::XSD_STRING => {
            Literal::new_simple_literal(text)
        }
        None => Literal::new_typed_literal(text, NamedNode::new_unchecked(value.datatype())),
    }
}

/// The blank node of an identity.
fn blank(identity: u128) -> BlankNode {
    BlankNode::new_unchecked(format!("b{identity:030x}"))
}
