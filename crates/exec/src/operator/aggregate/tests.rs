//! What is made of groups, against the same made one row at a time.

use std::collections::HashMap;

use proptest::prelude::*;

use super::Aggregate;
use crate::aggregate::{Accumulator, Function};
use crate::batch::{Batch, Column, Slot};
use crate::expr::Expr;
use crate::fault::Error;
use crate::memory::Memory;
use crate::testing::{Fixed, Graph, batches, given, made, of_terms, rows};
use crate::{Value, plan};

const fn of(function: Function, argument: Option<u32>, distinct: bool) -> plan::Aggregate {
    let argument = match argument {
        Some(slot) => Some(Expr::Slot(Slot(slot))),
        None => None,
    };
    plan::Aggregate { function, argument, distinct, percentile: None }
}

static AGGREGATES: [plan::Aggregate; 7] = [
    of(Function::Count, None, false),
    of(Function::Count, Some(2), false),
    of(Function::Count, Some(2), true),
    of(Function::Collect, Some(2), false),
    of(Function::Collect, Some(2), true),
    of(Function::Min, Some(2), false),
    of(Function::Max, Some(2), true),
];

/// The groups of rows by the columns before the last.
fn slowly(rows: &[Vec<Value>], keys: usize) -> Vec<Vec<Value>> {
    let mut numbers: HashMap<&[Value], usize> = HashMap::new();
    let mut groups: Vec<(&[Value], Vec<&Value>)> = if keys == 0 { vec![(&[], Vec::new())] } else { Vec::new() };
    for row in rows {
        let next = if keys == 0 { 0 } else { numbers.len() };
        let number = *numbers.entry(&row[..keys]).or_insert(next);
        if number == groups.len() {
            groups.push((&row[..keys], Vec::new()));
        }
        groups[number].1.push(&row[2]);
    }
    let finished = |(keys, values): &(&[Value], Vec<&Value>)| {
        let aggregates = AGGREGATES.iter().map(|aggregate| {
            let mut accumulator = Accumulator::new(aggregate.function, None).unwrap();
            let mut seen = std::collections::HashSet::new();
            for value in values {
                if aggregate.argument.is_none() {
                    accumulator.add(&true.into()).unwrap();
                } else if !aggregate.distinct || seen.insert(*value) {
                    accumulator.add(value).unwrap();
                }
            }
            accumulator.finish().unwrap()
        });
        keys.iter().cloned().chain(aggregates).collect()
    };
    groups.iter().map(finished).collect()
}

#[test]
fn groups_are_what_they_are_row_by_row() {
    let graph = of_terms();
    proptest!(|(given_rows in batches(3), count in 0_usize..3)| {
        let context = graph.context();
        let expected = slowly(&rows(given(made(&given_rows, &context)), &[0, 1, 2].map(Slot), &context).unwrap(), count);
        let keys: Vec<(Slot, Expr)> = (0..count as u32).map(|slot| (Slot(10 + slot), Expr::Slot(Slot(slot)))).collect();
        let aggregates: Vec<_> = (20..).map(Slot).zip(AGGREGATES.iter().cloned()).collect();
        let slots: Vec<Slot> =
            keys.iter().map(|(slot, _)| *slot).chain(aggregates.iter().map(|(slot, _)| *slot)).collect();
        let aggregate = Aggregate::new(given(made(&given_rows, &context)), &keys, &aggregates, &context);
        let found = rows(Box::new(aggregate), &slots, &context).unwrap();
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    });
}

#[test]
fn many_groups_are_given_batch_by_batch_and_accounted_for() {
    let graph = Graph::empty();
    let batches = || {
        let batch = |batch: i64| {
            let numbers = (0..1000).map(|row| Value::Integer(batch % 10 * 1000 + row));
            Batch::of(1000).with(Slot(0), Column::values(numbers.collect()))
        };
        given((0..20).map(batch).collect())
    };
    let keys = [(Slot(1), Expr::Slot(Slot(0)))];
    let aggregates = [(Slot(2), of(Function::Count, None, false)), (Slot(3), of(Function::Sum, Some(0), false))];
    let context = graph.context();
    let aggregate = Aggregate::new(batches(), &keys, &aggregates, &context);
    let found = rows(Box::new(aggregate), &[1, 2, 3].map(Slot), &context).unwrap();
    assert_eq!(found.len(), 10_000);
    for (number, row) in (0..).zip(&found) {
        assert_eq!(*row, [number, 2, 2 * number].map(Value::Integer));
    }
    let poor =
        crate::context::Context::reading(context.snapshot(), context.cancel.clone(), Memory::new(1 << 18), &Fixed);
    let aggregate = Aggregate::new(batches(), &keys, &aggregates, &poor);
    let refused = rows(Box::new(aggregate), &[Slot(1)], &poor);
    assert!(matches!(refused, Err(Error::OutOfMemory { .. })), "{refused:?}");
}

#[test]
fn without_rows_there_is_one_group_or_none() {
    let graph = Graph::empty();
    let context = graph.context();
    let aggregates = [(Slot(1), of(Function::Count, None, false)), (Slot(2), of(Function::Max, Some(0), false))];
    let one = Aggregate::new(given(Vec::new()), &[], &aggregates, &context);
    assert_eq!(rows(Box::new(one), &[1, 2].map(Slot), &context).unwrap(), [[0.into(), Value::Null]]);
    let keys = [(Slot(3), Expr::Slot(Slot(0)))];
    let none = Aggregate::new(given(Vec::new()), &keys, &aggregates, &context);
    assert_eq!(rows(Box::new(none), &[1, 2].map(Slot), &context).unwrap(), Vec::<Vec<Value>>::new());
}
