//! Nodes of the graph, all or those with a label, for each row of the input.
//!
//! The first row gets them as they are read. If others follow, they are kept for those.

use model::TermId;

use super::{Operator, Running};
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::fault::Result;
use crate::graph::Vertices;
use crate::memory::Held;

/// See the module.
pub(super) struct Nodes<'q> {
    input: Running<'q>,
    node: Slot,
    label: Option<TermId>,
    context: &'q Context<'q>,
    batch: Batch,
    /// The row of the batch that is being given its nodes.
    row: usize,
    source: Source,
    held: Held,
}

enum Source {
    /// No row has come yet.
    Untouched,
    /// They are read for one row, and kept if there are others.
    Reading { vertices: Vertices, ids: Vec<TermId>, at: usize, kept: Option<Vec<TermId>> },
    /// One row was given them, and they were not kept.
    Read,
    /// They are at hand; so many of them were given to the row.
    Kept { ids: Vec<TermId>, at: usize },
}

impl<'q> Nodes<'q> {
    pub(super) fn new(input: Running<'q>, node: Slot, label: Option<TermId>, context: &'q Context<'q>) -> Self {
        let (batch, held) = (Batch::of(0), context.memory.hold());
        Self { input, node, label, context, batch, row: 0, source: Source::Untouched, held }
    }

    fn begin(&self, keep: bool) -> Result<Source> {
        let vertices = match self.label {
            Some(label) => Vertices::labelled(self.context, label),
            None => Vertices::all(self.context)?,
        };
        Ok(Source::Reading { vertices, ids: Vec::new(), at: 0, kept: keep.then(Vec::new) })
    }

    fn rows(&self, origins: &[u32], nodes: Vec<TermId>) -> Batch {
        self.batch.gather(origins).with(self.node, Column::nodes(nodes))
    }

    /// The next rows of the batch at hand.
    fn given(&mut self) -> Result<Option<Batch>> {
        if self.row == self.batch.len() {
            return Ok(None);
        }
        match &mut self.source {
            Source::Untouched | Source::Read => Ok(None),
            Source::Reading { vertices, ids, at, kept } => {
                if *at == ids.len() {
                    (*ids, *at) = (vertices.next()?.unwrap_or_default(), 0);
                    if let Some(kept) = kept {
                        self.held.grow(size_of_val(&ids[..]) as u64)?;
                        kept.extend_from_slice(ids);
                    }
                }
                if ids.is_empty() {
                    self.source = match kept.take() {
                        Some(ids) => Source::Kept { ids, at: 0 },
                        None => Source::Read,
                    };
                    self.row += 1;
                    return self.given();
                }
                let nodes = ids[*at..(*at + ROWS).min(ids.len())].to_vec();
                *at += nodes.len();
                Ok(Some(self.rows(&vec![self.row as u32; nodes.len()], nodes)))
            }
            Source::Kept { ids, at } => {
                let (mut origins, mut nodes) = (Vec::new(), Vec::new());
                while self.row < self.batch.len() && nodes.len() < ROWS {
                    let end = (*at + ROWS - nodes.len()).min(ids.len());
                    nodes.extend_from_slice(&ids[*at..end]);
                    origins.resize(nodes.len(), self.row as u32);
                    *at = end;
                    if end == ids.len() {
                        (self.row, *at) = (self.row + 1, 0);
                    }
                }
                Ok(if nodes.is_empty() { None } else { Some(self.rows(&origins, nodes)) })
            }
        }
    }
}

impl Operator for Nodes<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            if let Some(rows) = self.given()? {
                return Ok(Some(rows));
            }
            let Some(batch) = self.input.next()? else { return Ok(None) };
            match self.source {
                Source::Untouched => self.source = self.begin(batch.len() > 1)?,
                Source::Read => self.source = self.begin(true)?,
                Source::Reading { .. } | Source::Kept { .. } => {}
            }
            (self.batch, self.row) = (batch, 0);
        }
    }
}
