//! The `=` of the languages: true, false, or unknown where a null is in the way.
//!
//! Values of different types are not equal, numbers excepted: `1 = 1.0`. NaN equals nothing. A null makes the answer
//! unknown unless something else decides it: `[1, null] = [2, null]` is false, `[1, null] = [1, 2]` unknown.
//!
//! **Source**: openCypher 9, "Equality"; TCK Comparison1, List3, List5.

use std::cmp::Ordering;

use crate::logic::{Truth, and, not};
use crate::{EvalError, List, Map, Result, Value, number};

/// `left = right`
pub fn equals(left: &Value, right: &Value) -> Truth {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::List(left), Value::List(right)) => lists(left, right),
        (Value::Map(left), Value::Map(right)) => maps(left, right),
        _ => Some(scalars(left, right)),
    }
}

/// `left <> right`
pub fn differs(left: &Value, right: &Value) -> Truth {
    not(equals(left, right))
}

/// `item IN list`
///
/// # Errors
///
/// [`EvalError::ArgumentType`] if `list` is neither a list nor null.
pub fn is_in(item: &Value, list: &Value) -> Result<Truth> {
    let list = match list {
        Value::Null => return Ok(None),
        Value::List(list) => list,
        other => return Err(EvalError::argument("IN", "a list on its right", other.kind())),
    };
    let mut found = Some(false);
    for candidate in list.iter() {
        match equals(item, candidate) {
            Some(true) => return Ok(Some(true)),
            Some(false) => {}
            None => found = None,
        }
    }
    Ok(found)
}

/// Of values that are neither null nor hold others.
fn scalars(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        (Value::Integer(left), Value::Integer(right)) => left == right,
        // By the rules of floats: NaN equals nothing.
        #[expect(clippy::float_cmp, reason = "equality of the language is exact")]
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Integer(integer), Value::Float(float)) | (Value::Float(float), Value::Integer(integer)) => {
            number::compare(*integer, *float) == Some(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Node(left), Value::Node(right)) => left == right,
        (Value::Relationship(left), Value::Relationship(right)) => left.id == right.id,
        (Value::Path(left), Value::Path(right)) => left == right,
        (Value::Date(left), Value::Date(right)) => left == right,
        (Value::LocalTime(left), Value::LocalTime(right)) => left == right,
        (Value::Time(left), Value::Time(right)) => left == right,
        (Value::LocalDateTime(left), Value::LocalDateTime(right)) => left == right,
        (Value::DateTime(left), Value::DateTime(right)) => left == right,
        (Value::Duration(left), Value::Duration(right)) => left == right,
        (Value::Geometry(left), Value::Geometry(right)) => left == right,
        _ => false,
    }
}

fn lists(left: &List, right: &List) -> Truth {
    if left.len() != right.len() {
        return Some(false);
    }
    all(left.iter().zip(right.iter()))
}

fn maps(left: &Map, right: &Map) -> Truth {
    let keys = |map: &Map| map.iter_by_key().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    if left.len() != right.len() || keys(left) != keys(right) {
        return Some(false);
    }
    all(left.iter_by_key().zip(right.iter_by_key()).map(|((_, left), (_, right))| (left, right)))
}

fn all<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Truth {
    let mut equal = Some(true);
    for (left, right) in pairs {
        equal = and(equal, equals(left, right));
        if equal == Some(false) {
            break;
        }
    }
    equal
}

#[cfg(test)]
mod tests {
    use super::{differs, equals, is_in};
    use crate::value::tests::{list, map};
    use crate::{Value, logic};

    #[test]
    fn types_are_not_equal_but_numbers_are() {
        for (left, right, expected) in [
            (1.into(), 1.0.into(), Some(true)),
            (Value::from(9_007_199_254_740_993), 9_007_199_254_740_992.0.into(), Some(false)),
            (1.into(), "1".into(), Some(false)),
            (true.into(), 1.into(), Some(false)),
            (0.0.into(), (-0.0).into(), Some(true)),
            (f64::NAN.into(), f64::NAN.into(), Some(false)),
            (f64::NAN.into(), "a".into(), Some(false)),
            (Value::Null, Value::Null, None),
            (Value::Null, 1.into(), None),
        ] {
            assert_eq!(equals(&left, &right), expected, "{left} = {right}");
            assert_eq!(equals(&right, &left), expected, "{right} = {left}");
            assert_eq!(differs(&left, &right), logic::not(expected));
        }
    }

    #[test]
    fn a_null_inside_makes_unknown_what_nothing_else_decides() {
        let one_null = list([1.into(), Value::Null]);
        for (left, right, expected) in [
            (list([]), list([]), Some(true)),
            (list([1.into()]), one_null.clone(), Some(false)),
            (one_null.clone(), list([2.into(), Value::Null]), Some(false)),
            (one_null.clone(), list([1.into(), 2.into()]), None),
            (list([one_null.clone()]), list([one_null.clone()]), None),
            (map([]), map([("k", Value::Null)]), Some(false)),
            (map([("k", Value::Null)]), map([("k", Value::Null)]), None),
            (map([("k", 1.into()), ("l", Value::Null)]), map([("l", 1.into()), ("k", 2.into())]), Some(false)),
            (map([("a", 1.into()), ("b", 2.into())]), map([("b", 2.0.into()), ("a", 1.into())]), Some(true)),
            (list([]), map([]), Some(false)),
        ] {
            assert_eq!(equals(&left, &right), expected, "{left} = {right}");
        }
    }

    #[test]
    fn in_is_an_or_of_equalities() {
        for (item, items, expected) in [
            (Value::Null, Value::Null, None),
            (Value::Null, list([]), Some(false)),
            (Value::Null, list([1.into()]), None),
            (1.into(), list([Value::Null, 1.into()]), Some(true)),
            (5.into(), list([1.into(), Value::Null]), None),
            (5.into(), list([1.into()]), Some(false)),
            (list([]), list([1.into(), Value::Null]), None),
            (list([1.into(), 2.into()]), list([list([Value::Null, "foo".into()])]), Some(false)),
            (list([1.into(), 2.into()]), list([list([Value::Null, 2.into()])]), None),
        ] {
            assert_eq!(is_in(&item, &items), Ok(expected), "{item} IN {items}");
        }
        assert_eq!(is_in(&1.into(), &"foo".into()).unwrap_err().names().1, "InvalidArgumentType");
    }
}
