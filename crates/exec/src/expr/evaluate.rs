//! The value of an expression: the meaning of each form, in one place.
//!
//! - `scope`: the variables that an expression sees.
//! - `operators`: what is computed of values that are there: operators, comparisons, connectives.
//! - `collections`: lists and maps, and what walks them.
//! - `graph`: properties, labels, paths, and plans within expressions.
//! - `column`: an expression for all rows of a batch.
//!
//! **Source**: openCypher 9, "Expressions"; spec/opencypher.md §5.

use crate::context::Context;
use crate::equality;
use crate::expr::Expr;
use crate::fault::{Error, Result};
use crate::logic::{self, Truth};
use crate::{EvalError, Value, list};

mod collections;
mod column;
mod graph;
mod operators;
mod scope;

pub use scope::{Local, Scope};

/// Computes expressions of one run.
#[derive(Clone, Copy, Debug)]
pub struct Evaluator<'c, 'q> {
    /// What the run is given.
    pub context: &'c Context<'q>,
}

impl<'c, 'q> Evaluator<'c, 'q> {
    /// Of a run.
    pub const fn new(context: &'c Context<'q>) -> Self {
        Self { context }
    }
}

impl Evaluator<'_, '_> {
    /// The value for one row.
    ///
    /// # Errors
    ///
    /// What the values refuse; the store's.
    // Recursion goes through here for each level of an expression, so what takes space on the stack stands in functions
    // of its own.
    pub fn value(self, expr: &Expr, scope: Scope<'_>) -> Result<Value> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Slot(slot) => scope.batch.column(*slot).value(scope.row, self.context),
            Expr::Local(depth) => Ok(scope.local(*depth)),
            Expr::Property { target, key } => self.member(target, key, scope),
            Expr::Index { target, index } => self.index(target, index, scope),
            Expr::Slice { target, from, to } => self.slice(target, from.as_deref(), to.as_deref(), scope),
            Expr::HasLabels { target, labels } => self.has_labels(target, labels, scope),
            Expr::Unary(operator, operand) => self.unary(*operator, operand, scope),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, scope),
            Expr::Comparison(first, rest) => self.comparison(first, rest, scope),
            Expr::And(operands) => self.connected("AND", operands, scope, logic::and, Some(false)),
            Expr::Or(operands) => self.connected("OR", operands, scope, logic::or, Some(true)),
            Expr::Xor(operands) => self.connected("XOR", operands, scope, logic::xor, None),
            Expr::IsNull(operand) => self.value(operand, scope).map(|value| value.is_null().into()),
            Expr::Case { subject, branches, otherwise } => {
                self.case(subject.as_deref(), branches, otherwise.as_deref(), scope)
            }
            Expr::List(items) => self.list(items, scope),
            Expr::Map(entries) => self.map(entries, scope),
            Expr::MapProjection { subject, items } => self.map_projection(subject, items, scope),
            Expr::ListComprehension { list, filter, value } => {
                self.list_comprehension(list, filter.as_deref(), value.as_deref(), scope)
            }
            Expr::Quantifier { kind, list, predicate } => {
                self.quantifier(*kind, list, predicate, scope).map(Value::truth)
            }
            Expr::Reduce { initial, list, value } => self.reduce(initial, list, value, scope),
            Expr::Call { function, arguments } => match &arguments[..] {
                [] => (function.call)(&self, &[]),
                [only] => self.call_one(function, only, scope),
                _ => self.call(function, arguments, scope),
            },
            Expr::Path(parts) => self.path(parts, scope),
            Expr::Subplan(subplan) => self.subplan(subplan, scope),
        }
    }

    /// The truth of a predicate for one row.
    ///
    /// # Errors
    ///
    /// As [`Self::value`]; `ArgumentType` if it is neither boolean nor null.
    pub fn truth(self, operation: &'static str, predicate: &Expr, scope: Scope<'_>) -> Result<Truth> {
        Ok(logic::truth(operation, &self.value(predicate, scope)?)?)
    }

    fn slice(self, target: &Expr, from: Option<&Expr>, to: Option<&Expr>, scope: Scope<'_>) -> Result<Value> {
        let target = self.value(target, scope)?;
        let from = from.map(|from| self.value(from, scope)).transpose()?;
        let to = to.map(|to| self.value(to, scope)).transpose()?;
        Ok(list::slice(&target, from.as_ref(), to.as_ref())?)
    }

    fn case(
        self,
        subject: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        scope: Scope<'_>,
    ) -> Result<Value> {
        let subject = subject.map(|subject| self.value(subject, scope)).transpose()?;
        for (condition, value) in branches {
            let applies = match &subject {
                Some(subject) => equality::equals(subject, &self.value(condition, scope)?),
                None => self.truth("CASE", condition, scope)?,
            };
            if applies == Some(true) {
                return self.value(value, scope);
            }
        }
        otherwise.map_or(Ok(Value::Null), |otherwise| self.value(otherwise, scope))
    }

    // Most functions take one argument, and need no list of them.
    fn call_one(self, function: &super::Function, argument: &Expr, scope: Scope<'_>) -> Result<Value> {
        let argument = self.value(argument, scope)?;
        (function.call)(&self, &[argument])
    }

    fn call(self, function: &super::Function, arguments: &[Expr], scope: Scope<'_>) -> Result<Value> {
        (function.call)(&self, &self.values(arguments, scope)?)
    }
}

/// A value of a type that an operation has no meaning for.
fn refused(operation: &'static str, expected: &'static str, found: &Value) -> Error {
    Error::Eval(EvalError::argument(operation, expected, found.kind()))
}
