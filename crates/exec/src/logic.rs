//! True, false and unknown: the logic of Kleene.
//!
//! A truth is an `Option<bool>`, unknown being `None`. What is known decides where it can: `false AND unknown` is false.
//!
//! **Source**: openCypher 9, "Boolean logic"; TCK Boolean1 to Boolean5.

use crate::{EvalError, Result, Value};

/// A truth; unknown is `None`.
pub type Truth = Option<bool>;

/// The truth that a value is.
///
/// # Errors
///
/// [`EvalError::ArgumentType`] if it is neither boolean nor null.
pub fn truth(operation: &'static str, value: &Value) -> Result<Truth> {
    match value {
        Value::Boolean(value) => Ok(Some(*value)),
        Value::Null => Ok(None),
        other => Err(EvalError::argument(operation, "booleans", other.kind())),
    }
}

/// Both.
pub const fn and(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// At least one.
pub const fn or(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// Exactly one.
pub const fn xor(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Some(left), Some(right)) => Some(left != right),
        _ => None,
    }
}

/// The other one.
pub const fn not(value: Truth) -> Truth {
    match value {
        Some(value) => Some(!value),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Truth, and, not, or, truth, xor};
    use crate::Value;

    const TRUTHS: [Truth; 3] = [Some(true), Some(false), None];

    fn table(operator: impl Fn(Truth, Truth) -> Truth) -> String {
        let letter = |truth| match truth {
            Some(true) => 'T',
            Some(false) => 'F',
            None => '?',
        };
        TRUTHS.iter().flat_map(|&left| TRUTHS.map(|right| letter(operator(left, right)))).collect()
    }

    #[test]
    fn what_is_known_decides_where_it_can() {
        // Rows are true, false, unknown on the left; columns the same on the right.
        assert_eq!(table(and), "TF?FFF?F?");
        assert_eq!(table(or), "TTTTF?T??");
        assert_eq!(table(xor), "FT?TF????");
        assert_eq!(TRUTHS.map(not), [Some(false), Some(true), None]);
    }

    #[test]
    fn only_booleans_and_null_are_truths() {
        assert_eq!(truth("AND", &Value::Null), Ok(None));
        assert_eq!(truth("AND", &true.into()), Ok(Some(true)));
        let error = truth("AND", &1.into()).unwrap_err();
        assert_eq!(error.to_string(), "AND takes booleans, but was given an integer");
        assert_eq!(error.names().1, "InvalidArgumentType");
    }
}
