//! The functions of values by the names that queries call them by.

use exec::temporal::construct::{self, Type, construct, current, zone_argument};
use exec::temporal::{Duration, Instant, between, truncate};
use exec::text::Match;
use exec::{Result, Value, convert, list, map, math, text};

/// Calls a function; `None` if there is none of this name and number of arguments.
pub(crate) fn call(name: &str, arguments: &[Value]) -> Option<Result> {
    let name = name.to_lowercase();
    if let Some(result) = temporal(&name, arguments) {
        return Some(result);
    }
    let result = match (&*name, arguments) {
        ("tostring", [value]) => convert::to_string(value),
        ("tointeger", [value]) => convert::to_integer(value),
        ("tofloat", [value]) => convert::to_float(value),
        ("toboolean", [value]) => convert::to_boolean(value),
        ("range", [start, end]) => list::range(start, end, None),
        ("range", [start, end, step]) => list::range(start, end, Some(step)),
        ("head", [value]) => list::head(value),
        ("last", [value]) => list::last(value),
        ("tail", [value]) => list::tail(value),
        ("size", [value]) => text::size(value),
        ("reverse", [value]) => text::reverse(value),
        ("keys", [value]) => map::keys(value),
        ("substring", [value, start]) => text::substring(value, start, None),
        ("substring", [value, start, length]) => text::substring(value, start, Some(length)),
        ("split", [value, delimiter]) => text::split(value, delimiter),
        ("tolower", [value]) => text::to_lower(value),
        ("toupper", [value]) => text::to_upper(value),
        ("abs", [value]) => math::abs(value),
        ("sign", [value]) => math::sign(value),
        ("sqrt", [value]) => math::Function::Sqrt.of(value),
        ("ceil", [value]) => math::Function::Ceil.of(value),
        ("floor", [value]) => math::Function::Floor.of(value),
        ("coalesce", values) => Ok(values.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null)),
        ("starts with", [value, part]) => Ok(Value::truth(text::matches(Match::StartsWith, value, part))),
        ("ends with", [value, part]) => Ok(Value::truth(text::matches(Match::EndsWith, value, part))),
        ("contains", [value, part]) => Ok(Value::truth(text::matches(Match::Contains, value, part))),
        _ => return None,
    };
    Some(result)
}

fn temporal(name: &str, arguments: &[Value]) -> Option<Result> {
    // One moment for all, as within a statement.
    let now = Instant::new(1_700_000_000, 123_456_789)?;
    let result = match (name, arguments) {
        ("duration", [value]) => Duration::construct(value),
        ("duration.between", [from, to]) => between::between(from, to),
        ("duration.inmonths", [from, to]) => between::in_months(from, to),
        ("duration.indays", [from, to]) => between::in_days(from, to),
        ("duration.inseconds", [from, to]) => between::in_seconds(from, to),
        ("datetime.fromepoch", [seconds, nanos]) => construct::from_epoch(seconds, nanos),
        ("datetime.fromepochmillis", [millis]) => construct::from_epoch_millis(millis),
        _ => {
            let (of, rest) = name.split_once('.').unwrap_or((name, ""));
            let of = match of {
                "date" => Type::Date,
                "localtime" => Type::LocalTime,
                "time" => Type::Time,
                "localdatetime" => Type::LocalDateTime,
                "datetime" => Type::DateTime,
                _ => return None,
            };
            match (rest, arguments) {
                ("", [value]) => construct(of, value, now),
                ("" | "transaction" | "statement" | "realtime", [] | [_]) => zone_argument(of, arguments.first())
                    .map(|zone| zone.map_or(Value::Null, |zone| current(of, now, &zone))),
                ("truncate", [unit, value]) => truncate::truncate(of, unit, value, None),
                ("truncate", [unit, value, components]) => truncate::truncate(of, unit, value, Some(components)),
                _ => return None,
            }
        }
    };
    Some(result)
}
