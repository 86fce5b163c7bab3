//! The writes of one row.

use std::sync::Arc;

use model::TermId;

use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::{Error, Result};
use crate::graph::{Doomed, Entity, entity};
use crate::memory::Held;
use crate::plan::Write;
use crate::{Map, Value};

/// About how many bytes it takes to remember that something was deleted.
const DELETED: u64 = 64;

/// Runs writes, row by row.
pub(in crate::operator) struct Writer<'c, 'q> {
    context: &'c Context<'q>,
    evaluator: Evaluator<'c, 'q>,
    /// What is to be deleted: once a batch, because a view of the graph for each row costs more than all else.
    doomed: Doomed,
    detach: bool,
    /// Nodes that were deleted without their relationships: those must be gone at the end.
    severed: Vec<TermId>,
    held: Held,
}

impl<'c, 'q> Writer<'c, 'q> {
    pub(in crate::operator) fn new(context: &'c Context<'q>) -> Self {
        Self {
            context,
            evaluator: Evaluator::new(context),
            doomed: Doomed::default(),
            detach: false,
            severed: Vec::new(),
            held: context.memory.hold(),
        }
    }

    /// Runs writes for a row. What they make is bound in `batch`, as a constant.
    pub(in crate::operator) fn run(&mut self, writes: &[Write], batch: &mut Batch, row: usize) -> Result {
        for write in writes {
            if !matches!(write, Write::Delete { .. }) {
                self.flush()?;
            }
            match write {
                Write::CreateNode { properties, .. } | Write::CreateEdge { properties, .. } => {
                    let properties = self.properties(properties.as_ref(), Scope::row(batch, row))?;
                    self.create(write, &properties, batch, row)?;
                }
                Write::Bind { slot, value } => {
                    let value = self.evaluator.value(value, Scope::row(batch, row))?;
                    batch.set(*slot, Column::Constant(value));
                }
                _ => self.change(write, Scope::row(batch, row))?,
            }
        }
        Ok(())
    }

    /// Runs a write that makes something, with properties that are known.
    pub(in crate::operator) fn create(&self, write: &Write, properties: &Map, batch: &mut Batch, row: usize) -> Result {
        match write {
            Write::CreateNode { node, labels, .. } => {
                let id = self.context.create_node(labels, properties)?;
                batch.set(*node, Column::Constant(Value::Node(id)));
                Ok(())
            }
            _ => self.create_edge(write, properties, batch, row),
        }
    }

    fn create_edge(&self, write: &Write, properties: &Map, batch: &mut Batch, row: usize) -> Result {
        let Write::CreateEdge { edge, start, end, label, .. } = write else { return Ok(()) };
        let node = |slot: &Slot, end: &'static str| match batch.column(*slot).value(row, self.context)? {
            Value::Node(node) => Ok(node),
            Value::Null => Err(Error::MissingEnd { end }),
            other => Err(Error::NotAnEntity { operation: "CREATE", expected: "a node", found: other.kind() }),
        };
        let (from, to) = (node(start, "start")?, node(end, "end")?);
        let made = self.context.create_relationship(from, label, to, properties)?;
        batch.set(*edge, Column::Constant(Value::Relationship(Arc::new(made))));
        Ok(())
    }

    /// Runs a write that binds nothing.
    fn change(&mut self, write: &Write, scope: Scope<'_>) -> Result {
        match write {
            Write::SetProperty { target, key, value } => {
                let target = self.evaluator.value(target, scope)?;
                if let Some(target) = on_entity("SET", &target)? {
                    let value = self.evaluator.value(value, scope)?;
                    self.context.set_property(target, &key.text, &value)?;
                }
            }
            Write::SetProperties { target, value, replace } => {
                let target = self.evaluator.value(target, scope)?;
                if let Some(target) = on_entity("SET", &target)? {
                    let value = self.evaluator.value(value, scope)?;
                    let properties = self.properties_of(&value)?;
                    self.context.set_properties(target, &properties, *replace)?;
                }
            }
            Write::AddLabels { target, labels } => {
                if let Some(node) = on_node("SET", &self.evaluator.value(target, scope)?)? {
                    self.context.add_labels(node, labels)?;
                }
            }
            Write::RemoveLabels { target, labels } => {
                if let Some(node) = on_node("REMOVE", &self.evaluator.value(target, scope)?)? {
                    self.context.remove_labels(node, labels)?;
                }
            }
            Write::Delete { targets, detach } => {
                self.detach = *detach;
                for target in targets {
                    let target = self.evaluator.value(target, scope)?;
                    self.doom(&target)?;
                }
            }
            Write::CreateNode { .. } | Write::CreateEdge { .. } | Write::Bind { .. } => {}
        }
        Ok(())
    }

    /// Notes what is to be deleted.
    fn doom(&mut self, target: &Value) -> Result {
        let Doomed { nodes, relationships } = &mut self.doomed;
        let (before, expected) = (nodes.len() + relationships.len(), "a node, a relationship or a path");
        match target {
            Value::Null => {}
            Value::Node(node) => nodes.push(*node),
            Value::Relationship(relationship) => relationships.push(**relationship),
            Value::Path(path) => {
                nodes.extend(path.nodes());
                relationships.extend(path.steps.iter().map(|step| *step.relationship));
            }
            other => return Err(Error::NotAnEntity { operation: "DELETE", expected, found: other.kind() }),
        }
        let more = nodes.len() + relationships.len() - before;
        self.held.grow(more as u64 * DELETED)
    }

    /// Deletes what was noted.
    pub(in crate::operator) fn flush(&mut self) -> Result {
        if self.doomed.nodes.is_empty() && self.doomed.relationships.is_empty() {
            return Ok(());
        }
        if !self.detach {
            self.severed.extend(&self.doomed.nodes);
        }
        self.context.delete(&mut self.doomed, self.detach)
    }

    /// Behind the last row.
    pub(in crate::operator) fn finish(mut self) -> Result {
        self.flush()?;
        if self.severed.is_empty() { Ok(()) } else { self.context.check_unconnected(&self.severed) }
    }

    /// The map that a pattern has; without one it is empty.
    pub(in crate::operator) fn properties(&self, properties: Option<&Expr>, scope: Scope<'_>) -> Result<Map> {
        let Some(properties) = properties else { return Ok(Map::default()) };
        match self.evaluator.value(properties, scope)? {
            Value::Null => Ok(Map::default()),
            Value::Map(map) => Ok(map),
            other => Err(Error::NotAnEntity { operation: "CREATE", expected: "a map", found: other.kind() }),
        }
    }

    /// The properties that a map, node or relationship has.
    fn properties_of(&self, value: &Value) -> Result<Map> {
        match (value, entity(value)) {
            (Value::Map(map), _) => Ok(map.clone()),
            (_, Some(entity)) => self.context.property_map(entity),
            (other, None) => {
                let expected = "a map, a node or a relationship";
                Err(Error::NotAnEntity { operation: "SET", expected, found: other.kind() })
            }
        }
    }
}

/// The node or relationship that is changed; `None` for null.
fn on_entity<'v>(operation: &'static str, target: &'v Value) -> Result<Option<Entity<'v>>> {
    match entity(target) {
        None if !target.is_null() => {
            Err(Error::NotAnEntity { operation, expected: "a node or a relationship", found: target.kind() })
        }
        found => Ok(found),
    }
}

/// The node whose labels are changed; `None` for null.
fn on_node(operation: &'static str, target: &Value) -> Result<Option<TermId>> {
    match target {
        Value::Null => Ok(None),
        Value::Node(node) => Ok(Some(*node)),
        other => Err(Error::NotAnEntity { operation, expected: "a node", found: other.kind() }),
    }
}

/// The slots that writes bind.
pub(in crate::operator) fn bound(writes: &[Write]) -> Vec<Slot> {
    let slot = |write: &Write| match write {
        Write::CreateNode { node: slot, .. } | Write::CreateEdge { edge: slot, .. } | Write::Bind { slot, .. } => {
            Some(*slot)
        }
        _ => None,
    };
    writes.iter().filter_map(slot).collect()
}

/// The values of slots that were bound row by row.
pub(in crate::operator) struct Made<'s> {
    slots: &'s [Slot],
    values: Vec<Vec<Value>>,
}

impl<'s> Made<'s> {
    pub(in crate::operator) fn new(slots: &'s [Slot]) -> Self {
        Self { slots, values: vec![Vec::new(); slots.len()] }
    }

    /// Takes the values that are bound as constants.
    pub(in crate::operator) fn push(&mut self, scope: &Batch) {
        for (slot, values) in self.slots.iter().zip(&mut self.values) {
            values.push(match scope.column(*slot) {
                Column::Constant(value) => value.clone(),
                _ => Value::Null,
            });
        }
    }

    pub(in crate::operator) fn into_columns(self) -> impl Iterator<Item = (Slot, Column)> + 's {
        self.slots.iter().copied().zip(self.values.into_iter().map(column_of))
    }
}

/// The leanest column of values.
pub(in crate::operator) fn column_of(values: Vec<Value>) -> Column {
    let node = |value: &Value| if let Value::Node(node) = value { Some(*node) } else { None };
    if let Some(nodes) = values.iter().map(node).collect::<Option<Vec<_>>>() {
        return Column::nodes(nodes);
    }
    let edge = |value: &Value| if let Value::Relationship(edge) = value { Some(**edge) } else { None };
    match values.iter().map(edge).collect::<Option<Vec<_>>>() {
        Some(edges) => Column::edges(edges),
        None => Column::values(values),
    }
}
