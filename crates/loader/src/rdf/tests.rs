//! Terms in and out.

use model::{IntegerType, Value};

use super::*;

const KEY: HashKey = HashKey::new([1; 16]);

#[test]
fn blank_nodes_keep_to_their_file_and_load() {
    let nodes = BlankNodes::new("load", "file");
    let identity = nodes.labelled(&KEY, "a");
    assert_eq!(identity, BlankNodes::new("load", "file").labelled(&KEY, "a"));
    assert_ne!(identity, BlankNodes::new("load", "other").labelled(&KEY, "a"));
    assert_ne!(identity, BlankNodes::new("other", "file").labelled(&KEY, "a"));
    assert_ne!(identity, nodes.labelled(&KEY, "b"));
    assert_ne!(nodes.anonymous(&KEY, 0), nodes.anonymous(&KEY, 1));
}

#[test]
fn terms_come_back() {
    let terms = [
        oxrdf::Term::from(NamedNode::new_unchecked("http://ex.test/a")),
        Literal::new_simple_literal("a long enough text to be hashed").into(),
        Literal::new_language_tagged_literal_unchecked("x", "en").into(),
        Literal::new_typed_literal("1", oxrdf::vocab::xsd::INTEGER).into(),
        Literal::new_typed_literal("01", oxrdf::vocab::xsd::INTEGER).into(),
        Literal::new_typed_literal("2001-01-01T00:00:00Z", oxrdf::vocab::xsd::DATE_TIME).into(),
        Literal::new_typed_literal("x", NamedNode::new_unchecked("http://ex.test/type")).into(),
        blank_node(0x1234).into(),
    ];
    for term in terms {
        let mut scratch = String::new();
        let read = term_ref(term.as_ref(), |label| u128::from_str_radix(&label[1..], 16).expect("ours"), &mut scratch);
        let mut spelling = Vec::new();
        read.spelling(&mut spelling);
        let stored = Term::decode(read.encode(&KEY), Some(&spelling)).expect("was encoded");
        assert_eq!(to_term(&stored), Some(term));
    }
}

#[test]
fn what_the_property_graph_has_alone_is_no_rdf() {
    for term in [Term::Vertex("a".into()), Term::Key("a".into()), Term::Label, Term::NoLabel] {
        assert_eq!(to_term(&term), None);
    }
    let one = Term::Value(Value::Integer { kind: IntegerType::Int, value: 1 });
    assert_eq!(to_subject(&one), None);
    assert_eq!(to_graph_name(&one), None);
    assert_eq!(to_graph_name(&Term::DefaultGraph), Some(GraphName::DefaultGraph));
    assert_eq!(to_term(&Term::DefaultGraph), Some(NamedNode::new_unchecked(DEFAULT_NAMED_GRAPH).into()));
}
