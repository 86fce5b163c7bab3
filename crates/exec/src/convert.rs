//! One type into another: `toString`, `toInteger`, `toFloat`, `toBoolean`, and their kin that give null for a type that
//! cannot be converted.
//!
//! **Source**: openCypher 9; spec/opencypher.md §5 (`toInteger` saturates); TCK TypeConversion1 to TypeConversion4.

use std::borrow::Cow;

use crate::{EvalError, Result, Value, float};

/// The text of a scalar: as written in a query, but a string as it is. Lists, maps, nodes, relationships and paths have
/// none.
///
/// # Errors
///
/// [`EvalError::Conversion`].
pub fn to_string(value: &Value) -> Result {
    match value {
        Value::Null | Value::String(_) => Ok(value.clone()),
        other if is_printable(other) => Ok(text(other).into_owned().into()),
        other => Err(EvalError::Conversion {
            operation: "toString()",
            expected: "booleans, numbers, strings, temporal values and geometries",
            found: other.kind(),
        }),
    }
}

/// The integer of a number, its fraction cut off, or of a text that is a number. Beyond 64 bits it is the nearest that
/// fits. A text that is no number, and NaN, give null.
///
/// # Errors
///
/// [`EvalError::Conversion`].
pub fn to_integer(value: &Value) -> Result {
    match value {
        Value::Null | Value::Integer(_) => Ok(value.clone()),
        Value::Boolean(value) => Ok(i64::from(*value).into()),
        Value::Float(value) => Ok(saturated(*value)),
        Value::String(text) => {
            let text = text.trim();
            match text.parse::<i64>() {
                Ok(value) => Ok(value.into()),
                Err(_) => Ok(parse_float(text).map_or(Value::Null, saturated)),
            }
        }
        other => Err(EvalError::Conversion {
            operation: "toInteger()",
            expected: "booleans, numbers and strings",
            found: other.kind(),
        }),
    }
}

/// The float of a number, or of a text that is a number. A text that is none gives null.
///
/// # Errors
///
/// [`EvalError::Conversion`].
pub fn to_float(value: &Value) -> Result {
    match value {
        Value::Null | Value::Float(_) => Ok(value.clone()),
        Value::Integer(value) => Ok((*value as f64).into()),
        Value::String(text) => Ok(parse_float(text.trim()).map_or(Value::Null, Value::Float)),
        other => {
            Err(EvalError::Conversion { operation: "toFloat()", expected: "numbers and strings", found: other.kind() })
        }
    }
}

/// The boolean of the texts `true` and `false` in any case, or of an integer, which is false if zero. Other texts give
/// null.
///
/// # Errors
///
/// [`EvalError::Conversion`].
pub fn to_boolean(value: &Value) -> Result {
    match value {
        Value::Null | Value::Boolean(_) => Ok(value.clone()),
        Value::Integer(value) => Ok((*value != 0).into()),
        Value::String(text) => Ok(match text.trim() {
            text if text.eq_ignore_ascii_case("true") => true.into(),
            text if text.eq_ignore_ascii_case("false") => false.into(),
            _ => Value::Null,
        }),
        other => Err(EvalError::Conversion {
            operation: "toBoolean()",
            expected: "booleans, integers and strings",
            found: other.kind(),
        }),
    }
}

/// A conversion of the functions above that gives null for a type that cannot be converted: `toIntegerOrNull`.
///
/// # Errors
///
/// Those of the conversion but [`EvalError::Conversion`].
pub fn or_null(conversion: impl FnOnce(&Value) -> Result, value: &Value) -> Result {
    match conversion(value) {
        Err(EvalError::Conversion { .. }) => Ok(Value::Null),
        other => other,
    }
}

/// Whether [`text`] is for it.
pub(crate) const fn is_printable(value: &Value) -> bool {
    match value {
        Value::Boolean(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::String(_)
        | Value::Date(_)
        | Value::LocalTime(_)
        | Value::Time(_)
        | Value::LocalDateTime(_)
        | Value::DateTime(_)
        | Value::Duration(_)
        | Value::Geometry(_) => true,
        Value::Null | Value::List(_) | Value::Map(_) | Value::Node(_) | Value::Relationship(_) | Value::Path(_) => {
            false
        }
    }
}

/// The text of a scalar.
pub(crate) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Float(value) => float::text(*value).into(),
        Value::Date(value) => value.to_string().into(),
        Value::LocalTime(value) => value.to_string().into(),
        Value::Time(value) => value.to_string().into(),
        Value::LocalDateTime(value) => value.to_string().into(),
        Value::DateTime(value) => value.to_string().into(),
        Value::Duration(value) => value.to_string().into(),
        Value::Geometry(value) => Cow::Borrowed(value.text()),
        other => other.to_string().into(),
    }
}

/// A cast of a float saturates.
fn saturated(value: f64) -> Value {
    if value.is_nan() { Value::Null } else { Value::Integer(value as i64) }
}

/// Reads digits with sign, fraction and exponent, and the names that floats are written with here.
fn parse_float(text: &str) -> Option<f64> {
    // Rust reads more names than these, such as "inf".
    let is_number = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if is_number => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{or_null, to_boolean, to_float, to_integer, to_string};
    use crate::value::tests::{list, map};
    use crate::{Result, Value};

    fn shown(result: Result) -> String {
        result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
    }

    #[test]
    fn numbers_and_their_texts_become_each_other() {
        for (value, integer, float, boolean, string) in [
            (Value::from(82.9), "82", "82.9", "InvalidArgumentValue", "'82.9'"),
            ((-82.9).into(), "-82", "-82.9", "InvalidArgumentValue", "'-82.9'"),
            (3.into(), "3", "3.0", "true", "'3'"),
            (0.into(), "0", "0.0", "false", "'0'"),
            (true.into(), "1", "InvalidArgumentValue", "true", "'true'"),
            ("1.7".into(), "1", "1.7", "null", "'1.7'"),
            ("foo".into(), "null", "null", "null", "'foo'"),
            ("".into(), "null", "null", "null", "''"),
            ("inf".into(), "null", "null", "null", "'inf'"),
            ("1e3".into(), "1000", "1000.0", "null", "'1e3'"),
            (" TRUE ".into(), "null", "null", "true", "' TRUE '"),
            ("f alse".into(), "null", "null", "null", "'f alse'"),
            (
                "9223372036854775808".into(),
                "9223372036854775807",
                "9.223372036854776E18",
                "null",
                "'9223372036854775808'",
            ),
            (1e300.into(), "9223372036854775807", "1.0E300", "InvalidArgumentValue", "'1.0E300'"),
            (f64::NAN.into(), "null", "NaN", "InvalidArgumentValue", "'NaN'"),
            (Value::Null, "null", "null", "null", "null"),
        ] {
            assert_eq!(shown(to_integer(&value)), integer, "toInteger({value})");
            assert_eq!(shown(to_float(&value)), float, "toFloat({value})");
            assert_eq!(shown(to_boolean(&value)), boolean, "toBoolean({value})");
            assert_eq!(shown(to_string(&value)), string, "toString({value})");
        }
    }

    #[test]
    fn lists_and_maps_are_not_converted() {
        for value in [list([]), map([])] {
            for conversion in [to_integer, to_float, to_boolean, to_string] {
                assert_eq!(shown(conversion(&value)), "InvalidArgumentValue");
                assert_eq!(or_null(conversion, &value), Ok(Value::Null));
            }
        }
    }
}
