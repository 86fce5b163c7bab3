//! Temporal values cut off below a unit: `date.truncate('week', …)`.
//!
//! **Source**: CIP2015-08-06, "Truncating"; TCK Temporal9.

use super::construct::{Type, assemble_from};
use super::fields::{Field, Fields};
use super::parts::Parts;
use super::{Date, LocalDateTime, LocalTime, Zone};
use crate::{EvalError, Map, Result, Value};

/// A unit, from the largest to the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Millennium,
    Century,
    Decade,
    Year,
    WeekYear,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
}

const UNITS: [(&str, Unit); 14] = [
    ("millennium", Unit::Millennium),
    ("century", Unit::Century),
    ("decade", Unit::Decade),
    ("year", Unit::Year),
    ("weekYear", Unit::WeekYear),
    ("quarter", Unit::Quarter),
    ("month", Unit::Month),
    ("week", Unit::Week),
    ("day", Unit::Day),
    ("hour", Unit::Hour),
    ("minute", Unit::Minute),
    ("second", Unit::Second),
    ("millisecond", Unit::Millisecond),
    ("microsecond", Unit::Microsecond),
];

const fn operation(of: Type) -> &'static str {
    match of {
        Type::Date => "date.truncate()",
        Type::LocalTime => "localtime.truncate()",
        Type::Time => "time.truncate()",
        Type::LocalDateTime => "localdatetime.truncate()",
        Type::DateTime => "datetime.truncate()",
    }
}

/// `value` as a type, cut off below a unit, with components put back from a map: `('month', date, {day: 2})`. A null
/// among the arguments gives null.
///
/// # Errors
///
/// [`EvalError::Temporal`] for a unit that is none, or that value or result do not have; [`EvalError::ArgumentType`].
pub fn truncate(of: Type, unit: &Value, value: &Value, components: Option<&Value>) -> Result {
    let operation = operation(of);
    let empty = Map::default();
    let map = match components {
        None => &empty,
        Some(Value::Map(map)) => map,
        Some(Value::Null) => return Ok(Value::Null),
        Some(other) => return Err(EvalError::argument(operation, "a map of components", other.kind())),
    };
    let name = match unit {
        Value::Null => return Ok(Value::Null),
        Value::String(name) => name,
        other => return Err(EvalError::argument(operation, "a string as unit", other.kind())),
    };
    if value.is_null() {
        return Ok(Value::Null);
    }
    let unit = UNITS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, unit)| *unit);
    let unit = unit.ok_or_else(|| EvalError::temporal(operation, format!("{name} is no unit of time")))?;
    let Some(parts) = Parts::of(value) else {
        return Err(EvalError::argument(operation, "a temporal value", value.kind()));
    };
    let Some(mut fields) = Fields::read(operation, map)? else {
        return Ok(Value::Null);
    };
    if fields.date.is_some() || fields.time.is_some() || fields.datetime.is_some() {
        return Err(EvalError::temporal(operation, "a truncated value selects no other"));
    }
    let (has_date, has_time) = (of != Type::LocalTime && of != Type::Time, of != Type::Date);
    if (unit < Unit::Day && !has_date) || (unit > Unit::Day && !has_time) {
        return Err(EvalError::temporal(operation, format!("the result has no {name}")));
    }
    if (has_date && parts.date.is_none()) || (unit > Unit::Day && parts.time.is_none()) {
        return Err(EvalError::temporal(operation, format!("{} has no {name}", value.kind())));
    }
    if !has_date && parts.time.is_none() {
        return Err(EvalError::temporal(operation, format!("{} has no time", value.kind())));
    }
    let (local, zone) = (parts.local(), fields.timezone.take().or_else(|| parts.zone.clone()));
    let base = LocalDateTime::new(day(unit, local.date()), time(unit, local.time()));
    put_back(unit, &mut fields, base.time());
    let offset = match (&zone, of) {
        // A place has an offset only at an instant.
        (Some(zone), Type::Time) => Some(zone.offset_of(local, parts.offset)),
        _ => parts.offset,
    };
    assemble_from(of, &fields, base, zone.as_ref().or(Some(&Zone::UTC)), offset)
}

/// The first day of the unit that a day is in.
fn day(unit: Unit, date: Date) -> Date {
    let first_of = |year: i64| Date::clamped(year, 1, 1);
    let (year, month, _) = date.ymd();
    let first = match unit {
        Unit::Millennium => first_of(year.div_euclid(1_000) * 1_000),
        Unit::Century => first_of(year.div_euclid(100) * 100),
        Unit::Decade => first_of(year.div_euclid(10) * 10),
        Unit::Year => first_of(year),
        Unit::WeekYear => Date::from_week(date.week_year(), 1, 1),
        Unit::Quarter => Date::clamped(year, date.quarter() * 3 - 2, 1),
        Unit::Month => Date::clamped(year, month, 1),
        Unit::Week => date.plus_days(1 - date.weekday()),
        Unit::Day | Unit::Hour | Unit::Minute | Unit::Second | Unit::Millisecond | Unit::Microsecond => Some(date),
    };
    // Within a millennium of the first supported year the unit may begin before it.
    first.unwrap_or(date)
}

/// The time cut off below a unit.
fn time(unit: Unit, time: LocalTime) -> LocalTime {
    let step: i64 = match unit {
        Unit::Hour => 3_600_000_000_000,
        Unit::Minute => 60_000_000_000,
        Unit::Second => 1_000_000_000,
        Unit::Millisecond => 1_000_000,
        Unit::Microsecond => 1_000,
        _ => return LocalTime::MIDNIGHT,
    };
    LocalTime::wrapping(i128::from(time.nanos() / step * step))
}

/// Keeps the fraction that is left, where a smaller part of it is put back: `('millisecond', …, {nanosecond: 2})`.
fn put_back(unit: Unit, fields: &mut Fields, time: LocalTime) {
    let nanos = time.nanos_of_second();
    let smaller = fields.has_any(&[Field::Microsecond, Field::Nanosecond]);
    match unit {
        Unit::Millisecond if smaller && fields.get(Field::Millisecond).is_none() => {
            fields.set(Field::Millisecond, nanos / 1_000_000);
        }
        Unit::Microsecond if fields.has_any(&[Field::Nanosecond]) && fields.get(Field::Microsecond).is_none() => {
            fields.set(Field::Microsecond, nanos / 1_000);
        }
        _ => {}
    }
}
