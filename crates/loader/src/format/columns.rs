//! Property columns of a CSV header: `name:type`, with cardinality and array marks where the format has them.
//!
//! The grammar is that of `spec/loader.md` §6.2; openCypher CSV (§7.1) uses it without arrays and cardinalities.

use super::csv::Row;
use super::data_type::{DataType, Dialect};

/// One property column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    /// Its place in the row, from 0.
    pub(crate) column: usize,
    /// The property's key, with `\:` read as a colon.
    pub(crate) name: String,
    /// What its cells hold.
    pub(crate) data_type: DataType,
    /// Whether a cell holds many values, parted by `;`.
    pub(crate) array: bool,
    /// The cardinality that is written in the header, if one is.
    pub(crate) cardinality: Option<Cardinality>,
}

/// How many values a property may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    Single,
    Set,
}

/// The header's cells as text, checked for what no column name may hold (§6.2: space, comma, line break), and never
/// twice the same.
///
/// # Errors
///
/// A message that names the column.
pub(crate) fn names(row: Row<'_>) -> Result<Vec<String>, (String, Option<String>)> {
    let mut names: Vec<String> = Vec::with_capacity(row.len());
    let mut scratch = String::new();
    for column in 0..row.len() {
        let name = row.cell(column, &mut scratch).text;
        let number = column + 1;
        let wrong = if name.is_empty() {
            Some(format!("Header column {number} has no name"))
        } else {
            name.chars().find(|character| matches!(character, ' ' | ',' | '\r' | '\n' | '\0')).map(|character| {
                format!("Header column {number} '{}': found {character:?}, expected a name without spaces, commas and line breaks", super::excerpt(name))
            })
        };
        match wrong {
            Some(message) => return Err((message, Some(name.to_owned()))),
            None => names.push(name.to_owned()),
        }
    }
    Ok(names)
}

/// Reads `text` as a property column.
///
/// # Errors
///
/// A sentence about what is wrong with it.
pub(crate) fn property(column: usize, text: &str, dialect: Dialect) -> Result<Property, String> {
    let (name, type_text) = split(text)?;
    if name.is_empty() {
        return Err(format!("Header column '{}' has no property name before its colon", super::excerpt(text)));
    }
    let Some(type_text) = type_text else {
        return Ok(Property { column, name, data_type: DataType::String, array: false, cardinality: None });
    };
    let (type_name, array, cardinality) = marks(type_text).map_err(|found| {
        format!(
            "Header column '{}': found cardinality '({})', expected (single) or (set)",
            super::excerpt(text),
            super::excerpt(found)
        )
    })?;
    let data_type = DataType::named(type_name, dialect).ok_or_else(|| {
        let known = match dialect {
            Dialect::Gremlin => "Bool, Byte, Short, Int, Long, Float, Double, String, Date or Geometry",
            Dialect::OpenCypher => "Bool, Byte, Short, Int, Long, Float, Double, String, DateTime, Geometry, or one kept as text (Char, Date, LocalDate, LocalDateTime, Duration, Point)",
        };
        format!("Header column '{}': found type '{}', expected {known}", super::excerpt(text), super::excerpt(type_name))
    })?;
    if array && cardinality == Some(Cardinality::Single) {
        return Err(format!(
            "Header column '{}' is an array of cardinality single: an array column holds a set",
            super::excerpt(text)
        ));
    }
    Ok(Property { column, name, data_type, array, cardinality })
}

/// Parts a column at its one colon that is not written `\:`.
fn split(text: &str) -> Result<(String, Option<&str>), String> {
    let mut name = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        let after = after.get(1..).unwrap_or_default(); // the colon is one byte
        if let Some(before) = before.strip_suffix('\\') {
            name.push_str(before);
            name.push(':');
            rest = after;
        } else if after.contains(':') {
            return Err(format!(
                "Header column '{}' has two colons: write \\: for a colon in a name",
                super::excerpt(text)
            ));
        } else {
            name.push_str(before);
            return Ok((name, Some(after)));
        }
    }
    name.push_str(rest);
    Ok((name, None))
}

/// Takes `[]` and `(single)` or `(set)`, in either order, off a type's end. Gives back an unknown cardinality as error.
fn marks(type_text: &str) -> Result<(&str, bool, Option<Cardinality>), &str> {
    let mut rest = type_text.trim();
    let (mut array, mut cardinality) = (false, None);
    loop {
        if let (Some(before), false) = (rest.strip_suffix("[]"), array) {
            array = true;
            rest = before;
        } else if let (Some((before, word)), None) =
            (rest.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')), cardinality)
        {
            cardinality = Some(if word.eq_ignore_ascii_case("single") {
                Cardinality::Single
            } else if word.eq_ignore_ascii_case("set") {
                Cardinality::Set
            } else {
                return Err(word);
            });
            rest = before;
        } else {
            return Ok((rest, array, cardinality));
        }
    }
}

/// The values of an array cell: parted at each `;` that is not written `\;`, which is a plain semicolon inside one.
/// Empty ones are given too.
pub(crate) fn elements(cell: &str) -> Elements<'_> {
    Elements { rest: Some(cell) }
}

/// See [`elements`].
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    rest: Option<&'a str>,
}

impl<'a> Elements<'a> {
    /// The next element; `scratch` is used only if it holds `\;`.
    pub(crate) fn next<'b>(&mut self, scratch: &'b mut String) -> Option<&'b str>
    where
        'a: 'b,
    {
        let rest = self.rest?;
        let mut escaped = false;
        let mut end = None;
        for at in memchr::memchr_iter(b';', rest.as_bytes()) {
            if at > 0 && rest.as_bytes().get(at - 1) == Some(&b'\\') {
                escaped = true;
            } else {
                end = Some(at);
                break;
            }
        }
        // A semicolon is one byte, so both borders are those of characters.
        let element = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        self.rest = end.and_then(|end| rest.get(end + 1..));
        if !escaped {
            return Some(element);
        }
        scratch.clear();
        for (index, part) in element.split("\\;").enumerate() {
            if index > 0 {
                scratch.push(';');
            }
            scratch.push_str(part);
        }
        Some(scratch)
    }
}

#[cfg(test)]
mod tests;
