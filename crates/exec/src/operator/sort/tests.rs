//! The order of rows, all of them or the first.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::Sort;
use crate::batch::{Batch, Column, Slot};
use crate::expr::Expr;
use crate::order;
use crate::plan::SortKey;
use crate::testing::{Graph, batches, given, made, of_terms, rows};

fn key(slot: u32, descending: bool) -> SortKey {
    SortKey { key: Expr::Slot(Slot(slot)), descending }
}

#[test]
fn rows_are_sorted_by_values_and_otherwise_stay() {
    let graph = of_terms();
    proptest!(|(of in batches(3), descending in any::<[bool; 2]>(), limit in proptest::option::of(0_i64..20))| {
        let context = graph.context();
        let slots = [0, 1, 2].map(Slot);
        let mut expected = rows(given(made(&of, &context)), &slots, &context).unwrap();
        expected.sort_by(|left, right| {
            let by = |slot: usize, descending| {
                let found = order::compare(&left[slot], &right[slot]);
                if descending { found.reverse() } else { found }
            };
            by(1, descending[0]).then(by(0, descending[1]))
        });
        expected.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
        let keys = [key(1, descending[0]), key(0, descending[1])];
        let limit = limit.map(|limit| Expr::Constant(limit.into()));
        let sort = Sort::new(given(made(&of, &context)), &keys, limit.as_ref(), &context);
        let found = rows(Box::new(sort), &slots, &context).unwrap();
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    });
}

#[test]
fn with_a_limit_few_rows_are_held() {
    let graph = Graph::empty();
    let context = graph.context();
    // A walk through all numbers below 100,003, which is a prime.
    let number = |row: i64| row * 7_919 % 100_003;
    let batch = |batch: i64| {
        let numbers = (0..1000).map(|row| number(batch * 1000 + row).into());
        Batch::of(1000).with(Slot(0), Column::values(numbers.collect()))
    };
    for descending in [false, true] {
        let keys = [key(0, descending)];
        let sorted = |limit: Option<&Expr>| {
            let sort = Sort::new(given((0..100).map(batch).collect()), &keys, limit, &context);
            rows(Box::new(sort), &[Slot(0)], &context).unwrap()
        };
        let all = sorted(None);
        assert!(all.is_sorted_by(|one, next| {
            order::compare(&one[0], &next[0]) == if descending { Ordering::Greater } else { Ordering::Less }
        }));
        let before = context.memory.peak();
        for limit in [1, 10, 5_000] {
            assert_eq!(sorted(Some(&Expr::Constant((limit as i64).into()))), all[..limit]);
        }
        assert_eq!(context.memory.peak(), before);
    }
    let few = graph.context();
    let keys = [key(0, false)];
    let ten = Expr::Constant(10.into());
    let sort = Sort::new(given((0..100).map(batch).collect()), &keys, Some(&ten), &few);
    assert_eq!(rows(Box::new(sort), &[Slot(0)], &few).unwrap().len(), 10);
    assert!(few.memory.peak() < 1 << 20, "{} bytes are held for ten rows", few.memory.peak());
}
