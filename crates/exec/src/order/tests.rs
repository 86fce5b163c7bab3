//! The order of all values, by example and by its laws.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use proptest::prelude::*;

use super::compare;
use crate::equality::equals;
use crate::value::tests::{any_value, list, map, vertex};
use crate::{Path, Relationship, Value, comparison};

#[test]
fn types_stand_in_their_order() {
    let relationship = Relationship { id: vertex(3), start: vertex(1), label: vertex(4), end: vertex(2) };
    let sorted = [
        map([("a", "map".into())]),
        Value::Node(vertex(1)),
        Value::Relationship(Arc::new(relationship)),
        list(["list".into()]),
        Value::Path(Arc::new(Path { start: vertex(1), steps: Vec::new() })),
        "text".into(),
        false.into(),
        1.5.into(),
        f64::NAN.into(),
        Value::Null,
    ];
    assert!(sorted.is_sorted_by(|left, right| compare(left, right).is_lt()));
}

#[test]
fn lists_are_sorted_item_by_item_and_null_is_the_largest() {
    let null = || Value::Null;
    let sorted = [
        list([]),
        list(["a".into()]),
        list(["a".into(), 1.into()]),
        list([1.into()]),
        list([1.into(), "a".into()]),
        list([1.into(), null()]),
        list([null(), 1.into()]),
        list([null(), 2.into()]),
    ];
    assert!(sorted.is_sorted_by(|left, right| compare(left, right).is_lt()));
}

proptest! {
    #[test]
    fn the_order_is_total(a in any_value(), b in any_value(), c in any_value()) {
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        let mut sorted = [a, b, c];
        sorted.sort_by(compare);
        let [a, b, c] = sorted;
        prop_assert!(compare(&a, &b).is_le() && compare(&b, &c).is_le() && compare(&a, &c).is_le());
    }

    #[test]
    fn equal_in_order_is_equivalent_and_hashes_alike(a in any_value(), b in any_value()) {
        prop_assert_eq!(compare(&a, &b).is_eq(), a == b, "{} and {}", a, b);
        if a == b {
            let state = RandomState::new();
            prop_assert_eq!(state.hash_one(&a), state.hash_one(&b));
        }
    }

    #[test]
    fn what_is_equal_is_equivalent_and_what_is_less_is_sorted_before(a in any_value(), b in any_value()) {
        if equals(&a, &b) == Some(true) {
            prop_assert!(a == b);
        }
        if comparison::less(&a, &b) == Some(true) {
            prop_assert_eq!(compare(&a, &b), Ordering::Less);
        }
    }
}
