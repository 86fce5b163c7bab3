//! Decimal numbers with eighteen fraction digits: what components of durations are before they are cut into units.
//!
//! `0.1` of something is a tenth of it, not the nearest float; and the sum of what is cut off is exact.

use crate::{EvalError, Result, Value};

/// What one is.
const ONE: i128 = 1_000_000_000_000_000_000;
const DIGITS: usize = 18;

/// A decimal number. Operations say `None` where the result does not fit (from about 10^20 on).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scaled(i128);

impl Scaled {
    pub(super) const ZERO: Self = Self(0);

    /// A number of 64 bits fits.
    pub(super) const fn integer(value: i64) -> Self {
        Self(value as i128 * ONE)
    }

    /// Reads digits with an optional sign and fraction; a comma is a point. Digits beyond the eighteenth are cut off.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let whole: i128 = whole.parse().ok()?;
        let kept = &fraction[..fraction.len().min(DIGITS)];
        let fraction = kept.parse::<i128>().ok()? * 10_i128.pow((DIGITS - kept.len()) as u32);
        let size = whole.checked_mul(ONE)?.checked_add(fraction)?;
        Some(Self(if negative { -size } else { size }))
    }

    /// The decimal that a number is written as.
    pub(super) fn of(operation: &'static str, value: &Value) -> Result<Self> {
        let scaled = match value {
            Value::Integer(value) => Some(Self::integer(*value)),
            // This form of a float has no exponent.
            Value::Float(value) => Self::parse(&value.to_string()),
            other => return Err(EvalError::argument(operation, "numbers", other.kind())),
        };
        scaled.ok_or_else(|| EvalError::NumberOutOfRange {
            operation,
            argument: "a number",
            expected: "one that a duration can hold",
            found: value.to_string(),
        })
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// So many times this.
    pub(super) fn times(self, count: i64) -> Option<Self> {
        self.0.checked_mul(count.into()).map(Self)
    }

    /// This much of a unit that has so many parts, in whole parts and the rest; rounded towards zero.
    pub(super) fn of_unit(self, parts: i64) -> Option<i128> {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        // A fraction is below one, so that the product of it and 64 bits fits.
        whole.checked_mul(parts.into())?.checked_add(fraction * i128::from(parts) / ONE)
    }

    /// Whole units, and the parts of one that are left.
    pub(super) fn split(self, parts: i64) -> (i128, i128) {
        (self.0 / ONE, self.0 % ONE * i128::from(parts) / ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::Scaled;
    use crate::Value;

    #[test]
    fn decimals_are_read_exactly() {
        for (text, thousandths) in [
            ("1.5", Some(1_500)),
            ("-0.75", Some(-750)),
            ("+2", Some(2_000)),
            ("0,1", Some(100)),
            ("1.00000000000000000000000009", Some(1_000)),
            ("", None),
            ("-", None),
            (".5", None),
            ("1.", None),
            ("1e5", None),
            ("--1", None),
            ("99999999999999999999999999", None),
        ] {
            let read = Scaled::parse(text).map(|scaled| scaled.of_unit(1_000).unwrap());
            assert_eq!(read, thousandths, "{text}");
        }
    }

    #[test]
    fn a_float_is_the_decimal_that_it_is_written_as() {
        let tenth = Scaled::of("duration", &Value::from(0.1)).unwrap();
        assert_eq!(tenth.of_unit(1_000_000_000_000_000), Some(100_000_000_000_000));
        for value in [f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(Scaled::of("duration", &value.into()).unwrap_err().names().1, "NumberOutOfRange");
        }
    }
}
