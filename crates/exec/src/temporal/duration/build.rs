//! Durations out of maps of components.

use super::{Duration, fit};
use crate::temporal::scaled::Scaled;
use crate::{EvalError, Result, Value};

/// See [`Duration::construct`].
pub(super) fn construct(value: &Value) -> Result {
    let operation = "duration()";
    let map = match value {
        Value::Null | Value::Duration(_) => return Ok(value.clone()),
        Value::String(text) => return Duration::parse(text).map(Value::from),
        Value::Map(map) => map,
        other => return Err(EvalError::argument(operation, "a string or a map", other.kind())),
    };
    let [mut months, mut days, mut seconds] = [Scaled::ZERO; 3];
    // What is smaller than a second is counted by itself, so that its eighteen digits are those of nanoseconds.
    let mut nanos = Scaled::ZERO;
    for (key, amount) in map.iter() {
        if amount.is_null() {
            return Ok(Value::Null);
        }
        let (part, units) = match &**key {
            "years" => (&mut months, 12),
            "quarters" => (&mut months, 3),
            "months" => (&mut months, 1),
            "weeks" => (&mut days, 7),
            "days" => (&mut days, 1),
            "hours" => (&mut seconds, 3_600),
            "minutes" => (&mut seconds, 60),
            "seconds" => (&mut seconds, 1),
            "milliseconds" => (&mut nanos, 1_000_000),
            "microseconds" => (&mut nanos, 1_000),
            "nanoseconds" => (&mut nanos, 1),
            name => {
                return Err(EvalError::temporal(operation, format!("{name} is no component of a duration")));
            }
        };
        let sum = Scaled::of(operation, amount)?.times(units).and_then(|amount| part.plus(amount));
        *part = fit(operation, sum)?;
    }
    let whole = Duration::of_parts(operation, months, days, seconds)?;
    let nanos = fit(operation, nanos.of_unit(1))? + whole.total_nanos();
    Duration::of_nanos(operation, whole.months(), whole.days(), nanos).map(Value::from)
}
