//! The shortest walks between two nodes, and mere ends of walks, breadth first: one start after another.

use std::ops::Range;

use model::TermId;

use super::reach::Reach;
use super::steps::{Starts, Steps};
use crate::batch::{Batch, Column, ROWS};
use crate::context::Context;
use crate::fault::Result;
use crate::memory::Held;
use crate::operator::hop::Hops;
use crate::operator::{Operator, Running};
use crate::plan::{self, Direction, Walks};
use crate::{Relationship, Value};

/// Nodes from which one hop goes.
const NODES: usize = 16 * ROWS;
/// Steps after which what was found is given, though a batch could have more.
const STEPS: usize = 8 * ROWS;

/// See the module.
pub(super) struct Search<'q> {
    input: Running<'q>,
    steps: Steps<'q>,
    starts: Starts,
    /// The next row from which nothing was searched.
    row: usize,
    run: Option<Run>,
    context: &'q Context<'q>,
    held: Held,
}

/// A search from one row.
struct Run {
    row: u32,
    /// Where it must end, if that is known.
    target: Option<TermId>,
    reach: Reach,
    /// The next of the farthest nodes from which no hop was begun.
    next: usize,
    hop: Option<Hop>,
    /// Nodes that are to be given, and the way to the first of them that is next.
    given: Range<usize>,
    way: Option<Vec<u32>>,
    done: bool,
}

/// A hop from some of the farthest nodes.
struct Hop {
    hops: Hops,
    /// The place of the first.
    first: u32,
    /// The row, once for each.
    rows: Vec<u32>,
}

/// What was found.
#[derive(Default)]
struct Found {
    rows: Vec<u32>,
    nodes: Vec<TermId>,
    lists: Vec<Value>,
}

impl<'q> Search<'q> {
    pub(super) fn new(input: Running<'q>, walk: &'q plan::Walk, context: &'q Context<'q>) -> Self {
        let edges = walk.which == Walks::AllShortest || walk.direction == Direction::Either;
        let steps = Steps::new(walk, edges, context);
        Self { input, steps, starts: Starts::default(), row: 0, run: None, context, held: context.memory.hold() }
    }

    fn begin(&self, row: usize) -> Run {
        let (start, target) = (self.starts.nodes[row], self.starts.into.as_ref().map(|into| into[row]));
        let here = self.steps.walk.least == 0 && target.is_none_or(|target| target == start);
        Run {
            row: row as u32,
            target,
            reach: Reach::new(start),
            next: 0,
            hop: None,
            given: if here { 0..1 } else { 0..0 },
            way: None,
            done: here && target.is_some(),
        }
    }

    /// Goes on searching; how many steps it took.
    fn search(&mut self, run: &mut Run) -> Result<usize> {
        let Some(hop) = &mut run.hop else {
            let farthest = run.reach.farthest();
            let ends = self.steps.walk.most.is_some_and(|most| run.reach.depth() >= most);
            if run.next < farthest.end && !ends {
                let end = farthest.end.min(run.next + NODES);
                let from = run.reach.nodes()[run.next..end].to_vec();
                let rows = vec![run.row; from.len()];
                run.hop = Some(Hop { hops: self.steps.hop.start(from, None), first: run.next as u32, rows });
                run.next = end;
            } else {
                run.close(ends);
            }
            return Ok(0);
        };
        let Some(landed) = hop.hops.next(&self.steps.hop, ROWS, self.context)? else {
            run.hop = None;
            return Ok(0);
        };
        let steps = landed.nodes.len();
        let landed = self.steps.allowed(&self.starts, &hop.rows, landed)?;
        let first = hop.first;
        for (at, (origin, node)) in landed.origins.iter().zip(&landed.nodes).enumerate() {
            self.step(run, first + origin, *node, landed.edges.get(at).copied());
            if run.done {
                break;
            }
        }
        self.held.set(run.reach.bytes())?;
        Ok(steps)
    }

    fn step(&self, run: &mut Run, from: u32, node: TermId, edge: Option<Relationship>) {
        let plan::Walk { which, direction, least, most, .. } = self.steps.walk;
        let start = run.reach.nodes()[0];
        if let Some(edge) = edge
            && *direction == Direction::Either
        {
            let closes = *which == Walks::Ends && *least > 0 && run.reach.closes_ring(from, node, edge.id, *most);
            if closes {
                run.reach.set_returned();
            }
            if run.reach.turns_back(from, node, edge.id) {
                return;
            }
        }
        // The walk of no step was there before.
        if node == start && *least == 0 {
            return;
        }
        let all = *which == Walks::AllShortest;
        let fresh = run.reach.step(from, node, edge, all);
        if let Some(place) = fresh
            && !all
            && run.target == Some(node)
        {
            (run.given, run.done) = (place as usize..place as usize + 1, true);
        }
    }

    fn batch(&self, found: Found) -> Batch {
        let walk = self.steps.walk;
        let mut batch = self.starts.batch.gather(&found.rows);
        if !walk.into {
            batch.set(walk.to, Column::nodes(found.nodes));
        }
        if let Some(edges) = walk.edges {
            batch.set(edges, Column::values(found.lists));
        }
        batch
    }
}

impl Run {
    /// All that is one step farther is known.
    fn close(&mut self, ends: bool) {
        if ends || !self.reach.close() {
            self.done = true;
            return;
        }
        let farthest = self.reach.farthest();
        self.next = farthest.start;
        match self.target {
            None => self.given = farthest,
            Some(target) => {
                let nodes = &self.reach.nodes()[farthest.clone()];
                if let Some(at) = nodes.iter().position(|node| *node == target) {
                    let place = farthest.start + at;
                    (self.given, self.done) = (place..place + 1, true);
                }
            }
        }
    }

    /// Gives the next walk to a node that was found.
    fn give(&mut self, walk: &plan::Walk, found: &mut Found) -> Result {
        let place = self.given.start;
        let way = self.way.get_or_insert_with(|| self.reach.way(place as u32));
        found.rows.push(self.row);
        found.nodes.push(self.reach.nodes()[place]);
        if walk.edges.is_some() {
            let mut list: Vec<Value> = self.reach.edges(way).collect();
            if !walk.reversed {
                list.reverse();
            }
            found.lists.push(Value::list(list)?);
        }
        if !self.reach.next_way(way) {
            self.way = None;
            self.given.start += 1;
        }
        Ok(())
    }
}

impl Operator for Search<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let mut found = Found::default();
        let mut steps = 0;
        loop {
            self.context.check()?;
            match self.run.take() {
                Some(mut run) => {
                    while !run.given.is_empty() && found.rows.len() < ROWS {
                        run.give(self.steps.walk, &mut found)?;
                    }
                    if run.given.is_empty() && !run.done {
                        steps += self.search(&mut run)?;
                    }
                    if !run.done || !run.given.is_empty() {
                        self.run = Some(run);
                    }
                }
                None if self.row < self.starts.nodes.len() => {
                    self.run = Some(self.begin(self.row));
                    self.row += 1;
                }
                None if found.rows.is_empty() => {
                    let Some(batch) = self.input.next()? else { return Ok(None) };
                    (self.starts, self.row) = (self.steps.starts(batch)?, 0);
                }
                None => return Ok(Some(self.batch(found))),
            }
            if found.rows.len() >= ROWS || (steps >= STEPS && !found.rows.is_empty()) {
                return Ok(Some(self.batch(found)));
            }
        }
    }
}
