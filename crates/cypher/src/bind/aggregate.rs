//! Aggregates, and what may stand beside one.
//!
//! An expression with an aggregate is computed for each group of rows, so whatever it mentions outside of the aggregate
//! must be the same for all rows of the group: constants, and what the rows are grouped by. Of that, only variables and
//! properties of variables count: openCypher takes `a.x + a.y + count(*)` for ambiguous even where `a.x + a.y` is a
//! column.

use std::collections::HashSet;

use super::function::Function;
use super::{Binder, Columns, Result};
use crate::ErrorKind;
use crate::tree::{Expression, ExpressionKind, Name, Projection};

/// Whether it is the call of an aggregate function.
pub(super) fn is_aggregate(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::CountAll => true,
        ExpressionKind::Call(call) => Function::get(&call.name).is_some_and(|function| function.is_aggregate),
        _ => false,
    }
}

/// Whether an aggregate is somewhere in it.
pub(crate) fn has_aggregate(expression: &Expression) -> bool {
    is_aggregate(expression) || expression.children().any(has_aggregate)
}

/// Whether it counts as what it is beside an aggregate.
pub(super) fn is_simple(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Variable(_) | ExpressionKind::Parameter(_) | ExpressionKind::Literal(_) => true,
        ExpressionKind::Property { target, .. } => matches!(target.kind, ExpressionKind::Variable(_)),
        _ => false,
    }
}

impl<'a> Binder<'a> {
    /// Refuses columns with an aggregate that mention what is no column. `columns` begins with those of `*`.
    pub(super) fn check_grouping(&self, projection: &'a Projection, columns: &Columns<'a>) -> Result<()> {
        let (plain, aggregating): (Vec<_>, Vec<_>) =
            projection.items.iter().map(|item| &item.expression).partition(|item| !has_aggregate(item));
        if aggregating.is_empty() {
            return Ok(());
        }
        let starred = columns.iter().take(columns.len() - projection.items.len()).map(|(name, _)| *name).collect();
        let groups = Groups { keys: plain.into_iter().filter(|key| is_simple(key)).collect(), starred };
        aggregating.into_iter().try_for_each(|expression| self.beside_aggregate(expression, &groups, &mut Vec::new()))
    }

    /// `hidden` are the variables that expressions around this one bind.
    fn beside_aggregate(
        &self,
        expression: &'a Expression,
        groups: &Groups<'a>,
        hidden: &mut Vec<&'a Name>,
    ) -> Result<()> {
        if is_aggregate(expression) || groups.keys.contains(expression) {
            return Ok(());
        }
        if let ExpressionKind::Variable(name) = &expression.kind {
            if hidden.iter().any(|hidden| hidden.text == name.text) || groups.starred.contains(&*name.text) {
                return Ok(());
            }
            let message = format!(
                "Variable `{}` stands beside an aggregate, but the rows are not grouped by it: \
                 project it, or name the expression in a WITH before",
                name.text
            );
            return Err(self.error(ErrorKind::AmbiguousAggregationExpression, expression.span, message));
        }
        let before = hidden.len();
        hidden.extend(expression.binds());
        for child in expression.children() {
            self.beside_aggregate(child, groups, hidden)?;
        }
        hidden.truncate(before);
        Ok(())
    }
}

/// By what rows are grouped.
struct Groups<'a> {
    /// Expressions that are columns.
    keys: HashSet<&'a Expression>,
    /// Variables that `*` makes columns.
    starred: HashSet<&'a str>,
}
