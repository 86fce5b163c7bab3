//! Lists sorted by keys of their items.

use std::sync::Arc;

use exec::expr::Evaluator;
use exec::fault::{Error, Result};
use exec::{EvalError, Value, list};

use super::refused;

/// By what a list is sorted: a map `{key: 'name', order: 'desc'}`.
#[derive(Default)]
pub(super) struct SortKey {
    pub(super) key: Arc<str>,
    pub(super) descending: bool,
}

/// Reads a sort key; `None` is null.
pub(super) fn sort_key(value: &Value) -> Result<Option<SortKey>> {
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
pub(super) fn sorted(
    evaluator: Evaluator<'_, '_>,
    operation: &'static str,
    list: &Value,
    keys: &[Value],
) -> Result<Value> {
    let Some(keys) = keys.iter().map(sort_key).collect::<Result<Option<Vec<SortKey>>>>()? else {
        return Ok(Value::Null);
    };
    let descending: Vec<bool> = keys.iter().map(|key| key.descending).collect();
    list::sort_by(operation, list, &descending, |item| {
        keys.iter().map(|key| evaluator.property(item, &key.key)).collect::<Result<Vec<_>>>()
    })
}
