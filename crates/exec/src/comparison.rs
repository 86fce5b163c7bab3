//! The `<` of the languages and its kin: true, false, or unknown between values that have no order.
//!
//! Numbers compare with numbers, strings with strings (by code points), booleans, lists and each temporal type with their
//! own. All else is unknown; so are two durations, since a month has no length. NaN is neither below, nor equal, nor
//! above any number. Lists compare item by item; the first pair that is not equal decides, and a pair without answer
//! leaves the lists without one.
//!
//! **Source**: openCypher 9, "Comparability"; TCK Comparison2, Comparison3, Temporal7.

use std::cmp::Ordering;

use crate::logic::Truth;
use crate::{List, Value, number};

/// How two values stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// One is below the other, or they are equal.
    Ordered(Ordering),
    /// A NaN is in it: every question has the answer no.
    NotANumber,
    /// There is no answer.
    Unknown,
}

impl Comparison {
    fn answer(self, question: impl FnOnce(Ordering) -> bool) -> Truth {
        match self {
            Self::Ordered(ordering) => Some(question(ordering)),
            Self::NotANumber => Some(false),
            Self::Unknown => None,
        }
    }

    fn of_floats(ordering: Option<Ordering>) -> Self {
        ordering.map_or(Self::NotANumber, Self::Ordered)
    }
}

/// How two values stand to each other.
pub fn compare(left: &Value, right: &Value) -> Comparison {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::Float(left), Value::Float(right)) => Comparison::of_floats(left.partial_cmp(right)),
        (Value::Integer(left), Value::Float(right)) => Comparison::of_floats(number::compare(*left, *right)),
        (Value::Float(left), Value::Integer(right)) => {
            Comparison::of_floats(number::compare(*right, *left).map(Ordering::reverse))
        }
        (Value::String(left), Value::String(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::Boolean(left), Value::Boolean(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::LocalTime(left), Value::LocalTime(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::LocalDateTime(left), Value::LocalDateTime(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Comparison::Ordered(left.cmp(right)),
        (Value::List(left), Value::List(right)) => lists(left, right),
        _ => Comparison::Unknown,
    }
}

/// `left < right`
pub fn less(left: &Value, right: &Value) -> Truth {
    compare(left, right).answer(Ordering::is_lt)
}

/// `left <= right`
pub fn less_or_equal(left: &Value, right: &Value) -> Truth {
    compare(left, right).answer(Ordering::is_le)
}

/// `left > right`
pub fn greater(left: &Value, right: &Value) -> Truth {
    compare(left, right).answer(Ordering::is_gt)
}

/// `left >= right`
pub fn greater_or_equal(left: &Value, right: &Value) -> Truth {
    compare(left, right).answer(Ordering::is_ge)
}

fn lists(left: &List, right: &List) -> Comparison {
    for (left, right) in left.iter().zip(right.iter()) {
        match compare(left, right) {
            Comparison::Ordered(Ordering::Equal) => {}
            decided => return decided,
        }
    }
    Comparison::Ordered(left.len().cmp(&right.len()))
}

#[cfg(test)]
mod tests {
    use super::{greater, greater_or_equal, less, less_or_equal};
    use crate::Value;
    use crate::value::tests::{list, map};

    #[test]
    fn only_values_of_a_kind_have_an_order() {
        let node = Value::Node(crate::value::tests::vertex(1));
        for (left, right, expected) in [
            (1.into(), 2.5.into(), Some(true)),
            (2.5.into(), 1.into(), Some(false)),
            ("a".into(), "b".into(), Some(true)),
            (false.into(), true.into(), Some(true)),
            (1.into(), "1".into(), None),
            (1.into(), Value::Null, None),
            (Value::Null, Value::Null, None),
            (map([]), map([]), None),
            (node.clone(), node, None),
            (f64::NAN.into(), 1.into(), Some(false)),
            (f64::NAN.into(), f64::NAN.into(), Some(false)),
            (f64::NAN.into(), "a".into(), None),
        ] {
            assert_eq!(less(&left, &right), expected, "{left} < {right}");
        }
    }

    #[test]
    fn lists_are_decided_by_the_first_pair_that_differs() {
        for (left, right, expected) in [
            (list([1.into(), 0.into()]), list([1.into()]), Some(true)),
            (list([1.into(), Value::Null]), list([1.into()]), Some(true)),
            (list([1.into(), 2.into()]), list([1.into(), Value::Null]), None),
            (list([1.into(), "a".into()]), list([1.into(), Value::Null]), None),
            (list([1.into(), 2.into()]), list([3.into(), Value::Null]), Some(false)),
        ] {
            assert_eq!(greater_or_equal(&left, &right), expected, "{left} >= {right}");
        }
    }

    #[test]
    fn every_question_of_nan_is_answered_with_no() {
        for question in [less, less_or_equal, greater, greater_or_equal] {
            assert_eq!(question(&f64::NAN.into(), &1.into()), Some(false));
        }
    }
}
