//! The clauses that change the graph.

use super::expression::Rules;
use super::scope::Scope;
use super::{Binder, Body, Result, Type};
use crate::ErrorKind;
use crate::tree::{
    Clause, Direction, Expression, ExpressionKind, Name, NodePattern, PathForm, PatternPart, Properties,
    RelationshipPattern, RemoveItem, SetItem,
};

/// Which clause makes a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    Create,
    Merge,
}

impl Maker {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Merge => "MERGE",
        }
    }
}

impl<'a> Binder<'a> {
    pub(super) fn update(&self, clause: &'a Clause, scope: &mut Scope<'a, '_>) -> Result<()> {
        match clause {
            Clause::Create(clause) => clause.pattern.iter().try_for_each(|part| self.make(part, Maker::Create, scope)),
            Clause::Merge(clause) => {
                self.make(&clause.part, Maker::Merge, scope)?;
                clause.actions.iter().flat_map(|action| &action.items).try_for_each(|item| self.set_item(item, scope))
            }
            Clause::Set(clause) => clause.items.iter().try_for_each(|item| self.set_item(item, scope)),
            Clause::Remove(clause) => clause.items.iter().try_for_each(|item| match item {
                RemoveItem::Property { target, .. } => self.property_target(target, scope, "REMOVE"),
                RemoveItem::Labels { variable, .. } => self.expect_variable(variable, &[Type::Node], scope),
            }),
            Clause::Delete(clause) => clause.targets.iter().try_for_each(|target| self.delete(target, scope)),
            Clause::Foreach(clause) => {
                let list = self.expression(&clause.list, scope, Rules::in_place("FOREACH"))?;
                self.check_new(scope, &clause.variable)?;
                let mut inner = scope.with([(&*clause.variable.text, list.element())]);
                for clause in &clause.clauses {
                    self.clause(clause, &mut inner, Body::Statement, false)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A part of the pattern of CREATE or MERGE.
    fn make(&self, part: &'a PatternPart, maker: Maker, scope: &mut Scope<'a, '_>) -> Result<()> {
        if part.form != PathForm::Any {
            let message = format!("{} makes no shortest paths", maker.name());
            return Err(self.error(ErrorKind::UnexpectedSyntax, part.span, message));
        }
        let is_single = part.path.steps.is_empty();
        self.make_node(&part.path.start, maker, is_single, scope)?;
        for step in &part.path.steps {
            // The nodes at both ends are there before the relationship is.
            self.check_relationship(&step.relationship, maker, scope)?;
            self.make_node(&step.node, maker, false, scope)?;
            if let Some(variable) = &step.relationship.variable {
                self.bind_new(scope, variable, Type::Relationship)?;
            }
        }
        part.variable.as_ref().map_or(Ok(()), |variable| self.bind_new(scope, variable, Type::Path))
    }

    fn make_node(&self, node: &'a NodePattern, maker: Maker, is_single: bool, scope: &mut Scope<'a, '_>) -> Result<()> {
        self.made_properties(node.properties.as_ref(), maker, scope)?;
        let Some(variable) = &node.variable else { return Ok(()) };
        let Some(bound) = scope.get(&variable.text) else {
            scope.bind(&variable.text, Type::Node);
            return Ok(());
        };
        if is_single || !node.labels.is_empty() || node.properties.is_some() {
            let message = format!(
                "Variable `{}` is bound already: {} cannot make it again, nor give it labels or properties",
                variable.text,
                maker.name()
            );
            return Err(self.error(ErrorKind::VariableAlreadyBound, variable.span, message));
        }
        if !bound.may_be(&Type::Node) {
            let message = format!("Variable `{}` is {bound}, and cannot stand for a node here", variable.text);
            return Err(self.error(ErrorKind::VariableTypeConflict, variable.span, message));
        }
        Ok(())
    }

    fn check_relationship(
        &self,
        relationship: &'a RelationshipPattern,
        maker: Maker,
        scope: &Scope<'a, '_>,
    ) -> Result<()> {
        let span = relationship.span;
        if let Some(variable) = &relationship.variable {
            self.check_new(scope, variable)?;
        }
        if relationship.length.is_some() {
            let message = format!("{} makes one relationship at a time: leave out the length", maker.name());
            return Err(self.error(ErrorKind::CreatingVarLength, span, message));
        }
        if relationship.types.len() != 1 {
            let message = format!(
                "A relationship that {} makes has exactly one type, as in -[:TYPE]->, not {}",
                maker.name(),
                relationship.types.len()
            );
            return Err(self.error(ErrorKind::NoSingleRelationshipType, span, message));
        }
        if maker == Maker::Create && relationship.direction == Direction::Either {
            let message = "A relationship that CREATE makes has one direction, as in -[:TYPE]-> or <-[:TYPE]-";
            return Err(self.error(ErrorKind::RequiresDirectedRelationship, span, message));
        }
        self.made_properties(relationship.properties.as_ref(), maker, scope)
    }

    fn made_properties(&self, properties: Option<&'a Properties>, maker: Maker, scope: &Scope<'a, '_>) -> Result<()> {
        match properties {
            None => Ok(()),
            Some(Properties::Parameter(name)) if maker == Maker::Merge => {
                let message = format!(
                    "Parameter ${0} cannot stand for all properties in MERGE: name them, as in {{key: ${0}.key}}",
                    name.text
                );
                Err(self.error(ErrorKind::InvalidParameterUse, name.span, message))
            }
            Some(properties) => self.properties(properties, scope, maker.name()),
        }
    }

    fn set_item(&self, item: &'a SetItem, scope: &Scope<'a, '_>) -> Result<()> {
        match item {
            SetItem::Property { target, value, .. } => {
                self.property_target(target, scope, "SET")?;
                self.expression(value, scope, Rules::in_place("SET")).map(drop)
            }
            SetItem::Replace { variable, value } | SetItem::Add { variable, value } => {
                self.expect_variable(variable, &[Type::Node, Type::Relationship], scope)?;
                let kind = self.expression(value, scope, Rules::in_place("SET"))?;
                self.expect_type(&kind, &[Type::Map, Type::Node, Type::Relationship], value.span)
            }
            SetItem::Labels { variable, .. } => self.expect_variable(variable, &[Type::Node], scope),
        }
    }

    fn property_target(&self, target: &'a Expression, scope: &Scope<'a, '_>, place: &'static str) -> Result<()> {
        let kind = self.expression(target, scope, Rules::in_place(place))?;
        self.expect_type(&kind, &[Type::Node, Type::Relationship], target.span)
    }

    fn expect_variable(&self, variable: &'a Name, kinds: &[Type], scope: &Scope<'a, '_>) -> Result<()> {
        let kind = self.variable(variable, scope)?;
        self.expect_type(&kind, kinds, variable.span)
    }

    fn delete(&self, target: &'a Expression, scope: &Scope<'a, '_>) -> Result<()> {
        let kind = self.expression(target, scope, Rules::in_place("DELETE"))?;
        if matches!(target.kind, ExpressionKind::Labels { .. }) {
            let message = "DELETE takes nodes, relationships and paths: use REMOVE for a label, \
                           and delete a relationship to be rid of its type";
            return Err(self.error(ErrorKind::InvalidDelete, target.span, message));
        }
        self.expect_type(&kind, &[Type::Node, Type::Relationship, Type::Path], target.span)
    }
}
