//! Terms of the store and terms of the evaluator, into each other.
//!
//! The evaluator knows a term in two shapes: as text ([`oxrdf::Term`]), for results, and as a value
//! ([`ExpressionTerm`]), for expressions. A value that lies in an id becomes one without its text being made.
//!
//! A blank node has no name but its 120 bits, shown as `b` and 30 hexadecimal digits: an XML name and an N-Triples label
//! at once, the label that an export gives it, and read back as the same node within one query.

use model::literal::{is_beyond_64_bits, literal_ref};
use model::{HashKey, TermRef, Value, datatype, date};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, Term};
use oxsdatatypes::{Date, DateTime, Decimal, Double, Float, Integer};
use spareval::ExpressionTerm;
use spargebra::algebra::GraphPattern;
use spargebra::term::{GroundTerm, TermPattern};

use crate::Error;
use crate::walk::walk;

/// Bits of a blank node's identity.
const BLANK_BITS: u32 = 120;
/// What stands above the identity in a blank node's label.
const BLANK_MARK: u128 = 0xb << BLANK_BITS;
/// Seconds from 0001-01-01T00:00:00, where the evaluator counts from, to 1970-01-01T00:00:00.
const UNIX_EPOCH: i64 = 62_135_596_800;
/// Parts of a second or unit in a decimal of the evaluator: 10^18.
const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

/// The evaluator's term for one of the store.
pub(crate) fn to_rdf(term: model::Term) -> Term {
    match term {
        model::Term::Iri(iri) => NamedNode::new_unchecked(iri).into(),
        model::Term::DefaultGraph => NamedNode::new_unchecked(model::term::DEFAULT_NAMED_GRAPH).into(),
        model::Term::Blank(identity) => blank(identity).into(),
        model::Term::Value(value) => literal(value).into(),
        // Of the property graph, which holds no RDF: here for a reader who looks at it anyway.
        model::Term::NoLabel => Literal::new_simple_literal("").into(),
        model::Term::Label => Literal::new_simple_literal("~label").into(),
        model::Term::Key(text) | model::Term::EdgeLabel(text) | model::Term::Vertex(text) | model::Term::Edge(text) => {
            Literal::new_simple_literal(text).into()
        }
    }
}

/// The evaluator's blank node of this identity.
pub(crate) fn blank(identity: u128) -> BlankNode {
    BlankNode::new_from_unique_id(BLANK_MARK | identity)
}

/// A graph's name; `None` for the default graph.
pub(crate) fn of_graph(graph: GraphName) -> Option<Term> {
    match graph {
        GraphName::NamedNode(iri) => Some(iri.into()),
        GraphName::BlankNode(node) => Some(node.into()),
        GraphName::DefaultGraph => None,
    }
}

fn literal(value: Value) -> Literal {
    match value {
        Value::String(text) => Literal::new_simple_literal(text),
        Value::Lang { value, language } => Literal::new_language_tagged_literal_unchecked(value, language),
        Value::Typed { lexical, datatype } => Literal::new_typed_literal(lexical, NamedNode::new_unchecked(datatype)),
        value => {
            let datatype = NamedNode::new_unchecked(value.datatype());
            Literal::new_typed_literal(value.lexical(), datatype)
        }
    }
}

/// The store's term for one of the evaluator.
pub(crate) fn to_model(term: &Term) -> TermRef<'_> {
    match term {
        Term::NamedNode(iri) => TermRef::Iri(iri.as_str()),
        Term::BlankNode(node) => TermRef::Blank(identity(node)),
        Term::Literal(literal) => match literal.language() {
            Some(language) => TermRef::Lang { value: literal.value(), language },
            None => TermRef::Typed { lexical: literal.value(), datatype: literal.datatype().as_str() },
        },
    }
}

/// The store's term for one that is written or deleted: as it is stored. `normalised` is used only if its text must change.
pub(crate) fn to_stored<'a>(term: &'a Term, normalised: &'a mut String) -> TermRef<'a> {
    match term {
        Term::Literal(literal) => {
            literal_ref(literal.value(), literal.language(), literal.datatype().as_str(), normalised)
        }
        term => to_model(term),
    }
}

/// Refuses a number that is not stored.
pub(crate) fn check_number(term: &Term) -> Result<(), Error> {
    match term {
        Term::Literal(literal) if is_beyond_64_bits(literal.value(), literal.datatype().as_str()) => {
            let found: String = literal.value().chars().take(100).collect();
            Err(Error::Number(format!(
                "Found '{found}' of type {}, expected a number of at most 64 bits",
                literal.datatype()
            )))
        }
        _ => Ok(()),
    }
}

/// Makes literals that are matched by their ids what they are in the store.
pub(crate) fn match_as_stored(pattern: &mut GraphPattern) {
    let utc = |literal: &mut Literal| {
        let mut text = String::new();
        if literal.datatype().as_str() == datatype::XSD_DATE_TIME && date::to_utc(literal.value(), &mut text) {
            *literal = Literal::new_typed_literal(text, literal.datatype());
        }
    };
    let of_term = |term: &mut TermPattern| {
        if let TermPattern::Literal(literal) = term {
            utc(literal);
        }
    };
    walk(
        pattern,
        &mut |pattern| match pattern {
            GraphPattern::Bgp { patterns } => patterns.iter_mut().for_each(|triple| of_term(&mut triple.object)),
            GraphPattern::Path { subject, object, .. } => {
                of_term(subject);
                of_term(object);
            }
            GraphPattern::Values { bindings, .. } => {
                for term in bindings.iter_mut().flatten().flatten() {
                    if let GroundTerm::Literal(literal) = term {
                        utc(literal);
                    }
                }
            }
            _ => {}
        },
        &mut |_| {},
    );
}

/// Which blank node this is: one of the store, one that the evaluator made, or one that the query names by `BNODE`.
fn identity(node: &BlankNode) -> u128 {
    match node.as_ref().unique_id() {
        Some(id) => id & ((1 << BLANK_BITS) - 1),
        // Names of one query meet only each other and, by a chance of 1 in 2^120, nodes of the store: no secret is needed.
        None => HashKey::new([0; 16]).blank(&[node.as_str().as_bytes()]),
    }
}

/// The value that expressions work with. Integers of all types are one, as the evaluator has it.
pub(crate) fn to_expression(term: model::Term) -> ExpressionTerm {
    match term {
        model::Term::Value(value) => match value {
            Value::String(text) => ExpressionTerm::StringLiteral(text),
            Value::Boolean(value) => ExpressionTerm::BooleanLiteral(value.into()),
            Value::Decimal { scaled, .. } => {
                ExpressionTerm::DecimalLiteral(Decimal::from_be_bytes(scaled.to_be_bytes()))
            }
            Value::Float { value, .. } => ExpressionTerm::FloatLiteral(Float::from(value)),
            Value::Double { value, .. } => ExpressionTerm::DoubleLiteral(Double::from(value)),
            Value::DateTime { seconds, nanos, zoned, .. } => {
                ExpressionTerm::DateTimeLiteral(DateTime::from_be_bytes(timestamp(seconds, nanos, zoned)))
            }
            Value::Date { days } => {
                let seconds = i64::from(days) * model::value::calendar::SECONDS_PER_DAY;
                ExpressionTerm::DateLiteral(Date::from_be_bytes(timestamp(seconds, 0, false)))
            }
            Value::Integer { value, .. } if i64::try_from(value).is_ok() => {
                ExpressionTerm::IntegerLiteral(Integer::from(value as i64))
            }
            // An unsigned long beyond the evaluator's integers stays a literal that is equal to itself only.
            value @ (Value::Integer { .. } | Value::Lang { .. } | Value::Typed { .. }) => {
                Term::from(literal(value)).into()
            }
        },
        term => to_rdf(term).into(),
    }
}

/// An instant as the evaluator lays it out: seconds since year 1 as a decimal, then minutes of offset from UTC.
fn timestamp(seconds: i64, nanos: u32, zoned: bool) -> [u8; 18] {
    let scaled = (i128::from(seconds) + i128::from(UNIX_EPOCH)) * DECIMAL_ONE + i128::from(nanos) * 1_000_000_000;
    let mut bytes = [if zoned { 0 } else { u8::MAX }; 18];
    bytes[..16].copy_from_slice(&scaled.to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests;
