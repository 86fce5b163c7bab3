//! WITH and RETURN: what is projected, and what sorting and filtering still see.

use std::collections::HashSet;

use super::aggregate::has_aggregate;
use super::expression::Rules;
use super::scope::Scope;
use super::{Binder, Columns, Result, Type};
use crate::ErrorKind;
use crate::limits::MAX_COLUMNS;
use crate::tree::{Expression, ExpressionKind, Literal, Projection, Span, UnaryOperator};

impl<'a> Binder<'a> {
    /// The columns of a projection. `must_name`: whether what is no variable needs an alias.
    pub(super) fn projection(
        &self,
        projection: &'a Projection,
        filter: Option<&'a Expression>,
        scope: &Scope<'a, '_>,
        must_name: bool,
        span: Span,
    ) -> Result<Columns<'a>> {
        let mut columns = Vec::new();
        if projection.all {
            columns.clone_from(scope.own());
            if columns.is_empty() && projection.items.is_empty() && !must_name {
                let message = "RETURN * has nothing to return: no variable is in scope";
                return Err(self.error(ErrorKind::NoVariablesInScope, span, message));
            }
        }
        let mut unnamed = None;
        for item in &projection.items {
            let kind = self.expression(&item.expression, scope, Rules::PROJECTED)?;
            let name = match (&item.alias, &item.expression.kind) {
                (Some(alias), _) => &*alias.text,
                (None, ExpressionKind::Variable(variable)) => &*variable.text,
                (None, _) => {
                    unnamed = unnamed.or(Some(item.span));
                    self.slice(item.span)
                }
            };
            columns.push((name, kind));
        }
        if columns.len() > MAX_COLUMNS {
            let message = format!("There are {} columns, at most {MAX_COLUMNS} can be projected", columns.len());
            return Err(self.error(ErrorKind::TooManyColumns, span, message));
        }
        self.check_grouping(projection, &columns)?;
        self.check_names(projection, &columns)?;
        self.rest_of_projection(projection, filter, scope, &columns)?;
        match unnamed.filter(|_| must_name) {
            None => Ok(columns),
            Some(span) => {
                let message =
                    format!("The expression {} needs a name here: write AS and one behind it", self.slice(span));
                Err(self.error(ErrorKind::NoExpressionAlias, span, message))
            }
        }
    }

    fn check_names(&self, projection: &Projection, columns: &Columns<'a>) -> Result<()> {
        let mut names = HashSet::new();
        let starred = columns.len() - projection.items.len();
        for (number, (name, _)) in columns.iter().enumerate() {
            if !names.insert(*name) {
                let item = projection.items.get(number.saturating_sub(starred));
                let span = item.map_or(Span::default(), |item| item.span);
                let message = format!("Two columns are called `{name}`: choose another name for one of them");
                return Err(self.error(ErrorKind::ColumnNameConflict, span, message));
            }
        }
        Ok(())
    }

    /// ORDER BY, WHERE, SKIP and LIMIT.
    fn rest_of_projection(
        &self,
        projection: &'a Projection,
        filter: Option<&'a Expression>,
        scope: &Scope<'a, '_>,
        columns: &Columns<'a>,
    ) -> Result<()> {
        let aggregates = projection.items.iter().any(|item| has_aggregate(&item.expression));
        let projected: HashSet<&Expression> = projection.items.iter().map(|item| &item.expression).collect();
        let keys = projection.order.iter().map(|item| &item.expression);
        if aggregates || projection.distinct {
            // The rows that were there before are gone: what is left are the columns, by name or by what they are.
            let left = scope.instead(columns.iter().cloned());
            for key in keys {
                let beside_aggregate = has_aggregate(key);
                let rules = if aggregates { Rules::PROJECTED } else { Rules::in_place("ORDER BY behind DISTINCT") };
                self.expression(key, &left, rules.among(&projected, beside_aggregate))?;
            }
            if let Some(filter) = filter {
                self.predicate(filter, &left, Rules::in_place("WHERE").among(&projected, false))?;
            }
        } else {
            let both = scope.with(columns.iter().cloned());
            for key in keys {
                self.expression(key, &both, Rules::in_place("ORDER BY of rows that are not aggregated"))?;
            }
            self.filter(filter, &both, "WHERE")?;
        }
        self.check_count(projection.skip.as_ref(), "SKIP")?;
        self.check_count(projection.limit.as_ref(), "LIMIT")
    }

    /// SKIP and LIMIT: a number that is the same for all rows.
    fn check_count(&self, count: Option<&'a Expression>, keyword: &'static str) -> Result<()> {
        let Some(count) = count else { return Ok(()) };
        let kind = self.expression(count, &Scope::new(None), Rules::in_place(keyword)).map_err(|error| {
            if error.kind != ErrorKind::UndefinedVariable {
                return error;
            }
            let message =
                format!("{keyword} takes a number that is the same for all rows, so it cannot look at any variable");
            self.error(ErrorKind::NonConstantExpression, count.span, message)
        })?;
        if is_negative(count) {
            let message = format!("{keyword} takes a whole number of zero or more, not {}", self.slice(count.span));
            return Err(self.error(ErrorKind::NegativeIntegerArgument, count.span, message));
        }
        self.expect_type(&kind, &[Type::Integer], count.span)
    }
}

fn is_negative(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Literal(Literal::Integer(value)) => *value < 0,
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => {
            matches!(operand.kind, ExpressionKind::Literal(Literal::Integer(value)) if value > 0)
        }
        _ => false,
    }
}
