//! What a transaction has written and not yet put aside: in memory, and readable at any moment.
//!
//! - **Shape**: a map says what was done to each quad. For readers there are layers above what was there before: what was
//!   written since the last reader came becomes a new small one, and neighbours of like size are merged. So a reader
//!   after each write costs an entry a logarithmic number of copies, and there are few layers.
//! - **Invariant**: the layers and `fresh` together hold each quad of `operations`; the newest layer that knows a quad and
//!   is not contradicted by `fresh` says what the map says.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{Quad, TermId, TermRef};

use crate::Result;
use crate::layer::{Content, Layer};
use crate::memory::{MemoryRun, Spelled};

/// Bytes that an operation takes at the peak, when the layers that hold it are merged.
const OPERATION: u64 = 640;
/// Bytes that a term takes beside its spelling.
const TERM: u64 = 128;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// `true` is a tombstone.
    operations: BTreeMap<Quad, bool>,
    /// Those whose spelling is in the layers or in `fresh_terms`.
    terms: BTreeSet<TermId>,
    /// Bytes of memory that these need.
    weight: u64,
    /// Quads written since the newest layer was made; some twice.
    fresh: Vec<Quad>,
    fresh_terms: Vec<Spelled>,
    /// Oldest first.
    layers: Vec<Arc<Layer>>,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Bytes of memory that it needs.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// Whether the quad was written or deleted here; `None` if nothing was done to it.
    pub(super) fn is_live(&self, quad: &Quad) -> Option<bool> {
        self.operations.get(quad).map(|tombstone| !tombstone)
    }

    /// What was written of a subject, with predicates from `low` to `high`.
    pub(super) fn live_of(&self, s: TermId, low: TermId, high: TermId) -> impl Iterator<Item = Quad> + '_ {
        let from = Quad::new(s, low, TermId::MIN, TermId::MIN);
        let to = Quad::new(s, high, TermId::MAX, TermId::MAX);
        self.operations.range(from..=to).filter(|(_, tombstone)| !**tombstone).map(|(quad, _)| *quad)
    }

    /// Writes or deletes; whether that changed anything. `below` says whether the quad is there if nothing was done to it.
    pub(super) fn operate(
        &mut self,
        quad: &Quad,
        tombstone: bool,
        below: impl FnOnce() -> Result<bool>,
    ) -> Result<bool> {
        match self.operations.entry(*quad) {
            Entry::Occupied(mut known) => {
                if known.insert(tombstone) == tombstone {
                    return Ok(false);
                }
            }
            Entry::Vacant(unknown) => {
                if below()? != tombstone {
                    return Ok(false);
                }
                unknown.insert(tombstone);
                self.weight += OPERATION;
            }
        }
        self.fresh.push(*quad);
        Ok(true)
    }

    /// Remembers how a hashed id is spelled.
    pub(super) fn keep_term(&mut self, id: TermId, term: TermRef<'_>) {
        if !id.is_hashed() {
            return;
        }
        if self.terms.insert(id) {
            let mut spelling = Vec::new();
            term.spelling(&mut spelling);
            self.weight += TERM + spelling.len() as u64;
            self.fresh_terms.push((id, spelling.into()));
        }
    }

    /// What was written so far as layers of commit `next`, oldest first.
    pub(super) fn layers(&mut self, next: u64) -> &[Arc<Layer>] {
        let mut fresh = std::mem::take(&mut self.fresh);
        if !fresh.is_empty() {
            fresh.sort_unstable();
            fresh.dedup();
            let operations = fresh.iter().filter_map(|quad| Some((*quad, *self.operations.get(quad)?))).collect();
            let run = MemoryRun::new(operations, std::mem::take(&mut self.fresh_terms));
            self.push(next, run);
            while let [.., older, newer] = self.layers.as_slice()
                && older.entries() <= 2 * newer.entries()
            {
                self.merge_newest(next);
            }
        }
        &self.layers
    }

    /// All of it as one run.
    pub(super) fn run(&mut self, next: u64) -> MemoryRun {
        self.layers(next);
        while self.layers.len() > 1 {
            self.merge_newest(next);
        }
        let run = self.layers.first().and_then(|layer| layer.memory()).cloned();
        run.unwrap_or_else(|| MemoryRun::new(Vec::new(), Vec::new()))
    }

    fn push(&mut self, next: u64, run: MemoryRun) {
        self.layers.push(Arc::new(Layer { low: next, high: next, content: Content::Memory(run) }));
    }

    fn merge_newest(&mut self, next: u64) {
        if let [.., older, newer] = self.layers.as_slice()
            && let (Some(old), Some(new)) = (older.memory(), newer.memory())
        {
            let merged = MemoryRun::merge(old, new);
            self.layers.truncate(self.layers.len() - 2);
            self.push(next, merged);
        }
    }
}
