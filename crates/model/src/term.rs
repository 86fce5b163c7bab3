//! Terms: what an id stands for.
//!
//! [`TermRef`] is what parsers hand in, [`Term`] what readers get back. `encode` and `decode` are inverse to each other;
//! the spelling of a hashed id ([`TermRef::spelling`]) is what the dictionary keeps.

use std::borrow::Cow;

use thiserror::Error;

use crate::value::Notation;
use crate::{Tag, TermId, Value, datatype};

mod hash;
#[cfg(test)]
mod tests;

pub use hash::HashKey;

/// The IRI of the graph that Neptune puts triples in when none is named. It *is* the default graph:
/// [`TermRef::Iri`] of this text and [`TermRef::DefaultGraph`] encode alike.
pub const DEFAULT_NAMED_GRAPH: &str = "http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph";

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
    /// A language-tagged string. The language is stored in lower case, and holds no NUL.
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
        /// The datatype's IRI, which holds no NUL.
        datatype: &'a str,
    },
    /// A value that was read back; the same term as its own kind above.
    Value(&'a Value),
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The longest text that lies in an id.
const INLINE_BYTES: usize = 15;

impl TermRef<'_> {
    /// The term's id. Looks nothing up and, but for a [`Self::Value`] that is unlike what was read back, allocates
    /// nothing.
    pub fn encode(self, key: &HashKey) -> TermId {
        match self {
            Self::NoLabel => TermId::NO_LABEL,
            Self::Label => TermId::LABEL,
            Self::DefaultGraph | Self::Iri(DEFAULT_NAMED_GRAPH) => TermId::DEFAULT_GRAPH,
            Self::Boolean(value) => TermId::new(Tag::Boolean, u128::from(value)),
            Self::Byte(value) => integer(crate::IntegerType::Byte, value.into()),
            Self::Short(value) => integer(crate::IntegerType::Short, value.into()),
            Self::Int(value) => integer(crate::IntegerType::Int, value.into()),
            Self::Long(value) => integer(crate::IntegerType::Long, value.into()),
            Self::Float(value) => scalar(&Value::Float { value, notation: Notation::Scientific }),
            Self::Double(value) => scalar(&Value::Double { value, notation: Notation::Scientific }),
            Self::DateTime(milliseconds) => scalar(&Value::instant(milliseconds)),
            Self::String(text) => text_id(key, Tag::StringInline, Tag::StringHash, text),
            Self::Key(text) => text_id(key, Tag::KeyInline, Tag::KeyHash, text),
            Self::EdgeLabel(text) => text_id(key, Tag::EdgeLabelInline, Tag::EdgeLabelHash, text),
            Self::Iri(text) => text_id(key, Tag::IriInline, Tag::IriHash, text),
            Self::Vertex(text) => text_id(key, Tag::VertexInline, Tag::VertexHash, text),
            Self::Edge(text) => text_id(key, Tag::EdgeInline, Tag::EdgeHash, text),
            Self::Blank(identity) => TermId::new(Tag::Blank, identity),
            Self::Lang { value, language } => key.id_lower(Tag::LangHash, language, value.as_bytes()),
            Self::Typed { lexical, datatype: datatype::XSD_STRING } => Self::String(lexical).encode(key),
            Self::Typed { lexical, datatype } => {
                match Value::scalar(lexical, datatype).and_then(|value| value.inline()) {
                    Some(id) => id,
                    None => key.id_pair(Tag::TypedHash, datatype.as_bytes(), lexical.as_bytes()),
                }
            }
            Self::Value(value) => match value.inline() {
                Some(id) if value.is_written_whole() => id,
                _ => with_text(value, |term| term.encode(key)),
            },
        }
    }

    /// Appends what the dictionary keeps for the term if its id is a hash: the text itself; before it, for a string in a
    /// language, the language in lower case and a NUL, and for any other literal its datatype and a NUL. Appends nothing
    /// for terms that are never hashed.
    pub fn spelling(self, out: &mut Vec<u8>) {
        match self {
            Self::String(text)
            | Self::Key(text)
            | Self::EdgeLabel(text)
            | Self::Iri(text)
            | Self::Vertex(text)
            | Self::Edge(text)
            | Self::Typed { lexical: text, datatype: datatype::XSD_STRING } => out.extend_from_slice(text.as_bytes()),
            Self::Lang { value, language } => {
                out.extend(language.bytes().map(|byte| byte.to_ascii_lowercase()));
                out.push(0);
                out.extend_from_slice(value.as_bytes());
            }
            Self::Typed { lexical, datatype } => {
                out.extend_from_slice(datatype.as_bytes());
                out.push(0);
                out.extend_from_slice(lexical.as_bytes());
            }
            Self::Value(value) => with_text(value, |term| term.spelling(out)),
            Self::NoLabel
            | Self::Label
            | Self::DefaultGraph
            | Self::Boolean(_)
            | Self::Byte(_)
            | Self::Short(_)
            | Self::Int(_)
            | Self::Long(_)
            | Self::Float(_)
            | Self::Double(_)
            | Self::DateTime(_)
            | Self::Blank(_) => {}
        }
    }
}

impl Term {
    /// The term of an id. `spelling` is what the dictionary keeps for a hashed id; for others it is not looked at.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if [`TermRef::encode`] makes no such id, or [`TermRef::spelling`] no such text: a file is damaged.
    pub fn decode(id: TermId, spelling: Option<&[u8]>) -> Result<Self, DecodeError> {
        let tag = id.tag().ok_or(DecodeError::UnknownTag(id))?;
        let malformed = |expected| DecodeError::Malformed { id, expected };
        let hashed = || spelling.ok_or(DecodeError::NoSpelling(id));
        let text = || decode_text(hashed()?).ok_or(malformed("UTF-8 text"));
        let pair = || decode_pair(hashed()?).ok_or(malformed("two UTF-8 texts with a NUL between them"));
        let inline = || inline_text(id.payload()).ok_or(malformed("UTF-8 text without NUL"));
        let term = match tag {
            Tag::NoLabel => Self::NoLabel,
            Tag::Label => Self::Label,
            Tag::DefaultGraph => Self::DefaultGraph,
            Tag::StringInline => Self::Value(Value::String(inline()?)),
            Tag::StringHash => Self::Value(Value::String(text()?)),
            Tag::LangHash => {
                let (language, value) = pair()?;
                Self::Value(Value::Lang { value, language })
            }
            Tag::TypedHash => {
                let (datatype, lexical) = pair()?;
                Self::Value(Value::Typed { lexical, datatype })
            }
            Tag::KeyInline => Self::Key(inline()?),
            Tag::KeyHash => Self::Key(text()?),
            Tag::EdgeLabelInline => Self::EdgeLabel(inline()?),
            Tag::EdgeLabelHash => Self::EdgeLabel(text()?),
            Tag::IriInline => Self::Iri(inline()?),
            Tag::IriHash => Self::Iri(text()?),
            Tag::Blank => Self::Blank(id.payload()),
            Tag::VertexInline => Self::Vertex(inline()?),
            Tag::VertexHash => Self::Vertex(text()?),
            Tag::EdgeInline => Self::Edge(inline()?),
            Tag::EdgeHash => Self::Edge(text()?),
            Tag::Boolean
            | Tag::Integer
            | Tag::Long
            | Tag::Int
            | Tag::Short
            | Tag::Byte
            | Tag::NonNegativeInteger
            | Tag::PositiveInteger
            | Tag::NonPositiveInteger
            | Tag::NegativeInteger
            | Tag::UnsignedLong
            | Tag::UnsignedInt
            | Tag::UnsignedShort
            | Tag::UnsignedByte
            | Tag::Decimal
            | Tag::Float
            | Tag::Double
            | Tag::DateTime
            | Tag::DateTimeLocal
            | Tag::Date => {
                // A payload that is not what the value encodes to holds stray bits or a number out of range.
                let value = Value::from_inline(tag, id.payload()).filter(|value| value.inline() == Some(id));
                Self::Value(value.ok_or(malformed("a number, instant or boolean in range"))?)
            }
        };
        match term {
            Self::NoLabel | Self::Label | Self::DefaultGraph if id.payload() != 0 => Err(malformed("payload zero")),
            term => Ok(term),
        }
    }

    /// The term, borrowed: encodes to the id that this was decoded from.
    pub fn as_ref(&self) -> TermRef<'_> {
        match self {
            Self::NoLabel => TermRef::NoLabel,
            Self::Value(value) => TermRef::Value(value),
            Self::Label => TermRef::Label,
            Self::Key(text) => TermRef::Key(text),
            Self::EdgeLabel(text) => TermRef::EdgeLabel(text),
            Self::Iri(text) => TermRef::Iri(text),
            Self::Blank(identity) => TermRef::Blank(*identity),
            Self::Vertex(text) => TermRef::Vertex(text),
            Self::Edge(text) => TermRef::Edge(text),
            Self::DefaultGraph => TermRef::DefaultGraph,
        }
    }
}

/// The id of an integer that its type holds.
fn integer(kind: crate::IntegerType, value: i128) -> TermId {
    scalar(&Value::Integer { kind, value })
}

/// The id of a scalar that is known to fit.
fn scalar(value: &Value) -> TermId {
    value.inline().expect("machine integers, floats and milliseconds lie in an id")
}

/// Hands `then` the literal that the value is written as.
fn with_text<T>(value: &Value, then: impl FnOnce(TermRef<'_>) -> T) -> T {
    let lexical: Cow<'_, str> = value.lexical();
    then(match value {
        Value::Lang { value, language } => TermRef::Lang { value, language },
        _ => TermRef::Typed { lexical: &lexical, datatype: value.datatype() },
    })
}

/// The id of a text: the text itself if it is short, else its hash.
#[inline]
fn text_id(key: &HashKey, inline: Tag, hash: Tag, text: &str) -> TermId {
    let bytes = text.as_bytes();
    if bytes.len() <= INLINE_BYTES && !bytes.contains(&0) {
        let mut payload = [0; 16];
        payload[1..=bytes.len()].copy_from_slice(bytes);
        TermId::new(inline, u128::from_be_bytes(payload))
    } else {
        key.id(hash, bytes)
    }
}

/// The text of a payload, if it is UTF-8 and then zeros.
fn inline_text(payload: u128) -> Option<String> {
    let bytes = &payload.to_be_bytes()[1..];
    let len = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = str::from_utf8(&bytes[..len]).ok()?;
    (!text.contains('\0')).then(|| text.to_owned())
}

fn decode_text(spelling: &[u8]) -> Option<String> {
    str::from_utf8(spelling).ok().map(str::to_owned)
}

fn decode_pair(spelling: &[u8]) -> Option<(String, String)> {
    let (first, rest) = str::from_utf8(spelling).ok()?.split_once('\0')?;
    Some((first.to_owned(), rest.to_owned()))
}
