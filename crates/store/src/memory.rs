//! A small layer in memory: the operations of one or more neighbouring commits, sorted in each order.
//!
//! The delta is a list of these. Each commit adds one; neighbours of like size are merged, so that there are few and
//! an entry is copied a logarithmic number of times.

use std::sync::Arc;

use model::{Quad, TermId};

use crate::block::Block;
use crate::order::Order;

/// Sorted operations and the terms they brought.
#[derive(Debug)]
pub(crate) struct MemoryRun {
    orders: [Arc<Block>; 4],
    /// Sorted by id.
    terms: Vec<(TermId, Box<[u8]>)>,
    bytes: u64,
}

impl MemoryRun {
    /// From operations in any order, one for each quad at most (`true` is a tombstone), and terms in any order.
    pub(crate) fn new(mut operations: Vec<(Quad, bool)>, mut terms: Vec<(TermId, Box<[u8]>)>) -> Self {
        let orders = Order::ALL.map(|order| {
            operations.sort_unstable_by_key(|(quad, _)| order.key(quad));
            let mut block = Block::default();
            for (quad, tombstone) in &operations {
                if order.holds(quad) {
                    block.push(&order.key(quad), *tombstone);
                }
            }
            Arc::new(block)
        });
        terms.sort_unstable();
        terms.dedup_by(|later, first| later.0 == first.0);
        let bytes = orders.iter().map(|block| block.weight()).sum::<u64>()
            + terms.iter().map(|(_, spelling)| 32 + spelling.len() as u64).sum::<u64>();
        Self { orders, terms, bytes }
    }

    /// One run in place of two neighbours; what the newer knows decides.
    pub(crate) fn merge(older: &Self, newer: &Self) -> Self {
        let (old, new) = (&older.orders[0], &newer.orders[0]);
        let mut operations = Vec::with_capacity(old.len() + new.len());
        let (mut i, mut j) = (0, 0);
        let operation = |block: &Block, at: usize| (Order::Spog.quad(&block.key(at)), block.is_tombstone(at));
        while i < old.len() && j < new.len() {
            match old.compare(i, &new.key(j)) {
                std::cmp::Ordering::Less => {
                    operations.push(operation(old, i));
                    i += 1;
                }
                equal_or_greater => {
                    operations.push(operation(new, j));
                    j += 1;
                    if equal_or_greater.is_eq() {
                        i += 1;
                    }
                }
            }
        }
        operations.extend((i..old.len()).map(|at| operation(old, at)));
        operations.extend((j..new.len()).map(|at| operation(new, at)));
        Self::new(operations, older.terms.iter().chain(&newer.terms).cloned().collect())
    }

    pub(crate) fn order(&self, order: Order) -> &Arc<Block> {
        &self.orders[order.index()]
    }

    pub(crate) fn len(&self) -> usize {
        self.orders[0].len()
    }

    /// Heap bytes held.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn terms(&self) -> &[(TermId, Box<[u8]>)] {
        &self.terms
    }

    pub(crate) fn spelling(&self, id: TermId) -> Option<&[u8]> {
        let at = self.terms.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.terms[at].1)
    }
}
