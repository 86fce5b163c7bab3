//! What a MATCH looks for, before anybody has decided where to begin.

use super::{Direction, Walks};
use crate::batch::Slot;
use crate::expr::Expr;
use crate::graph::Name;

/// Nodes joined by relationships, and what holds for them. The relationships are different ones, pair by pair.
#[derive(Clone, Debug, Default)]
pub struct Pattern {
    /// The nodes, each once.
    pub nodes: Vec<Node>,
    /// The relationships.
    pub edges: Vec<Edge>,
    /// What holds besides, each to be asked as soon as its slots are bound.
    pub predicates: Vec<Expr>,
}

/// A node of a pattern.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its variable.
    pub slot: Slot,
    /// Whether the input binds it.
    pub bound: bool,
    /// Its labels: all of them.
    pub labels: Vec<Name>,
}

/// A relationship of a pattern, or several in a row.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Its variable: a relationship, or a list of these where there is a length.
    pub slot: Slot,
    /// Whether anybody asks for it.
    pub wanted: bool,
    /// Whether the input binds it.
    pub bound: bool,
    /// The node on the left.
    pub from: Slot,
    /// The node on the right.
    pub to: Slot,
    /// Which way it goes, seen from the left.
    pub direction: Direction,
    /// Of any of these types; of all if there is none.
    pub types: Vec<Name>,
    /// How many in a row, at least and at most; `None` is one, and no list.
    pub length: Option<(u64, Option<u64>)>,
    /// What holds for each in a row: it is bound to this slot.
    pub each: Option<(Slot, Expr)>,
    /// Which of the walks between the same two nodes.
    pub which: Walks,
}

impl Pattern {
    /// The slots of its nodes and relationships.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.nodes.iter().map(|node| node.slot).chain(self.edges.iter().map(|edge| edge.slot))
    }
}
