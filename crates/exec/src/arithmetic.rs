//! The operators `+ - * / % ^`, over numbers and over what else they are defined for.
//!
//! Integers stay integers: a result outside of 64 bits is an error, and a quotient is cut off towards zero. With a float
//! beside it an integer becomes one, and nothing is an error. A power is always a float. `+` also joins strings and
//! lists, and moves moments by durations. A null operand gives null.
//!
//! **Source**: openCypher 9, "Mathematical operators"; TCK Mathematical, Precedence2, List4, Temporal8.

use std::sync::Arc;

use crate::limits::{check_list, check_string};
use crate::temporal::{Duration, shift};
use crate::{EvalError, List, Result, Value, convert};

/// `left + right`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::IntegerOverflow`], [`EvalError::TooLarge`],
/// [`EvalError::TemporalOverflow`].
pub fn add(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::List(left), Value::List(right)) => joined(left, right),
        (Value::List(list), item) => joined(list, std::slice::from_ref(item)),
        (item, Value::List(list)) => joined(&List::new(vec![item.clone()])?, list),
        (Value::String(left), Value::String(right)) => concatenated(left, right),
        (Value::String(text), other) if convert::is_printable(other) => concatenated(text, &convert::text(other)),
        (other, Value::String(text)) if convert::is_printable(other) => concatenated(&convert::text(other), text),
        (Value::Duration(left), Value::Duration(right)) => left.plus(right).map(Value::from),
        (Value::Duration(duration), moment) | (moment, Value::Duration(duration)) => {
            shift::plus(moment, duration).unwrap_or_else(|| Err(refused("+", left, right)))
        }
        _ => numeric("+", left, right, i64::checked_add, |left, right| left + right),
    }
}

/// `left - right`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::IntegerOverflow`], [`EvalError::TemporalOverflow`].
pub fn subtract(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Duration(left), Value::Duration(right)) => left.minus(right).map(Value::from),
        (moment, Value::Duration(duration)) => {
            shift::minus(moment, duration).unwrap_or_else(|| Err(refused("-", left, right)))
        }
        _ => numeric("-", left, right, i64::checked_sub, |left, right| left - right),
    }
}

/// `left * right`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::IntegerOverflow`], [`EvalError::TemporalOverflow`].
pub fn multiply(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Duration(duration), factor) | (factor, Value::Duration(duration)) => {
            duration.times(factor).map(Value::from)
        }
        _ => numeric("*", left, right, i64::checked_mul, |left, right| left * right),
    }
}

/// `left / right`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::DivisionByZero`] of integers, [`EvalError::IntegerOverflow`],
/// [`EvalError::TemporalOverflow`].
pub fn divide(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Integer(left), Value::Integer(0)) => Err(EvalError::DivisionByZero { operation: "/", left: *left }),
        (Value::Duration(duration), divisor) => duration.divided(divisor).map(Value::from),
        _ => numeric("/", left, right, i64::checked_div, |left, right| left / right),
    }
}

/// `left % right`, with the sign of `left`.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::DivisionByZero`] of integers.
pub fn modulo(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Integer(left), Value::Integer(0)) => Err(EvalError::DivisionByZero { operation: "%", left: *left }),
        // The remainder of the smallest integer by -1 is zero, though its quotient does not fit.
        (Value::Integer(left), Value::Integer(right)) => Ok(left.wrapping_rem(*right).into()),
        _ => numeric("%", left, right, i64::checked_rem, |left, right| left % right),
    }
}

/// `left ^ right`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn power(left: &Value, right: &Value) -> Result {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        _ => match (float(left), float(right)) {
            (Some(left), Some(right)) => Ok(left.powf(right).into()),
            _ => Err(refused("^", left, right)),
        },
    }
}

/// `-value`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::IntegerOverflow`].
pub fn negate(value: &Value) -> Result {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Integer(value) => match value.checked_neg() {
            Some(negative) => Ok(negative.into()),
            None => Err(EvalError::IntegerOverflow { operation: "-", left: 0, right: *value }),
        },
        Value::Float(value) => Ok((-value).into()),
        Value::Duration(duration) => Duration::ZERO.minus(duration).map(Value::from),
        other => Err(EvalError::argument("-", "a number", other.kind())),
    }
}

/// `+value`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn identity(value: &Value) -> Result {
    match value {
        Value::Null | Value::Integer(_) | Value::Float(_) | Value::Duration(_) => Ok(value.clone()),
        other => Err(EvalError::argument("+", "a number", other.kind())),
    }
}

/// The float that a number is.
pub(crate) const fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn numeric(
    operation: &'static str,
    left: &Value,
    right: &Value,
    of_integers: impl FnOnce(i64, i64) -> Option<i64>,
    of_floats: impl FnOnce(f64, f64) -> f64,
) -> Result {
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        let overflow = EvalError::IntegerOverflow { operation, left: *left, right: *right };
        return of_integers(*left, *right).map(Value::Integer).ok_or(overflow);
    }
    match (float(left), float(right)) {
        (Some(left), Some(right)) => Ok(of_floats(left, right).into()),
        _ => Err(refused(operation, left, right)),
    }
}

/// Names the operand that is to blame.
fn refused(operation: &'static str, left: &Value, right: &Value) -> EvalError {
    let blamed = if float(left).is_some() { right } else { left };
    EvalError::argument(operation, "two numbers, or others that it is defined for", blamed.kind())
}

fn joined(left: &List, right: &[Value]) -> Result {
    check_list("+", left.len() + right.len())?;
    left.clone().extended(right.iter().cloned()).map(Value::List)
}

fn concatenated(left: &str, right: &str) -> Result {
    check_string("+", left.len() + right.len())?;
    Ok(Value::String(Arc::from([left, right].concat())))
}

#[cfg(test)]
mod tests {
    use super::{add, divide, modulo, multiply, negate, power, subtract};
    use crate::value::tests::{list, map};
    use crate::{Result, Value};

    type Operator = fn(&Value, &Value) -> Result;

    fn shown(result: Result) -> String {
        result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
    }

    #[test]
    fn integers_stay_integers_within_64_bits() {
        for (operator, left, right, expected) in [
            (add as Operator, 1.into(), Value::from(2), "3"),
            (add, i64::MAX.into(), 1.into(), "IntegerOverflow"),
            (add, 1.into(), 0.5.into(), "1.5"),
            (add, i64::MAX.into(), 1.0.into(), "9.223372036854776E18"),
            (subtract, i64::MIN.into(), 1.into(), "IntegerOverflow"),
            (multiply, i64::MAX.into(), 2.into(), "IntegerOverflow"),
            (divide, 7.into(), 2.into(), "3"),
            (divide, (-7).into(), 2.into(), "-3"),
            (divide, 7.into(), 2.0.into(), "3.5"),
            (divide, 1.into(), 0.into(), "DivisionByZero"),
            (divide, i64::MIN.into(), (-1).into(), "IntegerOverflow"),
            (divide, 0.0.into(), 0.0.into(), "NaN"),
            (divide, 1.into(), 0.0.into(), "Infinity"),
            (modulo, (-7).into(), 2.into(), "-1"),
            (modulo, i64::MIN.into(), (-1).into(), "0"),
            (modulo, 7.5.into(), 2.into(), "1.5"),
            (modulo, 1.into(), 0.into(), "DivisionByZero"),
            (power, 4.into(), 3.into(), "64.0"),
            (power, 2.into(), 0.5.into(), "1.4142135623730951"),
        ] {
            assert_eq!(shown(operator(&left, &right)), expected, "{left} and {right}");
        }
        assert_eq!(shown(negate(&i64::MIN.into())), "IntegerOverflow");
        assert_eq!(shown(negate(&1.5.into())), "-1.5");
    }

    #[test]
    fn plus_joins_strings_and_lists() {
        for (left, right, expected) in [
            ("a".into(), "b".into(), "'ab'"),
            ("a".into(), 1.into(), "'a1'"),
            (1.5.into(), "a".into(), "'1.5a'"),
            (list([1.into()]), list([2.into()]), "[1, 2]"),
            (list([1.into()]), 2.into(), "[1, 2]"),
            (1.into(), list([2.into()]), "[1, 2]"),
            (list([1.into()]), Value::Null, "null"),
            (list([]), "a".into(), "['a']"),
            (map([]), map([]), "InvalidArgumentType"),
            (true.into(), 1.into(), "InvalidArgumentType"),
        ] {
            assert_eq!(shown(add(&left, &right)), expected, "{left} + {right}");
        }
    }

    #[test]
    fn null_gives_null() {
        for operator in [add as Operator, subtract, multiply, divide, modulo, power] {
            assert!(operator(&Value::Null, &1.into()).unwrap().is_null());
            assert!(operator(&1.into(), &Value::Null).unwrap().is_null());
            assert_eq!(shown(operator(&map([]), &1.into())), "InvalidArgumentType");
        }
    }
}
