//! A property of nodes or relationships, read for a batch at once.

use std::sync::Arc;

use model::TermId;

use super::{Operator, Running};
use crate::Value;
use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::fault::{Error, Result};
use crate::graph::{Entity, Name, entity};

/// See the module.
pub(super) struct Load<'q> {
    pub(super) input: Running<'q>,
    pub(super) entity: Slot,
    pub(super) key: &'q Name,
    pub(super) to: Slot,
    pub(super) context: &'q Context<'q>,
}

impl Operator for Load<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(mut batch) = self.input.next()? else { return Ok(None) };
        self.context.check()?;
        let loaded = self.read(batch.column(self.entity), batch.len())?;
        batch.set(self.to, loaded);
        Ok(Some(batch))
    }
}

impl Load<'_> {
    fn read(&self, column: &Column, rows: usize) -> Result<Column> {
        if &*self.key.text == "~id" {
            let each = |row| match entity(&column.value(row, self.context)?) {
                Some(entity) => Ok(Value::String(self.context.text(entity.id())?)),
                None => Ok(Value::Null),
            };
            return (0..rows).map(each).collect::<Result<_>>().map(Column::values);
        }
        match column {
            Column::Absent => Ok(Column::Absent),
            Column::Nodes(nodes) => {
                if self.context.has_deleted() {
                    nodes.iter().try_for_each(|node| self.context.alive(Entity::Node(*node), "properties"))?;
                }
                self.terms(nodes)
            }
            Column::Edges(edges) => {
                if self.context.has_deleted() {
                    edges.iter().try_for_each(|edge| self.context.alive(Entity::Relationship(edge), "properties"))?;
                }
                self.terms(&edges.iter().map(|edge| edge.id).collect::<Vec<_>>())
            }
            Column::Constant(value) => {
                let values = self.of_values(std::iter::once(value))?;
                Ok(values.gather(&vec![0; rows]))
            }
            Column::Values(values) => self.of_values(values.iter()),
            Column::Terms(_) => {
                let values = column.resolved(rows, self.context)?;
                self.of_values(values.iter())
            }
        }
    }

    fn terms(&self, entities: &[TermId]) -> Result<Column> {
        Ok(Column::Terms(Arc::new(self.context.property_terms(entities, self.key.id)?)))
    }

    /// Of nodes, relationships and nulls.
    fn of_values<'a>(&self, values: impl Iterator<Item = &'a Value>) -> Result<Column> {
        let mut ids = Vec::new();
        let mut terms = Vec::new();
        for value in values {
            match entity(value) {
                Some(entity) => {
                    self.context.alive(entity, "properties")?;
                    terms.push(Some(entity.id()));
                    ids.push(entity.id());
                }
                None if value.is_null() => terms.push(None),
                None => {
                    let (operation, expected) = ("a property", "a node or relationship");
                    return Err(Error::NotAnEntity { operation, expected, found: value.kind() });
                }
            }
        }
        // What was the entity's becomes its property's.
        let mut found = self.context.property_terms(&ids, self.key.id)?.into_iter();
        for term in &mut terms {
            if term.is_some() {
                *term = found.next().flatten();
            }
        }
        Ok(Column::Terms(Arc::new(terms)))
    }
}
