//! The term id: one tag byte and fifteen bytes of payload, compared as one big-endian number.
//!
//! - **Shape**: bits 120..128 are the [`Tag`], bits 0..120 the payload. Key order is the order of the `u128`.
//! - **Invariant**: no id is zero (no tag is), so `Option<TermId>` costs nothing.
//! - **Invariant**: within one tag that keeps order, payload order is value order; values sort before resources, and
//!   of the property graph's predicates `~label` before keys before edge labels, so that a vertex is one run of SPOG:
//!   its labels, then its properties, then its out-edges.
//! - **Source**: design §3.

use std::fmt;
use std::num::NonZeroU128;

/// Bits of payload below the tag.
pub const PAYLOAD_BITS: u32 = 120;
/// The payload's mask.
pub const PAYLOAD_MASK: u128 = (1 << PAYLOAD_BITS) - 1;

/// What kind of term an id stands for, and whether it is the term itself or a hash of it.
///
/// The numbers are on disk: a number is never reused, and the order of numbers is the order of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Tag {
    /// ∅: the object of `~label` while a vertex has no label. Never listed.
    NoLabel = 0x01,
    /// `xsd:boolean`, payload 0 or 1.
    Boolean = 0x02,
    /// `xsd:integer` within 64 bits (signed or unsigned), biased. So are the twelve below.
    Integer = 0x04,
    /// `xsd:long`; the property graph's Long.
    Long = 0x05,
    /// `xsd:int`; the property graph's Int.
    Int = 0x06,
    /// `xsd:short`; the property graph's Short.
    Short = 0x07,
    /// `xsd:byte`; the property graph's Byte.
    Byte = 0x08,
    /// `xsd:nonNegativeInteger`
    NonNegativeInteger = 0x09,
    /// `xsd:positiveInteger`
    PositiveInteger = 0x0a,
    /// `xsd:nonPositiveInteger`
    NonPositiveInteger = 0x0b,
    /// `xsd:negativeInteger`
    NegativeInteger = 0x0c,
    /// `xsd:unsignedLong`
    UnsignedLong = 0x0d,
    /// `xsd:unsignedInt`
    UnsignedInt = 0x0e,
    /// `xsd:unsignedShort`
    UnsignedShort = 0x0f,
    /// `xsd:unsignedByte`
    UnsignedByte = 0x10,
    /// `xsd:decimal`: the value times 10^18, biased, then how many fraction digits were written.
    Decimal = 0x18,
    /// `xsd:float`: the value's bits in total order, then how it was written.
    Float = 0x19,
    /// `xsd:double`: likewise.
    Double = 0x1a,
    /// `xsd:dateTime` in UTC: seconds, nanoseconds, how many fraction digits were written.
    DateTime = 0x20,
    /// `xsd:dateTime` that names no zone: likewise.
    DateTimeLocal = 0x21,
    /// `xsd:date` that names no zone: days since 1970-01-01.
    Date = 0x22,
    /// `xsd:string` of at most 15 bytes without NUL, padded with NUL.
    StringInline = 0x30,
    /// `xsd:string`, hashed.
    StringHash = 0x31,
    /// A language-tagged string, hashed.
    LangHash = 0x34,
    /// A literal of any other datatype, or in no canonical form, hashed.
    TypedHash = 0x38,
    /// The predicate `~label`; payload zero.
    Label = 0x50,
    /// A property key of at most 15 bytes.
    KeyInline = 0x51,
    /// A property key, hashed.
    KeyHash = 0x52,
    /// An edge label of at most 15 bytes, as predicate.
    EdgeLabelInline = 0x54,
    /// An edge label as predicate, hashed.
    EdgeLabelHash = 0x55,
    /// An IRI of at most 15 bytes.
    IriInline = 0x80,
    /// An IRI, hashed.
    IriHash = 0x81,
    /// A blank node; the payload is its identity, no spelling is kept.
    Blank = 0x84,
    /// A vertex id of at most 15 bytes.
    VertexInline = 0x88,
    /// A vertex id, hashed.
    VertexHash = 0x89,
    /// An edge id of at most 15 bytes.
    EdgeInline = 0x8c,
    /// An edge id, hashed.
    EdgeHash = 0x8d,
    /// The default graph, which in RDF is also the IRI of Neptune's default named graph; payload zero.
    DefaultGraph = 0xa0,
}

impl Tag {
    /// All tags, in key order.
    pub const ALL: [Self; 38] = [
        Self::NoLabel,
        Self::Boolean,
        Self::Integer,
        Self::Long,
        Self::Int,
        Self::Short,
        Self::Byte,
        Self::NonNegativeInteger,
        Self::PositiveInteger,
        Self::NonPositiveInteger,
        Self::NegativeInteger,
        Self::UnsignedLong,
        Self::UnsignedInt,
        Self::UnsignedShort,
        Self::UnsignedByte,
        Self::Decimal,
        Self::Float,
        Self::Double,
        Self::DateTime,
        Self::DateTimeLocal,
        Self::Date,
        Self::StringInline,
        Self::StringHash,
        Self::LangHash,
        Self::TypedHash,
        Self::Label,
        Self::KeyInline,
        Self::KeyHash,
        Self::EdgeLabelInline,
        Self::EdgeLabelHash,
        Self::IriInline,
        Self::IriHash,
        Self::Blank,
        Self::VertexInline,
        Self::VertexHash,
        Self::EdgeInline,
        Self::EdgeHash,
        Self::DefaultGraph,
    ];

    /// The tag with this number, or `None` if there is no such tag.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        // One load: this runs once for every term that is decoded.
        const BY_BYTE: [Option<Tag>; 256] = {
            let mut table = [None; 256];
            let mut index = 0;
            while index < Tag::ALL.len() {
                let tag = Tag::ALL[index];
                table[tag as usize] = Some(tag);
                index += 1;
            }
            table
        };
        BY_BYTE[byte as usize]
    }

    /// Whether ids of this tag are hashes, whose spelling only the dictionary knows.
    pub const fn is_hashed(self) -> bool {
        matches!(
            self,
            Self::StringHash
                | Self::LangHash
                | Self::TypedHash
                | Self::KeyHash
                | Self::EdgeLabelHash
                | Self::IriHash
                | Self::VertexHash
                | Self::EdgeHash
        )
    }
}

/// A term's id. Its order is the order of keys in every index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct TermId(NonZeroU128);

impl TermId {
    /// The default graph.
    pub const DEFAULT_GRAPH: Self = Self::new(Tag::DefaultGraph, 0);
    /// The predicate `~label`.
    pub const LABEL: Self = Self::new(Tag::Label, 0);
    /// ∅, the object of `~label` of a vertex without labels.
    pub const NO_LABEL: Self = Self::new(Tag::NoLabel, 0);
    /// The smallest number that an id can have.
    pub const MIN: Self = Self(NonZeroU128::MIN);
    /// The largest number that an id can have.
    pub const MAX: Self = Self(NonZeroU128::MAX);

    /// The id with this tag and the low 120 bits of `payload`.
    pub const fn new(tag: Tag, payload: u128) -> Self {
        let bits = ((tag as u128) << PAYLOAD_BITS) | (payload & PAYLOAD_MASK);
        match NonZeroU128::new(bits) {
            Some(bits) => Self(bits),
            None => unreachable!(), // no tag is zero
        }
    }

    /// The id as a number; bigger number, later key.
    pub const fn get(self) -> u128 {
        self.0.get()
    }

    /// The id of this number, or `None` for zero. The tag is not checked: see [`Self::tag`].
    pub const fn from_u128(bits: u128) -> Option<Self> {
        match NonZeroU128::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// Sixteen bytes that compare as the id does.
    pub const fn to_be_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }

    /// The id of these bytes, or `None` if they are all zero.
    pub const fn from_be_bytes(bytes: [u8; 16]) -> Option<Self> {
        Self::from_u128(u128::from_be_bytes(bytes))
    }

    /// The tag's number, whether known or not.
    pub const fn tag_byte(self) -> u8 {
        (self.0.get() >> PAYLOAD_BITS) as u8
    }

    /// The tag, or `None` if the id was not made by [`Self::new`].
    pub const fn tag(self) -> Option<Tag> {
        Tag::from_byte(self.tag_byte())
    }

    /// The 120 bits below the tag.
    pub const fn payload(self) -> u128 {
        self.0.get() & PAYLOAD_MASK
    }

    /// Whether the dictionary is needed to know the term.
    pub const fn is_hashed(self) -> bool {
        const fn bit(tag: Tag) -> u128 {
            // Tags up to 0x7f and from 0x80 share one word: no two hashed tags collide modulo 128.
            1 << (tag as u8 & 0x7f)
        }
        const HASHED: u128 = bit(Tag::StringHash)
            | bit(Tag::LangHash)
            | bit(Tag::TypedHash)
            | bit(Tag::KeyHash)
            | bit(Tag::EdgeLabelHash);
        const HASHED_HIGH: u128 = bit(Tag::IriHash) | bit(Tag::VertexHash) | bit(Tag::EdgeHash);
        let tag = self.tag_byte();
        let set = if tag < 0x80 { HASHED } else { HASHED_HIGH };
        set >> (tag & 0x7f) & 1 == 1
    }

    /// Whether the term can be the subject of a quad: an IRI, blank node, vertex or edge. Everything else is a value
    /// (or a property-graph predicate). The order OPSG holds exactly the quads whose object is a resource.
    pub const fn is_resource(self) -> bool {
        self.tag_byte() >= 0x80
    }

    /// Whether this is a vertex's id.
    pub const fn is_vertex(self) -> bool {
        matches!(self.tag_byte(), 0x88 | 0x89)
    }

    /// Whether this is an edge's id.
    pub const fn is_edge(self) -> bool {
        matches!(self.tag_byte(), 0x8c | 0x8d)
    }

    /// Whether this is a property key (in the predicate's place).
    pub const fn is_key(self) -> bool {
        matches!(self.tag_byte(), 0x51 | 0x52)
    }

    /// Whether this is an edge label (in the predicate's place).
    pub const fn is_edge_label(self) -> bool {
        matches!(self.tag_byte(), 0x54 | 0x55)
    }
}

impl fmt::Debug for TermId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag() {
            Some(tag) => write!(f, "{tag:?}:{:x}", self.payload()),
            None => write!(f, "?{:x}", self.get()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_in_key_order_and_are_found_by_byte() {
        assert!(Tag::ALL.is_sorted());
        for byte in 0..=u8::MAX {
            let tag = Tag::ALL.into_iter().find(|tag| *tag as u8 == byte);
            assert_eq!(Tag::from_byte(byte), tag);
        }
    }

    #[test]
    fn a_vertex_is_its_labels_then_properties_then_edges() {
        assert!(Tag::Label < Tag::KeyInline && Tag::KeyHash < Tag::EdgeLabelInline);
        let id = |tag| TermId::new(tag, 0);
        for tag in Tag::ALL {
            assert_eq!(id(tag).is_resource(), tag >= Tag::IriInline, "{tag:?}");
            assert_eq!(id(tag).is_hashed(), tag.is_hashed(), "{tag:?}");
            assert_eq!(id(tag).is_key(), matches!(tag, Tag::KeyInline | Tag::KeyHash));
            assert_eq!(id(tag).is_edge_label(), matches!(tag, Tag::EdgeLabelInline | Tag::EdgeLabelHash));
            assert_eq!(id(tag).is_vertex(), matches!(tag, Tag::VertexInline | Tag::VertexHash));
            assert_eq!(id(tag).is_edge(), matches!(tag, Tag::EdgeInline | Tag::EdgeHash));
        }
    }

    #[test]
    fn bytes_and_numbers_give_the_id_back() {
        let id = TermId::new(Tag::DefaultGraph, 5);
        assert_eq!(TermId::from_be_bytes(id.to_be_bytes()), Some(id));
        assert_eq!(TermId::from_u128(id.get()), Some(id));
        assert_eq!(TermId::from_u128(0), None);
        assert_eq!(id.payload(), 5);
    }
}
