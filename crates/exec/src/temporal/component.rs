//! The components of temporal values: `date.weekYear`, `time.offset`, `duration.minutesOfHour`.
//!
//! **Source**: CIP2015-08-06, "Accessing"; TCK Temporal5.

use super::parts::Parts;
use super::{Date, Duration, Instant, LocalTime, zone};
use crate::{EvalError, Result, Value};

/// The component of this name; `None` if the value is not temporal.
///
/// # Errors
///
/// [`EvalError::Temporal`] if the type has no such component, [`EvalError::TemporalOverflow`].
pub fn component(value: &Value, name: &str) -> Option<Result> {
    let found = match value {
        Value::DateTime(at) if name == "epochMillis" => return Some(epoch_millis(at.instant())),
        Value::Duration(duration) => of_duration(duration, name).map(Value::Integer),
        other => {
            let parts = Parts::of(other)?;
            let of_date = parts.date.and_then(|date| of_date(date, name));
            let of_time = || parts.time.and_then(|time| of_time(time, name));
            of_date.or_else(of_time).map(Value::Integer).or_else(|| of_zone(other, &parts, name))
        }
    };
    Some(found.ok_or_else(|| EvalError::temporal("a component", format!("{} has no {name}", value.kind()))))
}

fn of_date(date: Date, name: &str) -> Option<i64> {
    Some(match name {
        "year" => date.year(),
        "quarter" => date.quarter(),
        "month" => date.ymd().1,
        "week" => date.week(),
        "weekYear" => date.week_year(),
        "day" => date.ymd().2,
        "ordinalDay" => date.ordinal(),
        "weekDay" | "dayOfWeek" => date.weekday(),
        "dayOfQuarter" => date.day_of_quarter(),
        _ => return None,
    })
}

fn of_time(time: LocalTime, name: &str) -> Option<i64> {
    Some(match name {
        "hour" => time.hour(),
        "minute" => time.minute(),
        "second" => time.second(),
        "millisecond" => time.nanos_of_second() / 1_000_000,
        "microsecond" => time.nanos_of_second() / 1_000,
        "nanosecond" => time.nanos_of_second(),
        _ => return None,
    })
}

fn of_zone(value: &Value, parts: &Parts, name: &str) -> Option<Value> {
    let offset = parts.offset?;
    let text = || {
        let mut text = String::new();
        zone::write_offset(&mut text, offset).expect("a string takes whatever is written");
        text
    };
    Some(match (name, value) {
        ("timezone", _) => match parts.zone.as_ref().and_then(super::Zone::name) {
            Some(name) => name.into(),
            None => text().into(),
        },
        ("offset", _) => text().into(),
        ("offsetMinutes", _) => Value::Integer((offset / 60).into()),
        ("offsetSeconds", _) => Value::Integer(offset.into()),
        ("epochSeconds", Value::DateTime(at)) => Value::Integer(at.instant().seconds()),
        _ => return None,
    })
}

/// Milliseconds since 1970-01-01T00:00Z. Those of the first and last 700 million years do not fit into 64 bits.
fn epoch_millis(instant: Instant) -> Result {
    let millis = instant
        .seconds()
        .checked_mul(1_000)
        .and_then(|millis| millis.checked_add((instant.nanos() / 1_000_000).into()));
    let overflow = EvalError::TemporalOverflow { operation: "epochMillis", range: "64 bits" };
    millis.map(Value::Integer).ok_or(overflow)
}

/// Saturates where nanoseconds of a long duration are asked for.
fn of_duration(duration: &Duration, name: &str) -> Option<i64> {
    let (months, days) = (duration.months(), duration.days());
    let nanos = duration.total_nanos();
    let of = |unit: i128| nanos / unit;
    let exact = match name {
        "years" => (months / 12).into(),
        "quarters" => (months / 3).into(),
        "months" => months.into(),
        "weeks" => (days / 7).into(),
        "days" => days.into(),
        "hours" => of(3_600_000_000_000),
        "minutes" => of(60_000_000_000),
        "seconds" => of(1_000_000_000),
        "milliseconds" => of(1_000_000),
        "microseconds" => of(1_000),
        "nanoseconds" => nanos,
        "quartersOfYear" => (months / 3 % 4).into(),
        "monthsOfQuarter" => (months % 3).into(),
        "monthsOfYear" => (months % 12).into(),
        "daysOfWeek" => (days % 7).into(),
        "minutesOfHour" => of(60_000_000_000) % 60,
        "secondsOfMinute" => of(1_000_000_000) % 60,
        "millisecondsOfSecond" => of(1_000_000) % 1_000,
        "microsecondsOfSecond" => of(1_000) % 1_000_000,
        "nanosecondsOfSecond" => nanos % 1_000_000_000,
        _ => return None,
    };
    Some(exact.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}
