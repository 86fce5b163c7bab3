//! All walks that take no relationship twice, depth first.
//!
//! - **Shape**: a stack of levels. Each holds walks of one length that were found together, at most about a batch of
//!   them, each as its last step and the place of its beginning in the level below; and the hop from their ends, which is
//!   taken up again when all that lies above is done. So memory is bounded by the longest walk times a batch.

use model::TermId;
use rustc_hash::FxHashSet;

use super::steps::{Starts, Steps};
use crate::batch::{Batch, Column, ROWS};
use crate::context::Context;
use crate::fault::Result;
use crate::memory::Held;
use crate::operator::hop::{Hops, Landed};
use crate::operator::{Operator, Running};
use crate::plan::{self, Walks};
use crate::{Relationship, Value};

/// See the module.
pub(super) struct Trails<'q> {
    input: Running<'q>,
    steps: Steps<'q>,
    starts: Starts,
    stack: Vec<Level>,
    /// Row and end of what was given, where each end counts once.
    ends: Option<FxHashSet<(u32, TermId)>>,
    context: &'q Context<'q>,
    held: Held,
    /// What the levels hold.
    bytes: u64,
}

/// Walks of one length.
struct Level {
    /// In which row each began.
    rows: Vec<u32>,
    /// Where each ends.
    nodes: Vec<TermId>,
    /// The place in the level below of each without its last step.
    parents: Vec<u32>,
    /// The last step of each; nothing on the lowest level.
    edges: Vec<Relationship>,
    /// The same as values, if lists of them are wanted.
    values: Vec<Value>,
    /// The way on; `None` where walks are as long as they may be.
    hops: Option<Hops>,
}

impl<'q> Trails<'q> {
    pub(super) fn new(input: Running<'q>, walk: &'q plan::Walk, context: &'q Context<'q>) -> Self {
        // A walk of one step cannot meet itself.
        let steps = Steps::new(walk, walk.most != Some(1), context);
        let ends = (walk.which == Walks::Ends).then(FxHashSet::default);
        let (starts, held) = (Starts::default(), context.memory.hold());
        Self { input, steps, starts, stack: Vec::new(), ends, context, held, bytes: 0 }
    }

    fn begin(&mut self, batch: Batch) -> Result {
        self.starts = self.steps.starts(batch)?;
        if let Some(ends) = &mut self.ends {
            ends.clear();
        }
        let nodes = self.starts.nodes.clone();
        let rows = (0..nodes.len() as u32).collect();
        self.push(Level { rows, nodes, parents: Vec::new(), edges: Vec::new(), values: Vec::new(), hops: None })
    }

    fn push(&mut self, mut level: Level) -> Result {
        let depth = self.stack.len() as u64;
        let walk = self.steps.walk;
        if !level.nodes.is_empty() && walk.most.is_none_or(|most| depth < most) {
            // The last step must lead to the end.
            let into = self.starts.into.as_ref().filter(|_| walk.most == Some(depth + 1));
            let into = into.map(|into| level.rows.iter().map(|row| into[*row as usize]).collect());
            level.hops = Some(self.steps.hop.start(level.nodes.clone(), into));
        }
        self.bytes += level.bytes();
        self.stack.push(level);
        self.held.set(self.bytes)
    }

    fn pop(&mut self) -> Result {
        if let Some(level) = self.stack.pop() {
            self.bytes -= level.bytes();
        }
        self.held.set(self.bytes)
    }

    /// The walks of the top level, each a step longer.
    fn longer(&self, below: &Level, landed: Landed) -> Result<Level> {
        let mut landed = self.steps.allowed(&self.starts, &below.rows, landed)?;
        if self.stack.len() > 1 {
            landed.retain(|at, landed| !self.has_met(landed.origins[at], landed.edges[at].id));
        }
        let value = |edge: &Relationship| Value::Relationship((*edge).into());
        let values =
            if self.steps.walk.edges.is_some() { landed.edges.iter().map(value).collect() } else { Vec::new() };
        let rows = landed.origins.iter().map(|origin| below.rows[*origin as usize]).collect();
        Ok(Level { rows, nodes: landed.nodes, parents: landed.origins, edges: landed.edges, values, hops: None })
    }

    /// Whether a walk of the top level has taken the relationship.
    fn has_met(&self, mut place: u32, edge: TermId) -> bool {
        // The lowest level has no step.
        self.stack.iter().skip(1).rev().any(|level| {
            let met = level.edges[place as usize].id == edge;
            place = level.parents[place as usize];
            met
        })
    }

    /// What the top level gives.
    fn given(&mut self) -> Result<Option<Batch>> {
        let walk = self.steps.walk;
        let Some(level) = self.stack.last() else { return Ok(None) };
        if (self.stack.len() as u64) <= walk.least {
            return Ok(None);
        }
        let ends = |place: &u32| match &self.starts.into {
            Some(into) => into[level.rows[*place as usize] as usize] == level.nodes[*place as usize],
            None => true,
        };
        let mut places: Vec<u32> = (0..level.nodes.len() as u32).filter(ends).collect();
        if let Some(ends) = &mut self.ends {
            places.retain(|place| ends.insert((level.rows[*place as usize], level.nodes[*place as usize])));
        }
        if places.is_empty() {
            return Ok(None);
        }
        let rows: Vec<u32> = places.iter().map(|place| level.rows[*place as usize]).collect();
        let mut given = self.starts.batch.gather(&rows);
        if !walk.into {
            given.set(walk.to, Column::nodes(places.iter().map(|place| level.nodes[*place as usize]).collect()));
        }
        if let Some(slot) = walk.edges {
            let lists = places.iter().map(|place| self.list(*place)).collect::<Result<Vec<_>>>()?;
            given.set(slot, Column::values(lists));
        }
        Ok(Some(given))
    }

    /// The relationships of a walk of the top level.
    fn list(&self, mut place: u32) -> Result<Value> {
        let mut list = Vec::with_capacity(self.stack.len() - 1);
        for level in self.stack.iter().skip(1).rev() {
            list.push(level.values[place as usize].clone());
            place = level.parents[place as usize];
        }
        if !self.steps.walk.reversed {
            list.reverse();
        }
        Ok(Value::list(list)?)
    }
}

impl Operator for Trails<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            let Some(mut level) = self.stack.pop() else {
                let Some(batch) = self.input.next()? else { return Ok(None) };
                self.begin(batch)?;
                if let Some(rows) = self.given()? {
                    return Ok(Some(rows));
                }
                continue;
            };
            let landed = match &mut level.hops {
                Some(hops) => hops.next(&self.steps.hop, ROWS, self.context)?,
                None => None,
            };
            // It holds a block of the store.
            if level.hops.as_ref().is_some_and(Hops::is_finished) {
                level.hops = None;
            }
            self.stack.push(level);
            let Some(landed) = landed else {
                self.pop()?;
                continue;
            };
            let Some(below) = self.stack.last() else { continue };
            let level = self.longer(below, landed)?;
            if !level.nodes.is_empty() {
                self.push(level)?;
                if let Some(rows) = self.given()? {
                    return Ok(Some(rows));
                }
            }
        }
    }
}

impl Level {
    /// About what it takes, with the hop from it.
    fn bytes(&self) -> u64 {
        let each = size_of::<Relationship>() + 4 * size_of::<TermId>() + 2 * size_of::<u32>();
        (self.nodes.len() * each + self.values.len() * (size_of::<Value>() + size_of::<Relationship>())) as u64
    }
}
