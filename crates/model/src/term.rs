//! Terms: what an id stands for.
//!
//! [`TermRef`] is what parsers hand in, [`Term`] what readers get back. `encode` and `decode` are inverse to each other;
//! the spelling of a hashed id ([`TermRef::spelling`]) is what the dictionary keeps.

use thiserror::Error;

use crate::{TermId, Value};

/// The IRI of the graph that Neptune puts triples in when none is named. It *is* the default graph:
/// [`TermRef::Iri`] of this text and [`TermRef::DefaultGraph`] encode alike.
pub const DEFAULT_NAMED_GRAPH: &str = "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph";

/// The secret with which long terms are hashed; random per store, so that nobody can construct collisions.
#[derive(Clone, Copy)]
pub struct HashKey([u8; 16]);

/// A term, borrowed: the input of encoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TermRef<'a> {
    /// ∅
    NoLabel,
    /// Any boolean.
    Boolean(bool),
    /// 8-bit integer of the property graph (`xsd:byte`).
    Byte(i8),
    /// 16-bit integer of the property graph (`xsd:short`).
    Short(i16),
    /// 32-bit integer of the property graph (`xsd:int`).
    Int(i32),
    /// 64-bit integer of the property graph (`xsd:long`).
    Long(i64),
    /// 32-bit float.
    Float(f32),
    /// 64-bit float.
    Double(f64),
    /// An instant, in milliseconds since 1970-01-01T00:00:00Z.
    DateTime(i64),
    /// A string (`xsd:string`).
    String(&'a str),
    /// A language-tagged string. The language is stored in lower case.
    Lang {
        /// The text.
        value: &'a str,
        /// The tag, such as `en-gb`.
        language: &'a str,
    },
    /// A literal of any datatype, kept character by character.
    Typed {
        /// The text as written.
        lexical: &'a str,
        /// The datatype's IRI.
        datatype: &'a str,
    },
    /// The predicate `~label`.
    Label,
    /// A property key.
    Key(&'a str),
    /// An edge label as predicate.
    EdgeLabel(&'a str),
    /// An IRI.
    Iri(&'a str),
    /// A blank node's identity (120 bits; see [`HashKey::blank`]).
    Blank(u128),
    /// A vertex id.
    Vertex(&'a str),
    /// An edge id.
    Edge(&'a str),
    /// The default graph.
    DefaultGraph,
}

/// A term, owned: the output of decoding.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// ∅
    NoLabel,
    /// A literal or property value.
    Value(Value),
    /// The predicate `~label`.
    Label,
    /// A property key.
    Key(String),
    /// An edge label as predicate.
    EdgeLabel(String),
    /// An IRI.
    Iri(String),
    /// A blank node's identity.
    Blank(u128),
    /// A vertex id.
    Vertex(String),
    /// An edge id.
    Edge(String),
    /// The default graph.
    DefaultGraph,
}

/// Why an id and a spelling make no term: the store's files are damaged.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The id's tag byte is none of ours.
    #[error("term id {0:?} has an unknown tag")]
    UnknownTag(TermId),
    /// The dictionary has no text for a hashed id.
    #[error("term id {0:?} is not in the dictionary")]
    NoSpelling(TermId),
    /// The payload or the text is not what the tag says.
    #[error("term id {id:?} does not decode: expected {expected}")]
    Malformed {
        /// The id.
        id: TermId,
        /// What the tag asks for.
        expected: &'static str,
    },
}

impl HashKey { /// The key of these bytes.
 pub const fn new(bytes: [u8; 16]) -> Self { Self(bytes) } }
impl std::fmt::Debug for HashKey { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("HashKey(…)") } }
