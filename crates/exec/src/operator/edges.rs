//! Relationships of the whole graph, for each row of the input.

use rustc_hash::FxHashSet;
use store::{Order, Pattern, QuadBatch, Scan};

use super::{Operator, Running};
use crate::Relationship;
use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::fault::Result;
use crate::graph::Name;

/// What is bound.
#[derive(Clone, Copy)]
pub(super) struct Bound {
    pub(super) edge: Option<Slot>,
    pub(super) start: Slot,
    pub(super) end: Slot,
}

/// See the module.
pub(super) struct Edges<'q> {
    input: Running<'q>,
    bound: Bound,
    /// What is scanned for each row.
    patterns: Vec<(Pattern, Order)>,
    context: &'q Context<'q>,
    batch: Batch,
    /// The next row of the batch.
    row: usize,
    /// What is still to be scanned for the row before, the next one last.
    scans: Vec<Scan>,
}

impl<'q> Edges<'q> {
    pub(super) fn new(input: Running<'q>, bound: Bound, types: &[Name], context: &'q Context<'q>) -> Self {
        let of_type = |name: &Name| (Pattern { p: Some(name.id), ..Pattern::ALL }, Order::Posg);
        let patterns = match types {
            // Only relationships stand outside the default graph.
            [] => vec![(Pattern::ALL, Order::Gspo)],
            types => {
                let mut seen = FxHashSet::default();
                types.iter().rev().filter(|name| seen.insert(name.id)).map(of_type).collect()
            }
        };
        Self { input, bound, patterns, context, batch: Batch::of(0), row: 0, scans: Vec::new() }
    }

    fn rows(&self, quads: QuadBatch) -> Batch {
        let mut rows = self.batch.gather(&vec![self.row as u32 - 1; quads.len()]);
        if let Some(edge) = self.bound.edge {
            let edges =
                quads.quads().map(|quad| Relationship { id: quad.g, start: quad.s, label: quad.p, end: quad.o });
            rows.set(edge, Column::edges(edges.collect()));
        }
        rows.set(self.bound.start, Column::nodes(quads.s));
        rows.set(self.bound.end, Column::nodes(quads.o));
        rows
    }
}

impl Operator for Edges<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            if let Some(scan) = self.scans.last_mut() {
                match scan.next().transpose()? {
                    Some(quads) => return Ok(Some(self.rows(quads))),
                    None => drop(self.scans.pop()),
                }
            } else if self.row < self.batch.len() {
                let snapshot = self.context.snapshot();
                let scan =
                    |(pattern, order): &(Pattern, Order)| snapshot.scan(*pattern, *order).until(&self.context.cancel);
                self.scans = self.patterns.iter().map(scan).collect();
                self.row += 1;
            } else {
                let Some(batch) = self.input.next()? else { return Ok(None) };
                (self.batch, self.row) = (batch, 0);
            }
        }
    }
}
