//! Rounding to a number of decimals.

use super::number;
use crate::{EvalError, Result, Value};

/// Which way a number goes that lies between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards the larger one.
    Ceiling,
    /// Towards the smaller one.
    Floor,
    /// To the nearer one; from the middle, away from zero.
    HalfUp,
    /// To the nearer one; from the middle, towards zero.
    HalfDown,
    /// To the nearer one; from the middle, to the one whose last digit is even.
    HalfEven,
}

impl Rounding {
    /// The way of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let names = [
            ("UP", Self::Up),
            ("DOWN", Self::Down),
            ("CEILING", Self::Ceiling),
            ("FLOOR", Self::Floor),
            ("HALF_UP", Self::HalfUp),
            ("HALF_DOWN", Self::HalfDown),
            ("HALF_EVEN", Self::HalfEven),
        ];
        names.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, way)| *way)
    }

    /// A number without its fraction.
    fn whole(self, x: f64) -> f64 {
        let is_half = ((x - x.trunc()).abs() * 2.0 - 1.0) == 0.0;
        match self {
            Self::Up if x < 0.0 => x.floor(),
            Self::Up | Self::Ceiling => x.ceil(),
            Self::Down => x.trunc(),
            Self::Floor => x.floor(),
            Self::HalfDown if is_half => x.trunc(),
            Self::HalfEven => x.round_ties_even(),
            Self::HalfUp | Self::HalfDown => x.round(),
        }
    }
}

/// `round(number, precision, mode)`. Without a precision, to the nearest integer, and from the middle between two to the
/// larger one.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::NumberOutOfRange`] for a precision that is negative,
/// [`EvalError::Unreadable`] for a mode that is none.
pub fn round(value: &Value, precision: Option<&Value>, mode: Option<&Value>) -> Result {
    let operation = "round()";
    let Some(x) = number(operation, value)? else {
        return Ok(Value::Null);
    };
    let Some(precision) = precision else {
        // What lies above the smaller integer is exact, where adding a half to the number would round.
        let below = x.floor();
        return Ok(Value::Float(if x - below >= 0.5 { below + 1.0 } else { below }));
    };
    let precision = match precision {
        Value::Null => return Ok(Value::Null),
        Value::Integer(precision) => *precision,
        other => return Err(EvalError::argument(operation, "an integer as precision", other.kind())),
    };
    let way = match mode {
        None => Rounding::HalfUp,
        Some(Value::Null) => return Ok(Value::Null),
        Some(Value::String(name)) => Rounding::named(name).ok_or_else(|| {
            EvalError::unreadable(operation, "one of UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN and HALF_EVEN", name)
        })?,
        Some(other) => return Err(EvalError::argument(operation, "a string as mode", other.kind())),
    };
    match precision {
        ..0 => Err(EvalError::NumberOutOfRange {
            operation,
            argument: "the precision",
            expected: "at least 0",
            found: precision.to_string(),
        }),
        // No float has so many decimals and a whole part beside them.
        0..=300 => Ok(Value::Float(decimals(x, precision as i32, way))),
        _ => Ok(Value::Float(x)),
    }
}

/// A number with so many decimals.
fn decimals(x: f64, precision: i32, way: Rounding) -> f64 {
    let unit = 10_f64.powi(precision);
    let scaled = x * unit;
    // A product that is within its own rounding of a half was meant to be one: 1.005 is written for 1.005.
    let nearest_half = (scaled * 2.0).round() / 2.0;
    let error = scaled.abs() * f64::EPSILON;
    let scaled = if (scaled - nearest_half).abs() <= error { nearest_half } else { scaled };
    if scaled.is_finite() { way.whole(scaled) / unit } else { x }
}

#[cfg(test)]
mod tests {
    use super::round;
    use crate::Value;

    fn shown(value: f64, precision: Option<i64>, mode: Option<&str>) -> String {
        let (precision, mode) = (precision.map(Value::Integer), mode.map(Value::from));
        let result = round(&value.into(), precision.as_ref(), mode.as_ref());
        result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
    }

    #[test]
    fn without_a_precision_a_half_goes_up() {
        for (value, expected) in [
            (1.5, "2.0"),
            (-1.5, "-1.0"),
            (2.4, "2.0"),
            (-2.6, "-3.0"),
            (0.499_999_999_999_999_94, "0.0"),
            (4_503_599_627_370_497.0, "4.503599627370497E15"),
            (f64::INFINITY, "Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(shown(value, None, None), expected, "{value}");
        }
    }

    #[test]
    fn with_a_precision_the_mode_decides() {
        for (value, precision, mode, expected) in [
            (2.718_6, 3, None, "2.719"),
            (1.005, 2, None, "1.01"),
            (-1.55, 1, None, "-1.6"),
            (1.249, 1, Some("UP"), "1.3"),
            (-1.249, 1, Some("up"), "-1.3"),
            (1.251, 1, Some("DOWN"), "1.2"),
            (1.251, 1, Some("CEILING"), "1.3"),
            (-1.251, 1, Some("FLOOR"), "-1.3"),
            (1.25, 1, Some("HALF_DOWN"), "1.2"),
            (1.35, 1, Some("HALF_EVEN"), "1.4"),
            (1.25, 1, Some("HALF_EVEN"), "1.2"),
            (1.5, 400, None, "1.5"),
            (1.5, -1, None, "NumberOutOfRange"),
            (1.5, 0, Some("SIDEWAYS"), "InvalidArgumentValue"),
        ] {
            assert_eq!(shown(value, Some(precision), mode), expected, "{value}");
        }
    }
}
