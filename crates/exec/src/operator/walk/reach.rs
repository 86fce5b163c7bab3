//! What a search from one node has reached, level by level, and on which ways.

use std::ops::Range;

use model::TermId;
use rustc_hash::FxHashMap;

use crate::{Relationship, Value};

/// No link.
const NONE: u32 = u32::MAX;

/// See the module. The node at place 0 is the start.
pub(super) struct Reach {
    nodes: Vec<TermId>,
    places: FxHashMap<TermId, u32>,
    /// The first of the links that lead to each node.
    heads: Vec<u32>,
    links: Vec<Link>,
    /// The first relationship on the way to each node, where that matters.
    branches: Vec<Option<TermId>>,
    /// Where each level begins.
    levels: Vec<usize>,
    /// Where the start stands as an end of its own, once a way has come back to it.
    returned: Option<u32>,
}

/// The last step of a shortest way to a node.
struct Link {
    from: u32,
    edge: Relationship,
    /// Another one to the same node.
    next: u32,
}

/// Two ways from the start that part there, and are joined by a step from the end of one to the end of the other.
pub(super) struct Ring {
    pub(super) length: u64,
    from: u32,
    to: u32,
}

impl Reach {
    pub(super) fn new(start: TermId) -> Self {
        Self {
            nodes: vec![start],
            places: std::iter::once((start, 0)).collect(),
            heads: vec![NONE],
            links: Vec::new(),
            branches: vec![None],
            levels: vec![0, 1],
            returned: None,
        }
    }

    pub(super) fn nodes(&self) -> &[TermId] {
        &self.nodes
    }

    /// The nodes that are as far from the start as any.
    pub(super) fn farthest(&self) -> Range<usize> {
        self.levels[self.levels.len() - 2]..self.levels[self.levels.len() - 1]
    }

    /// How far these are.
    pub(super) fn depth(&self) -> u64 {
        self.levels.len() as u64 - 2
    }

    /// Closes the level of what was reached since; whether that was anything.
    pub(super) fn close(&mut self) -> bool {
        self.levels.push(self.nodes.len());
        !self.farthest().is_empty()
    }

    fn distance(&self, place: u32) -> u64 {
        self.levels.partition_point(|begin| *begin <= place as usize) as u64 - 1
    }

    /// Takes a step from one of the farthest nodes. `edge` is known where ways are wanted; `all`: all shortest ways.
    /// The place of the node, if it is new.
    pub(super) fn step(&mut self, from: u32, node: TermId, edge: Option<Relationship>, all: bool) -> Option<u32> {
        let place = match self.places.get(&node) {
            Some(0) => self.returned,
            found => found.copied(),
        };
        let fresh = place.is_none();
        let place = place.unwrap_or(self.nodes.len() as u32);
        if fresh {
            self.nodes.push(node);
            self.heads.push(NONE);
            let branch = self.branches[from as usize].or(edge.map(|edge| edge.id));
            self.branches.push(branch);
            if node == self.nodes[0] {
                self.returned = Some(place);
            } else {
                self.places.insert(node, place);
            }
        }
        let is_shortest = place as usize >= self.farthest().end;
        if let Some(edge) = edge
            && (fresh || (all && is_shortest))
        {
            self.links.push(Link { from, edge, next: self.heads[place as usize] });
            self.heads[place as usize] = self.links.len() as u32 - 1;
        }
        fresh.then_some(place)
    }

    /// How long the ring is that a step closes: through the start, and taking no relationship twice. It joins two ways
    /// that have parted at the start. `None` if it closes none, or one that is too long.
    pub(super) fn ring(&self, from: u32, node: TermId, edge: TermId, most: Option<u64>) -> Option<Ring> {
        let place = self.places.get(&node).copied()?;
        let branch = self.branches[from as usize];
        let parted = match place {
            // The start itself: not by the way on which one has come.
            0 => from == 0 || branch != Some(edge),
            _ => from != 0 && branch != self.branches[place as usize],
        };
        let length = self.distance(from) + 1 + self.distance(place);
        (parted && most.is_none_or(|most| length <= most)).then_some(Ring { length, from, to: place })
    }

    /// The relationships of a ring that `edge` closes, from its end to its start.
    pub(super) fn ring_edges(&self, ring: &Ring, edge: Relationship) -> Vec<Value> {
        let (out, back) = (self.way(ring.from), self.way(ring.to));
        let mut edges: Vec<Value> = self.edges(&back).collect();
        edges.reverse();
        edges.push(Value::Relationship(edge.into()));
        edges.extend(self.edges(&out));
        edges
    }

    /// Whether the step comes back to the start by the relationship on which it has left it.
    pub(super) fn turns_back(&self, from: u32, node: TermId, edge: TermId) -> bool {
        node == self.nodes[0] && from != 0 && self.branches[from as usize] == Some(edge)
    }

    /// Whether the start is an end, too.
    pub(super) const fn has_returned(&self) -> bool {
        self.returned.is_some()
    }

    /// Lets the start be an end; its place, if it was none before.
    pub(super) fn set_returned(&mut self) -> Option<u32> {
        if self.returned.is_some() {
            return None;
        }
        self.returned = Some(self.nodes.len() as u32);
        self.nodes.push(self.nodes[0]);
        self.heads.push(NONE);
        self.branches.push(None);
        self.returned
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        let node = 2 * size_of::<(TermId, u32)>() + size_of::<(TermId, u32, Option<TermId>)>();
        (self.nodes.len() * node + self.links.len() * size_of::<Link>()) as u64
    }

    /// The first way to a node, as links from its end to its start.
    pub(super) fn way(&self, place: u32) -> Vec<u32> {
        let mut way = Vec::new();
        self.complete(&mut way, self.heads[place as usize]);
        way
    }

    /// The next way; whether there is one.
    pub(super) fn next_way(&self, way: &mut Vec<u32>) -> bool {
        while let Some(link) = way.pop() {
            let next = self.links[link as usize].next;
            if next != NONE {
                self.complete(way, next);
                return true;
            }
        }
        false
    }

    fn complete(&self, way: &mut Vec<u32>, mut link: u32) {
        while link != NONE {
            way.push(link);
            link = self.heads[self.links[link as usize].from as usize];
        }
    }

    /// The relationships of a way, from its end to its start.
    pub(super) fn edges<'a>(&'a self, way: &'a [u32]) -> impl Iterator<Item = Value> + 'a {
        way.iter().map(|link| Value::Relationship(self.links[*link as usize].edge.into()))
    }
}
