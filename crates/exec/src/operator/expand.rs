//! One relationship from nodes that are bound.

use super::ends::{nodes, optional_nodes};
use super::hop::{Hop, Hops};
use super::{Operator, Running};
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::fault::Result;

/// What is bound, and what must be.
#[derive(Clone, Copy)]
pub(super) struct Ends {
    pub(super) from: Slot,
    pub(super) edge: Option<Slot>,
    pub(super) to: Slot,
    /// Whether `to` is bound already.
    pub(super) into: bool,
}

/// See the module.
pub(super) struct Expand<'q> {
    input: Running<'q>,
    ends: Ends,
    hop: Hop,
    context: &'q Context<'q>,
    /// Rows that have a node to go on from.
    batch: Batch,
    hops: Option<Hops>,
}

impl<'q> Expand<'q> {
    pub(super) fn new(input: Running<'q>, ends: Ends, hop: Hop, context: &'q Context<'q>) -> Self {
        Self { input, ends, hop, context, batch: Batch::of(0), hops: None }
    }

    fn begin(&mut self, mut batch: Batch) -> Result {
        let (rows, from) = nodes(batch.column(self.ends.from), batch.len(), self.context)?;
        if rows.len() < batch.len() {
            batch = batch.gather(&rows);
        }
        let (mut from, mut into) = (from, None);
        if self.ends.into {
            let to = optional_nodes(batch.column(self.ends.to), batch.len(), self.context)?;
            let rows: Vec<u32> = (0..to.len() as u32).filter(|row| to[*row as usize].is_some()).collect();
            if rows.len() < batch.len() {
                batch = batch.gather(&rows);
                from = rows.iter().map(|row| from[*row as usize]).collect();
            }
            into = Some(to.into_iter().flatten().collect());
        }
        self.hops = (!batch.is_empty()).then(|| self.hop.start(from, into));
        self.batch = batch;
        Ok(())
    }
}

impl Operator for Expand<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            if let Some(hops) = &mut self.hops {
                let Some(landed) = hops.next(&self.hop, ROWS, self.context)? else {
                    self.hops = None;
                    continue;
                };
                let mut rows = self.batch.gather(&landed.origins);
                if !self.ends.into {
                    rows.set(self.ends.to, Column::nodes(landed.nodes));
                }
                if let Some(edge) = self.ends.edge {
                    rows.set(edge, Column::edges(landed.edges));
                }
                return Ok(Some(rows));
            }
            let Some(batch) = self.input.next()? else { return Ok(None) };
            self.begin(batch)?;
        }
    }
}
