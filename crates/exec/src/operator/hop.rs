//! One step along relationships, from many nodes at once: what expands and walks stand on.
//!
//! Relationships that leave a node are the end of its run of SPOG, behind its labels and properties; those that reach it
//! are its run of OPSG. A hop that goes any way is one of each; a relationship from a node to itself is in both, and met
//! once.

use std::cell::OnceCell;

use model::TermId;
use store::{Behind, Columns, Expander, Order, QuadBatch};

use crate::Relationship;
use crate::context::Context;
use crate::fault::Result;
use crate::graph::{FIRST_TYPE, Name};
use crate::plan::Direction;

/// Where no type is named, so many are looked for one by one between two nodes.
const FEW_TYPES: usize = 16;

/// Which relationships are stepped along.
pub(super) struct Hop {
    direction: Direction,
    /// Of any of these types; of all if there is none.
    types: Vec<TermId>,
    /// Whether anybody asks for the relationships, or only for where they lead.
    edges: bool,
    /// All types that there are, if they are few: asked for once.
    few: OnceCell<Option<Vec<TermId>>>,
}

/// A hop from some nodes as it runs.
pub(super) struct Hops {
    from: Vec<TermId>,
    /// Where it must lead, if that is known: one for each.
    into: Option<Vec<TermId>>,
    /// The orders that are still to be read, the next one last.
    orders: Vec<Order>,
    expander: Option<Expander>,
}

/// Where a hop led.
pub(super) struct Landed {
    /// For each, the place of the node from which.
    pub(super) origins: Vec<u32>,
    /// The nodes.
    pub(super) nodes: Vec<TermId>,
    /// The relationships, if anybody asked for them.
    pub(super) edges: Vec<Relationship>,
}

impl Hop {
    pub(super) fn new(direction: Direction, types: &[Name], edges: bool) -> Self {
        Self { direction, types: types.iter().map(|name| name.id).collect(), edges, few: OnceCell::new() }
    }

    /// Begins at these nodes; `into` says where each must lead.
    pub(super) fn start(&self, from: Vec<TermId>, into: Option<Vec<TermId>>) -> Hops {
        let orders = match self.direction {
            Direction::Out => vec![Order::Spog],
            Direction::In => vec![Order::Opsg],
            Direction::Either => vec![Order::Opsg, Order::Spog],
        };
        Hops { from, into, orders, expander: None }
    }

    fn expander(&self, hops: &Hops, order: Order, context: &Context<'_>) -> Result<Expander> {
        let snapshot = context.snapshot();
        let far = if order == Order::Spog { Columns::O } else { Columns::S };
        let columns = if self.edges { far.and(Columns::P).and(Columns::G) } else { far };
        let Some(into) = &hops.into else {
            let behind = if self.types.is_empty() { Behind::From(FIRST_TYPE) } else { Behind::Second(&self.types) };
            return Ok(snapshot.expand(&hops.from, behind, order, columns));
        };
        if !self.types.is_empty() {
            return Ok(snapshot.expand(&hops.from, Behind::Third(&self.types, into), order, columns));
        }
        let few = if let Some(few) = self.few.get() {
            few
        } else {
            let types = snapshot.predicates(FIRST_TYPE).take(FEW_TYPES + 1).collect::<store::Result<Vec<_>>>()?;
            self.few.get_or_init(|| Some(types).filter(|types| types.len() <= FEW_TYPES))
        };
        let behind = few.as_ref().map_or(Behind::From(FIRST_TYPE), |types| Behind::Third(types, into));
        Ok(snapshot.expand(&hops.from, behind, order, columns))
    }
}

impl Hops {
    /// Whether it is known that nothing comes any more.
    pub(super) fn is_finished(&self) -> bool {
        self.orders.is_empty()
    }

    /// The next relationships, about `limit` at most; `None` behind the last.
    pub(super) fn next(&mut self, hop: &Hop, limit: usize, context: &Context<'_>) -> Result<Option<Landed>> {
        while let Some(order) = self.orders.last().copied() {
            let mut expander = match self.expander.take() {
                Some(expander) => expander,
                None => hop.expander(self, order, context)?,
            };
            let Some((origins, quads)) = expander.next(limit, &context.cancel)? else {
                self.orders.pop();
                continue;
            };
            if expander.is_finished() {
                self.orders.pop();
            } else {
                self.expander = Some(expander);
            }
            let landed = self.landed(hop, order, origins, quads);
            if !landed.nodes.is_empty() {
                return Ok(Some(landed));
            }
        }
        Ok(None)
    }

    fn landed(&self, hop: &Hop, order: Order, origins: Vec<u32>, quads: QuadBatch) -> Landed {
        let out = order == Order::Spog;
        let QuadBatch { s, p, o, g, .. } = quads;
        let nodes = if out { o } else { s };
        let mut edges = Vec::new();
        if hop.edges {
            let ends = origins.iter().map(|origin| self.from[*origin as usize]).zip(&nodes);
            edges.extend(ends.zip(p.iter().zip(&g)).map(|((near, far), (label, id))| {
                let (start, end) = if out { (near, *far) } else { (*far, near) };
                Relationship { id: *id, start, label: *label, end }
            }));
        }
        let mut landed = Landed { origins, nodes, edges };
        let met_before = hop.direction == Direction::Either && !out;
        if met_before || self.into.is_some() {
            landed.retain(|at, landed| {
                let (origin, node) = (landed.origins[at] as usize, landed.nodes[at]);
                let leads = self.into.as_ref().is_none_or(|into| into[origin] == node);
                leads && !(met_before && node == self.from[origin])
            });
        }
        landed
    }
}

impl Landed {
    /// Only those places stay of which that is said.
    pub(super) fn retain(&mut self, stays: impl Fn(usize, &Self) -> bool) {
        let staying: Vec<u32> = (0..self.nodes.len() as u32).filter(|at| stays(*at as usize, self)).collect();
        if staying.len() < self.nodes.len() {
            *self = self.gather(&staying);
        }
    }

    /// Those at these places.
    pub(super) fn gather(&self, places: &[u32]) -> Self {
        let edges = if self.edges.is_empty() { &[] } else { places };
        Self {
            origins: places.iter().map(|at| self.origins[*at as usize]).collect(),
            nodes: places.iter().map(|at| self.nodes[*at as usize]).collect(),
            edges: edges.iter().map(|at| self.edges[*at as usize]).collect(),
        }
    }
}
