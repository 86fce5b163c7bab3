//! About how many there are of what, from the store's counts: no scan, and remembered for one plan.
//!
//! A plan that writes meets what it has written itself, which nobody has counted: a MERGE a row into an empty graph must
//! not scan its label each time. For such a plan nothing is rare.

use std::cell::RefCell;

use model::{TermId, TermRef};
use rustc_hash::FxHashMap;
use store::{Pattern, Snapshot};

use crate::graph::Name;
use crate::{Value, term};

/// See the module.
pub(super) struct Statistics<'s> {
    snapshot: &'s Snapshot,
    /// Less than this there is of no label, key or type.
    least: f64,
    known: RefCell<FxHashMap<Asked, f64>>,
}

/// What a plan that writes may have written of anything.
const LEAST: f64 = 1000.0;

/// A predicate and an object, as far as they are given.
type Asked = (Option<TermId>, Option<TermId>);

impl<'s> Statistics<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, is_writing: bool) -> Self {
        Self { snapshot, least: if is_writing { LEAST } else { 0.0 }, known: RefCell::default() }
    }

    fn estimate(&self, p: Option<TermId>, o: Option<TermId>) -> f64 {
        if let Some(known) = self.known.borrow().get(&(p, o)) {
            return *known;
        }
        let found = self.snapshot.estimate(&Pattern { p, o, ..Pattern::ALL }).quads as f64;
        self.known.borrow_mut().insert((p, o), found);
        found
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> f64 {
        self.estimate(Some(TermId::LABEL), None).max(self.least).max(1.0)
    }

    /// Nodes with a label.
    pub(super) fn labelled(&self, label: &Name) -> f64 {
        self.estimate(Some(TermId::LABEL), Some(label.id)).max(self.least)
    }

    /// Nodes with this value of a property; of an unknown value, a guess.
    pub(super) fn with_property(&self, key: &Name, value: Option<&Value>) -> f64 {
        match value.and_then(term::to_term) {
            Some(term) => self.estimate(Some(key.id), Some(self.snapshot.encode(TermRef::Value(&term)))).max(1.0),
            None => self.estimate(Some(key.id), None).max(self.least).sqrt().max(1.0),
        }
    }

    /// Relationships of any of these types; all if there is none.
    pub(super) fn edges(&self, types: &[Name]) -> f64 {
        if types.is_empty() {
            return (self.estimate(None, None) - self.nodes()).max(self.least).max(1.0);
        }
        types.iter().map(|name| self.estimate(Some(name.id), None).max(self.least)).sum()
    }
}
