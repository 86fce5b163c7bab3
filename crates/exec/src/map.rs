//! Functions of maps. A null argument gives null.
//!
//! Nodes and relationships have keys and values too, but in the store: there these functions are given the map of their
//! properties.
//!
//! **Source**: openCypher 9; spec/opencypher.md §5; TCK Map1 to Map3.

use crate::{EvalError, Map, Result, Value, temporal};

/// `value.name` of a map, or the component of a temporal value.
///
/// # Errors
///
/// [`EvalError::ArgumentType`], [`EvalError::Temporal`].
pub fn member(value: &Value, name: &str) -> Result {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Null)),
        other => temporal::component::component(other, name).unwrap_or_else(|| {
            Err(EvalError::argument(".", "a node, a relationship, a map or a temporal value", other.kind()))
        }),
    }
}

/// `keys(map)`, as written.
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn keys(map: &Value) -> Result {
    match map {
        Value::Null => Ok(Value::Null),
        Value::Map(map) => Value::list(map.iter().map(|(key, _)| Value::String(key.clone())).collect::<Vec<_>>()),
        other => Err(EvalError::argument("keys()", "a map, a node or a relationship", other.kind())),
    }
}

/// `removeKeyFromMap(map, key)`
///
/// # Errors
///
/// [`EvalError::ArgumentType`].
pub fn without_key(map: &Value, key: &Value) -> Result {
    let operation = "removeKeyFromMap()";
    match (map, key) {
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Map(map), Value::String(key)) => {
            Map::new(map.iter().filter(|(name, _)| name != key).cloned()).map(Value::Map)
        }
        (Value::Map(_), other) => Err(EvalError::argument(operation, "a string as key", other.kind())),
        (other, _) => Err(EvalError::argument(operation, "a map", other.kind())),
    }
}

#[cfg(test)]
mod tests {
    use super::{keys, member, without_key};
    use crate::Value;
    use crate::value::tests::map;

    #[test]
    fn a_map_gives_its_members_and_keys() {
        let value = map([("existing", 42.into()), ("empty", Value::Null)]);
        assert_eq!(member(&value, "existing"), Ok(42.into()));
        assert_eq!(member(&value, "empty"), Ok(Value::Null));
        assert_eq!(member(&value, "Existing"), Ok(Value::Null));
        assert_eq!(member(&Value::Null, "existing"), Ok(Value::Null));
        assert_eq!(member(&1.into(), "a").unwrap_err().names().1, "InvalidArgumentType");
        assert_eq!(keys(&value).unwrap().to_string(), "['existing', 'empty']");
        assert_eq!(without_key(&value, &"existing".into()).unwrap().to_string(), "{empty: null}");
    }
}
