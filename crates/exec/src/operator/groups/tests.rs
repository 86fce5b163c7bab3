//! Grouping by ids is grouping by values.

use std::collections::HashMap;

use proptest::prelude::*;

use super::Groups;
use crate::batch::Slot;
use crate::testing::{batches, given, made, of_terms, rows, values};

/// The number of each row's group by the values themselves.
fn by_values(rows: &[Vec<crate::Value>]) -> Vec<u32> {
    let mut seen = HashMap::new();
    let number = |row| {
        let next = seen.len() as u32;
        *seen.entry(row).or_insert(next)
    };
    rows.iter().map(number).collect()
}

#[test]
fn ids_make_the_groups_that_values_make() {
    let graph = of_terms();
    proptest!(|(of in batches(2))| {
        let context = graph.context();
        let slots = [Slot(0), Slot(1)];
        let mut groups = Groups::new(2);
        let (mut found, mut firsts, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for batch in made(&of, &context) {
            let (mut numbers, mut new) = (vec![0; batch.len()], Vec::new());
            let columns = slots.map(|slot| batch.column(slot).clone());
            groups.number(&columns, &mut numbers, &mut new, &context).unwrap();
            firsts.extend(new.iter().map(|row| all.len() + *row as usize));
            all.extend(values(&batch, &slots, &context).unwrap());
            found.extend(numbers);
        }
        let expected = by_values(&all);
        prop_assert_eq!(&found, &expected, "{:?}", all);
        prop_assert_eq!(firsts.len(), groups.len());
        for (group, first) in firsts.into_iter().enumerate() {
            prop_assert_eq!(expected.iter().position(|number| *number as usize == group), Some(first));
        }
    });
}

#[test]
fn distinct_gives_the_first_row_of_each_group() {
    let graph = of_terms();
    proptest!(|(of in batches(3))| {
        let context = graph.context();
        let (all, keys) = ([0, 1, 2].map(Slot), [0, 2].map(Slot));
        let before = rows(given(made(&of, &context)), &all, &context).unwrap();
        let keys_before: Vec<_> = before.iter().map(|row| vec![row[0].clone(), row[2].clone()]).collect();
        let mut firsts = Vec::new();
        for (row, number) in before.iter().zip(by_values(&keys_before)) {
            if number as usize == firsts.len() {
                firsts.push(row.clone());
            }
        }
        let distinct = Box::new(crate::operator::distinct::Distinct::new(given(made(&of, &context)), &keys, &context));
        prop_assert_eq!(rows(distinct, &all, &context).unwrap(), firsts);
    });
}
