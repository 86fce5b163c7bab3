//! Functions of numbers. Most give a float; a null argument gives null, and where a function has no value it is NaN.
//!
//! **Source**: openCypher 9, "Mathematical functions"; spec/opencypher.md §5.

use crate::arithmetic::float;
use crate::{EvalError, Result, Value};

mod rounding;

pub use rounding::{Rounding, round};

/// A function of one float.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Function {
    Ceil,
    Floor,
    Exp,
    Log,
    Log10,
    Sqrt,
    Acos,
    Asin,
    Atan,
    Cos,
    Cot,
    Sin,
    Tan,
    Degrees,
    Radians,
    Haversin,
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::Ceil => "ceil()",
            Self::Floor => "floor()",
            Self::Exp => "exp()",
            Self::Log => "log()",
            Self::Log10 => "log10()",
            Self::Sqrt => "sqrt()",
            Self::Acos => "acos()",
            Self::Asin => "asin()",
            Self::Atan => "atan()",
            Self::Cos => "cos()",
            Self::Cot => "cot()",
            Self::Sin => "sin()",
            Self::Tan => "tan()",
            Self::Degrees => "degrees()",
            Self::Radians => "radians()",
            Self::Haversin => "haversin()",
        }
    }

    /// The value at a number.
    ///
    /// # Errors
    ///
    /// [`EvalError::ArgumentType`].
    pub fn of(self, value: &Value) -> Result {
        let Some(x) = number(self.name(), value)? else {
            return Ok(Value::Null);
        };
        Ok(Value::Float(match self {
            Self::Ceil => x.ceil(),
            Self::Floor => x.floor(),
            Self::Exp => x.exp(),
            Self::Log => x.ln(),
            Self::Log10 => x.log10(),
            Self::Sqrt => x.sqrt(),
            Self::Acos => x.acos(),
            Self::Asin => x.asin(),
            Self::Atan => x.atan(),
            Self::Cos => x.cos(),
            Self::Cot => x.tan().recip(),
            Self::Sin => x.sin(),
            Self::Tan => x.tan(),
            Self::Degrees => x.to_degrees(),
            Self::Radians => x.to_radians(),
            Self::Haversin => (1.0 - x.cos()) / 2.0,
        }))
    }
}

/// `abs(number)`, of the type of its argument.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::IntegerOverflow`] for the smallest integer.
pub fn abs(value: &Value) -> Result {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Integer(value) => match value.checked_abs() {
            Some(size) => Ok(size.into()),
            None => Err(EvalError::IntegerOverflow { operation: "abs()", left: 0, right: *value }),
        },
        Value::Float(value) => Ok(value.abs().into()),
        other => Err(EvalError::argument("abs()", "a number", other.kind())),
    }
}

/// `sign(number)`: -1, 0 or 1.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn sign(value: &Value) -> Result {
    Ok(match number("sign()", value)? {
        None => Value::Null,
        Some(x) if x > 0.0 => 1.into(),
        Some(x) if x < 0.0 => (-1).into(),
        // As does Java for NaN.
        Some(_) => 0.into(),
    })
}

/// `atan2(y, x)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn atan2(y: &Value, x: &Value) -> Result {
    Ok(match (number("atan2()", y)?, number("atan2()", x)?) {
        (Some(y), Some(x)) => y.atan2(x).into(),
        _ => Value::Null,
    })
}

/// `isNaN(number)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn is_nan(value: &Value) -> Result {
    Ok(number("isNaN()", value)?.map_or(Value::Null, |x| x.is_nan().into()))
}

/// The number as a float; `None` is null.
fn number(operation: &'static str, value: &Value) -> Result<Option<f64>> {
    match (value, float(value)) {
        (Value::Null, _) => Ok(None),
        (_, Some(number)) => Ok(Some(number)),
        (other, None) => Err(EvalError::argument(operation, "a number", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, abs, atan2, is_nan, sign};
    use crate::{Result, Value};

    fn shown(result: Result) -> String {
        result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
    }

    #[test]
    fn functions_have_their_values() {
        for (function, at, expected) in [
            (Function::Sqrt, Value::from(12.96), "3.6"),
            (Function::Sqrt, (-1).into(), "NaN"),
            (Function::Ceil, 1.2.into(), "2.0"),
            (Function::Floor, (-1.2).into(), "-2.0"),
            (Function::Exp, 0.into(), "1.0"),
            (Function::Log, 0.into(), "-Infinity"),
            (Function::Log10, 1000.into(), "3.0"),
            (Function::Acos, 1.into(), "0.0"),
            (Function::Cos, 0.into(), "1.0"),
            (Function::Degrees, std::f64::consts::PI.into(), "180.0"),
            (Function::Haversin, 0.into(), "0.0"),
            (Function::Sin, Value::Null, "null"),
            (Function::Sin, "0".into(), "InvalidArgumentType"),
        ] {
            assert_eq!(shown(function.of(&at)), expected, "{function:?} {at}");
        }
        assert_eq!(shown(atan2(&0.into(), &1.into())), "0.0");
        assert_eq!(shown(atan2(&Value::Null, &1.into())), "null");
        assert_eq!(shown(is_nan(&f64::NAN.into())), "true");
        assert_eq!(shown(is_nan(&1.into())), "false");
    }

    #[test]
    fn size_and_sign_go_together() {
        for (value, size, direction) in [
            (Value::from(-1), "1", "-1"),
            ((-1.5).into(), "1.5", "-1"),
            (0.into(), "0", "0"),
            (f64::NAN.into(), "NaN", "0"),
            (i64::MIN.into(), "IntegerOverflow", "-1"),
        ] {
            assert_eq!(shown(abs(&value)), size);
            assert_eq!(shown(sign(&value)), direction);
        }
    }
}
