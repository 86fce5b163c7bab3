//! Patterns: which variables they find, and which they bind.

use std::collections::HashSet;

use super::expression::Rules;
use super::scope::Scope;
use super::{Binder, Result, Type};
use crate::ErrorKind;
use crate::tree::{Name, NodePattern, PathPattern, PatternPart, Properties, RelationshipPattern};

impl<'a> Binder<'a> {
    /// The pattern of a MATCH: what is new is bound, what is there must fit.
    pub(super) fn match_pattern(&self, pattern: &'a [PatternPart], scope: &mut Scope<'a, '_>) -> Result<()> {
        let mut relationships = HashSet::new();
        for part in pattern {
            self.match_path(&part.path, scope, &mut relationships)?;
            if let Some(variable) = &part.variable {
                self.bind_new(scope, variable, Type::Path)?;
            }
        }
        pattern.iter().try_for_each(|part| self.path_properties(&part.path, scope, "MATCH"))
    }

    /// Binds the variables of a path. `relationships` are those that the pattern has bound so far: it cannot take one
    /// relationship twice.
    pub(super) fn match_path(
        &self,
        path: &'a PathPattern,
        scope: &mut Scope<'a, '_>,
        relationships: &mut HashSet<&'a str>,
    ) -> Result<()> {
        self.match_node(&path.start, scope)?;
        for step in &path.steps {
            self.match_relationship(&step.relationship, scope, relationships)?;
            self.match_node(&step.node, scope)?;
        }
        Ok(())
    }

    fn match_node(&self, node: &'a NodePattern, scope: &mut Scope<'a, '_>) -> Result<()> {
        node.variable.as_ref().map_or(Ok(()), |variable| self.bind_as(variable, Type::Node, scope))
    }

    fn match_relationship(
        &self,
        relationship: &'a RelationshipPattern,
        scope: &mut Scope<'a, '_>,
        relationships: &mut HashSet<&'a str>,
    ) -> Result<()> {
        let Some(variable) = &relationship.variable else { return Ok(()) };
        self.bind_as(variable, relationship.kind(), scope)?;
        if !relationships.insert(&variable.text) {
            let message = format!(
                "Variable `{}` stands for two relationships of one pattern, which are never the same",
                variable.text
            );
            return Err(self.error(ErrorKind::RelationshipUniquenessViolation, variable.span, message));
        }
        Ok(())
    }

    /// Binds a variable to this type, or finds that it can be of it.
    fn bind_as(&self, variable: &'a Name, kind: Type, scope: &mut Scope<'a, '_>) -> Result<()> {
        match scope.get(&variable.text) {
            None => scope.bind(&variable.text, kind),
            Some(bound) if bound.may_be(&kind) => {}
            Some(bound) => {
                let message = format!("Variable `{}` is {bound}, and cannot stand for {kind} here", variable.text);
                return Err(self.error(ErrorKind::VariableTypeConflict, variable.span, message));
            }
        }
        Ok(())
    }

    /// The values that a pattern compares with, seen with all of its variables.
    pub(super) fn path_properties(
        &self,
        path: &'a PathPattern,
        scope: &Scope<'a, '_>,
        place: &'static str,
    ) -> Result<()> {
        let nodes = path.nodes().map(|node| &node.properties);
        let relationships = path.relationships().map(|relationship| &relationship.properties);
        nodes.chain(relationships).flatten().try_for_each(|properties| match properties {
            Properties::Map(_) => self.properties(properties, scope, place),
            Properties::Parameter(name) => {
                let message = format!(
                    "Parameter ${0} cannot stand for all properties in {place}: name them, as in {{key: ${0}.key}}",
                    name.text
                );
                Err(self.error(ErrorKind::InvalidParameterUse, name.span, message))
            }
        })
    }

    /// The values of properties, wherever they stand.
    pub(super) fn properties(
        &self,
        properties: &'a Properties,
        scope: &Scope<'a, '_>,
        place: &'static str,
    ) -> Result<()> {
        let Properties::Map(entries) = properties else { return Ok(()) };
        entries.iter().try_for_each(|(_, value)| self.expression(value, scope, Rules::in_place(place)).map(drop))
    }

    /// A pattern within an expression: it binds nothing, so each of its variables must be there.
    pub(super) fn pattern_expression(&self, part: &'a PatternPart, scope: &Scope<'a, '_>) -> Result<()> {
        let nodes = part.path.nodes().map(|node| (node.variable.as_ref(), Type::Node));
        let relationships =
            part.path.relationships().map(|relationship| (relationship.variable.as_ref(), relationship.kind()));
        for (variable, kind) in nodes.chain(relationships) {
            let Some(variable) = variable else { continue };
            let bound = self.variable(variable, scope)?;
            if !bound.may_be(&kind) {
                let message = format!("Variable `{}` is {bound}, and cannot stand for {kind} here", variable.text);
                return Err(self.error(ErrorKind::VariableTypeConflict, variable.span, message));
            }
        }
        self.path_properties(&part.path, scope, "a pattern")
    }
}

impl RelationshipPattern {
    /// What its variable stands for.
    pub(super) fn kind(&self) -> Type {
        if self.length.is_some() { Type::list(Type::Relationship) } else { Type::Relationship }
    }
}
