//! A map of components, such as `{year: 2015, week: 30, timezone: '+01:00'}`, as days and times are built from it.
//!
//! - **Shape**: a day is named by one of four groups (month and day; week and day of the week; ordinal day; quarter and
//!   day of the quarter). A component may stand only where the larger ones of its group do; the smaller ones default to
//!   the first, or to those of the value that is changed.
//! - **Source**: CIP2015-08-06, "Instantiating"; TCK Temporal1, Temporal3.

use super::{Date, LocalTime, Zone, read};
use crate::{EvalError, Map, Result, Value};

/// A component that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    DayOfQuarter,
    DayOfWeek,
    OrdinalDay,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    EpochSeconds,
    EpochMillis,
}

const NAMES: [(&str, Field); 16] = [
    ("year", Field::Year),
    ("quarter", Field::Quarter),
    ("month", Field::Month),
    ("week", Field::Week),
    ("day", Field::Day),
    ("dayOfQuarter", Field::DayOfQuarter),
    ("dayOfWeek", Field::DayOfWeek),
    ("ordinalDay", Field::OrdinalDay),
    ("hour", Field::Hour),
    ("minute", Field::Minute),
    ("second", Field::Second),
    ("millisecond", Field::Millisecond),
    ("microsecond", Field::Microsecond),
    ("nanosecond", Field::Nanosecond),
    ("epochSeconds", Field::EpochSeconds),
    ("epochMillis", Field::EpochMillis),
];

impl Field {
    const fn name(self) -> &'static str {
        NAMES[self as usize].0
    }
}

/// The components of a map.
#[derive(Debug)]
pub(super) struct Fields {
    operation: &'static str,
    numbers: [Option<i64>; NAMES.len()],
    /// The values under `date`, `time` and `datetime`.
    pub(super) date: Option<Value>,
    pub(super) time: Option<Value>,
    pub(super) datetime: Option<Value>,
    pub(super) timezone: Option<Zone>,
}

impl Fields {
    /// Reads a map; `None` if one of its values is null.
    pub(super) fn read(operation: &'static str, map: &Map) -> Result<Option<Self>> {
        let mut fields =
            Self { operation, numbers: [None; NAMES.len()], date: None, time: None, datetime: None, timezone: None };
        for (key, value) in map.iter() {
            if value.is_null() {
                return Ok(None);
            }
            match &**key {
                "date" => fields.date = Some(value.clone()),
                "time" => fields.time = Some(value.clone()),
                "datetime" => fields.datetime = Some(value.clone()),
                "timezone" => fields.timezone = Some(zone(operation, value)?),
                name => {
                    let (_, field) = NAMES.iter().find(|(known, _)| *known == name).ok_or_else(|| {
                        EvalError::temporal(operation, format!("{name} is no component of a date or time"))
                    })?;
                    let Value::Integer(number) = value else {
                        return Err(EvalError::argument(operation, "integers as components", value.kind()));
                    };
                    fields.numbers[*field as usize] = Some(*number);
                }
            }
        }
        Ok(Some(fields))
    }

    pub(super) const fn get(&self, field: Field) -> Option<i64> {
        self.numbers[field as usize]
    }

    pub(super) const fn set(&mut self, field: Field, number: i64) {
        self.numbers[field as usize] = Some(number);
    }

    /// Whether any of these is given.
    pub(super) fn has_any(&self, fields: &[Field]) -> bool {
        fields.iter().any(|field| self.get(*field).is_some())
    }

    /// Refuses components that the type does not have.
    pub(super) fn refuse(&self, fields: &[Field], of: &str) -> Result<()> {
        match fields.iter().find(|field| self.get(**field).is_some()) {
            Some(field) => Err(EvalError::temporal(self.operation, format!("{of} has no {}", field.name()))),
            None => Ok(()),
        }
    }

    /// The day that the components name, those that are left out taken from `base`.
    pub(super) fn day(&self, base: Option<Date>) -> Result<Date> {
        let groups: [&[Field]; 4] = [
            &[Field::Month, Field::Day],
            &[Field::Week, Field::DayOfWeek],
            &[Field::OrdinalDay],
            &[Field::Quarter, Field::DayOfQuarter],
        ];
        let mut named = groups.iter().enumerate().filter(|(_, group)| self.has_any(group));
        let group = named.next().map_or(0, |(at, _)| at);
        if let Some((other, _)) = named.next() {
            let problem = format!(
                "a day is named either by {} or by {}, not by both",
                groups[group].iter().map(|field| field.name()).collect::<Vec<_>>().join(" and "),
                groups[other].iter().map(|field| field.name()).collect::<Vec<_>>().join(" and "),
            );
            return Err(EvalError::temporal(self.operation, problem));
        }
        let part = |field, of_base: fn(Date) -> i64, first| self.part(field, base.map(of_base), first);
        let year = |of_base: fn(Date) -> i64| self.part(Field::Year, base.map(of_base), None);
        let day = match group {
            0 => {
                let year = year(Date::year)?;
                let month = part(Field::Month, |base| base.ymd().1, self.unless(Field::Day))?;
                match (self.get(Field::Day), base) {
                    (Some(day), _) => Date::new(year, month, day),
                    // A day that was not asked for gives way to the end of the month.
                    (None, Some(base)) => Date::clamped(year, month, base.ymd().2),
                    (None, None) => Date::new(year, month, 1),
                }
            }
            1 => {
                let week = part(Field::Week, Date::week, self.unless(Field::DayOfWeek))?;
                Date::from_week(year(Date::week_year)?, week, part(Field::DayOfWeek, Date::weekday, Some(1))?)
            }
            2 => Date::from_ordinal(year(Date::year)?, part(Field::OrdinalDay, Date::ordinal, Some(1))?),
            _ => {
                let quarter = part(Field::Quarter, Date::quarter, self.unless(Field::DayOfQuarter))?;
                Date::from_quarter(
                    year(Date::year)?,
                    quarter,
                    part(Field::DayOfQuarter, Date::day_of_quarter, Some(1))?,
                )
            }
        };
        day.ok_or_else(|| {
            self.nonexistent("day", &groups[group].iter().copied().chain([Field::Year]).collect::<Vec<_>>())
        })
    }

    /// The time that the components name, those that are left out taken from `base`.
    pub(super) fn clock(&self, base: Option<LocalTime>) -> Result<LocalTime> {
        let fractions = [Field::Millisecond, Field::Microsecond, Field::Nanosecond];
        let has_fraction = self.has_any(&fractions);
        let part = |field, of_base: fn(LocalTime) -> i64, first| self.part(field, base.map(of_base), first);
        let below = |fields: &[Field]| if has_fraction || self.has_any(fields) { None } else { Some(0) };
        let hour = part(Field::Hour, LocalTime::hour, None)?;
        let minute = part(Field::Minute, LocalTime::minute, below(&[Field::Second]))?;
        let second = part(Field::Second, LocalTime::second, below(&[]))?;
        let nanos = if has_fraction { self.nanos() } else { Some(base.map_or(0, LocalTime::nanos_of_second)) };
        nanos.and_then(|nanos| LocalTime::new(hour, minute, second, nanos)).ok_or_else(|| {
            self.nonexistent("time", &[&[Field::Hour, Field::Minute, Field::Second][..], &fractions].concat())
        })
    }

    /// The fraction of a second: milliseconds, microseconds and nanoseconds add up, each less than one of the next
    /// larger that is given.
    fn nanos(&self) -> Option<i64> {
        let mut nanos = 0;
        let mut limit = super::NANOS_PER_SECOND;
        for (field, unit) in [(Field::Millisecond, 1_000_000), (Field::Microsecond, 1_000), (Field::Nanosecond, 1)] {
            if let Some(number) = self.get(field) {
                if !(0..limit / unit).contains(&number) {
                    return None;
                }
                nanos += number * unit;
                limit = unit;
            }
        }
        Some(nanos)
    }

    /// 1 as long as the smaller component is left out, which needs this one.
    fn unless(&self, smaller: Field) -> Option<i64> {
        self.get(smaller).is_none().then_some(1)
    }

    /// A component: given, of the base, or the default.
    fn part(&self, field: Field, base: Option<i64>, default: Option<i64>) -> Result<i64> {
        let part = self.get(field).or(base).or(default);
        part.ok_or_else(|| EvalError::temporal(self.operation, format!("{} must be given", field.name())))
    }

    fn nonexistent(&self, what: &str, fields: &[Field]) -> EvalError {
        let given = fields.iter().filter_map(|field| Some(format!("{}: {}", field.name(), self.get(*field)?)));
        let given = given.collect::<Vec<_>>().join(", ");
        EvalError::temporal(self.operation, format!("there is no {what} {{{given}}}"))
    }
}

/// The zone that a value names.
pub(super) fn zone(operation: &'static str, value: &Value) -> Result<Zone> {
    let Value::String(text) = value else {
        return Err(EvalError::argument(operation, "a string as time zone", value.kind()));
    };
    read::zone(text).ok_or_else(|| {
        EvalError::unreadable(operation, "an offset such as '+01:00' or a zone such as 'Europe/Stockholm'", text)
    })
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn names_stand_at_the_numbers_of_their_fields() {
        assert!(NAMES.iter().enumerate().all(|(at, (_, field))| *field as usize == at));
    }
}
