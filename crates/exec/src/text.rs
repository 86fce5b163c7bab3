//! Functions of strings. Positions and lengths count characters (Unicode scalar values). A null argument gives null.
//!
//! **Source**: openCypher 9, "String functions"; spec/opencypher.md §5; TCK String1 to String11.

use std::sync::Arc;

use crate::limits::{check_list, check_string};
use crate::logic::Truth;
use crate::{EvalError, List, Result, Value};

mod pattern;

pub(crate) use pattern::Patterns;

/// What a predicate on two strings asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// `text STARTS WITH part`
    StartsWith,
    /// `text ENDS WITH part`
    EndsWith,
    /// `text CONTAINS part`
    Contains,
}

/// Asks a predicate; unknown unless both are strings.
pub fn matches(question: Match, text: &Value, part: &Value) -> Truth {
    let (Value::String(text), Value::String(part)) = (text, part) else {
        return None;
    };
    Some(match question {
        Match::StartsWith => text.starts_with(&**part),
        Match::EndsWith => text.ends_with(&**part),
        Match::Contains => text.contains(&**part),
    })
}

/// `toLower(text)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn to_lower(text: &Value) -> Result {
    mapped("toLower()", text, |text| text.to_lowercase().into())
}

/// `toUpper(text)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn to_upper(text: &Value) -> Result {
    mapped("toUpper()", text, |text| text.to_uppercase().into())
}

/// `trim(text)`: without white space at either end.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn trim(text: &Value) -> Result {
    mapped("trim()", text, |text| text.trim().into())
}

/// `lTrim(text)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn trim_left(text: &Value) -> Result {
    mapped("lTrim()", text, |text| text.trim_start().into())
}

/// `rTrim(text)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn trim_right(text: &Value) -> Result {
    mapped("rTrim()", text, |text| text.trim_end().into())
}

/// `substring(text, start, length)`; without a length, to the end. Positions count from 0.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::NegativeInteger`].
pub fn substring(text: &Value, start: &Value, length: Option<&Value>) -> Result {
    let operation = "substring()";
    let (Some(text), Some(start)) = (string(operation, text)?, count(operation, "start", start)?) else {
        return Ok(Value::Null);
    };
    let length = match length {
        None => usize::MAX,
        Some(length) => match count(operation, "length", length)? {
            Some(length) => length,
            None => return Ok(Value::Null),
        },
    };
    let rest = &text[position(text, start)..];
    Ok(rest[..position(rest, length)].into())
}

/// `left(text, length)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::NegativeInteger`].
pub fn left(text: &Value, length: &Value) -> Result {
    let operation = "left()";
    match (string(operation, text)?, count(operation, "length", length)?) {
        (Some(text), Some(length)) => Ok(text[..position(text, length)].into()),
        _ => Ok(Value::Null),
    }
}

/// `right(text, length)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::NegativeInteger`].
pub fn right(text: &Value, length: &Value) -> Result {
    let operation = "right()";
    match (string(operation, text)?, count(operation, "length", length)?) {
        (Some(text), Some(length)) => {
            let skipped = text.chars().count().saturating_sub(length);
            Ok(text[position(text, skipped)..].into())
        }
        _ => Ok(Value::Null),
    }
}

/// `replace(text, search, replacement)`: every occurrence.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::TooLarge`].
pub fn replace(text: &Value, search: &Value, replacement: &Value) -> Result {
    let operation = "replace()";
    let (Some(text), Some(search), Some(replacement)) =
        (string(operation, text)?, string(operation, search)?, string(operation, replacement)?)
    else {
        return Ok(Value::Null);
    };
    if replacement.len() > search.len() {
        let growth = (replacement.len() - search.len()).saturating_mul(text.matches(search).count());
        check_string(operation, text.len().saturating_add(growth))?;
    }
    Ok(text.replace(search, replacement).into())
}

/// `split(text, delimiter)`, or at each of a list of delimiters. An empty delimiter splits into characters.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::TooLarge`].
pub fn split(text: &Value, delimiter: &Value) -> Result {
    let operation = "split()";
    let Some(text) = string(operation, text)? else {
        return Ok(Value::Null);
    };
    let delimiters = match delimiter {
        Value::Null => return Ok(Value::Null),
        Value::List(list) => &**list,
        one => std::slice::from_ref(one),
    };
    let mut parts = vec![text];
    for delimiter in delimiters {
        let Some(delimiter) = string(operation, delimiter)? else {
            return Ok(Value::Null);
        };
        let mut smaller = Vec::new();
        for part in parts {
            if delimiter.is_empty() && !part.is_empty() {
                smaller.extend(part.split("").filter(|character| !character.is_empty()));
            } else if delimiter.is_empty() {
                smaller.push(part);
            } else {
                smaller.extend(part.split(delimiter));
            }
            check_list(operation, smaller.len())?;
        }
        parts = smaller;
    }
    Value::list(parts.into_iter().map(Value::from).collect::<Vec<_>>())
}

/// `join(list, delimiter)`: the strings of a list.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::TooLarge`].
pub fn join(list: &Value, delimiter: &Value) -> Result {
    let operation = "join()";
    let (list, Some(delimiter)) = (
        match list {
            Value::Null => return Ok(Value::Null),
            Value::List(list) => list,
            other => return Err(EvalError::argument(operation, "a list of strings", other.kind())),
        },
        string(operation, delimiter)?,
    ) else {
        return Ok(Value::Null);
    };
    let parts: Vec<&str> = list
        .iter()
        .filter(|item| !item.is_null())
        .map(|item| match item {
            Value::String(text) => Ok(&**text),
            other => Err(EvalError::argument(operation, "a list of strings", other.kind())),
        })
        .collect::<Result<_>>()?;
    let bytes = parts.iter().map(|part| part.len() + delimiter.len()).fold(0, usize::saturating_add);
    check_string(operation, bytes)?;
    Ok(parts.join(delimiter).into())
}

/// `textIndexOf(text, search, from, to)`: where `search` first begins within a range of positions, by default all; -1 if
/// nowhere. A negative end is the end of the text.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn index_of(text: &Value, search: &Value, from: Option<&Value>, to: Option<&Value>) -> Result {
    let operation = "textIndexOf()";
    let (Some(text), Some(search)) = (string(operation, text)?, string(operation, search)?) else {
        return Ok(Value::Null);
    };
    let bound = |value: Option<&Value>, default: i64| match value {
        None => Ok(Some(default)),
        Some(Value::Null) => Ok(None),
        Some(Value::Integer(value)) => Ok(Some(*value)),
        Some(other) => Err(EvalError::argument(operation, "integers as positions", other.kind())),
    };
    let (Some(from), Some(to)) = (bound(from, 0)?, bound(to, -1)?) else {
        return Ok(Value::Null);
    };
    let start = usize::try_from(from).map_or(0, |from| position(text, from));
    let end = usize::try_from(to).map_or(text.len(), |to| position(text, to)).max(start);
    // A match counts in characters from the beginning of the text.
    let found = text[start..end].find(search).map(|at| text[..start + at].chars().count());
    Ok(Value::Integer(found.map_or(-1, |at| at as i64)))
}

/// `reverse(text)`, or of a list.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn reverse(value: &Value) -> Result {
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) => Ok(text.chars().rev().collect::<String>().into()),
        Value::List(list) => List::new(list.iter().rev().cloned().collect()).map(Value::List),
        other => Err(EvalError::argument("reverse()", "a string or a list", other.kind())),
    }
}

/// `size(text)`, or of a list.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn size(value: &Value) -> Result {
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) => Ok(Value::Integer(text.chars().count() as i64)),
        Value::List(list) => Ok(Value::Integer(list.len() as i64)),
        other => Err(EvalError::argument("size()", "a string or a list", other.kind())),
    }
}

/// Where the character of a number begins, or the end of the text. In bytes.
fn position(text: &str, characters: usize) -> usize {
    // Each character takes at least a byte.
    if characters >= text.len() {
        return text.len();
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

fn mapped(operation: &'static str, text: &Value, map: impl FnOnce(&str) -> Arc<str>) -> Result {
    Ok(string(operation, text)?.map_or(Value::Null, |text| Value::String(map(text))))
}

/// The string; `None` is null.
fn string<'a>(operation: &'static str, value: &'a Value) -> Result<Option<&'a str>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(EvalError::argument(operation, "strings", other.kind())),
    }
}

/// The count; `None` is null.
fn count(operation: &'static str, argument: &'static str, value: &Value) -> Result<Option<usize>> {
    match value {
        Value::Null => Ok(None),
        Value::Integer(found) => usize::try_from(*found).map(Some).map_err(|_| EvalError::NegativeInteger {
            operation,
            argument,
            found: *found,
        }),
        other => Err(EvalError::argument(operation, "integers as positions", other.kind())),
    }
}

#[cfg(test)]
mod tests;
