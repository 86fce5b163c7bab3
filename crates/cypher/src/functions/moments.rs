//! What reads the clock, or takes a moment apart.

use exec::Value;
use exec::expr::Evaluator;
use exec::fault::Result;
use exec::temporal::construct::{Type, construct, current, zone_argument};
use exec::temporal::{Instant, Zone, component, truncate};

use super::refused;

/// `date()` and its kin: the statement's moment, or what the argument says.
pub(super) fn moment(of: Type, statement: Instant, arguments: &[Value]) -> Result<Value> {
    match arguments {
        [] => now(of, statement, arguments),
        [value, ..] => Ok(construct(of, value, statement)?),
    }
}

/// `date.statement()` and its kin: a moment in a zone.
pub(super) fn now(of: Type, instant: Instant, arguments: &[Value]) -> Result<Value> {
    let zone = zone_argument(of, arguments.first())?;
    Ok(zone.map_or(Value::Null, |zone| current(of, instant, &zone)))
}

/// `date.truncate()` and its kin; of the statement's moment if only a unit is given.
pub(super) fn cut(of: Type, evaluator: Evaluator<'_, '_>, arguments: &[Value]) -> Result<Value> {
    let statement = || now(of, evaluator.context.clock.statement(), &[]);
    let value = arguments.get(1).cloned().map_or_else(statement, Ok)?;
    Ok(truncate::truncate(of, &arguments[0], &value, arguments.get(2))?)
}

/// A component of a temporal value; of a date-time, as it is in UTC.
pub(super) fn component_in_utc(value: &Value, name: &'static str) -> Result<Value> {
    let utc = match value {
        Value::Null => return Ok(Value::Null),
        Value::DateTime(moment) => Value::DateTime(moment.at_zone(Zone::UTC)),
        other => other.clone(),
    };
    match component::component(&utc, name) {
        Some(found) => Ok(found?),
        None => Err(refused(name, "a date-time", value)),
    }
}
