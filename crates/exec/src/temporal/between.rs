//! The duration between two temporal values, of any two types.
//!
//! What one of them lacks it takes from the other: a day, a zone; a missing time is midnight. Days and months are counted
//! on the calendar of the first one's zone, seconds between instants.
//!
//! **Source**: CIP2015-08-06, "Durations between"; TCK Temporal10.

use std::cmp::Ordering;

use super::parts::Parts;
use super::{DateTime, Duration, LocalDateTime, in_years};
use crate::{EvalError, Result, Value};

/// `duration.between(from, to)`: months, then days, then the rest.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn between(from: &Value, to: &Value) -> Result {
    let operation = "duration.between()";
    computed(operation, from, to, |pair| {
        let (months, days) = if pair.are_dated {
            let months = months(pair.from, pair.to);
            (months, days(in_years(operation, moved(pair.from, months, 0))?, pair.to))
        } else {
            (0, 0)
        };
        let rest = in_years(operation, moved(pair.from, months, days))?;
        Duration::of_nanos(operation, months, days, pair.nanos_from(rest))
    })
}

/// `duration.inMonths(from, to)`: whole months; none if one of them has no day.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn in_months(from: &Value, to: &Value) -> Result {
    computed("duration.inMonths()", from, to, |pair| {
        Ok(Duration::new(if pair.are_dated { months(pair.from, pair.to) } else { 0 }, 0, 0, 0))
    })
}

/// `duration.inDays(from, to)`: whole days; none if one of them has no day.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn in_days(from: &Value, to: &Value) -> Result {
    computed("duration.inDays()", from, to, |pair| {
        Ok(Duration::new(0, if pair.are_dated { days(pair.from, pair.to) } else { 0 }, 0, 0))
    })
}

/// `duration.inSeconds(from, to)`: seconds, with their fraction.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn in_seconds(from: &Value, to: &Value) -> Result {
    let operation = "duration.inSeconds()";
    computed(operation, from, to, |pair| Duration::of_nanos(operation, 0, 0, pair.nanos_from(pair.from)))
}

/// Two moments on one calendar.
struct Pair {
    from: LocalDateTime,
    to: LocalDateTime,
    /// Both as instants, if either has a zone.
    instants: Option<(DateTime, DateTime)>,
    /// Whether both came with a day.
    are_dated: bool,
}

impl Pair {
    fn of(mut from: Parts, mut to: Parts) -> Self {
        let are_dated = from.date.is_some() && to.date.is_some();
        from.date = from.date.or(to.date);
        to.date = to.date.or(from.date);
        if from.zone.is_none() && to.zone.is_none() {
            return Self { from: from.local(), to: to.local(), instants: None, are_dated };
        }
        if from.zone.is_none() {
            from.zone.clone_from(&to.zone);
        } else if to.zone.is_none() {
            to.zone.clone_from(&from.zone);
        }
        let (first, second) = (from.date_time(), to.date_time());
        let seen = second.at_zone(first.zone().clone());
        Self { from: first.local(), to: seen.local(), instants: Some((first, second)), are_dated }
    }

    /// Nanoseconds from a later local time of the first one's zone to the second one.
    fn nanos_from(&self, local: LocalDateTime) -> i128 {
        match &self.instants {
            None => self.to.total_nanos() - local.total_nanos(),
            Some((first, second)) => {
                let from = DateTime::from_local(local, first.zone().clone(), Some(first.offset()));
                second.instant().total_nanos() - from.instant().total_nanos()
            }
        }
    }
}

fn computed(
    operation: &'static str,
    from: &Value,
    to: &Value,
    compute: impl FnOnce(Pair) -> Result<Duration>,
) -> Result {
    if from.is_null() || to.is_null() {
        return Ok(Value::Null);
    }
    let parts = |value: &Value| {
        Parts::of(value).ok_or_else(|| EvalError::argument(operation, "two temporal values", value.kind()))
    };
    compute(Pair::of(parts(from)?, parts(to)?)).map(Value::from)
}

fn moved(local: LocalDateTime, months: i64, days: i64) -> Option<LocalDateTime> {
    Some(LocalDateTime::new(local.date().plus_months(months)?.plus_days(days)?, local.time()))
}

/// The whole days from one moment to another.
fn days(from: LocalDateTime, to: LocalDateTime) -> i64 {
    let days = to.date().days() - from.date().days();
    match (days.cmp(&0), to.time().cmp(&from.time())) {
        (Ordering::Greater, Ordering::Less) => days - 1,
        (Ordering::Less, Ordering::Greater) => days + 1,
        _ => days,
    }
}

/// The whole months from one moment to another.
fn months(from: LocalDateTime, to: LocalDateTime) -> i64 {
    let Some(end) = from.date().plus_days(days(from, to)) else {
        return 0;
    };
    // No month has 32 days, so that counts of this kind are in order, and 32 of them are a month.
    let count = |(year, month, day): (i64, i64, i64)| (year * 12 + month) * 32 + day;
    (count(end.ymd()) - count(from.date().ymd())) / 32
}
