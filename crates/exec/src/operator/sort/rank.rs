//! By what rows are compared: numbers in the place of values, where ids are in the order of what they stand for.

use std::cmp::Ordering;
use std::sync::Arc;

use model::{Tag, TermId};

use crate::batch::Column;
use crate::context::Context;
use crate::fault::Result;
use crate::{Value, order};

/// A column to sort by.
pub(super) enum Ranked {
    /// The smallest number first.
    Numbers(Vec<u128>),
    /// In the order of values, or against it.
    Values { values: Arc<Vec<Value>>, descending: bool },
}

impl Ranked {
    pub(super) fn of(column: &Column, rows: usize, descending: bool, context: &Context<'_>) -> Result<Self> {
        let numbers = match column {
            Column::Absent | Column::Constant(_) => Some(vec![0; rows]),
            Column::Nodes(nodes) => Some(nodes.iter().map(|node| node.get()).collect()),
            Column::Edges(edges) => Some(edges.iter().map(|edge| edge.id.get()).collect()),
            Column::Terms(terms) => of_terms(terms),
            Column::Values(_) => None,
        };
        Ok(match numbers {
            None => Self::Values { values: column.resolved(rows, context)?, descending },
            Some(mut numbers) => {
                if descending {
                    for number in &mut numbers {
                        *number = !*number;
                    }
                }
                Self::Numbers(numbers)
            }
        })
    }

    fn compare(&self, left: u32, right: u32) -> Ordering {
        match self {
            Self::Numbers(numbers) => numbers[left as usize].cmp(&numbers[right as usize]),
            Self::Values { values, descending } => {
                let found = order::compare(&values[left as usize], &values[right as usize]);
                if *descending { found.reverse() } else { found }
            }
        }
    }
}

/// The ids of terms, if all are of one type whose ids are in the order of its values, and equal only where these are;
/// null is the largest.
fn of_terms(terms: &[Option<TermId>]) -> Option<Vec<u128>> {
    const ORDERED: [Tag; 4] = [Tag::Boolean, Tag::Long, Tag::Int, Tag::StringInline];
    let tag = terms.iter().flatten().next().map(|first| first.tag_byte());
    let is_ordered = tag.is_none_or(|tag| ORDERED.iter().any(|ordered| *ordered as u8 == tag));
    let fits = |term: &Option<TermId>| term.is_none_or(|term| Some(term.tag_byte()) == tag);
    (is_ordered && terms.iter().all(fits))
        .then(|| terms.iter().map(|term| term.map_or(u128::MAX, TermId::get)).collect())
}

/// The places of rows in the order of their keys; of equal rows the earlier comes first.
pub(super) fn order(keys: &[Ranked], rows: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    match keys {
        [] => {}
        [Ranked::Numbers(numbers)] => {
            // Sorted beside their places, so that a comparison reads nothing else.
            let mut pairs: Vec<(u128, u32)> = numbers.iter().copied().zip(order).collect();
            pairs.sort_unstable();
            return pairs.into_iter().map(|(_, place)| place).collect();
        }
        keys => order.sort_unstable_by(|left, right| {
            let found = keys.iter().map(|key| key.compare(*left, *right)).find(|found| found.is_ne());
            found.unwrap_or_else(|| left.cmp(right))
        }),
    }
    order
}
