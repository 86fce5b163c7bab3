//! The thirteen integer types: their ranges, and the one canonical way to write a number.
//!
//! - **Invariant**: whatever its type, an integer with an id of its own lies within 64 bits, signed or unsigned; the
//!   payload is the value plus 2^118, so that order of payloads is order of values.
//! - **Source**: XML Schema Part 2 (1.1) §3.4.13 to §3.4.25.

use crate::{Tag, datatype};

/// What is added to a value so that negative ones have payloads, and smaller ones.
const BIAS: i128 = 1 << 118;

/// One of XML Schema's integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntegerType {
    /// `xsd:integer`, here within 64 bits, signed or unsigned.
    Integer,
    /// `xsd:long`: 64 bits; the property graph's Long.
    Long,
    /// `xsd:int`: 32 bits; the property graph's Int.
    Int,
    /// `xsd:short`: 16 bits; the property graph's Short.
    Short,
    /// `xsd:byte`: 8 bits; the property graph's Byte.
    Byte,
    /// `xsd:nonNegativeInteger`
    NonNegativeInteger,
    /// `xsd:positiveInteger`
    PositiveInteger,
    /// `xsd:nonPositiveInteger`
    NonPositiveInteger,
    /// `xsd:negativeInteger`
    NegativeInteger,
    /// `xsd:unsignedLong`
    UnsignedLong,
    /// `xsd:unsignedInt`
    UnsignedInt,
    /// `xsd:unsignedShort`
    UnsignedShort,
    /// `xsd:unsignedByte`
    UnsignedByte,
}

impl IntegerType {
    /// All of them, in the order of their tags, which follow one another.
    pub const ALL: [Self; 13] = [
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
    ];

    /// The smallest and the largest value that an id of this type holds.
    pub const fn range(self) -> (i128, i128) {
        const LOWEST: i128 = i64::MIN as i128;
        const HIGHEST: i128 = u64::MAX as i128;
        match self {
            Self::Integer => (LOWEST, HIGHEST),
            Self::Long => (LOWEST, i64::MAX as i128),
            Self::Int => (i32::MIN as i128, i32::MAX as i128),
            Self::Short => (i16::MIN as i128, i16::MAX as i128),
            Self::Byte => (i8::MIN as i128, i8::MAX as i128),
            Self::NonNegativeInteger | Self::UnsignedLong => (0, HIGHEST),
            Self::PositiveInteger => (1, HIGHEST),
            Self::NonPositiveInteger => (LOWEST, 0),
            Self::NegativeInteger => (LOWEST, -1),
            Self::UnsignedInt => (0, u32::MAX as i128),
            Self::UnsignedShort => (0, u16::MAX as i128),
            Self::UnsignedByte => (0, u8::MAX as i128),
        }
    }

    /// The IRI of the datatype.
    pub const fn datatype(self) -> &'static str {
        match self {
            Self::Integer => datatype::XSD_INTEGER,
            Self::Long => datatype::XSD_LONG,
            Self::Int => datatype::XSD_INT,
            Self::Short => datatype::XSD_SHORT,
            Self::Byte => datatype::XSD_BYTE,
            Self::NonNegativeInteger => datatype::XSD_NON_NEGATIVE_INTEGER,
            Self::PositiveInteger => datatype::XSD_POSITIVE_INTEGER,
            Self::NonPositiveInteger => datatype::XSD_NON_POSITIVE_INTEGER,
            Self::NegativeInteger => datatype::XSD_NEGATIVE_INTEGER,
            Self::UnsignedLong => datatype::XSD_UNSIGNED_LONG,
            Self::UnsignedInt => datatype::XSD_UNSIGNED_INT,
            Self::UnsignedShort => datatype::XSD_UNSIGNED_SHORT,
            Self::UnsignedByte => datatype::XSD_UNSIGNED_BYTE,
        }
    }

    /// The tag of ids of this type.
    pub const fn tag(self) -> Tag {
        match self {
            Self::Integer => Tag::Integer,
            Self::Long => Tag::Long,
            Self::Int => Tag::Int,
            Self::Short => Tag::Short,
            Self::Byte => Tag::Byte,
            Self::NonNegativeInteger => Tag::NonNegativeInteger,
            Self::PositiveInteger => Tag::PositiveInteger,
            Self::NonPositiveInteger => Tag::NonPositiveInteger,
            Self::NegativeInteger => Tag::NegativeInteger,
            Self::UnsignedLong => Tag::UnsignedLong,
            Self::UnsignedInt => Tag::UnsignedInt,
            Self::UnsignedShort => Tag::UnsignedShort,
            Self::UnsignedByte => Tag::UnsignedByte,
        }
    }

    /// The type whose ids have this tag.
    pub const fn from_tag(tag: Tag) -> Option<Self> {
        let index = (tag as usize).wrapping_sub(Tag::Integer as usize);
        if index < Self::ALL.len() { Some(Self::ALL[index]) } else { None }
    }

    /// The type that XML Schema calls by this name (`int`, `nonNegativeInteger`).
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "integer" => Self::Integer,
            "long" => Self::Long,
            "int" => Self::Int,
            "short" => Self::Short,
            "byte" => Self::Byte,
            "nonNegativeInteger" => Self::NonNegativeInteger,
            "positiveInteger" => Self::PositiveInteger,
            "nonPositiveInteger" => Self::NonPositiveInteger,
            "negativeInteger" => Self::NegativeInteger,
            "unsignedLong" => Self::UnsignedLong,
            "unsignedInt" => Self::UnsignedInt,
            "unsignedShort" => Self::UnsignedShort,
            "unsignedByte" => Self::UnsignedByte,
            _ => return None,
        })
    }

    /// Whether an id of this type can hold `value`.
    pub const fn holds(self, value: i128) -> bool {
        let (lowest, highest) = self.range();
        lowest <= value && value <= highest
    }
}

/// The number that is written so, if no shorter way of writing it exists: no plus sign, no leading zero, no `-0`.
pub(super) fn parse(lexical: &str) -> Option<i128> {
    /// Digits of the largest 64-bit number; more cannot have an id, and so many cannot overflow an `i128`.
    const LONGEST: usize = 20;
    let (negative, digits) = match lexical.strip_prefix('-') {
        Some(digits) => (true, digits.as_bytes()),
        None => (false, lexical.as_bytes()),
    };
    match digits {
        [b'0'] => return (!negative).then_some(0),
        [] | [b'0', ..] => return None,
        _ => {}
    }
    if digits.len() > LONGEST {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i128::from(digit - b'0');
    }
    Some(if negative { -value } else { value })
}

/// The payload of a value within 64 bits.
pub(super) const fn to_payload(value: i128) -> u128 {
    (value + BIAS).cast_unsigned()
}

/// The value of a payload.
pub(super) const fn from_payload(payload: u128) -> i128 {
    payload.cast_signed() - BIAS
}
