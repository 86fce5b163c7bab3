//! Values: booleans, numbers, instants, strings; their lexical forms, and how small ones lie in an id.
//!
//! A value is a literal of RDF and a property value at once: the property graph's types are those of XML Schema that
//! are as wide. Two values are equal if and only if they are the same term (RDF 1.1 Concepts §3.3: `1` and `01` are two
//! terms of one number); comparing by number is the business of a query language.
//!
//! - **Invariant**: a value with an inline id is written in exactly one way, and that way gives the value back.
//! - **Source**: design §3.

use std::borrow::Cow;
use std::fmt;

use crate::{Tag, TermId, datatype};

pub mod calendar;
mod decimal;
mod float;
mod integer;
#[cfg(test)]
pub(crate) mod tests;

pub use float::Notation;
pub use integer::IntegerType;

use calendar::Instant;

/// A literal or property value.
#[derive(Clone, Debug)]
pub enum Value {
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer {
        /// Of which type.
        kind: IntegerType,
        /// The number; a term of its own only within [`IntegerType::range`].
        value: i128,
    },
    /// A decimal.
    Decimal {
        /// The value times 10^18.
        scaled: i128,
        /// How many fraction digits are written, at most 18.
        digits: u8,
    },
    /// A 32-bit float.
    Float {
        /// The number.
        value: f32,
        /// How it is written.
        notation: Notation,
    },
    /// A 64-bit float.
    Double {
        /// The number.
        value: f64,
        /// How it is written.
        notation: Notation,
    },
    /// An instant of UTC, or of an unnamed zone.
    DateTime {
        /// Seconds since 1970-01-01T00:00:00.
        seconds: i64,
        /// Nanoseconds after that, less than 10^9.
        nanos: u32,
        /// How many fraction digits are written, at most 9.
        digits: u8,
        /// Whether it says `Z`.
        zoned: bool,
    },
    /// A day of an unnamed zone.
    Date {
        /// Days since 1970-01-01.
        days: i32,
    },
    /// A string.
    String(String),
    /// A string in a language.
    Lang {
        /// The text.
        value: String,
        /// The language tag in lower case.
        language: String,
    },
    /// A literal of any other datatype, or that is not written canonically.
    Typed {
        /// The text as written.
        lexical: String,
        /// The datatype's IRI.
        datatype: String,
    },
}

impl Value {
    /// The value of a literal: a scalar if the text is one of those that an id can hold, else a string or
    /// [`Value::Typed`].
    pub fn literal(lexical: &str, datatype: &str) -> Self {
        if datatype == datatype::XSD_STRING {
            return Self::String(lexical.to_owned());
        }
        Self::scalar(lexical, datatype)
            .unwrap_or_else(|| Self::Typed { lexical: lexical.to_owned(), datatype: datatype.to_owned() })
    }

    /// The scalar whose lexical form is this text, character by character. Does not allocate.
    pub fn scalar(lexical: &str, datatype: &str) -> Option<Self> {
        Some(match datatype.strip_prefix(datatype::XSD)? {
            "boolean" => match lexical {
                "true" => Self::Boolean(true),
                "false" => Self::Boolean(false),
                _ => return None,
            },
            "decimal" => {
                let (scaled, digits) = decimal::parse(lexical)?;
                // Refuses what is too large.
                decimal::to_payload(scaled, digits)?;
                Self::Decimal { scaled, digits }
            }
            "double" => {
                let (value, notation) = float::parse(lexical)?;
                Self::Double { value, notation }
            }
            "float" => {
                let (value, notation) = float::parse(lexical)?;
                Self::Float { value, notation }
            }
            "dateTime" => {
                let (local, zoned) = lexical.strip_suffix('Z').map_or((lexical, false), |local| (local, true));
                let Instant { seconds, nanos, digits } = Instant::parse(local)?;
                Self::DateTime { seconds, nanos, digits, zoned }
            }
            // Days of four-digit years fit.
            "date" => Self::Date { days: calendar::parse_date(lexical.as_bytes())? as i32 },
            name => {
                let kind = IntegerType::from_name(name)?;
                let value = integer::parse(lexical).filter(|value| kind.holds(*value))?;
                Self::Integer { kind, value }
            }
        })
    }

    /// The instant so many milliseconds after 1970-01-01T00:00:00Z, written with as few fraction digits as it takes.
    pub const fn instant(milliseconds: i64) -> Self {
        let Instant { seconds, nanos, digits } = Instant::from_milliseconds(milliseconds);
        Self::DateTime { seconds, nanos, digits, zoned: true }
    }

    /// The text of the literal. Borrowed where the value holds it.
    pub fn lexical(&self) -> Cow<'_, str> {
        match self {
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            Self::String(text) | Self::Lang { value: text, .. } | Self::Typed { lexical: text, .. } => text.into(),
            _ => self.to_string().into(),
        }
    }

    /// The IRI of the literal's datatype.
    pub fn datatype(&self) -> &str {
        match self {
            Self::Boolean(_) => datatype::XSD_BOOLEAN,
            Self::Integer { kind, .. } => kind.datatype(),
            Self::Decimal { .. } => datatype::XSD_DECIMAL,
            Self::Float { .. } => datatype::XSD_FLOAT,
            Self::Double { .. } => datatype::XSD_DOUBLE,
            Self::DateTime { .. } => datatype::XSD_DATE_TIME,
            Self::Date { .. } => datatype::XSD_DATE,
            Self::String(_) => datatype::XSD_STRING,
            Self::Lang { .. } => datatype::RDF_LANG_STRING,
            Self::Typed { datatype, .. } => datatype,
        }
    }

    /// The literal's language, in lower case.
    pub fn language(&self) -> Option<&str> {
        match self {
            Self::Lang { language, .. } => Some(language),
            _ => None,
        }
    }

    /// The id of a scalar that fits into one. `None` for all text, which [`crate::TermRef::encode`] turns into ids.
    ///
    /// A float must be written whole by its notation: that is known of what [`Self::scalar`] returns and checked for
    /// all others by [`Self::is_written_whole`].
    pub(crate) fn inline(&self) -> Option<TermId> {
        let (tag, payload) = match *self {
            Self::Boolean(value) => (Tag::Boolean, u128::from(value)),
            Self::Integer { kind, value } if kind.holds(value) => (kind.tag(), integer::to_payload(value)),
            Self::Decimal { scaled, digits } => (Tag::Decimal, decimal::to_payload(scaled, digits)?),
            Self::Float { value, notation } => (Tag::Float, float::to_payload(value, notation)?),
            Self::Double { value, notation } => (Tag::Double, float::to_payload(value, notation)?),
            Self::DateTime { seconds, nanos, digits, zoned } => {
                let tag = if zoned { Tag::DateTime } else { Tag::DateTimeLocal };
                (tag, Instant { seconds, nanos, digits }.to_payload()?)
            }
            Self::Date { days } => (Tag::Date, calendar::days_to_payload(days)),
            Self::Integer { .. } | Self::String(_) | Self::Lang { .. } | Self::Typed { .. } => {
                return None;
            }
        };
        Some(TermId::new(tag, payload))
    }

    /// The scalar of a tag and payload; `None` if the tag is not a scalar's. The inverse of [`Self::inline`] for what
    /// that returns, and something for anything else.
    pub(crate) fn from_inline(tag: Tag, payload: u128) -> Option<Self> {
        Some(match tag {
            Tag::Boolean => Self::Boolean(payload != 0),
            Tag::Decimal => {
                let (scaled, digits) = decimal::from_payload(payload);
                Self::Decimal { scaled, digits }
            }
            Tag::Float => {
                let (value, notation) = float::from_payload(payload);
                Self::Float { value, notation }
            }
            Tag::Double => {
                let (value, notation) = float::from_payload(payload);
                Self::Double { value, notation }
            }
            Tag::DateTime | Tag::DateTimeLocal => {
                let Instant { seconds, nanos, digits } = Instant::from_payload(payload);
                Self::DateTime { seconds, nanos, digits, zoned: tag == Tag::DateTime }
            }
            Tag::Date => Self::Date { days: calendar::days_from_payload(payload) },
            _ => {
                let kind = IntegerType::from_tag(tag)?;
                Self::Integer { kind, value: integer::from_payload(payload) }
            }
        })
    }

    /// Whether reading what is written gives the value back; false only for a float in fixed notation whose digits
    /// were cut off.
    pub(crate) fn is_written_whole(&self) -> bool {
        match self {
            Self::Float { notation: Notation::Fixed(_), .. } | Self::Double { notation: Notation::Fixed(_), .. } => {
                Self::scalar(&self.lexical(), self.datatype()).as_ref() == Some(self)
            }
            _ => true,
        }
    }
}

/// Writes the lexical form.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer { value, .. } => write!(f, "{value}"),
            Self::Decimal { scaled, digits } => decimal::write(f, *scaled, *digits),
            Self::Float { value, notation } => float::write(f, *value, *notation),
            Self::Double { value, notation } => float::write(f, *value, *notation),
            Self::DateTime { seconds, nanos, digits, zoned } => {
                Instant { seconds: *seconds, nanos: *nanos, digits: *digits }.write(f)?;
                f.write_str(if *zoned { "Z" } else { "" })
            }
            Self::Date { days } => calendar::write_date(f, i64::from(*days)),
            Self::String(text) | Self::Lang { value: text, .. } | Self::Typed { lexical: text, .. } => {
                f.write_str(text)
            }
        }
    }
}

/// Equal if the same term: NaN equals NaN, `-0` is not `0`, and how a number is written counts.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Integer { kind: a, value: x }, Self::Integer { kind: b, value: y }) => (a, x) == (b, y),
            (Self::Decimal { scaled: a, digits: x }, Self::Decimal { scaled: b, digits: y }) => (a, x) == (b, y),
            (Self::Float { value: a, notation: x }, Self::Float { value: b, notation: y }) => {
                float::same(*a, *b) && (x == y || a.is_nan() || a.is_infinite())
            }
            (Self::Double { value: a, notation: x }, Self::Double { value: b, notation: y }) => {
                float::same(*a, *b) && (x == y || a.is_nan() || a.is_infinite())
            }
            (
                Self::DateTime { seconds: a, nanos: b, digits: c, zoned: d },
                Self::DateTime { seconds: w, nanos: x, digits: y, zoned: z },
            ) => (a, b, c, d) == (w, x, y, z),
            (Self::Date { days: a }, Self::Date { days: b }) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Lang { value: a, language: x }, Self::Lang { value: b, language: y })
            | (Self::Typed { lexical: a, datatype: x }, Self::Typed { lexical: b, datatype: y }) => (a, x) == (b, y),
            _ => false,
        }
    }
}

impl Eq for Value {}

/// Text written without allocating; writing more than `N` bytes is an error.
struct StackText<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for StackText<N> {
    fn default() -> Self {
        Self { bytes: [0; N], len: 0 }
    }
}

impl<const N: usize> StackText<N> {
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).expect("only whole strings are written")
    }
}

impl<const N: usize> fmt::Write for StackText<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
