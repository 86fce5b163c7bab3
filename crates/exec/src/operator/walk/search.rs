//! The shortest walks between two nodes, and mere ends of walks, breadth first: one start after another.
//!
//! Rows that begin at the same node, and walk by the same rules, are searched for together.

use model::TermId;
use rustc_hash::FxHashMap;

use super::reach::{Reach, Ring};
use super::steps::{Starts, Steps};
use crate::batch::{Batch, Column, ROWS};
use crate::context::Context;
use crate::fault::{Error, Result};
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
    /// Rows for which nothing was searched, those of one start together; the next one last.
    rows: Vec<u32>,
    run: Option<Run>,
    context: &'q Context<'q>,
    held: Held,
}

/// A search from one node.
struct Run {
    rows: Rows,
    reach: Reach,
    /// The next of the farthest nodes from which no hop was begun.
    next: usize,
    hop: Option<Hop>,
    /// Places of nodes that are to be given, the next one last, and the way to that one.
    given: Vec<u32>,
    way: Option<Vec<u32>>,
    /// The shortest way back to the start, which is no walk out and back, and the step that closes it.
    ring: Option<(Ring, Relationship)>,
    done: bool,
}

/// Who asks for what is reached.
enum Rows {
    /// These rows, for each node.
    Any(Vec<u32>),
    /// These, each for one node; so many nodes have not been reached yet.
    Ends(FxHashMap<TermId, Vec<u32>>, usize),
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
        Self {
            input,
            steps,
            starts: Starts::default(),
            rows: Vec::new(),
            run: None,
            context,
            held: context.memory.hold(),
        }
    }

    /// The search for the next row, and for those that it can be done for at once.
    fn begin(&mut self, row: u32) -> Run {
        let start = self.starts.nodes[row as usize];
        let mut rows = vec![row];
        while self.together() && self.rows.last().is_some_and(|row| self.starts.nodes[*row as usize] == start) {
            rows.extend(self.rows.pop());
        }
        let rows = match &self.starts.into {
            None => Rows::Any(rows),
            Some(into) => {
                let mut ends: FxHashMap<TermId, Vec<u32>> = FxHashMap::default();
                for row in rows {
                    ends.entry(into[row as usize]).or_default().push(row);
                }
                let missing = ends.len();
                Rows::Ends(ends, missing)
            }
        };
        let (reach, given) = (Reach::new(start), Vec::new());
        let mut run = Run { rows, reach, next: 0, hop: None, given, way: None, ring: None, done: false };
        if self.steps.walk.least == 0 {
            run.found(0);
        }
        run
    }

    /// Whether all rows walk by the same rules.
    fn together(&self) -> bool {
        self.steps.walk.each.is_none() && self.steps.walk.unlike.is_empty()
    }

    fn take(&mut self, batch: Batch) -> Result {
        self.starts = self.steps.starts(batch)?;
        let plan::Walk { which, direction, least, .. } = self.steps.walk;
        if *which == Walks::AllShortest && *direction == Direction::Either && *least > 0 {
            let mut ends = self.starts.nodes.iter().zip(self.starts.into.iter().flatten());
            if ends.any(|(start, end)| start == end) {
                let what = "all shortest paths, in either direction, from a node back to itself";
                return Err(Error::Unsupported(what.to_owned()));
            }
        }
        self.rows = (0..self.starts.nodes.len() as u32).collect();
        if self.together() {
            self.rows.sort_by_key(|row| self.starts.nodes[*row as usize]);
        }
        self.rows.reverse();
        Ok(())
    }

    /// Goes on searching; how many steps it took.
    fn search(&mut self, run: &mut Run) -> Result<usize> {
        let Some(hop) = &mut run.hop else {
            let farthest = run.reach.farthest();
            let ends = self.steps.walk.most.is_some_and(|most| run.reach.depth() >= most);
            if run.next < farthest.end && !ends {
                let end = farthest.end.min(run.next + NODES);
                let from = run.reach.nodes()[run.next..end].to_vec();
                let rows = vec![run.rows.first(); from.len()];
                run.hop = Some(Hop { hops: self.steps.hop.start(from, None), first: run.next as u32, rows });
                run.next = end;
            } else {
                run.close(ends, self.steps.walk.which == Walks::AllShortest);
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
            let ring = if *least > 0 { run.reach.ring(from, node, edge.id, *most) } else { None };
            match which {
                Walks::Ends if ring.is_some() => {
                    if let Some(place) = run.reach.set_returned() {
                        run.reached(place, false);
                    }
                }
                Walks::Shortest => {
                    if let Some(ring) = ring
                        && !run.reach.has_returned()
                        && run.ring.as_ref().is_none_or(|(shortest, _)| ring.length < shortest.length)
                    {
                        run.ring = Some((ring, edge));
                    }
                    // Whoever comes back to the start has closed a ring, or turned back.
                    if node == start {
                        return;
                    }
                }
                _ => {}
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
        if let Some(place) = run.reach.step(from, node, edge, all) {
            run.reached(place, all);
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
    /// A node was reached: it is to be given if somebody asks for it.
    fn found(&mut self, place: u32) {
        match &mut self.rows {
            Rows::Any(_) => self.given.push(place),
            Rows::Ends(ends, missing) => {
                if ends.contains_key(&self.reach.nodes()[place as usize]) {
                    self.given.push(place);
                    *missing -= 1;
                    self.done = *missing == 0;
                }
            }
        }
    }

    /// A node was reached that is one step farther. Who asks for all ways to it, or for any node, waits for the end of
    /// the level.
    fn reached(&mut self, place: u32, all: bool) {
        if !all && matches!(self.rows, Rows::Ends(..)) {
            self.found(place);
        }
    }

    /// All that is one step farther is known. So is the shortest ring through the start, if there is one that reaches no
    /// farther: another would be longer.
    fn close(&mut self, ends: bool, all: bool) {
        if self.ring.is_some()
            && let Some(place) = self.reach.set_returned()
        {
            self.reached(place, false);
        }
        if ends || !self.reach.close() {
            self.done = true;
            return;
        }
        let farthest = self.reach.farthest();
        self.next = farthest.start;
        if all || matches!(self.rows, Rows::Any(_)) {
            for place in farthest.rev() {
                self.found(place as u32);
            }
        }
    }

    /// Gives the next walk to a node that was found, to each row that asks for it.
    fn give(&mut self, walk: &plan::Walk, found: &mut Found) -> Result {
        let Some(place) = self.given.last().copied() else { return Ok(()) };
        let way = self.way.get_or_insert_with(|| self.reach.way(place));
        let node = self.reach.nodes()[place as usize];
        let rows = match &self.rows {
            Rows::Any(rows) => rows,
            Rows::Ends(ends, _) => ends.get(&node).map_or(&[][..], |rows| rows),
        };
        found.rows.extend_from_slice(rows);
        found.nodes.resize(found.rows.len(), node);
        if walk.edges.is_some() {
            // The start itself, where nothing but a ring leads back to it.
            let mut list: Vec<Value> = match &self.ring {
                Some((ring, edge)) if way.is_empty() && place > 0 => self.reach.ring_edges(ring, *edge),
                _ => self.reach.edges(way).collect(),
            };
            if !walk.reversed {
                list.reverse();
            }
            found.lists.resize(found.rows.len(), Value::list(list)?);
        }
        if !self.reach.next_way(way) {
            self.way = None;
            self.given.pop();
        }
        Ok(())
    }
}

impl Rows {
    /// One of them: they walk by the same rules.
    fn first(&self) -> u32 {
        match self {
            Self::Any(rows) => rows.first().copied(),
            Self::Ends(ends, _) => ends.values().flatten().next().copied(),
        }
        .unwrap_or_default()
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
                None => match self.rows.pop() {
                    Some(row) => self.run = Some(self.begin(row)),
                    None if found.rows.is_empty() => {
                        let Some(batch) = self.input.next()? else { return Ok(None) };
                        self.take(batch)?;
                    }
                    None => return Ok(Some(self.batch(found))),
                },
            }
            if found.rows.len() >= ROWS || (steps >= STEPS && !found.rows.is_empty()) {
                return Ok(Some(self.batch(found)));
            }
        }
    }
}
