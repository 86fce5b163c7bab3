//! JSON as values: what a client sends as its parameters.
//!
//! An integer stays one, and must fit 64 bits; a number with a point or an exponent is a float.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::{List, Map, Value};

/// A text that is no object of values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Unreadable {
    /// What is wrong and where.
    pub message: String,
    /// Whether the form is right and a number is not: it does not fit 64 bits.
    pub is_number: bool,
}

/// Reads an object.
///
/// # Errors
///
/// [`Unreadable`], which names the member that is wrong, and the place.
pub fn read_object(text: &str) -> Result<Map, Unreadable> {
    if let Some(number) = oversized_integer(text) {
        let message = format!("the integer {number} does not fit 64 bits");
        return Err(Unreadable { message, is_number: true });
    }
    let object: Object =
        serde_json::from_str(text).map_err(|error| Unreadable { message: error.to_string(), is_number: false })?;
    Ok(object.0)
}

/// The first integer that 64 bits cannot hold. The parser would make a float of it, and nobody could tell any more.
fn oversized_integer(text: &str) -> Option<&str> {
    /// Fewer characters always fit.
    const SAFE: usize = 18;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = bytes[at..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - at);
                let number = text.get(at..at + length)?;
                let is_integer = !number.contains(['.', 'e', 'E', '+']);
                if length > SAFE && is_integer && number.parse::<i64>().is_err() {
                    return Some(number);
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

/// The place behind a string that begins here.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// The whole: its members are named in errors.
struct Object(Map);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Object, A::Error> {
                let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
                while let Some(key) = members.next_key::<String>()? {
                    let value = members.next_value::<Read>();
                    let Read(value) = value.map_err(|error| A::Error::custom(format!("in '{key}': {error}")))?;
                    entries.push((key.into(), value));
                }
                Map::new(entries).map(Object).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// One value.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Read, E> {
                Ok(Read(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Read, E> {
                Ok(Read(Value::Boolean(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Read, E> {
                Ok(Read(Value::Integer(value)))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Read, E> {
                let value = i64::try_from(value).map_err(|_| E::custom(format!("{value} does not fit 64 bits")))?;
                Ok(Read(Value::Integer(value)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Read, E> {
                Ok(Read(Value::Float(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Read, E> {
                Ok(Read(value.into()))
            }

            fn visit_string<E>(self, value: String) -> Result<Read, E> {
                Ok(Read(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Read, A::Error> {
                let mut list = Vec::new();
                while let Some(Read(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Read(Value::List(List::new(list).map_err(A::Error::custom)?)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Read, A::Error> {
                let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
                while let Some((key, Read(value))) = members.next_entry::<String, Read>()? {
                    entries.push((key.into(), value));
                }
                Ok(Read(Value::Map(Map::new(entries).map_err(A::Error::custom)?)))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        let map =
            read_object(r#"{"i": 1, "f": 1.0, "e": 1e2, "s": "a\"b", "n": null, "l": [true, {"x": -1}]}"#).unwrap();
        let shown: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
        assert_eq!(shown.len(), 6);
        assert!(matches!(map.get("i"), Some(Value::Integer(1))));
        assert!(matches!(map.get("f"), Some(Value::Float(value)) if value.to_bits() == 1.0_f64.to_bits()));
        assert!(matches!(map.get("e"), Some(Value::Float(value)) if value.to_bits() == 100.0_f64.to_bits()));
        assert!(matches!(map.get("n"), Some(Value::Null)));
        assert!(matches!(map.get("s"), Some(Value::String(text)) if &**text == "a\"b"));
        assert!(matches!(map.get("l"), Some(Value::List(list)) if list.len() == 2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("[1]", "invalid type: sequence, expected an object at line 1 column 0"),
            ("3", "invalid type: integer `3`, expected an object at line 1 column 1"),
            (r#"{"a": 1, "b": [1, x]}"#, "in 'b': expected value at line 1 column 19"),
            (r#"{"a": 1} x"#, "trailing characters at line 1 column 10"),
            (r#"{"a": 9223372036854775808}"#, "the integer 9223372036854775808 does not fit 64 bits"),
            (r#"{"a": [-9223372036854775809]}"#, "the integer -9223372036854775809 does not fit 64 bits"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(read_object(text).unwrap_err().message, expected, "{text}");
        }
    }

    #[test]
    fn numbers_that_only_look_too_large_are_taken() {
        for text in [
            r#"{"a": "99999999999999999999\\"}"#,
            r#"{"a": 9223372036854775807, "b": -9223372036854775808}"#,
            r#"{"a": 100000000000000000000.5, "b": 123456789012345678901e-3}"#,
        ] {
            assert!(read_object(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(read_object(&deep).unwrap_err().message.starts_with("in 'a': "));
    }
}
