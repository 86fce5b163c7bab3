//! Temporal values out of texts, maps of components and other temporal values.
//!
//! **Source**: CIP2015-08-06, "Instantiating" and "Selecting"; TCK Temporal1 to Temporal3.

use super::fields::{self, Field, Fields};
use super::parts::Parts;
use super::{Date, DateTime, Instant, LocalDateTime, LocalTime, Time, Zone, in_years, read};
use crate::{EvalError, Kind, Result, Value};

/// The types that tell a moment, each with a function of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A day.
    Date,
    /// A time of an unnamed place.
    LocalTime,
    /// A time with its offset from UTC.
    Time,
    /// A day and a time of an unnamed place.
    LocalDateTime,
    /// An instant, seen from a time zone.
    DateTime,
}

const DATE_FIELDS: [Field; 8] = [
    Field::Year,
    Field::Quarter,
    Field::Month,
    Field::Week,
    Field::Day,
    Field::DayOfQuarter,
    Field::DayOfWeek,
    Field::OrdinalDay,
];
const TIME_FIELDS: [Field; 6] =
    [Field::Hour, Field::Minute, Field::Second, Field::Millisecond, Field::Microsecond, Field::Nanosecond];
const EPOCH_FIELDS: [Field; 2] = [Field::EpochSeconds, Field::EpochMillis];

impl Type {
    /// The function's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Date => "date()",
            Self::LocalTime => "localtime()",
            Self::Time => "time()",
            Self::LocalDateTime => "localdatetime()",
            Self::DateTime => "datetime()",
        }
    }

    const fn has_date(self) -> bool {
        matches!(self, Self::Date | Self::LocalDateTime | Self::DateTime)
    }

    const fn has_time(self) -> bool {
        !matches!(self, Self::Date)
    }

    const fn has_zone(self) -> bool {
        matches!(self, Self::Time | Self::DateTime)
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Date => "a date such as '2015-07-21'",
            Self::LocalTime => "a time such as '21:40:32.142'",
            Self::Time => "a time such as '21:40:32.142+01:00'",
            Self::LocalDateTime => "a date and time such as '2015-07-21T21:40:32.142'",
            Self::DateTime => {
                "a date and time such as '2015-07-21T21:40:32.142+01:00' or '2015-07-21T21:40[Europe/London]'"
            }
        }
    }
}

/// What clocks of a zone show at an instant.
pub fn current(of: Type, now: Instant, zone: &Zone) -> Value {
    project(of, &Parts::of(&Value::DateTime(DateTime::new(now, zone.clone()))).unwrap_or_default())
}

/// The function of a type's name, of one argument. `now` is the statement's time, which a map that names no moment
/// (`{timezone: 'Asia/Tokyo'}`) stands for. Null gives null.
///
/// # Errors
///
/// [`EvalError::Unreadable`], [`EvalError::Temporal`], [`EvalError::ArgumentType`].
pub fn construct(of: Type, value: &Value, now: Instant) -> Result {
    let operation = of.name();
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) => parse(of, text).ok_or_else(|| EvalError::unreadable(operation, of.expected(), text)),
        Value::Map(map) => match Fields::read(operation, map)? {
            Some(fields) => assemble(of, &fields, now),
            None => Ok(Value::Null),
        },
        other => match Parts::of(other) {
            Some(parts) if has(of, &parts) => Ok(project(of, &parts)),
            _ => Err(EvalError::argument(
                operation,
                "a string, a map or a temporal value with these parts",
                other.kind(),
            )),
        },
    }
}

/// `datetime.fromepoch(seconds, nanoseconds)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::TemporalOverflow`].
pub fn from_epoch(seconds: &Value, nanos: &Value) -> Result {
    let operation = "datetime.fromepoch()";
    match (seconds, nanos) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Integer(seconds), Value::Integer(nanos)) => {
            let unit = i128::from(super::NANOS_PER_SECOND);
            at(operation, i128::from(*seconds) * unit + i128::from(*nanos), Zone::UTC)
        }
        (Value::Integer(_), other) | (other, _) => Err(EvalError::argument(operation, "integers", other.kind())),
    }
}

/// `datetime.fromepochmillis(milliseconds)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::TemporalOverflow`].
pub fn from_epoch_millis(millis: &Value) -> Result {
    let operation = "datetime.fromepochmillis()";
    match millis {
        Value::Null => Ok(Value::Null),
        Value::Integer(millis) => at(operation, i128::from(*millis) * 1_000_000, Zone::UTC),
        other => Err(EvalError::argument(operation, "an integer", other.kind())),
    }
}

fn at(operation: &'static str, nanos: i128, zone: Zone) -> Result {
    let instant = in_years(operation, Instant::from_total_nanos(nanos))?;
    Ok(Value::DateTime(DateTime::new(instant, zone)))
}

fn parse(of: Type, text: &str) -> Option<Value> {
    Some(match of {
        Type::Date => Value::Date(read::date(text)?),
        Type::LocalTime => Value::LocalTime(read::time(text)?),
        Type::Time => Value::Time(read::offset_time(text)?),
        Type::LocalDateTime => Value::LocalDateTime(read::local_date_time(text)?),
        Type::DateTime => Value::DateTime(read::date_time(text)?),
    })
}

/// Whether the parts are enough for a type.
const fn has(of: Type, parts: &Parts) -> bool {
    if of.has_date() { parts.date.is_some() } else { parts.time.is_some() }
}

/// The parts as a type; what is missing is midnight and UTC.
fn project(of: Type, parts: &Parts) -> Value {
    let time = parts.time.unwrap_or(LocalTime::MIDNIGHT);
    match of {
        Type::Date => Value::Date(parts.date.unwrap_or(Date::EPOCH)),
        Type::LocalTime => Value::LocalTime(time),
        Type::Time => Value::Time(at_offset(time, parts.offset.unwrap_or(0))),
        Type::LocalDateTime => Value::LocalDateTime(parts.local()),
        Type::DateTime => Value::DateTime(parts.date_time()),
    }
}

/// A time at an offset of a zone, or at UTC if places had a sun beyond 18 hours away.
fn at_offset(time: LocalTime, offset: i32) -> Time {
    Time::new(time, offset).or_else(|| Time::new(time, 0)).expect("UTC is an offset")
}

/// A value out of components, and of the values that the map selects.
fn assemble(of: Type, fields: &Fields, now: Instant) -> Result {
    let operation = of.name();
    if !of.has_time() {
        fields.refuse(&TIME_FIELDS, "a date")?;
    }
    if !of.has_date() {
        fields.refuse(&DATE_FIELDS, "a time")?;
    }
    if of != Type::DateTime {
        fields.refuse(&EPOCH_FIELDS, "anything but datetime()")?;
    }
    let zone = fields.timezone.as_ref();
    if zone.is_some() && !of.has_zone() && fields.has_any(&[DATE_FIELDS.as_slice(), &TIME_FIELDS].concat()) {
        return Err(EvalError::temporal(operation, "a local value has no timezone"));
    }
    if let Some(nanos) = epoch(operation, fields)? {
        return at(operation, nanos, zone.cloned().unwrap_or(Zone::UTC));
    }
    let selected = select(of, fields)?;
    let has_fields = fields.has_any(&DATE_FIELDS) || fields.has_any(&TIME_FIELDS);
    if !has_fields && selected.date.is_none() && selected.time.is_none() {
        return Ok(current(of, now, zone.unwrap_or(&Zone::UTC)));
    }
    let date = if of.has_date() { Some(fields.day(selected.date)?) } else { None };
    let needs_clock = !of.has_date() || selected.time.is_some() || fields.has_any(&TIME_FIELDS);
    let time = if needs_clock && of.has_time() { Some(fields.clock(selected.time)?) } else { None };
    Ok(place(of, date, time, &selected, zone, now))
}

/// Puts day and time into their zone: that of the selected value, from which another one is a view; else the given one.
fn place(
    of: Type,
    date: Option<Date>,
    time: Option<LocalTime>,
    selected: &Parts,
    zone: Option<&Zone>,
    now: Instant,
) -> Value {
    let source = Parts { date, time, zone: selected.zone.clone(), offset: selected.offset };
    match (of, zone) {
        (Type::DateTime, Some(zone)) if source.zone.is_some() => {
            Value::DateTime(source.date_time().at_zone(zone.clone()))
        }
        (Type::Time, Some(zone)) => {
            let time = time.unwrap_or(LocalTime::MIDNIGHT);
            // A place has an offset only at an instant.
            let offset = zone.offset_at(now.seconds());
            Value::Time(match source.offset {
                Some(from) => at_offset(at_offset(time, from).at_offset(offset).local(), offset),
                None => at_offset(time, offset),
            })
        }
        (_, Some(zone)) => project(of, &Parts { zone: Some(zone.clone()), offset: None, ..source }),
        (_, None) => project(of, &source),
    }
}

/// Day, time and zone of the values under `date`, `time` and `datetime`. A day brings no zone along.
fn select(of: Type, fields: &Fields) -> Result<Parts> {
    let operation = of.name();
    let parts = |value: &Option<Value>, name: &'static str, wanted: fn(&Parts) -> bool| match value {
        None => Ok(Parts::default()),
        Some(value) => match Parts::of(value) {
            Some(parts) if wanted(&parts) => Ok(parts),
            _ => {
                let kind = value.kind();
                Err(EvalError::temporal(operation, format!("{name} must be a temporal value that has one, not {kind}")))
            }
        },
    };
    if fields.datetime.is_some() && (fields.date.is_some() || fields.time.is_some()) {
        return Err(EvalError::temporal(operation, "datetime stands for date and time, and not beside them"));
    }
    if (fields.time.is_some() && !of.has_time()) || (fields.date.is_some() && !of.has_date()) {
        let problem =
            if of.has_time() { "a time cannot be selected from date" } else { "a date cannot be selected from time" };
        return Err(EvalError::temporal(operation, problem));
    }
    let both = parts(&fields.datetime, "datetime", |parts| parts.date.is_some() && parts.time.is_some())?;
    if fields.datetime.is_some() {
        return Ok(both);
    }
    let date = parts(&fields.date, "date", |parts| parts.date.is_some())?.date;
    let time = parts(&fields.time, "time", |parts| parts.time.is_some())?;
    Ok(Parts { date, ..time })
}

/// The nanoseconds since 1970 that `epochSeconds` or `epochMillis` name, with a fraction of a second.
fn epoch(operation: &'static str, fields: &Fields) -> Result<Option<i128>> {
    let (base, unit) = match (fields.get(Field::EpochSeconds), fields.get(Field::EpochMillis)) {
        (None, None) => return Ok(None),
        (Some(seconds), None) => (seconds, 1_000_000_000),
        (None, Some(millis)) => (millis, 1_000_000),
        (Some(_), Some(_)) => {
            return Err(EvalError::temporal(operation, "epochSeconds and epochMillis both name the instant"));
        }
    };
    fields.refuse(&DATE_FIELDS, "an instant since the epoch")?;
    fields.refuse(&TIME_FIELDS[..5], "an instant since the epoch")?;
    let nanos = fields.get(Field::Nanosecond).unwrap_or(0);
    Ok(Some(i128::from(base) * unit + i128::from(nanos)))
}

/// The zone that an argument names, as in `date('Asia/Tokyo')` of the current time; UTC if there is none.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::Unreadable`].
pub fn zone_argument(of: Type, value: Option<&Value>) -> Result<Option<Zone>> {
    match value {
        None => Ok(Some(Zone::UTC)),
        Some(Value::Null) => Ok(None),
        Some(Value::Map(map)) => match map.get("timezone") {
            Some(value) => fields::zone(of.name(), value).map(Some),
            None => Err(EvalError::argument(of.name(), "a map with timezone", Kind::Map)),
        },
        Some(value) => fields::zone(of.name(), value).map(Some),
    }
}

/// Values for the modules beside this one.
pub(super) fn assemble_from(
    of: Type,
    fields: &Fields,
    base: LocalDateTime,
    zone: Option<&Zone>,
    offset: Option<i32>,
) -> Result {
    let date = if of.has_date() { Some(fields.day(Some(base.date()))?) } else { None };
    let time = if of.has_time() { Some(fields.clock(Some(base.time()))?) } else { None };
    if !of.has_time() {
        fields.refuse(&TIME_FIELDS, "a date")?;
    }
    if !of.has_date() {
        fields.refuse(&DATE_FIELDS, "a time")?;
    }
    fields.refuse(&EPOCH_FIELDS, "a truncated value")?;
    let parts = Parts { date, time, zone: zone.cloned(), offset };
    Ok(project(of, &parts))
}
