//! Functions of lists, and access by position or key. A null argument gives null.
//!
//! **Source**: openCypher 9, "List functions"; spec/opencypher.md §5; TCK List1 to List12, Map1, Map2.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::limits::check_list;
use crate::{EvalError, List, Result, Value, order};

/// `range(start, end, step)`, both ends included; without a step, by 1.
///
/// # Errors
///
/// [`EvalError::NumberType`], [`EvalError::NumberOutOfRange`] for a step of zero, [`EvalError::TooLarge`].
pub fn range(start: &Value, end: &Value, step: Option<&Value>) -> Result {
    let items = progression(start, end, step)?;
    check_list("range()", items.size_hint().1.unwrap_or(usize::MAX))?;
    Value::list(items.map(Value::Integer).collect::<Vec<_>>())
}

/// The items of [`range`], one by one and as many as there are. Its upper bound is exact if there is one.
///
/// # Errors
///
/// As for [`range`], but for its size.
pub fn progression(start: &Value, end: &Value, step: Option<&Value>) -> Result<impl Iterator<Item = i64> + use<>> {
    let integer = |value: &Value| match value {
        Value::Integer(value) => Ok(*value),
        other => Err(EvalError::NumberType { operation: "range()", expected: "integers", found: other.kind() }),
    };
    let (start, end, step) = (integer(start)?, integer(end)?, step.map_or(Ok(1), integer)?);
    if step == 0 {
        return Err(EvalError::NumberOutOfRange {
            operation: "range()",
            argument: "the step",
            expected: "another number",
            found: "0".to_owned(),
        });
    }
    let (start, distance, step) = (i128::from(start), i128::from(end) - i128::from(start), i128::from(step));
    let items = if distance.signum() == -step.signum() { 0 } else { distance / step + 1 };
    // Within the two ends, which are of 64 bits; there may be 2^64 items.
    let items = u64::try_from(items).unwrap_or(u64::MAX);
    Ok((0..items).map(move |at| (start + i128::from(at) * step) as i64))
}

/// `head(list)`: the first item; null if there is none.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn head(list: &Value) -> Result {
    Ok(items("head()", list)?.and_then(|list| list.first().cloned()).unwrap_or(Value::Null))
}

/// `last(list)`: the last item; null if there is none.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn last(list: &Value) -> Result {
    Ok(items("last()", list)?.and_then(|list| list.last().cloned()).unwrap_or(Value::Null))
}

/// `tail(list)`: all items but the first.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn tail(list: &Value) -> Result {
    match items("tail()", list)? {
        None => Ok(Value::Null),
        Some(list) => Value::list(list.get(1..).unwrap_or_default()),
    }
}

/// `isEmpty(value)` of a list, a map or a string.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn is_empty(value: &Value) -> Result {
    Ok(match value {
        Value::Null => Value::Null,
        Value::List(list) => list.is_empty().into(),
        Value::Map(map) => map.is_empty().into(),
        Value::String(text) => text.is_empty().into(),
        other => return Err(EvalError::argument("isEmpty()", "a list, a map or a string", other.kind())),
    })
}

/// `value[key]` of a list or a map. A position counts from 0, a negative one from the end; where there is nothing, null.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::MapKey`].
pub fn index(value: &Value, key: &Value) -> Result {
    match (value, key) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::List(list), Value::Integer(at)) => Ok(item(list, *at).cloned().unwrap_or(Value::Null)),
        (Value::List(_), other) => Err(EvalError::argument("[]", "an integer as position in a list", other.kind())),
        (Value::Map(map), Value::String(key)) => Ok(map.get(key).cloned().unwrap_or(Value::Null)),
        (Value::Map(_), other) => Err(EvalError::MapKey { found: other.kind() }),
        (other, _) => Err(EvalError::argument("[]", "a list or a map on its left", other.kind())),
    }
}

/// `list[from..to]`; without a bound, from the beginning or to the end. Negative positions count from the end.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn slice(list: &Value, from: Option<&Value>, to: Option<&Value>) -> Result {
    let Some(list) = items("[..]", list)? else {
        return Ok(Value::Null);
    };
    let bound = |value: Option<&Value>, default: usize| match value {
        None => Ok(Some(default)),
        Some(Value::Null) => Ok(None),
        Some(Value::Integer(at)) => Ok(Some(position(list, *at).clamp(0, list.len() as i64) as usize)),
        Some(other) => Err(EvalError::argument("[..]", "integers as positions", other.kind())),
    };
    match (bound(from, 0)?, bound(to, list.len())?) {
        (Some(from), Some(to)) => Value::list(list.get(from..to).unwrap_or_default()),
        _ => Ok(Value::Null),
    }
}

/// `collToSet(list)`: each item once, where it came first.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn to_set(list: &Value) -> Result {
    kept("collToSet()", list, HashSet::insert, [])
}

/// `collSubtract(left, right)`: the items of `left` that are not in `right`, each once.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn subtract(left: &Value, right: &Value) -> Result {
    let operation = "collSubtract()";
    match items(operation, right)? {
        None => Ok(Value::Null),
        Some(right) => kept(operation, left, HashSet::insert, right.iter()),
    }
}

/// `collIntersection(left, right)`: the items of `left` that are in `right`, each once.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn intersection(left: &Value, right: &Value) -> Result {
    let operation = "collIntersection()";
    match items(operation, right)? {
        None => Ok(Value::Null),
        Some(right) => kept(operation, left, HashSet::remove, right.iter()),
    }
}

/// `collSort(list)`: sorted as ORDER BY sorts.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn sort(list: &Value, descending: bool) -> Result {
    sort_by("collSort()", list, &[descending], |item| Ok(vec![item.clone()]))
}

/// A list sorted by as many keys of its items as there are directions, the first one that differs deciding; true is
/// descending. Items with equal keys stay in their order.
///
/// # Errors
///
/// [`EvalError::ArgumentType`] if there is no list, or what `keys` says.
pub fn sort_by<E: From<EvalError>>(
    operation: &'static str,
    list: &Value,
    descending: &[bool],
    mut keys: impl FnMut(&Value) -> Result<Vec<Value>, E>,
) -> Result<Value, E> {
    let Some(list) = items(operation, list)? else {
        return Ok(Value::Null);
    };
    let mut keyed = list.iter().map(|item| Ok((keys(item)?, item.clone()))).collect::<Result<Vec<_>, E>>()?;
    keyed.sort_by(|(left, _), (right, _)| {
        let mut orders = left.iter().zip(right).zip(descending).map(|((left, right), descending)| {
            let order = order::compare(left, right);
            if *descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item).collect::<Vec<_>>())?)
}

/// The items of `list` that a test keeps, which sees the set of those before.
fn kept<'a>(
    operation: &'static str,
    list: &'a Value,
    mut test: impl FnMut(&mut HashSet<&'a Value>, &'a Value) -> bool,
    seen: impl IntoIterator<Item = &'a Value>,
) -> Result {
    let Some(list) = items(operation, list)? else {
        return Ok(Value::Null);
    };
    let mut seen: HashSet<&Value> = seen.into_iter().collect();
    Value::list(list.iter().filter(|item| test(&mut seen, item)).cloned().collect::<Vec<_>>())
}

/// Where a position counts from the beginning; below zero if that is before it.
fn position(list: &List, at: i64) -> i64 {
    // No list has 2^63 items.
    if at < 0 { at.saturating_add(list.len() as i64) } else { at }
}

fn item(list: &List, at: i64) -> Option<&Value> {
    list.get(usize::try_from(position(list, at)).ok()?)
}

/// The list; `None` is null.
fn items<'a>(operation: &'static str, value: &'a Value) -> Result<Option<&'a List>> {
    match value {
        Value::Null => Ok(None),
        Value::List(list) => Ok(Some(list)),
        other => Err(EvalError::argument(operation, "a list", other.kind())),
    }
}

#[cfg(test)]
mod tests;
