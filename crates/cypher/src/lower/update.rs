//! The clauses that change the graph.

use exec::Value;
use exec::batch::Slot;
use exec::expr::Expr;
use exec::plan::{Plan, Write};

use super::pattern::{Part, Slots, path_of};
use super::scope::{Scope, Sight};
use super::{Lowerer, Result};
use crate::tree::{
    Clause, Direction, Foreach, Merge, MergeTrigger, Name, NodePattern, PathPattern, PatternPart, Properties,
    RelationshipPattern, RemoveItem, SetItem,
};

impl<'a> Lowerer<'a> {
    pub(super) fn update(&self, clause: &'a Clause, input: Plan, scope: &mut Scope<'a>) -> Result<Plan> {
        let writes = match clause {
            Clause::Create(clause) => {
                let mut writes = Vec::new();
                for part in &clause.pattern {
                    self.create_part(part, scope, &mut writes)?;
                }
                writes
            }
            Clause::Set(clause) => self.set_items(&clause.items, scope)?,
            Clause::Remove(clause) => {
                clause.items.iter().map(|item| self.remove_item(item, scope)).collect::<Result<_>>()?
            }
            Clause::Delete(clause) => {
                let target = |target| self.expression(target, Sight::of(scope));
                let targets = clause.targets.iter().map(target).collect::<Result<_>>()?;
                vec![Write::Delete { targets, detach: clause.detach }]
            }
            Clause::Merge(clause) => return self.merge(clause, input, scope),
            Clause::Foreach(clause) => return self.foreach(clause, input, scope),
            _ => return Ok(input),
        };
        Ok(Plan::Write { input: Box::new(input), writes })
    }

    fn create_part(&self, part: &'a PatternPart, scope: &mut Scope<'a>, writes: &mut Vec<Write>) -> Result<()> {
        let mut slots = Slots { nodes: vec![self.create_node(&part.path.start, scope, writes)?], edges: Vec::new() };
        for step in &part.path.steps {
            let node = self.create_node(&step.node, scope, writes)?;
            let before = slots.nodes[slots.edges.len()];
            let edge = self.slot();
            writes.push(self.create_edge(&step.relationship, edge, before, node, Sight::of(scope))?);
            if let Some(name) = &step.relationship.variable {
                scope.bind(&name.text, edge);
            }
            slots.edges.push(edge);
            slots.nodes.push(node);
        }
        if let Some(variable) = &part.variable {
            let slot = self.slot();
            writes.push(Write::Bind { slot, value: path_of(&slots) });
            scope.bind(&variable.text, slot);
        }
        Ok(())
    }

    /// The slot of a node, which is made unless it is there.
    fn create_node(&self, node: &'a NodePattern, scope: &mut Scope<'a>, writes: &mut Vec<Write>) -> Result<Slot> {
        if let Some(slot) = node.variable.as_ref().and_then(|name| scope.get(&name.text)) {
            return Ok(slot);
        }
        let slot = self.slot();
        writes.push(self.new_node(node, slot, Sight::of(scope))?);
        if let Some(name) = &node.variable {
            scope.bind(&name.text, slot);
        }
        Ok(slot)
    }

    fn new_node(&self, node: &'a NodePattern, slot: Slot, sight: Sight<'_, 'a>) -> Result<Write> {
        let properties = self.properties(node.properties.as_ref(), sight)?;
        Ok(Write::CreateNode { node: slot, labels: self.labels(&node.labels), properties })
    }

    fn create_edge(
        &self,
        pattern: &'a RelationshipPattern,
        edge: Slot,
        left: Slot,
        right: Slot,
        sight: Sight<'_, 'a>,
    ) -> Result<Write> {
        let (start, end) = if pattern.direction == Direction::Left { (right, left) } else { (left, right) };
        let properties = self.properties(pattern.properties.as_ref(), sight)?;
        // The binder has seen to it that there is one type.
        let label = pattern
            .types
            .first()
            .map_or_else(|| self.relationship_type(&Name::new("")), |name| self.relationship_type(name));
        Ok(Write::CreateEdge { edge, start, end, label, properties })
    }

    fn properties(&self, properties: Option<&'a Properties>, sight: Sight<'_, 'a>) -> Result<Option<Expr>> {
        Ok(match properties {
            None => None,
            Some(Properties::Map(entries)) => Some(self.map(entries, sight)?),
            Some(Properties::Parameter(name)) => match self.parameter(name)? {
                map @ (Value::Map(_) | Value::Null) => Some(Expr::Constant(map)),
                other => {
                    let message = format!(
                        "Parameter ${} stands for properties: it must be a map, not {}",
                        name.text,
                        other.kind()
                    );
                    return Err(self.error(crate::ErrorKind::InvalidParameterType, name.span, message));
                }
            },
        })
    }

    fn merge(&self, clause: &'a Merge, input: Plan, scope: &mut Scope<'a>) -> Result<Plan> {
        let before = scope.clone();
        let found = self.pattern(&[Part::from(&clause.part)], None, scope)?;
        let mut create = Vec::new();
        let mut binds = Vec::new();
        if let Some(slots) = found.parts.first() {
            self.created(&clause.part.path, slots, Sight::of(&before), &mut create, &mut binds, &before)?;
            if let Some(slot) = clause.part.variable.as_ref().and_then(|name| scope.get(&name.text)) {
                create.push(Write::Bind { slot, value: path_of(slots) });
                binds.push(slot);
            }
        }
        let mut on_match = Vec::new();
        for action in &clause.actions {
            let writes = self.set_items(&action.items, scope)?;
            match action.trigger {
                MergeTrigger::Create => create.extend(writes),
                MergeTrigger::Match => on_match.extend(writes),
            }
        }
        let find = Box::new(found.plan(Plan::Argument));
        Ok(Plan::Merge { input: Box::new(input), find, create, on_match, binds })
    }

    /// What makes a pattern whose slots are known.
    fn created(
        &self,
        path: &'a PathPattern,
        slots: &Slots,
        sight: Sight<'_, 'a>,
        writes: &mut Vec<Write>,
        binds: &mut Vec<Slot>,
        before: &Scope<'a>,
    ) -> Result<()> {
        for (node, slot) in path.nodes().zip(&slots.nodes) {
            let is_there = node.variable.as_ref().is_some_and(|name| before.get(&name.text).is_some());
            if !is_there && !binds.contains(slot) {
                writes.push(self.new_node(node, *slot, sight)?);
                binds.push(*slot);
            }
        }
        for (place, (relationship, edge)) in path.relationships().zip(&slots.edges).enumerate() {
            let (left, right) = (slots.nodes[place], slots.nodes[place + 1]);
            writes.push(self.create_edge(relationship, *edge, left, right, sight)?);
            binds.push(*edge);
        }
        Ok(())
    }

    fn set_items(&self, items: &'a [SetItem], scope: &Scope<'a>) -> Result<Vec<Write>> {
        let sight = Sight::of(scope);
        let write = |item: &'a SetItem| {
            Ok(match item {
                SetItem::Property { target, key, value } => Write::SetProperty {
                    target: self.expression(target, sight)?,
                    key: self.key(&key.text),
                    value: self.expression(value, sight)?,
                },
                SetItem::Replace { variable, value } => Write::SetProperties {
                    target: self.variable(variable, sight)?,
                    value: self.expression(value, sight)?,
                    replace: true,
                },
                SetItem::Add { variable, value } => Write::SetProperties {
                    target: self.variable(variable, sight)?,
                    value: self.expression(value, sight)?,
                    replace: false,
                },
                SetItem::Labels { variable, labels } => {
                    Write::AddLabels { target: self.variable(variable, sight)?, labels: self.labels(labels) }
                }
            })
        };
        items.iter().map(write).collect()
    }

    fn remove_item(&self, item: &'a RemoveItem, scope: &Scope<'a>) -> Result<Write> {
        let sight = Sight::of(scope);
        Ok(match item {
            RemoveItem::Property { target, key } => Write::SetProperty {
                target: self.expression(target, sight)?,
                key: self.key(&key.text),
                value: Expr::NULL,
            },
            RemoveItem::Labels { variable, labels } => {
                Write::RemoveLabels { target: self.variable(variable, sight)?, labels: self.labels(labels) }
            }
        })
    }

    fn foreach(&self, clause: &'a Foreach, input: Plan, scope: &Scope<'a>) -> Result<Plan> {
        let list = self.expression(&clause.list, Sight::of(scope))?;
        let element = self.slot();
        let mut inner = scope.clone();
        inner.bind(&clause.variable.text, element);
        let mut body = Plan::Argument;
        for clause in &clause.clauses {
            (body, _) = self.clause(clause, body, &mut inner, false)?;
        }
        Ok(Plan::Foreach { input: Box::new(input), list, element, body: Box::new(body) })
    }
}
