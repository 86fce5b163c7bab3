//! What an expression asks of the graph: properties, labels, paths, and plans within it.

use std::sync::Arc;

use super::column::Around;
use super::{Evaluator, Scope, refused};
use crate::batch::Column;
use crate::expr::{Expr, Form, Subplan};
use crate::fault::Result;
use crate::graph::{Name, entity};
use crate::limits::check_list;
use crate::{Map, Path, Relationship, Step, Value, list, map, operator};

impl Evaluator<'_, '_> {
    /// `value.key`; of nodes and relationships the key `~id` is the id.
    ///
    /// # Errors
    ///
    /// `ArgumentType` for what has no members; the store's.
    pub fn property(self, value: &Value, key: &str) -> Result<Value> {
        match entity(value) {
            Some(entity) => self.context.property(entity, key),
            None => Ok(map::member(value, key)?),
        }
    }

    /// The properties of a node or relationship, or a map as it is.
    ///
    /// # Errors
    ///
    /// `ArgumentType` for anything else; the store's.
    pub fn properties(self, value: &Value) -> Result<Map> {
        match (entity(value), value) {
            (Some(entity), _) => self.context.property_map(entity),
            (None, Value::Map(map)) => Ok(map.clone()),
            (None, other) => Err(refused("properties()", "a node, a relationship or a map", other)),
        }
    }

    /// A property by a name of the plan, whose id is known.
    pub(super) fn named(self, value: &Value, key: &Name) -> Result<Value> {
        match entity(value) {
            Some(entity) => self.context.named_property(entity, key),
            None => Ok(map::member(value, &key.text)?),
        }
    }

    pub(super) fn member(self, target: &Expr, key: &Name, scope: Scope<'_>) -> Result<Value> {
        let target = self.value(target, scope)?;
        self.named(&target, key)
    }

    /// `target[index]`
    pub(super) fn index(self, target: &Expr, index: &Expr, scope: Scope<'_>) -> Result<Value> {
        let (target, index) = (self.value(target, scope)?, self.value(index, scope)?);
        match (entity(&target), &index) {
            (Some(_), Value::String(key)) => self.property(&target, key),
            (Some(_), Value::Null) => Ok(Value::Null),
            _ => Ok(list::index(&target, &index)?),
        }
    }

    pub(super) fn has_labels(self, target: &Expr, labels: &[Name], scope: Scope<'_>) -> Result<Value> {
        let target = self.value(target, scope)?;
        match (entity(&target), &target) {
            (Some(entity), _) => Ok(self.context.has_labels(entity, labels)?.into()),
            (None, Value::Null) => Ok(Value::Null),
            (None, other) => Err(refused("a label predicate", "a node or a relationship", other)),
        }
    }

    /// A walk: node, relationship or list of relationships, node, … The ends of a relationship tell which way it went.
    pub(super) fn path(self, parts: &[Expr], scope: Scope<'_>) -> Result<Value> {
        let mut values = parts.iter().map(|part| self.value(part, scope));
        let start = match values.next().transpose()? {
            None | Some(Value::Null) => return Ok(Value::Null),
            Some(Value::Node(start)) => start,
            Some(other) => return Err(refused("a path", "a node where it begins", &other)),
        };
        let mut path = Path { start, steps: Vec::new() };
        for value in values {
            match value? {
                Value::Null => return Ok(Value::Null),
                Value::Node(_) => {} // where the relationship before it led
                Value::Relationship(relationship) => step(&mut path, relationship),
                Value::List(walked) => {
                    for one in walked.iter() {
                        match one {
                            Value::Null => return Ok(Value::Null),
                            Value::Relationship(relationship) => step(&mut path, Arc::clone(relationship)),
                            other => return Err(refused("a path", "relationships between its nodes", other)),
                        }
                    }
                }
                other => return Err(refused("a path", "nodes and relationships", &other)),
            }
        }
        Ok(Value::Path(Arc::new(path)))
    }

    /// Runs a plan for the row.
    pub(super) fn subplan(self, subplan: &Subplan, scope: Scope<'_>) -> Result<Value> {
        let mut argument = scope.batch.row(scope.row);
        for (slot, depth) in &subplan.locals {
            argument.set(*slot, Column::Constant(scope.local(*depth)));
        }
        let mut running = operator::build(&subplan.plan, self.context, Some(&argument));
        match &subplan.form {
            Form::Exists => Ok(running.next()?.is_some().into()),
            Form::Count => {
                let mut count = 0;
                while let Some(batch) = running.next()? {
                    count += batch.len() as i64;
                }
                Ok(count.into())
            }
            Form::Collect(value) => {
                let mut held = self.context.memory.hold();
                let mut items = Vec::new();
                while let Some(batch) = running.next()? {
                    let values = self
                        .column_within(value, &batch, Around::locals(scope.local))?
                        .resolved(batch.len(), self.context)?;
                    held.grow(values.iter().map(Value::bytes).sum::<usize>() as u64)?;
                    check_list("a pattern comprehension", items.len() + values.len())?;
                    items.extend_from_slice(&values);
                }
                Ok(Value::list(items)?)
            }
        }
    }
}

/// Goes on along a relationship.
fn step(path: &mut Path, relationship: Arc<Relationship>) {
    let here = path.steps.last().map_or(path.start, |step| step.node);
    let node = if relationship.start == here { relationship.end } else { relationship.start };
    path.steps.push(Step { relationship, node });
}
