//! Names with their counts: labels, keys, predicates or classes of one kind.

use model::TermId;
use rustc_hash::FxHashMap;

/// See the module. Beyond its bound it gives up, for good.
#[derive(Debug)]
pub(super) struct Names {
    counts: FxHashMap<TermId, u64>,
    most: usize,
    full: bool,
}

impl Names {
    /// No names, of which there may be `most`.
    pub(super) fn new(most: usize) -> Self {
        Self { counts: FxHashMap::default(), most, full: false }
    }

    /// Counts `more` of a name.
    pub(super) fn add(&mut self, name: TermId, more: u64) {
        if self.full {
            return;
        }
        *self.counts.entry(name).or_default() += more;
        if self.counts.len() > self.most {
            self.full = true;
            self.counts = FxHashMap::default();
        }
    }

    /// All names with their counts, in no order; `None` if there were too many.
    pub(super) fn counts(&self) -> Option<&FxHashMap<TermId, u64>> {
        (!self.full).then_some(&self.counts)
    }
}
