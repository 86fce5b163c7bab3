//! Durations: months, days and seconds, which are kept apart, since neither a month nor a day has a fixed length.

use std::cmp::Ordering;
use std::fmt;

use super::scaled::Scaled;
use super::{NANOS_PER_DAY, NANOS_PER_SECOND, SECONDS_PER_DAY};
use crate::{EvalError, Result, Value};

mod build;
mod read;

/// Seconds of the average month: a twelfth of 365.2425 days.
const SECONDS_PER_MONTH: i64 = 2_629_746;
const RANGE: &str = "64 bits of months, days or seconds";

/// Months, days and seconds. Equal only part by part: 24 hours are not a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Duration {
    months: i64,
    days: i64,
    seconds: i64,
    /// Counted upward from `seconds`, whatever the sign; less than a second.
    nanos: u32,
}

impl Duration {
    /// Nothing.
    pub const ZERO: Self = Self { months: 0, days: 0, seconds: 0, nanos: 0 };

    /// A duration of these; nanoseconds beyond a second are cut off.
    pub const fn new(months: i64, days: i64, seconds: i64, nanos: u32) -> Self {
        Self { months, days, seconds, nanos: nanos % NANOS_PER_SECOND as u32 }
    }

    /// A duration of these.
    ///
    /// # Errors
    ///
    /// [`EvalError::TemporalOverflow`].
    pub(super) fn of_nanos(operation: &'static str, months: i64, days: i64, nanos: i128) -> Result<Self> {
        let seconds = nanos.div_euclid(NANOS_PER_SECOND.into());
        let nanos = nanos.rem_euclid(NANOS_PER_SECOND.into()) as u32;
        let seconds = fit(operation, i64::try_from(seconds).ok())?;
        Ok(Self { months, days, seconds, nanos })
    }

    /// A duration of parts with fractions: what is left of a month goes to the days, by the average month, and what is
    /// left of a day to the seconds.
    pub(super) fn of_parts(operation: &'static str, months: Scaled, days: Scaled, seconds: Scaled) -> Result<Self> {
        let (months, rest) = months.split(SECONDS_PER_MONTH * NANOS_PER_SECOND);
        let nanos_of_days = fit(operation, days.of_unit(NANOS_PER_DAY))? + rest;
        let (days, rest) = (nanos_of_days / i128::from(NANOS_PER_DAY), nanos_of_days % i128::from(NANOS_PER_DAY));
        let nanos = fit(operation, seconds.of_unit(NANOS_PER_SECOND))? + rest;
        Self::of_nanos(operation, fit(operation, months.try_into().ok())?, fit(operation, days.try_into().ok())?, nanos)
    }

    /// Reads `P1Y2M3W4DT5H6M7.8S`, or `P2012-02-02T14:37:21.545`.
    ///
    /// # Errors
    ///
    /// [`EvalError::Unreadable`], [`EvalError::TemporalOverflow`].
    pub fn parse(text: &str) -> Result<Self> {
        read::duration(text)
    }

    /// `duration()` of a text or a map of components, which may have fractions. Null gives null.
    ///
    /// # Errors
    ///
    /// [`EvalError::Unreadable`], [`EvalError::Temporal`], [`EvalError::ArgumentType`], [`EvalError::TemporalOverflow`].
    pub fn construct(value: &Value) -> Result {
        build::construct(value)
    }

    /// Months.
    pub const fn months(&self) -> i64 {
        self.months
    }

    /// Days.
    pub const fn days(&self) -> i64 {
        self.days
    }

    /// Whole seconds, rounded down.
    pub const fn seconds(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after them.
    pub const fn nanos(&self) -> u32 {
        self.nanos
    }

    /// Seconds and nanoseconds together, in nanoseconds.
    pub(super) const fn total_nanos(&self) -> i128 {
        self.seconds as i128 * NANOS_PER_SECOND as i128 + self.nanos as i128
    }

    /// Part by part.
    ///
    /// # Errors
    ///
    /// [`EvalError::TemporalOverflow`].
    pub fn plus(&self, other: &Self) -> Result<Self> {
        self.combined("+", other, i64::checked_add, 1)
    }

    /// Part by part.
    ///
    /// # Errors
    ///
    /// [`EvalError::TemporalOverflow`].
    pub fn minus(&self, other: &Self) -> Result<Self> {
        self.combined("-", other, i64::checked_sub, -1)
    }

    fn combined(
        &self,
        operation: &'static str,
        other: &Self,
        operator: impl Fn(i64, i64) -> Option<i64>,
        sign: i128,
    ) -> Result<Self> {
        Self::of_nanos(
            operation,
            fit(operation, operator(self.months, other.months))?,
            fit(operation, operator(self.days, other.days))?,
            self.total_nanos() + sign * other.total_nanos(),
        )
    }

    /// Each part times a number; fractions go down to smaller parts.
    ///
    /// # Errors
    ///
    /// [`EvalError::ArgumentType`] for what is no number, [`EvalError::TemporalOverflow`].
    pub fn times(&self, factor: &Value) -> Result<Self> {
        if let Value::Integer(factor) = factor {
            return Self::of_nanos(
                "*",
                fit("*", self.months.checked_mul(*factor))?,
                fit("*", self.days.checked_mul(*factor))?,
                fit("*", self.total_nanos().checked_mul((*factor).into()))?,
            );
        }
        let factor = Scaled::of("*", factor)?;
        let of = |amount: i64| fit("*", factor.times(amount));
        let nanos =
            fit("*", of(self.seconds)?.of_unit(NANOS_PER_SECOND))? + fit("*", factor.of_unit(self.nanos.into()))?;
        let rest = Self::of_parts("*", of(self.months)?, of(self.days)?, Scaled::ZERO)?;
        Self::of_nanos("*", rest.months, rest.days, rest.total_nanos() + nanos)
    }

    /// Each part divided by a number; fractions go down to smaller parts.
    ///
    /// # Errors
    ///
    /// [`EvalError::ArgumentType`] for what is no number, [`EvalError::DivisionByZero`], [`EvalError::TemporalOverflow`].
    pub fn divided(&self, divisor: &Value) -> Result<Self> {
        let divisor = match divisor {
            Value::Integer(divisor) => *divisor as f64,
            Value::Float(divisor) => *divisor,
            other => return Err(EvalError::argument("/", "a number to divide a duration by", other.kind())),
        };
        if divisor == 0.0 {
            return Err(EvalError::DivisionByZero { operation: "/", left: self.seconds });
        }
        let of = |amount: f64| Scaled::of("/", &Value::Float(amount / divisor));
        let rest = Self::of_parts("/", of(self.months as f64)?, of(self.days as f64)?, Scaled::ZERO)?;
        let nanos = fit("/", of(self.total_nanos() as f64)?.of_unit(1))?;
        Self::of_nanos("/", rest.months, rest.days, rest.total_nanos() + nanos)
    }

    /// By average length; durations of one length by their parts, so that only equal ones are equal.
    pub fn cmp_by_length(&self, other: &Self) -> Ordering {
        let length = |duration: &Self| {
            let seconds = i128::from(duration.months) * i128::from(SECONDS_PER_MONTH)
                + i128::from(duration.days) * i128::from(SECONDS_PER_DAY)
                + i128::from(duration.seconds);
            (seconds, duration.nanos, duration.months, duration.days)
        };
        length(self).cmp(&length(other))
    }
}

fn fit<T>(operation: &'static str, amount: Option<T>) -> Result<T> {
    amount.ok_or(EvalError::TemporalOverflow { operation, range: RANGE })
}

/// ISO 8601, each part with its sign; nothing is `PT0S`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ZERO {
            return f.write_str("PT0S");
        }
        f.write_str("P")?;
        for (amount, unit) in [(self.months / 12, 'Y'), (self.months % 12, 'M'), (self.days, 'D')] {
            if amount != 0 {
                write!(f, "{amount}{unit}")?;
            }
        }
        let total = self.total_nanos();
        if total == 0 {
            return Ok(());
        }
        f.write_str("T")?;
        let unit = i128::from(NANOS_PER_SECOND);
        for (amount, letter) in [(total / (3_600 * unit), 'H'), (total / (60 * unit) % 60, 'M')] {
            if amount != 0 {
                write!(f, "{amount}{letter}")?;
            }
        }
        let nanos = total % (60 * unit);
        if nanos == 0 {
            return Ok(());
        }
        let (sign, size) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
        write!(f, "{sign}{}", size / unit.unsigned_abs())?;
        let fraction = size % unit.unsigned_abs();
        if fraction != 0 {
            let digits = format!("{fraction:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("S")
    }
}

#[cfg(test)]
mod tests;
