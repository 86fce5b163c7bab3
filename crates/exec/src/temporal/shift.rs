//! A temporal value moved by a duration.
//!
//! Months move the calendar first, then days, then seconds. A date takes only the whole days of the seconds, a time
//! only the seconds. In a zone months and days keep the clock, and seconds keep the instant.
//!
//! **Source**: CIP2015-08-06, "Arithmetic"; TCK Temporal8.

use super::{DateTime, Duration, Instant, LocalDateTime, LocalTime, NANOS_PER_DAY, Time, in_years};
use crate::{Result, Value};

/// `value + duration`; `None` if the value is no moment.
///
/// # Errors
///
/// [`crate::EvalError::TemporalOverflow`].
pub fn plus(value: &Value, duration: &Duration) -> Option<Result> {
    moved("+", value, duration)
}

/// `value - duration`; `None` if the value is no moment.
///
/// # Errors
///
/// [`crate::EvalError::TemporalOverflow`].
pub fn minus(value: &Value, duration: &Duration) -> Option<Result> {
    match Duration::ZERO.minus(duration) {
        Ok(negative) => moved("-", value, &negative),
        Err(error) => Some(Err(error)),
    }
}

fn moved(operation: &'static str, value: &Value, duration: &Duration) -> Option<Result> {
    let nanos = duration.total_nanos();
    let time = |time: LocalTime| LocalTime::wrapping(i128::from(time.nanos()) + nanos);
    let calendar = |local: LocalDateTime| {
        let date = local.date().plus_months(duration.months())?.plus_days(duration.days())?;
        Some(LocalDateTime::new(date, local.time()))
    };
    let moved = match value {
        Value::Date(date) => date
            .plus_months(duration.months())
            .and_then(|date| date.plus_days(duration.days()))
            // 64 bits of seconds are fewer days.
            .and_then(|date| date.plus_days((nanos / i128::from(NANOS_PER_DAY)) as i64))
            .map(Value::Date),
        Value::LocalTime(local) => Some(Value::LocalTime(time(*local))),
        Value::Time(at) => Time::new(time(at.local()), at.offset()).map(Value::Time),
        Value::LocalDateTime(local) => {
            calendar(*local).and_then(|local| local.plus_nanos(nanos)).map(Value::LocalDateTime)
        }
        Value::DateTime(at) => calendar(at.local()).and_then(|local| {
            let on_calendar = DateTime::from_local(local, at.zone().clone(), Some(at.offset()));
            let instant = Instant::from_total_nanos(on_calendar.instant().total_nanos() + nanos)?;
            Some(Value::DateTime(DateTime::new(instant, at.zone().clone())))
        }),
        _ => return None,
    };
    Some(in_years(operation, moved))
}
