//! Random graphs of both data sets, with every kind of term that a load can leave behind.

use model::TermRef;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

/// A graph that can be made up and put into a store.
pub(crate) trait Graph: Sized + std::fmt::Debug {
    /// Any such graph.
    fn any() -> BoxedStrategy<Self>;
    /// Hands over every quad: subject, predicate, object, graph.
    fn each(&self, insert: &mut dyn FnMut(TermRef<'_>, TermRef<'_>, TermRef<'_>, TermRef<'_>));
}

/// A property graph. With `SINGLE`, no vertex has two values of one key.
#[derive(Debug)]
pub(crate) struct PropertyGraph<const SINGLE: bool = false> {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
}

#[derive(Debug)]
struct Vertex {
    id: String,
    labels: Vec<String>,
    properties: Vec<(String, Vec<Scalar>)>,
}

#[derive(Debug)]
struct Edge {
    id: String,
    ends: (usize, usize),
    label: String,
    properties: Vec<(String, Scalar)>,
}

/// A property value.
#[derive(Clone, Debug)]
enum Scalar {
    Boolean(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    DateTime(i64),
    String(String),
}

impl Scalar {
    fn any() -> impl Strategy<Value = Self> {
        /// From year 0 to year 9999, in milliseconds.
        const YEARS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;
        prop_oneof![
            any::<bool>().prop_map(Self::Boolean),
            any::<i8>().prop_map(Self::Byte),
            any::<i16>().prop_map(Self::Short),
            any::<i32>().prop_map(Self::Int),
            any::<i64>().prop_map(Self::Long),
            any::<f32>().prop_map(Self::Float),
            any::<f64>().prop_map(Self::Double),
            Just(Self::Double(f64::NAN)),
            Just(Self::Float(f32::NEG_INFINITY)),
            YEARS.prop_map(Self::DateTime),
            YEARS.prop_map(|milliseconds| Self::DateTime(milliseconds / 1_000 * 1_000)),
            text().prop_map(Self::String),
            text().prop_map(Self::String),
        ]
    }

    fn term(&self) -> TermRef<'_> {
        match self {
            Self::Boolean(value) => TermRef::Boolean(*value),
            Self::Byte(value) => TermRef::Byte(*value),
            Self::Short(value) => TermRef::Short(*value),
            Self::Int(value) => TermRef::Int(*value),
            Self::Long(value) => TermRef::Long(*value),
            Self::Float(value) => TermRef::Float(*value),
            Self::Double(value) => TermRef::Double(*value),
            Self::DateTime(value) => TermRef::DateTime(*value),
            Self::String(value) => TermRef::String(value),
        }
    }
}

/// A text with everything that CSV and RDF syntaxes treat apart, but U+0000, which only RDF has.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{1,3}",
        "[a-z]{1,12}",
        prop_oneof![Just(";"), Just("\\"), Just("\""), Just(","), Just("\r\n"), Just("\n"), Just("\r"), Just(" ")]
            .prop_map(str::to_owned),
        any::<char>().prop_filter("only RDF has it", |character| *character != '\0').prop_map(String::from),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A text that is not empty.
fn label() -> impl Strategy<Value = String> {
    text().prop_filter("labels are not empty", |text| !text.is_empty())
}

/// A key that a header can name. Few of them, so that elements share some.
fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[abc]", "[a-z]:[a-z\\\\]{0,2}x", "\"[é;\\[(]{1,3}", "[a-z]{16,20}"]
}

impl<const SINGLE: bool> Graph for PropertyGraph<SINGLE> {
    fn any() -> BoxedStrategy<Self> {
        let most = if SINGLE { 1 } else { 3 };
        let properties = btree_map(key(), vec(Scalar::any(), 1..=most), 0..4);
        let vertices = btree_map(text(), (btree_set(label(), 0..4), properties), 1..8);
        let edge = (any::<[prop::sample::Index; 2]>(), label(), btree_map(key(), Scalar::any(), 0..3));
        let edges = btree_map(text(), edge, 0..8);
        (vertices, edges)
            .prop_map(|(vertices, edges)| {
                let vertices: Vec<_> = vertices
                    .into_iter()
                    .map(|(id, (labels, properties))| Vertex {
                        id,
                        labels: labels.into_iter().collect(),
                        properties: properties.into_iter().collect(),
                    })
                    .collect();
                let edge = |(id, ([from, to], label, properties)): (String, ([prop::sample::Index; 2], _, _))| Edge {
                    id,
                    ends: (from.index(vertices.len()), to.index(vertices.len())),
                    label,
                    properties: std::collections::BTreeMap::into_iter(properties).collect(),
                };
                let edges = edges.into_iter().map(edge).collect();
                Self { vertices, edges }
            })
            .boxed()
    }

    fn each(&self, insert: &mut dyn FnMut(TermRef<'_>, TermRef<'_>, TermRef<'_>, TermRef<'_>)) {
        let default = TermRef::DefaultGraph;
        for vertex in &self.vertices {
            let id = TermRef::Vertex(&vertex.id);
            for label in &vertex.labels {
                insert(id, TermRef::Label, TermRef::String(label), default);
            }
            if vertex.labels.is_empty() {
                insert(id, TermRef::Label, TermRef::NoLabel, default);
            }
            for (key, values) in &vertex.properties {
                for value in values {
                    insert(id, TermRef::Key(key), value.term(), default);
                }
            }
        }
        for edge in &self.edges {
            let id = TermRef::Edge(&edge.id);
            let [from, to] = [edge.ends.0, edge.ends.1].map(|end| TermRef::Vertex(&self.vertices[end].id));
            insert(from, TermRef::EdgeLabel(&edge.label), to, id);
            for (key, value) in &edge.properties {
                insert(id, TermRef::Key(key), value.term(), default);
            }
        }
    }
}

/// RDF statements. With `XML`, only what XML can say.
#[derive(Debug)]
pub(crate) struct Statements<const XML: bool = false> {
    quads: Vec<(Node, String, Node, Option<Node>)>,
}

/// An RDF term.
#[derive(Clone, Debug)]
enum Node {
    Iri(String),
    Blank(u128),
    String(String),
    Lang(String, String),
    Typed(String, String),
}

impl Node {
    fn resource() -> impl Strategy<Value = Self> {
        prop_oneof![iri().prop_map(Self::Iri), (0..3_u128).prop_map(|number| Self::Blank((number << 118) | number))]
    }

    fn any(xml: bool) -> impl Strategy<Value = Self> {
        let nul = || prop_oneof![3 => Just(""), 1 => Just("\0")];
        let text = move || (text(), nul(), text()).prop_map(|(before, nul, after)| before + nul + &after);
        let text = move || text().prop_map(move |text| if xml { of_xml(&text) } else { text });
        let number = (
            "(0|-?[1-9][0-9]{0,3}|0[0-9]{1,2})(\\.[0-9]{1,3})?(E-?[0-9]{1,2})?",
            prop_oneof![Just("integer"), Just("decimal"), Just("double"), Just("float"), Just("byte"), Just("boolean")],
        );
        let instant = "20[0-2][0-9]-0[1-9]-[0-2][0-9]T[0-2][0-9]:00:[0-5][0-9](\\.[0-9]{1,3})?Z?";
        let xsd = |(lexical, name): (String, &str)| Self::Typed(lexical, format!("{}{name}", model::datatype::XSD));
        prop_oneof![
            Self::resource(),
            text().prop_map(Self::String),
            (text(), "[a-z]{2}(-[a-z]{2})?").prop_map(|(text, language)| Self::Lang(text, language)),
            (text(), iri()).prop_map(|(text, datatype)| Self::Typed(text, datatype)),
            number.prop_map(xsd),
            (instant, Just("dateTime")).prop_map(xsd),
            ("20[0-2][0-9]-0[1-9]-[0-2][0-9]Z?", Just("date")).prop_map(xsd),
        ]
    }

    fn term(&self) -> TermRef<'_> {
        match self {
            Self::Iri(iri) => TermRef::Iri(iri),
            Self::Blank(identity) => TermRef::Blank(*identity),
            Self::String(text) => TermRef::String(text),
            Self::Lang(value, language) => TermRef::Lang { value, language },
            Self::Typed(lexical, datatype) => TermRef::Typed { lexical, datatype },
        }
    }
}

/// An IRI that ends with a name. Few of them, so that statements share some.
fn iri() -> impl Strategy<Value = String> {
    prop_oneof![
        "urn:[a-c]",
        "http://e\\.org/[a-z0-9.~-]{0,12}[?#/][a-c]",
        "http://é\\.org/&'\\(\\)[*+;=:@!$,]*[a-zé]{1,4}",
        Just(model::term::DEFAULT_NAMED_GRAPH.to_owned()),
        Just("http://www.w3.org/1999/02/22-rdf-syntax-ns#type".to_owned()),
        Just("http://www.w3.org/1999/02/22-rdf-syntax-ns#_1".to_owned()),
    ]
}

/// The text without the characters that XML does not have.
fn of_xml(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
        .collect()
}

impl<const XML: bool> Graph for Statements<XML> {
    fn any() -> BoxedStrategy<Self> {
        let quad = (Node::resource(), iri(), Node::any(XML), proptest::option::of(Node::resource()));
        vec(quad, 0..24).prop_map(|quads| Self { quads }).boxed()
    }

    fn each(&self, insert: &mut dyn FnMut(TermRef<'_>, TermRef<'_>, TermRef<'_>, TermRef<'_>)) {
        for (subject, predicate, object, graph) in &self.quads {
            let graph = graph.as_ref().map_or(TermRef::DefaultGraph, Node::term);
            insert(subject.term(), TermRef::Iri(predicate), object.term(), graph);
        }
    }
}
