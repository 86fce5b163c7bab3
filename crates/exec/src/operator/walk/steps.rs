//! Which relationships a walk may take.

use model::TermId;

use crate::Value;
use crate::batch::{Batch, Column};
use crate::context::Context;
use crate::expr::Evaluator;
use crate::fault::{Error, Result};
use crate::operator::ends::{nodes, optional_nodes};
use crate::operator::hop::{Hop, Landed};
use crate::plan;

/// See the module.
pub(super) struct Steps<'q> {
    pub(super) walk: &'q plan::Walk,
    pub(super) hop: Hop,
    pub(super) context: &'q Context<'q>,
}

/// Rows from which walks begin.
#[derive(Default)]
pub(super) struct Starts {
    pub(super) batch: Batch,
    /// The first node of each.
    pub(super) nodes: Vec<TermId>,
    /// The last node of each, if it is bound.
    pub(super) into: Option<Vec<TermId>>,
    /// The relationships that each must not meet; nothing if there are none at all.
    unlike: Vec<Vec<TermId>>,
}

impl<'q> Steps<'q> {
    pub(super) fn new(walk: &'q plan::Walk, edges: bool, context: &'q Context<'q>) -> Self {
        let edges = edges || walk.edges.is_some() || walk.each.is_some() || !walk.unlike.is_empty();
        Self { walk, hop: Hop::new(walk.direction, &walk.types, edges), context }
    }

    /// The rows of a batch that have the nodes that it takes.
    pub(super) fn starts(&self, mut batch: Batch) -> Result<Starts> {
        if self.walk.into {
            let to = optional_nodes(batch.column(self.walk.to), batch.len(), self.context)?;
            let rows: Vec<u32> = (0..batch.len() as u32).filter(|row| to[*row as usize].is_some()).collect();
            if rows.len() < batch.len() {
                batch = batch.gather(&rows);
            }
        }
        let (rows, nodes) = nodes(batch.column(self.walk.from), batch.len(), self.context)?;
        if rows.len() < batch.len() {
            batch = batch.gather(&rows);
        }
        let into = self.walk.into.then(|| optional_nodes(batch.column(self.walk.to), batch.len(), self.context));
        let into = into.transpose()?.map(|into| into.into_iter().flatten().collect());
        let mut unlike = Vec::new();
        if !self.walk.unlike.is_empty() {
            unlike.resize_with(batch.len(), Vec::new);
            for slot in &self.walk.unlike {
                self.add_edges(batch.column(*slot), &mut unlike)?;
            }
        }
        Ok(Starts { batch, nodes, into, unlike })
    }

    /// The relationships of a column: single ones and lists.
    fn add_edges(&self, column: &Column, edges: &mut [Vec<TermId>]) -> Result {
        if let Column::Edges(of) = column {
            for (edges, edge) in edges.iter_mut().zip(of.iter()) {
                edges.push(edge.id);
            }
            return Ok(());
        }
        for (row, edges) in edges.iter_mut().enumerate() {
            add_edges(&column.value(row, self.context)?, edges)?;
        }
        Ok(())
    }

    /// Those that may be walked. `rows` says for each origin in which of the rows its walk began.
    pub(super) fn allowed(&self, starts: &Starts, rows: &[u32], mut landed: Landed) -> Result<Landed> {
        if !starts.unlike.is_empty() {
            landed.retain(|at, landed| {
                let row = rows[landed.origins[at] as usize];
                !starts.unlike[row as usize].contains(&landed.edges[at].id)
            });
        }
        if let Some((slot, predicate)) = &self.walk.each
            && !landed.nodes.is_empty()
        {
            let rows: Vec<u32> = landed.origins.iter().map(|origin| rows[*origin as usize]).collect();
            let batch = starts.batch.gather(&rows).with(*slot, Column::edges(landed.edges.clone()));
            let right = Evaluator::new(self.context).select(predicate, &batch)?;
            if right.len() < landed.nodes.len() {
                landed = landed.gather(&right);
            }
        }
        Ok(landed)
    }
}

fn add_edges(value: &Value, edges: &mut Vec<TermId>) -> Result {
    match value {
        Value::Null => {}
        Value::Relationship(edge) => edges.push(edge.id),
        Value::List(list) => list.iter().try_for_each(|item| add_edges(item, edges))?,
        other => {
            let (operation, expected) = ("MATCH", "a relationship or a list of relationships");
            return Err(Error::NotAnEntity { operation, expected, found: other.kind() });
        }
    }
    Ok(())
}
