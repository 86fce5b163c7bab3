//! The types of CSV columns: their names in headers, and text to value.
//!
//! Both CSV formats share the table of `spec/loader.md` §6.3; they differ in what `Date` means (a date in Gremlin CSV, a
//! string in openCypher CSV, §7.3) and in whether `+Infinity` is a number.

use std::str::FromStr;

use geometry::wkt;
use model::{TermRef, datatype, date};

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Gremlin CSV (§6).
    Gremlin,
    /// openCypher CSV (§7).
    OpenCypher,
}

/// What a column's cells are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    Bool,
    Byte,
    Short,
    Int,
    Long,
    Float,
    Double,
    String,
    Date,
    Geometry,
}

impl DataType {
    /// The type of this name in a header, in any case; `None` if there is no such type.
    pub(crate) fn named(name: &str, dialect: Dialect) -> Option<Self> {
        /// Names that mean the same in both formats.
        const SHARED: [(&str, DataType); 12] = [
            ("bool", DataType::Bool),
            ("boolean", DataType::Bool),
            ("byte", DataType::Byte),
            ("short", DataType::Short),
            ("int", DataType::Int),
            ("integer", DataType::Int),
            ("long", DataType::Long),
            ("float", DataType::Float),
            ("double", DataType::Double),
            ("string", DataType::String),
            ("datetime", DataType::Date),
            ("geometry", DataType::Geometry),
        ];
        const GREMLIN: [(&str, DataType); 1] = [("date", DataType::Date)];
        /// Kept as strings, character by character, never checked.
        const OPEN_CYPHER: [(&str, DataType); 6] = [
            ("char", DataType::String),
            ("date", DataType::String),
            ("localdate", DataType::String),
            ("localdatetime", DataType::String),
            ("duration", DataType::String),
            ("point", DataType::String),
        ];
        let own: &[_] = match dialect {
            Dialect::Gremlin => &GREMLIN,
            Dialect::OpenCypher => &OPEN_CYPHER,
        };
        SHARED.iter().chain(own).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| *found)
    }

    /// The value of a cell's text; `None` if it does not fit (then [`Self::expected`] says what would).
    ///
    /// Spaces round the text are part of a String and ignored otherwise. Costs no allocation but for a geometry, whose one
    /// text is put into `scratch`.
    pub(crate) fn value<'a>(self, text: &'a str, dialect: Dialect, scratch: &'a mut String) -> Option<TermRef<'a>> {
        let trimmed = text.trim_ascii();
        Some(match self {
            Self::String => TermRef::String(text),
            // "anything other than true is false, never an error"
            Self::Bool => TermRef::Boolean(trimmed.eq_ignore_ascii_case("true")),
            Self::Byte => TermRef::Byte(trimmed.parse().ok()?),
            Self::Short => TermRef::Short(trimmed.parse().ok()?),
            Self::Int => TermRef::Int(trimmed.parse().ok()?),
            Self::Long => TermRef::Long(trimmed.parse().ok()?),
            Self::Float => TermRef::Float(float(trimmed, dialect, f32::is_infinite)?),
            Self::Double => TermRef::Double(float(trimmed, dialect, f64::is_infinite)?),
            Self::Date => TermRef::DateTime(date::milliseconds(trimmed)?),
            Self::Geometry => {
                *scratch = wkt::text(&wkt::parse(trimmed).ok()?).ok()?;
                TermRef::Typed { lexical: scratch, datatype: datatype::WKT }
            }
        })
    }

    /// What a cell of this type may hold, to follow "expected".
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Byte => "a whole number from -128 to 127",
            Self::Short => "a whole number from -32768 to 32767",
            Self::Int => "a whole number from -2147483648 to 2147483647",
            Self::Long => "a whole number from -9223372036854775808 to 9223372036854775807",
            Self::Float => "a 32-bit number such as 1.5 or -2e3, NaN, Infinity or -Infinity",
            Self::Double => "a 64-bit number such as 1.5 or -2e3, NaN, Infinity or -Infinity",
            Self::String => "text",
            Self::Geometry => "a shape of at most 64 KiB in well-known text such as POINT (1 2)",
            Self::Date => "a date such as 2001-02-03, 2001-02-03T04:05 or 2001-02-03T04:05:06Z",
        }
    }
}

/// A floating-point number. A decimal beyond the type's range is a misfit like that of an integer, not an infinity.
fn float<F: FromStr + Copy>(text: &str, dialect: Dialect, is_infinite: fn(F) -> bool) -> Option<F> {
    let word = match text {
        "NaN" | "Infinity" | "-Infinity" => true,
        "+Infinity" => dialect == Dialect::Gremlin,
        _ => false,
    };
    if word {
        return text.parse().ok();
    }
    // The standard library also reads words such as `inf` and `nan`, which are not numbers here.
    let numeric = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let number = numeric.then(|| text.parse().ok()).flatten()?;
    (!is_infinite(number)).then_some(number)
}

#[cfg(test)]
mod tests;
