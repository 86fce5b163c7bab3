//! Values for tests, and what holds of lists and maps.

use std::sync::Arc;

use model::{Tag, TermId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{List, Map, Path, Relationship, Step, Value};
use crate::EvalError;
use crate::limits::MAX_DEPTH;
use crate::temporal::{Date, DateTime, Duration, LocalDateTime, LocalTime, NANOS_PER_DAY, Time, Zone};

pub(crate) fn list<const N: usize>(items: [Value; N]) -> Value {
    Value::list(items).expect("not deep")
}

pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(Map::new(entries.map(|(key, value)| (key.into(), value))).expect("not deep"))
}

pub(crate) fn vertex(number: u128) -> TermId {
    TermId::new(Tag::VertexHash, number)
}

fn edge(number: u128) -> Arc<Relationship> {
    Arc::new(Relationship {
        id: TermId::new(Tag::EdgeHash, number),
        start: vertex(number),
        label: vertex(9),
        end: vertex(number + 1),
    })
}

/// Any value, with small numbers often, so that values meet.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let integer = prop_oneof![-3..3_i64, any::<i64>()];
    let float = prop_oneof![(-6..6_i32).prop_map(|half| f64::from(half) / 2.0), any::<f64>(), Just(f64::NAN)];
    let nanos = prop_oneof![0..3 * 3_600_000_000_000_u64, 0..NANOS_PER_DAY.cast_unsigned()];
    let offset = prop_oneof![Just(0), Just(3_600), -64_800..=64_800_i32];
    let zone = prop_oneof![
        offset.clone().prop_map(|seconds| Zone::fixed(seconds).expect("in range")),
        Just(Zone::named("Europe/Stockholm").expect("exists")),
    ];
    let seconds = prop_oneof![-90_000..90_000_i64, -100_000_000_000..100_000_000_000_i64];
    let date = (-1_000..1_000_i64).prop_map(|days| Date::from_days(days).expect("in range"));
    let time = nanos.prop_map(|nanos| LocalTime::from_nanos(nanos).expect("within a day"));
    let local = (seconds, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| LocalDateTime::from_seconds(seconds, nanos).expect("in range"));
    let amount = -40..40_i64;
    let duration = (amount.clone(), amount.clone(), amount)
        .prop_map(|(months, days, seconds)| Duration::new(months, days, seconds, 0));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer.prop_map(Value::from),
        float.prop_map(Value::from),
        "[ab]{0,3}".prop_map(Value::from),
        (1..4_u128).prop_map(|number| Value::Node(vertex(number))),
        (1..4_u128).prop_map(|number| Value::Relationship(edge(number))),
        vec(1..4_u128, 0..3).prop_map(|edges| {
            let steps = edges.into_iter().map(|number| Step { relationship: edge(number), node: vertex(number + 1) });
            Value::Path(Arc::new(Path { start: vertex(1), steps: steps.collect() }))
        }),
        date.prop_map(Value::Date),
        time.clone().prop_map(Value::LocalTime),
        (time, offset).prop_map(|(time, offset)| Value::Time(Time::new(time, offset).expect("in range"))),
        local.clone().prop_map(Value::LocalDateTime),
        (local, zone).prop_map(|(local, zone)| Value::DateTime(DateTime::from_local(local, zone, None))),
        duration.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| Value::list(items).expect("not deep")),
            vec(("[ab]", inner), 0..3).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
                Value::Map(Map::new(entries).expect("not deep"))
            }),
        ]
    })
}

#[test]
fn nesting_ends() {
    let mut value = Value::from(1);
    for _ in 0..MAX_DEPTH {
        value = Value::list([value]).expect("as deep as allowed");
    }
    assert_eq!(value.to_string().len(), 2 * usize::from(MAX_DEPTH) + 1);
    assert_eq!(Value::list([value.clone()]).unwrap_err(), EvalError::TooDeep { limit: MAX_DEPTH });
    assert_eq!(List::default().extended([value]).unwrap_err(), EvalError::TooDeep { limit: MAX_DEPTH });
}

#[test]
fn a_map_keeps_its_order_and_the_last_value_of_a_key() {
    let entries = [("b", 1), ("a", 2), ("c", 3), ("b", 4)].map(|(key, value)| (key.into(), value.into()));
    let map = Map::new(entries).unwrap();
    assert_eq!(Value::Map(map.clone()).to_string(), "{b: 4, a: 2, c: 3}");
    assert_eq!(map.get("b"), Some(&Value::from(4)));
    assert_eq!(map.get("B"), None);
    assert_eq!(map.iter_by_key().map(|(key, _)| &**key).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn a_list_is_extended_in_place_or_copied() {
    let list = List::new(vec![1.into()]).unwrap();
    let longer = list.clone().extended([2.into()]).unwrap();
    assert_eq!((list.len(), longer.len()), (1, 2));
}

#[test]
fn values_are_written_like_literals() {
    let value = list([1.into(), 2.0.into(), "it's\n".into(), map([("a", Value::Null)]), true.into()]);
    assert_eq!(value.to_string(), r"[1, 2.0, 'it\'s\n', {a: null}, true]");
}
