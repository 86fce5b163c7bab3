//! What a query did to the graph: the difference between before and after, as the suite counts it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Quad, TermId};
use store::{Order, Pattern, Snapshot};

/// The elements of a graph.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Elements {
    nodes: BTreeSet<TermId>,
    relationships: BTreeSet<TermId>,
    labels: BTreeSet<TermId>,
    properties: BTreeSet<(TermId, TermId, TermId)>,
}

impl Elements {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut elements = Self::default();
        for batch in snapshot.scan(Pattern::ALL, Order::Spog) {
            for Quad { s, p, o, g } in batch.expect("the store can be read").quads() {
                if p == TermId::LABEL {
                    elements.nodes.insert(s);
                    if o != TermId::NO_LABEL {
                        elements.labels.insert(o);
                    }
                } else if p.is_edge_label() {
                    elements.relationships.insert(g);
                } else {
                    elements.properties.insert((s, p, o));
                }
            }
        }
        elements
    }

    /// What the suite would write of a change to `after`: only what is not zero.
    pub(crate) fn changes(&self, after: &Self) -> BTreeMap<&'static str, usize> {
        let mut changes = BTreeMap::new();
        let mut count = |name, number| {
            if number > 0 {
                changes.insert(name, number);
            }
        };
        count("+nodes", after.nodes.difference(&self.nodes).count());
        count("-nodes", self.nodes.difference(&after.nodes).count());
        count("+relationships", after.relationships.difference(&self.relationships).count());
        count("-relationships", self.relationships.difference(&after.relationships).count());
        count("+labels", after.labels.difference(&self.labels).count());
        count("-labels", self.labels.difference(&after.labels).count());
        count("+properties", after.properties.difference(&self.properties).count());
        count("-properties", self.properties.difference(&after.properties).count());
        changes
    }
}
