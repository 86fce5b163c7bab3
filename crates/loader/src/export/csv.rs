//! How names, values and lists are written in CSV cells, so that the loader reads them back.
//!
//! - **Source**: RFC 4180; `spec/loader.md` §6.2 (names), §6.3 (values), §6.4 (cells).

use model::value::calendar;
use model::{Notation, Tag, TermId, Value, datatype};

use crate::request::Format;

/// A column's type, as headers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum CellType {
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

impl CellType {
    /// The type of a value's column; `None` for values that CSV has no type for. Which literals of rare types are shapes is
    /// not in their ids: [`push_value`] refuses the others.
    pub(super) fn of(value: TermId) -> Option<Self> {
        Some(match value.tag()? {
            Tag::Boolean => Self::Bool,
            Tag::Byte => Self::Byte,
            Tag::Short => Self::Short,
            Tag::Int => Self::Int,
            Tag::Long => Self::Long,
            Tag::Float => Self::Float,
            Tag::Double => Self::Double,
            Tag::StringInline | Tag::StringHash => Self::String,
            Tag::DateTime => Self::Date,
            Tag::TypedHash => Self::Geometry,
            _ => return None,
        })
    }

    /// Its name in a header of the format: what openCypher calls `Date` is a string.
    pub(super) const fn name(self, format: Format) -> &'static str {
        match self {
            Self::Bool => "Bool",
            Self::Byte => "Byte",
            Self::Short => "Short",
            Self::Int => "Int",
            Self::Long => "Long",
            Self::Float => "Float",
            Self::Double => "Double",
            Self::String => "String",
            Self::Date if matches!(format, Format::OpenCypher) => "DateTime",
            Self::Date => "Date",
            Self::Geometry => "Geometry",
        }
    }
}

/// Why a key cannot be a column's name; `None` if it can.
pub(super) fn unnameable(format: Format, key: &str) -> Option<&'static str> {
    if key.is_empty() {
        return Some("a header's name is not empty");
    }
    if key.contains([' ', ',', '\r', '\n', '\0']) {
        return Some("a header's name holds no space, comma, line break or U+0000");
    }
    if key.starts_with('~') && format == Format::Csv {
        return Some("names that begin with ~ are the format's own");
    }
    None
}

/// Appends a key as the name part of a column, with `\:` for a colon.
pub(super) fn push_name(out: &mut String, key: &str) {
    push_escaped(out, key, ':');
}

/// Appends an element of an array cell, with `\;` for a semicolon. The caller parts elements by `;`.
pub(super) fn push_element(out: &mut String, element: &str) {
    push_escaped(out, element, ';');
}

fn push_escaped(out: &mut String, text: &str, escaped: char) {
    for (index, piece) in text.split(escaped).enumerate() {
        if index > 0 {
            out.push('\\');
            out.push(escaped);
        }
        out.push_str(piece);
    }
}

/// Appends a cell to a row: in quotes if it would not be read back as it is. An empty text is written `""`, which is a
/// text, where nothing would be none.
pub(super) fn push_cell(row: &mut String, text: &str) {
    let bare = !text.is_empty()
        && !text.starts_with(char::is_whitespace)
        && !text.ends_with(char::is_whitespace)
        && !text.contains([',', '"', '\r', '\n']);
    if bare {
        row.push_str(text);
        return;
    }
    row.push('"');
    for (index, piece) in text.split('"').enumerate() {
        if index > 0 {
            row.push_str("\"\"");
        }
        row.push_str(piece);
    }
    row.push('"');
}

/// Appends a value's text, unquoted.
///
/// # Errors
///
/// Why the loader would not read it back.
pub(super) fn push_value(out: &mut String, value: &Value) -> Result<(), &'static str> {
    use std::fmt::Write as _;
    let written = match value {
        Value::String(text) if text.contains('\0') => return Err("a value holds no U+0000"),
        Value::Float { notation: Notation::Fixed(_), .. } | Value::Double { notation: Notation::Fixed(_), .. } => {
            return Err("a number of this type keeps no zeros at its end");
        }
        // As short as it can be and still the same number.
        Value::Float { value, .. } if value.is_finite() => write!(out, "{value:?}"),
        Value::Double { value, .. } if value.is_finite() => write!(out, "{value:?}"),
        Value::Float { value, .. } => out.write_str(not_finite(f64::from(*value))),
        Value::Double { value, .. } => out.write_str(not_finite(*value)),
        Value::DateTime { seconds, nanos, .. } => {
            let (year, _, _) = calendar::date_of_days(seconds.div_euclid(calendar::SECONDS_PER_DAY));
            if !(0..=9999).contains(&year) {
                return Err("a date lies in a year from 0 to 9999");
            }
            if nanos % NANOS_PER_MILLISECOND != 0 {
                return Err("a date has no more than three fraction digits");
            }
            let digits = if *nanos == 0 { 0 } else { 3 };
            write!(out, "{}", Value::DateTime { seconds: *seconds, nanos: *nanos, digits, zoned: true })
        }
        Value::Typed { datatype, .. } if datatype != datatype::WKT => return Err("no column is of its type"),
        value => write!(out, "{value}"),
    };
    written.map_err(|_| "it has no text")
}

const NANOS_PER_MILLISECOND: u32 = 1_000_000;

/// Both formats' names of what is no number.
fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

#[cfg(test)]
mod tests;
