//! The functions by name.
//!
//! - **Shape**: one table, sorted by name; each row says how many arguments the function takes, so that the binder and
//!   the evaluator agree. Names are in lower case: functions do not know upper case.
//! - **Source**: spec/opencypher.md §5; openCypher 9, "Functions".

use std::sync::Arc;

use exec::math::{self, Function as Math};
use exec::temporal::construct::{self, Type, construct, current, zone_argument};
use exec::temporal::{Duration, Instant, Zone, between, component, truncate};
use exec::{EvalError, Value, arithmetic, convert, list, map, text};

use super::{Error, Evaluator, Result, entity, refused};

/// A function.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name, in lower case.
    pub name: &'static str,
    /// How many arguments it takes at least.
    pub least: usize,
    /// How many arguments it takes at most.
    pub most: usize,
    /// Computes it, given as many arguments as it takes.
    pub(super) call: Call,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({}..={})", self.name, self.least, self.most)
    }
}

type Call = fn(&Evaluator<'_>, &[Value]) -> Result;

/// The function of this name, in lower case. Aggregates are none of these.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.binary_search_by(|function| function.name.cmp(name)).ok().map(|at| &TABLE[at])
}

const fn row(name: &'static str, least: usize, most: usize, call: Call) -> Function {
    Function { name, least, most, call }
}

/// As many as a call may have.
const ANY: usize = usize::MAX;

const TABLE: &[Function] = &[
    row("abs", 1, 1, |_, a| Ok(math::abs(&a[0])?)),
    row("acos", 1, 1, |_, a| Ok(Math::Acos.of(&a[0])?)),
    row("asin", 1, 1, |_, a| Ok(Math::Asin.of(&a[0])?)),
    row("atan", 1, 1, |_, a| Ok(Math::Atan.of(&a[0])?)),
    row("atan2", 2, 2, |_, a| Ok(math::atan2(&a[0], &a[1])?)),
    row("ceil", 1, 1, |_, a| Ok(Math::Ceil.of(&a[0])?)),
    row("char_length", 1, 1, |_, a| Ok(text::size(&a[0])?)),
    row("coalesce", 1, ANY, |_, a| Ok(a.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null))),
    row("collintersection", 2, 2, |_, a| Ok(list::intersection(&a[0], &a[1])?)),
    row("collsort", 1, 2, |_, a| {
        let direction = a.get(1).map_or(Ok(Some(SortKey::default())), sort_key)?;
        direction.map_or(Ok(Value::Null), |key| Ok(list::sort(&a[0], key.descending)?))
    }),
    row("collsortmaps", 2, 2, |e, a| sorted(e, "collSortMaps()", &a[0], std::slice::from_ref(&a[1]))),
    row("collsortmulti", 2, 4, |e, a| {
        let Value::List(keys) = &a[1] else {
            return if a[1].is_null() {
                Ok(Value::Null)
            } else {
                Err(refused("collSortMulti()", "a list of keys", &a[1]))
            };
        };
        let sorted = sorted(e, "collSortMulti()", &a[0], keys)?;
        let from = a.get(3).cloned().unwrap_or(Value::Integer(0));
        let to = match a.get(2) {
            None => None,
            Some(limit) => Some(arithmetic::add(&from, limit)?),
        };
        Ok(list::slice(&sorted, Some(&from), to.as_ref())?)
    }),
    row("collsortnodes", 2, 2, |e, a| sorted(e, "collSortNodes()", &a[0], std::slice::from_ref(&a[1]))),
    row("collsubtract", 2, 2, |_, a| Ok(list::subtract(&a[0], &a[1])?)),
    row("colltoset", 1, 1, |_, a| Ok(list::to_set(&a[0])?)),
    row("cos", 1, 1, |_, a| Ok(Math::Cos.of(&a[0])?)),
    row("cot", 1, 1, |_, a| Ok(Math::Cot.of(&a[0])?)),
    row("date", 0, 1, |e, a| moment(Type::Date, e.clock.statement(), a)),
    row("date.realtime", 0, 1, |e, a| now(Type::Date, e.clock.realtime(), a)),
    row("date.statement", 0, 1, |e, a| now(Type::Date, e.clock.statement(), a)),
    row("date.transaction", 0, 1, |e, a| now(Type::Date, e.clock.transaction(), a)),
    row("date.truncate", 1, 3, |e, a| cut(Type::Date, e, a)),
    row("datetime", 0, 1, |e, a| moment(Type::DateTime, e.clock.statement(), a)),
    row("datetime.fromepoch", 1, 2, |_, a| Ok(construct::from_epoch(&a[0], a.get(1).unwrap_or(&Value::Integer(0)))?)),
    row("datetime.fromepochmillis", 1, 1, |_, a| Ok(construct::from_epoch_millis(&a[0])?)),
    row("datetime.realtime", 0, 1, |e, a| now(Type::DateTime, e.clock.realtime(), a)),
    row("datetime.statement", 0, 1, |e, a| now(Type::DateTime, e.clock.statement(), a)),
    row("datetime.transaction", 0, 1, |e, a| now(Type::DateTime, e.clock.transaction(), a)),
    row("datetime.truncate", 1, 3, |e, a| cut(Type::DateTime, e, a)),
    row("day", 1, 1, |_, a| component_in_utc(&a[0], "day")),
    row("degrees", 1, 1, |_, a| Ok(Math::Degrees.of(&a[0])?)),
    row("duration", 1, 1, |_, a| Ok(Duration::construct(&a[0])?)),
    row("duration.between", 2, 2, |_, a| Ok(between::between(&a[0], &a[1])?)),
    row("duration.indays", 2, 2, |_, a| Ok(between::in_days(&a[0], &a[1])?)),
    row("duration.inmonths", 2, 2, |_, a| Ok(between::in_months(&a[0], &a[1])?)),
    row("duration.inseconds", 2, 2, |_, a| Ok(between::in_seconds(&a[0], &a[1])?)),
    row("e", 0, 0, |_, _| Ok(std::f64::consts::E.into())),
    row("endnode", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(relationship) => Ok(Value::Node(relationship.end)),
        other => Err(refused("endNode()", "a relationship", other)),
    }),
    row("epochmillis", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        other => component_in_utc(other, "epochMillis"),
    }),
    row("exists", 1, 1, |_, a| Ok((!a[0].is_null()).into())),
    row("exp", 1, 1, |_, a| Ok(Math::Exp.of(&a[0])?)),
    row("floor", 1, 1, |_, a| Ok(Math::Floor.of(&a[0])?)),
    row("haversin", 1, 1, |_, a| Ok(Math::Haversin.of(&a[0])?)),
    row("head", 1, 1, |_, a| Ok(list::head(&a[0])?)),
    row("id", 1, 1, |e, a| match (entity(&a[0]), &a[0]) {
        (Some(entity), _) => Ok(Value::String(e.graph.id(entity)?)),
        (None, Value::Null) => Ok(Value::Null),
        (None, other) => Err(refused("id()", "a node or a relationship", other)),
    }),
    row("isempty", 1, 1, |_, a| Ok(list::is_empty(&a[0])?)),
    row("isnan", 1, 1, |_, a| Ok(math::is_nan(&a[0])?)),
    row("join", 2, 2, |_, a| Ok(text::join(&a[0], &a[1])?)),
    row("keys", 1, 1, |e, a| match entity(&a[0]) {
        Some(_) => Ok(map::keys(&Value::Map(e.properties(&a[0])?))?),
        None => Ok(map::keys(&a[0])?),
    }),
    row("labels", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Node(_) => names(e, &a[0]),
        other => Err(refused("labels()", "a node", other)),
    }),
    row("last", 1, 1, |_, a| Ok(list::last(&a[0])?)),
    row("left", 2, 2, |_, a| Ok(text::left(&a[0], &a[1])?)),
    row("length", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => Ok(Value::Integer(path.steps.len() as i64)),
        other => Err(refused("length()", "a path", other)),
    }),
    row("localdatetime", 0, 1, |e, a| moment(Type::LocalDateTime, e.clock.statement(), a)),
    row("localdatetime.realtime", 0, 1, |e, a| now(Type::LocalDateTime, e.clock.realtime(), a)),
    row("localdatetime.statement", 0, 1, |e, a| now(Type::LocalDateTime, e.clock.statement(), a)),
    row("localdatetime.transaction", 0, 1, |e, a| now(Type::LocalDateTime, e.clock.transaction(), a)),
    row("localdatetime.truncate", 1, 3, |e, a| cut(Type::LocalDateTime, e, a)),
    row("localtime", 0, 1, |e, a| moment(Type::LocalTime, e.clock.statement(), a)),
    row("localtime.realtime", 0, 1, |e, a| now(Type::LocalTime, e.clock.realtime(), a)),
    row("localtime.statement", 0, 1, |e, a| now(Type::LocalTime, e.clock.statement(), a)),
    row("localtime.transaction", 0, 1, |e, a| now(Type::LocalTime, e.clock.transaction(), a)),
    row("localtime.truncate", 1, 3, |e, a| cut(Type::LocalTime, e, a)),
    row("log", 1, 1, |_, a| Ok(Math::Log.of(&a[0])?)),
    row("log10", 1, 1, |_, a| Ok(Math::Log10.of(&a[0])?)),
    row("ltrim", 1, 1, |_, a| Ok(text::trim_left(&a[0])?)),
    row("month", 1, 1, |_, a| component_in_utc(&a[0], "month")),
    row("nodes", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => Ok(Value::list(path.nodes().map(Value::Node).collect::<Vec<_>>())?),
        other => Err(refused("nodes()", "a path", other)),
    }),
    row("pi", 0, 0, |_, _| Ok(std::f64::consts::PI.into())),
    row("properties", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        other => e.properties(other).map(Value::Map),
    }),
    row("radians", 1, 1, |_, a| Ok(Math::Radians.of(&a[0])?)),
    row("rand", 0, 0, |e, _| Ok(fraction(e.clock.random()).into())),
    row("randomuuid", 0, 0, |e, _| Ok(uuid([e.clock.random(), e.clock.random()]).into())),
    row("range", 2, 3, |_, a| Ok(list::range(&a[0], &a[1], a.get(2))?)),
    row("relationships", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => {
            let walked = path.steps.iter().map(|step| Value::Relationship(step.relationship.clone()));
            Ok(Value::list(walked.collect::<Vec<_>>())?)
        }
        other => Err(refused("relationships()", "a path", other)),
    }),
    row("removekeyfrommap", 2, 2, |_, a| Ok(map::without_key(&a[0], &a[1])?)),
    row("replace", 3, 3, |_, a| Ok(text::replace(&a[0], &a[1], &a[2])?)),
    row("reverse", 1, 1, |_, a| Ok(text::reverse(&a[0])?)),
    row("right", 2, 2, |_, a| Ok(text::right(&a[0], &a[1])?)),
    row("round", 1, 3, |_, a| Ok(math::round(&a[0], a.get(1), a.get(2))?)),
    row("rtrim", 1, 1, |_, a| Ok(text::trim_right(&a[0])?)),
    row("sign", 1, 1, |_, a| Ok(math::sign(&a[0])?)),
    row("sin", 1, 1, |_, a| Ok(Math::Sin.of(&a[0])?)),
    row("size", 1, 1, |_, a| Ok(text::size(&a[0])?)),
    row("split", 2, 2, |_, a| Ok(text::split(&a[0], &a[1])?)),
    row("sqrt", 1, 1, |_, a| Ok(Math::Sqrt.of(&a[0])?)),
    row("startnode", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(relationship) => Ok(Value::Node(relationship.start)),
        other => Err(refused("startNode()", "a relationship", other)),
    }),
    row("substring", 2, 3, |_, a| Ok(text::substring(&a[0], &a[1], a.get(2))?)),
    row("tail", 1, 1, |_, a| Ok(list::tail(&a[0])?)),
    row("tan", 1, 1, |_, a| Ok(Math::Tan.of(&a[0])?)),
    row("textindexof", 2, 4, |_, a| Ok(text::index_of(&a[0], &a[1], a.get(2), a.get(3))?)),
    row("time", 0, 1, |e, a| moment(Type::Time, e.clock.statement(), a)),
    row("time.realtime", 0, 1, |e, a| now(Type::Time, e.clock.realtime(), a)),
    row("time.statement", 0, 1, |e, a| now(Type::Time, e.clock.statement(), a)),
    row("time.transaction", 0, 1, |e, a| now(Type::Time, e.clock.transaction(), a)),
    row("time.truncate", 1, 3, |e, a| cut(Type::Time, e, a)),
    row("timestamp", 0, 0, |e, _| {
        let now = current(Type::DateTime, e.clock.statement(), &Zone::UTC);
        component_in_utc(&now, "epochMillis")
    }),
    row("toboolean", 1, 1, |_, a| Ok(convert::to_boolean(&a[0])?)),
    row("tobooleanornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_boolean, &a[0])?)),
    row("tofloat", 1, 1, |_, a| Ok(convert::to_float(&a[0])?)),
    row("tofloatornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_float, &a[0])?)),
    row("tointeger", 1, 1, |_, a| Ok(convert::to_integer(&a[0])?)),
    row("tointegerornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_integer, &a[0])?)),
    row("tolower", 1, 1, |_, a| Ok(text::to_lower(&a[0])?)),
    row("tostring", 1, 1, |_, a| Ok(convert::to_string(&a[0])?)),
    row("tostringornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_string, &a[0])?)),
    row("toupper", 1, 1, |_, a| Ok(text::to_upper(&a[0])?)),
    row("trim", 1, 1, |_, a| Ok(text::trim(&a[0])?)),
    row("type", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(_) => Ok(list::head(&names(e, &a[0])?)?),
        other => Err(refused("type()", "a relationship", other)),
    }),
    row("year", 1, 1, |_, a| component_in_utc(&a[0], "year")),
];

/// `date()` and its kin: the statement's moment, or what the argument says.
fn moment(of: Type, statement: Instant, arguments: &[Value]) -> Result {
    match arguments {
        [] => now(of, statement, arguments),
        [value, ..] => Ok(construct(of, value, statement)?),
    }
}

/// `date.statement()` and its kin: a moment in a zone.
fn now(of: Type, instant: Instant, arguments: &[Value]) -> Result {
    let zone = zone_argument(of, arguments.first())?;
    Ok(zone.map_or(Value::Null, |zone| current(of, instant, &zone)))
}

/// `date.truncate()` and its kin; of the statement's moment if only a unit is given.
fn cut(of: Type, evaluator: &Evaluator<'_>, arguments: &[Value]) -> Result {
    let statement = || now(of, evaluator.clock.statement(), &[]);
    let value = arguments.get(1).cloned().map_or_else(statement, Ok)?;
    Ok(truncate::truncate(of, &arguments[0], &value, arguments.get(2))?)
}

/// A component of a temporal value; of a date-time, as it is in UTC.
fn component_in_utc(value: &Value, name: &'static str) -> Result {
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

/// By what a list is sorted: a map `{key: 'name', order: 'desc'}`.
#[derive(Default)]
struct SortKey {
    key: Arc<str>,
    descending: bool,
}

/// Reads a sort key; `None` is null.
fn sort_key(value: &Value) -> Result<Option<SortKey>> {
    let expected = "a map such as {key: 'name', order: 'desc'}";
    let map = match value {
        Value::Null => return Ok(None),
        Value::Map(map) => map,
        other => return Err(refused("sorting a list", expected, other)),
    };
    let text = |name: &str| match map.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(refused("sorting a list", expected, other)),
    };
    let descending = match text("order")? {
        None => false,
        Some(order) if order.eq_ignore_ascii_case("asc") => false,
        Some(order) if order.eq_ignore_ascii_case("desc") => true,
        Some(order) => {
            return Err(Error::Eval(EvalError::Unreadable {
                operation: "sorting a list",
                expected: "an order, which is 'asc' or 'desc'",
                found: order.chars().take(64).collect(),
            }));
        }
    };
    Ok(Some(SortKey { key: text("key")?.unwrap_or_default(), descending }))
}

/// Maps, nodes or relationships sorted by their values of some keys.
fn sorted(evaluator: &Evaluator<'_>, operation: &'static str, list: &Value, keys: &[Value]) -> Result {
    let Some(keys) = keys.iter().map(sort_key).collect::<Result<Option<Vec<SortKey>>>>()? else {
        return Ok(Value::Null);
    };
    let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
    list::sort_by(operation, list, &descending, |item| {
        keys.iter().map(|key| evaluator.property(item, &key.key)).collect::<Result<Vec<_>>>()
    })
}

/// The labels of a node, or the type of a relationship.
fn names(evaluator: &Evaluator<'_>, value: &Value) -> Result {
    let entity = entity(value).ok_or(Error::NotOfOneRow("labels of what is no entity"))?;
    let names: Vec<Arc<str>> = evaluator.graph.labels(entity)?;
    Ok(Value::list(names.into_iter().map(Value::String).collect::<Vec<_>>())?)
}

/// A number from 0 to below 1, out of 53 bits.
fn fraction(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// A random UUID (RFC 9562, version 4).
fn uuid(random: [u64; 2]) -> String {
    let bits = (u128::from(random[0]) << 64) | u128::from(random[1]);
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::{TABLE, find, fraction, uuid};
    use crate::bind::scalar_functions;

    #[test]
    fn the_binder_and_the_evaluator_know_the_same_functions() {
        for (name, least, most) in scalar_functions() {
            let function = find(name).unwrap_or_else(|| panic!("{name}() passes the binder and cannot be computed"));
            assert_eq!((function.least, function.most), (least, most), "{name}()");
        }
        for function in TABLE {
            assert!(
                scalar_functions().any(|(name, ..)| name == function.name),
                "{function:?} does not pass the binder"
            );
        }
    }

    #[test]
    fn the_table_is_sorted_and_names_are_in_lower_case() {
        assert!(TABLE.is_sorted_by(|left, right| left.name < right.name));
        assert!(TABLE.iter().all(|function| function.name == function.name.to_lowercase()));
        assert!(TABLE.iter().all(|function| function.least <= function.most));
    }

    #[test]
    fn randomness_is_shaped_and_not_made_here() {
        assert_eq!(uuid([0, 0]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([u64::MAX, u64::MAX]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!((0.0..1.0).contains(&fraction(0)) && (0.0..1.0).contains(&fraction(u64::MAX)));
    }
}
