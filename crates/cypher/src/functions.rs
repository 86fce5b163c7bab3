//! The functions by name.
//!
//! - **Shape**: one table, sorted by name; each row says how many arguments the function takes, so that the binder and
//!   the evaluator agree. Names are in lower case: functions do not know upper case.
//! - `moments`: what reads the clock, or takes a moment apart; `sorting`: lists sorted by keys of their items; `chance`:
//!   random bits in shape.
//! - **Source**: spec/opencypher.md §5; openCypher 9, "Functions".

use exec::expr::{Evaluator, Function};
use exec::fault::{Error, Result};
use exec::graph::{Entity, entity};
use exec::math::{self, Function as Math};
use exec::temporal::construct::{self, Type, current};
use exec::temporal::{Duration, Zone, between};
use exec::{EvalError, Value, arithmetic, convert, geometry, list, map, text};

mod chance;
mod moments;
mod sorting;

use chance::{fraction, uuid};
use moments::{component_in_utc, cut, moment, now};
use sorting::{SortKey, sort_key, sorted};

/// The function of this name, in lower case. Aggregates are none of these.
pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.binary_search_by(|function| function.name.cmp(name)).ok().map(|at| &TABLE[at])
}

type Call = fn(&Evaluator<'_, '_>, &[Value]) -> Result<Value>;

/// Gives the same for the same arguments.
const fn pure(name: &'static str, least: usize, most: usize, call: Call) -> Function {
    Function { name, least, most, call, is_pure: true }
}

/// Asks the clock, the graph or chance.
const fn asks(name: &'static str, least: usize, most: usize, call: Call) -> Function {
    Function { name, least, most, call, is_pure: false }
}

/// As many as a call may have.
const ANY: usize = usize::MAX;

const TABLE: &[Function] = &[
    pure("abs", 1, 1, |_, a| Ok(math::abs(&a[0])?)),
    pure("acos", 1, 1, |_, a| Ok(Math::Acos.of(&a[0])?)),
    pure("asin", 1, 1, |_, a| Ok(Math::Asin.of(&a[0])?)),
    pure("atan", 1, 1, |_, a| Ok(Math::Atan.of(&a[0])?)),
    pure("atan2", 2, 2, |_, a| Ok(math::atan2(&a[0], &a[1])?)),
    pure("ceil", 1, 1, |_, a| Ok(Math::Ceil.of(&a[0])?)),
    pure("char_length", 1, 1, |_, a| Ok(text::size(&a[0])?)),
    pure("coalesce", 1, ANY, |_, a| Ok(a.iter().find(|value| !value.is_null()).cloned().unwrap_or(Value::Null))),
    pure("collintersection", 2, 2, |_, a| Ok(list::intersection(&a[0], &a[1])?)),
    pure("collsort", 1, 2, |_, a| {
        let direction = a.get(1).map_or(Ok(Some(SortKey::default())), sort_key)?;
        direction.map_or(Ok(Value::Null), |key| Ok(list::sort(&a[0], key.descending)?))
    }),
    asks("collsortmaps", 2, 2, |e, a| sorted(*e, "collSortMaps()", &a[0], std::slice::from_ref(&a[1]))),
    asks("collsortmulti", 2, 4, |e, a| {
        let Value::List(keys) = &a[1] else {
            return if a[1].is_null() {
                Ok(Value::Null)
            } else {
                Err(refused("collSortMulti()", "a list of keys", &a[1]))
            };
        };
        let sorted = sorted(*e, "collSortMulti()", &a[0], keys)?;
        let from = a.get(3).cloned().unwrap_or(Value::Integer(0));
        let to = match a.get(2) {
            None => None,
            Some(limit) => Some(arithmetic::add(&from, limit)?),
        };
        Ok(list::slice(&sorted, Some(&from), to.as_ref())?)
    }),
    asks("collsortnodes", 2, 2, |e, a| sorted(*e, "collSortNodes()", &a[0], std::slice::from_ref(&a[1]))),
    pure("collsubtract", 2, 2, |_, a| Ok(list::subtract(&a[0], &a[1])?)),
    pure("colltoset", 1, 1, |_, a| Ok(list::to_set(&a[0])?)),
    pure("cos", 1, 1, |_, a| Ok(Math::Cos.of(&a[0])?)),
    pure("cot", 1, 1, |_, a| Ok(Math::Cot.of(&a[0])?)),
    asks("date", 0, 1, |e, a| moment(Type::Date, e.context.clock.statement(), a)),
    asks("date.realtime", 0, 1, |e, a| now(Type::Date, e.context.clock.realtime(), a)),
    asks("date.statement", 0, 1, |e, a| now(Type::Date, e.context.clock.statement(), a)),
    asks("date.transaction", 0, 1, |e, a| now(Type::Date, e.context.clock.transaction(), a)),
    asks("date.truncate", 1, 3, |e, a| cut(Type::Date, *e, a)),
    asks("datetime", 0, 1, |e, a| moment(Type::DateTime, e.context.clock.statement(), a)),
    pure("datetime.fromepoch", 1, 2, |_, a| Ok(construct::from_epoch(&a[0], a.get(1).unwrap_or(&Value::Integer(0)))?)),
    pure("datetime.fromepochmillis", 1, 1, |_, a| Ok(construct::from_epoch_millis(&a[0])?)),
    asks("datetime.realtime", 0, 1, |e, a| now(Type::DateTime, e.context.clock.realtime(), a)),
    asks("datetime.statement", 0, 1, |e, a| now(Type::DateTime, e.context.clock.statement(), a)),
    asks("datetime.transaction", 0, 1, |e, a| now(Type::DateTime, e.context.clock.transaction(), a)),
    asks("datetime.truncate", 1, 3, |e, a| cut(Type::DateTime, *e, a)),
    pure("day", 1, 1, |_, a| component_in_utc(&a[0], "day")),
    pure("degrees", 1, 1, |_, a| Ok(Math::Degrees.of(&a[0])?)),
    pure("duration", 1, 1, |_, a| Ok(Duration::construct(&a[0])?)),
    pure("duration.between", 2, 2, |_, a| Ok(between::between(&a[0], &a[1])?)),
    pure("duration.indays", 2, 2, |_, a| Ok(between::in_days(&a[0], &a[1])?)),
    pure("duration.inmonths", 2, 2, |_, a| Ok(between::in_months(&a[0], &a[1])?)),
    pure("duration.inseconds", 2, 2, |_, a| Ok(between::in_seconds(&a[0], &a[1])?)),
    pure("e", 0, 0, |_, _| Ok(std::f64::consts::E.into())),
    pure("endnode", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(relationship) => Ok(Value::Node(relationship.end)),
        other => Err(refused("endNode()", "a relationship", other)),
    }),
    pure("epochmillis", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        other => component_in_utc(other, "epochMillis"),
    }),
    pure("exists", 1, 1, |_, a| Ok((!a[0].is_null()).into())),
    pure("exp", 1, 1, |_, a| Ok(Math::Exp.of(&a[0])?)),
    pure("floor", 1, 1, |_, a| Ok(Math::Floor.of(&a[0])?)),
    pure("haversin", 1, 1, |_, a| Ok(Math::Haversin.of(&a[0])?)),
    pure("head", 1, 1, |_, a| Ok(list::head(&a[0])?)),
    asks("id", 1, 1, |e, a| match (entity(&a[0]), &a[0]) {
        (Some(entity), _) => Ok(Value::String(e.context.text(entity.id())?)),
        (None, Value::Null) => Ok(Value::Null),
        (None, other) => Err(refused("id()", "a node or a relationship", other)),
    }),
    pure("isempty", 1, 1, |_, a| Ok(list::is_empty(&a[0])?)),
    pure("isnan", 1, 1, |_, a| Ok(math::is_nan(&a[0])?)),
    pure("join", 2, 2, |_, a| Ok(text::join(&a[0], &a[1])?)),
    asks("keys", 1, 1, |e, a| match entity(&a[0]) {
        Some(_) => Ok(map::keys(&Value::Map(e.properties(&a[0])?))?),
        None => Ok(map::keys(&a[0])?),
    }),
    asks("labels", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Node(id) => {
            let labels = e.context.labels(Entity::Node(*id))?;
            Ok(Value::list(labels.into_iter().map(Value::String).collect::<Vec<_>>())?)
        }
        other => Err(refused("labels()", "a node", other)),
    }),
    pure("last", 1, 1, |_, a| Ok(list::last(&a[0])?)),
    pure("left", 2, 2, |_, a| Ok(text::left(&a[0], &a[1])?)),
    pure("length", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => Ok(Value::Integer(path.steps.len() as i64)),
        other => Err(refused("length()", "a path", other)),
    }),
    asks("localdatetime", 0, 1, |e, a| moment(Type::LocalDateTime, e.context.clock.statement(), a)),
    asks("localdatetime.realtime", 0, 1, |e, a| now(Type::LocalDateTime, e.context.clock.realtime(), a)),
    asks("localdatetime.statement", 0, 1, |e, a| now(Type::LocalDateTime, e.context.clock.statement(), a)),
    asks("localdatetime.transaction", 0, 1, |e, a| now(Type::LocalDateTime, e.context.clock.transaction(), a)),
    asks("localdatetime.truncate", 1, 3, |e, a| cut(Type::LocalDateTime, *e, a)),
    asks("localtime", 0, 1, |e, a| moment(Type::LocalTime, e.context.clock.statement(), a)),
    asks("localtime.realtime", 0, 1, |e, a| now(Type::LocalTime, e.context.clock.realtime(), a)),
    asks("localtime.statement", 0, 1, |e, a| now(Type::LocalTime, e.context.clock.statement(), a)),
    asks("localtime.transaction", 0, 1, |e, a| now(Type::LocalTime, e.context.clock.transaction(), a)),
    asks("localtime.truncate", 1, 3, |e, a| cut(Type::LocalTime, *e, a)),
    pure("log", 1, 1, |_, a| Ok(Math::Log.of(&a[0])?)),
    pure("log10", 1, 1, |_, a| Ok(Math::Log10.of(&a[0])?)),
    pure("ltrim", 1, 1, |_, a| Ok(text::trim_left(&a[0])?)),
    pure("month", 1, 1, |_, a| component_in_utc(&a[0], "month")),
    pure("nodes", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => Ok(Value::list(path.nodes().map(Value::Node).collect::<Vec<_>>())?),
        other => Err(refused("nodes()", "a path", other)),
    }),
    pure("pi", 0, 0, |_, _| Ok(std::f64::consts::PI.into())),
    asks("properties", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        other => e.properties(other).map(Value::Map),
    }),
    pure("radians", 1, 1, |_, a| Ok(Math::Radians.of(&a[0])?)),
    asks("rand", 0, 0, |e, _| Ok(fraction(e.context.clock.random()).into())),
    asks("randomuuid", 0, 0, |e, _| Ok(uuid([e.context.clock.random(), e.context.clock.random()]).into())),
    pure("range", 2, 3, |_, a| Ok(list::range(&a[0], &a[1], a.get(2))?)),
    pure("relationships", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Path(path) => {
            let walked = path.steps.iter().map(|step| Value::Relationship(step.relationship.clone()));
            Ok(Value::list(walked.collect::<Vec<_>>())?)
        }
        other => Err(refused("relationships()", "a path", other)),
    }),
    pure("removekeyfrommap", 2, 2, |_, a| Ok(map::without_key(&a[0], &a[1])?)),
    pure("replace", 3, 3, |_, a| Ok(text::replace(&a[0], &a[1], &a[2])?)),
    pure("reverse", 1, 1, |_, a| Ok(text::reverse(&a[0])?)),
    pure("right", 2, 2, |_, a| Ok(text::right(&a[0], &a[1])?)),
    pure("round", 1, 3, |_, a| Ok(math::round(&a[0], a.get(1), a.get(2))?)),
    pure("rtrim", 1, 1, |_, a| Ok(text::trim_right(&a[0])?)),
    pure("sign", 1, 1, |_, a| Ok(math::sign(&a[0])?)),
    pure("sin", 1, 1, |_, a| Ok(Math::Sin.of(&a[0])?)),
    pure("size", 1, 1, |_, a| Ok(text::size(&a[0])?)),
    pure("split", 2, 2, |_, a| Ok(text::split(&a[0], &a[1])?)),
    pure("sqrt", 1, 1, |_, a| Ok(Math::Sqrt.of(&a[0])?)),
    pure("st_astext", 1, 1, |_, a| Ok(geometry::as_text(&a[0])?)),
    pure("st_buffer", 2, 3, |_, a| Ok(geometry::buffer(&a[0], &a[1], a.get(2))?)),
    pure("st_contains", 2, 2, |_, a| Ok(geometry::contains(&a[0], &a[1])?)),
    pure("st_distance", 2, 2, |_, a| Ok(geometry::distance(&a[0], &a[1])?)),
    pure("st_distancespheroid", 2, 2, |_, a| Ok(geometry::distance_spheroid(&a[0], &a[1])?)),
    pure("st_envelope", 1, 1, |_, a| Ok(geometry::envelope(&a[0])?)),
    pure("st_equals", 2, 2, |_, a| Ok(geometry::equals(&a[0], &a[1])?)),
    pure("st_geometrytype", 1, 1, |_, a| Ok(geometry::kind(&a[0])?)),
    pure("st_geomfromtext", 1, 1, |_, a| Ok(geometry::from_text(&a[0])?)),
    pure("st_intersects", 2, 2, |_, a| Ok(geometry::intersects(&a[0], &a[1])?)),
    pure("st_point", 2, 3, |_, a| Ok(geometry::point(&a[0], &a[1], a.get(2))?)),
    pure("startnode", 1, 1, |_, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(relationship) => Ok(Value::Node(relationship.start)),
        other => Err(refused("startNode()", "a relationship", other)),
    }),
    pure("substring", 2, 3, |_, a| Ok(text::substring(&a[0], &a[1], a.get(2))?)),
    pure("tail", 1, 1, |_, a| Ok(list::tail(&a[0])?)),
    pure("tan", 1, 1, |_, a| Ok(Math::Tan.of(&a[0])?)),
    pure("textindexof", 2, 4, |_, a| Ok(text::index_of(&a[0], &a[1], a.get(2), a.get(3))?)),
    asks("time", 0, 1, |e, a| moment(Type::Time, e.context.clock.statement(), a)),
    asks("time.realtime", 0, 1, |e, a| now(Type::Time, e.context.clock.realtime(), a)),
    asks("time.statement", 0, 1, |e, a| now(Type::Time, e.context.clock.statement(), a)),
    asks("time.transaction", 0, 1, |e, a| now(Type::Time, e.context.clock.transaction(), a)),
    asks("time.truncate", 1, 3, |e, a| cut(Type::Time, *e, a)),
    asks("timestamp", 0, 0, |e, _| {
        let now = current(Type::DateTime, e.context.clock.statement(), &Zone::UTC);
        component_in_utc(&now, "epochMillis")
    }),
    pure("toboolean", 1, 1, |_, a| Ok(convert::to_boolean(&a[0])?)),
    pure("tobooleanornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_boolean, &a[0])?)),
    pure("tofloat", 1, 1, |_, a| Ok(convert::to_float(&a[0])?)),
    pure("tofloatornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_float, &a[0])?)),
    pure("tointeger", 1, 1, |_, a| Ok(convert::to_integer(&a[0])?)),
    pure("tointegerornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_integer, &a[0])?)),
    pure("tolower", 1, 1, |_, a| Ok(text::to_lower(&a[0])?)),
    pure("tostring", 1, 1, |_, a| Ok(convert::to_string(&a[0])?)),
    pure("tostringornull", 1, 1, |_, a| Ok(convert::or_null(convert::to_string, &a[0])?)),
    pure("toupper", 1, 1, |_, a| Ok(text::to_upper(&a[0])?)),
    pure("trim", 1, 1, |_, a| Ok(text::trim(&a[0])?)),
    asks("type", 1, 1, |e, a| match &a[0] {
        Value::Null => Ok(Value::Null),
        Value::Relationship(relationship) => Ok(Value::String(e.context.text(relationship.label)?)),
        other => {
            let found = other.kind();
            Err(EvalError::Conversion { operation: "type()", expected: "a relationship", found }.into())
        }
    }),
    pure("year", 1, 1, |_, a| component_in_utc(&a[0], "year")),
];

fn refused(operation: &'static str, expected: &'static str, found: &Value) -> Error {
    Error::Eval(EvalError::ArgumentType { operation, expected, found: found.kind() })
}

#[cfg(test)]
mod tests {
    use super::{TABLE, find};
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
}
