//! Terms between the evaluator and the store, there and back.

use super::*;
use model::{Tag, TermId};

const KEY: HashKey = HashKey::new([7; 16]);
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

fn typed(lexical: &str, name: &str) -> Term {
    Literal::new_typed_literal(lexical, NamedNode::new_unchecked(format!("{XSD}{name}"))).into()
}

/// To the store and back, by way of the id where it holds the whole term.
fn back(term: &Term) -> (TermId, Term) {
    let id = to_model(term).encode(&KEY);
    let mut spelling = Vec::new();
    to_model(term).spelling(&mut spelling);
    (id, to_rdf(model::Term::decode(id, Some(&spelling)).unwrap()))
}

#[test]
fn terms_survive_the_store() {
    for term in [
        NamedNode::new_unchecked("http://ex.test/a").into(),
        NamedNode::new_unchecked("urn:a").into(),
        NamedNode::new_unchecked(model::term::DEFAULT_NAMED_GRAPH).into(),
        Literal::new_simple_literal("").into(),
        Literal::new_simple_literal("a long text that no id can hold").into(),
        Literal::new_language_tagged_literal_unchecked("chat", "fr").into(),
        typed("1", "integer"),
        typed("01", "integer"),
        typed("99999999999999999999", "integer"),
        typed("18446744073709551615", "unsignedLong"),
        typed("999", "byte"),
        typed("1.50", "decimal"),
        typed("1.0E0", "double"),
        typed("1e0", "double"),
        typed("NaN", "float"),
        typed("true", "boolean"),
        typed("1", "boolean"),
        typed("2024-02-29T23:59:59.25Z", "dateTime"),
        typed("2024-02-29T23:59:59+02:00", "dateTime"),
        typed("2024-02-29", "date"),
        typed("P1Y", "duration"),
    ] {
        assert_eq!(back(&term).1, term);
    }
}

#[test]
fn language_tags_are_lower_case() {
    let term = Literal::new_language_tagged_literal_unchecked("colour", "en-GB").into();
    assert_eq!(back(&term).1, Literal::new_language_tagged_literal_unchecked("colour", "en-gb").into());
}

#[test]
fn blank_nodes_keep_their_identity() {
    let (id, shown) = back(&BlankNode::default().into());
    assert_eq!(id.tag(), Some(Tag::Blank));
    assert_eq!(back(&shown), (id, shown.clone()));
    let Term::BlankNode(node) = shown else { panic!("no blank node") };
    assert!(node.as_str().starts_with('b') && node.as_str().len() == 31, "{node}");
    let (named, shown) = back(&BlankNode::new_unchecked("my-node").into());
    assert_eq!(back(&shown).0, named);
    assert_ne!(named, id);
    assert_eq!(back(&BlankNode::new_unchecked("my-node").into()).0, named);
}

/// What is computed from an id equals what the evaluator makes of the text.
#[test]
fn values_equal_what_is_parsed_from_their_text() {
    for term in [
        typed("0", "integer"),
        typed("-7", "long"),
        typed("9223372036854775807", "unsignedLong"),
        typed("9223372036854775808", "unsignedLong"),
        typed("-1.25", "decimal"),
        typed("0.000000000000000001", "decimal"),
        typed("INF", "double"),
        typed("-0.0E0", "double"),
        typed("1.5", "float"),
        typed("NaN", "float"),
        typed("false", "boolean"),
        typed("1970-01-01T00:00:00Z", "dateTime"),
        typed("1969-12-31T23:59:59.999Z", "dateTime"),
        typed("0001-01-01T00:00:00", "dateTime"),
        typed("2024-02-29T23:59:59.123456789", "dateTime"),
        typed("2024-02-29T23:59:59-05:00", "dateTime"),
        typed("2024-02-29", "date"),
        typed("1969-12-31", "date"),
        typed("01", "integer"),
        typed("P1Y", "duration"),
        Literal::new_simple_literal("x").into(),
        Literal::new_language_tagged_literal_unchecked("x", "en").into(),
        NamedNode::new_unchecked("http://ex.test/a").into(),
    ] {
        let mut spelling = Vec::new();
        to_model(&term).spelling(&mut spelling);
        let stored = model::Term::decode(to_model(&term).encode(&KEY), Some(&spelling)).unwrap();
        assert!(to_expression(stored) == term.clone().into(), "{term}");
    }
}
