//! Orderability: the one order of all values, by which ORDER BY sorts.
//!
//! - **Shape**: maps, nodes, relationships, lists, paths, date-times, local date-times, dates, times, local times,
//!   durations, geometries by their texts, strings, booleans, numbers, null. NaN is the largest number. Within a type the
//!   order is that of [`crate::comparison`] where that has one; durations are sorted by their average length.
//! - **Invariant**: a total order; equal exactly for what is [equivalent](crate::equivalence).
//! - **Source**: openCypher 9, "Orderability"; TCK ReturnOrderBy1.

use std::cmp::Ordering;

use crate::{Kind, List, Map, Path, Value, number};

/// The place of one value relative to another.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => left.cmp(right),
        (Value::Float(left), Value::Float(right)) => floats(*left, *right),
        (Value::Integer(left), Value::Float(right)) => number::compare(*left, *right).unwrap_or(Ordering::Less),
        (Value::Float(left), Value::Integer(right)) => {
            number::compare(*right, *left).map_or(Ordering::Greater, Ordering::reverse)
        }
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::List(left), Value::List(right)) => lists(left, right),
        (Value::Map(left), Value::Map(right)) => maps(left, right),
        (Value::Node(left), Value::Node(right)) => left.cmp(right),
        (Value::Relationship(left), Value::Relationship(right)) => left.id.cmp(&right.id),
        (Value::Path(left), Value::Path(right)) => paths(left, right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::LocalTime(left), Value::LocalTime(right)) => left.cmp(right),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::LocalDateTime(left), Value::LocalDateTime(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.cmp(right),
        (Value::Duration(left), Value::Duration(right)) => left.cmp_by_length(right),
        (Value::Geometry(left), Value::Geometry(right)) => left.text().cmp(right.text()),
        _ => rank(left).cmp(&rank(right)),
    }
}

/// The place of a type; all numbers are of one.
fn rank(value: &Value) -> Kind {
    match value.kind() {
        Kind::Integer => Kind::Float,
        kind => kind,
    }
}

fn floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

fn lists(left: &List, right: &List) -> Ordering {
    let first = left.iter().zip(right.iter()).map(|(left, right)| compare(left, right)).find(|order| order.is_ne());
    first.unwrap_or_else(|| left.len().cmp(&right.len()))
}

/// By size, then by keys, then by values.
fn maps(left: &Map, right: &Map) -> Ordering {
    let keys = |map: &Map| map.iter_by_key().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let values = || {
        let pairs = left.iter_by_key().zip(right.iter_by_key());
        pairs.map(|((_, left), (_, right))| compare(left, right)).find(|order| order.is_ne())
    };
    left.len()
        .cmp(&right.len())
        .then_with(|| keys(left).cmp(&keys(right)))
        .then_with(|| values().unwrap_or(Ordering::Equal))
}

/// As the list of what is on the way.
fn paths(left: &Path, right: &Path) -> Ordering {
    let steps = |path: &Path| path.steps.iter().map(|step| (step.relationship.id, step.node)).collect::<Vec<_>>();
    left.start.cmp(&right.start).then_with(|| steps(left).cmp(&steps(right)))
}

#[cfg(test)]
mod tests;
