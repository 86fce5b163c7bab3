//! Relationships and paths: ids of the store, without properties.

use std::sync::Arc;

use model::TermId;

/// A relationship as the quad that it is: `(start, label, end, id)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relationship {
    /// The edge id.
    pub id: TermId,
    /// The vertex where it begins.
    pub start: TermId,
    /// The edge label.
    pub label: TermId,
    /// The vertex where it ends.
    pub end: TermId,
}

/// A walk through the graph: a node, then steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// The first node.
    pub start: TermId,
    /// The steps from there.
    pub steps: Vec<Step>,
}

/// One step of a path, in either direction of its relationship.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The relationship that was walked.
    pub relationship: Arc<Relationship>,
    /// The node where the step came out.
    pub node: TermId,
}

impl Path {
    /// The nodes, in the order of the walk: one more than steps.
    pub fn nodes(&self) -> impl Iterator<Item = TermId> {
        std::iter::once(self.start).chain(self.steps.iter().map(|step| step.node))
    }
}
