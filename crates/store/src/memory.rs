//! A small layer in memory: the operations of one or more neighbouring commits, sorted in each order.
//!
//! The delta is a list of these. Each commit adds one; neighbours of like size are merged, so that there are few and
//! an entry is copied a logarithmic number of times.

use std::cmp::Ordering;
use std::sync::Arc;

use model::{Quad, TermId};

use crate::block::Block;
use crate::order::Order;

/// A hashed term and how it is spelled. Runs that are merged share the spelling.
pub(crate) type Spelled = (TermId, Arc<[u8]>);

/// Sorted operations and the terms they brought.
#[derive(Clone, Debug)]
pub(crate) struct MemoryRun {
    orders: [Arc<Block>; 4],
    /// Sorted by id.
    terms: Vec<Spelled>,
    bytes: u64,
}

impl MemoryRun {
    /// From operations in any order, one for each quad at most (`true` is a tombstone), and terms in any order.
    pub(crate) fn new(mut operations: Vec<(Quad, bool)>, mut terms: Vec<Spelled>) -> Self {
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
        Self::of(orders, terms)
    }

    /// One run in place of two neighbours; what the newer knows decides.
    pub(crate) fn merge(older: &Self, newer: &Self) -> Self {
        let orders = Order::ALL.map(|order| Arc::new(overlay(older.order(order), newer.order(order))));
        let mut terms = Vec::with_capacity(older.terms.len() + newer.terms.len());
        terms.extend_from_slice(&older.terms);
        terms.extend_from_slice(&newer.terms);
        terms.sort(); // two runs: one pass
        Self::of(orders, terms)
    }

    /// Of terms that are sorted.
    fn of(orders: [Arc<Block>; 4], mut terms: Vec<Spelled>) -> Self {
        terms.dedup_by(|later, first| later.0 == first.0);
        let bytes = orders.iter().map(|block| block.weight()).sum::<u64>()
            + terms.iter().map(|(_, spelling)| 40 + spelling.len() as u64).sum::<u64>();
        Self { orders, terms, bytes }
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

    pub(crate) fn terms(&self) -> &[Spelled] {
        &self.terms
    }

    pub(crate) fn spelling(&self, id: TermId) -> Option<&[u8]> {
        let at = self.terms.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.terms[at].1)
    }
}

/// The entries of two blocks; of a key that is in both, the newer's.
fn overlay(older: &Block, newer: &Block) -> Block {
    let mut block = Block::with_capacity(older.len() + newer.len());
    let mut at = 0;
    for new in 0..newer.len() {
        let key = newer.key(new);
        let found = older.lower_bound(at, &key);
        block.extend(older, at, found);
        block.push(&key, newer.is_tombstone(new));
        let is_same = found < older.len() && older.compare(found, &key) == Ordering::Equal;
        at = found + usize::from(is_same);
    }
    block.extend(older, at, older.len());
    block
}
