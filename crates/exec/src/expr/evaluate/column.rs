//! An expression for all rows of a batch.
//!
//! - **Shape**: what computes all of its operands for each row is computed operand by operand, column by column: so that
//!   properties are read for a batch at once, and what is the same for each row is computed once. What may stop before
//!   an operand (CASE, what binds locals) goes row by row; AND and OR go operand by operand with
//!   the rows that are not decided yet.
//! - `truths`: predicates, whose values are not made; `compare`: property values compared without being looked up.
//! - **Invariant**: the same values as row by row. Where a row fails, this fails, maybe with the failure of another row.

use std::sync::Arc;

use model::TermId;

use super::{Evaluator, Local, Scope};
use crate::Value;
use crate::batch::{Batch, Column};
use crate::context::Context;
use crate::expr::{Expr, Function, Unary};
use crate::fault::Result;
use crate::graph::{Name, entity};

mod compare;
mod truths;

/// What an operand is in each row.
enum Operand {
    One(Value),
    Many(Arc<Vec<Value>>),
}

impl Operand {
    fn of(column: &Column, rows: usize, context: &Context<'_>) -> Result<Self> {
        Ok(match column {
            Column::Absent => Self::One(Value::Null),
            Column::Constant(value) => Self::One(value.clone()),
            other => Self::Many(other.resolved(rows, context)?),
        })
    }

    fn at(&self, row: usize) -> &Value {
        match self {
            Self::One(value) => value,
            Self::Many(values) => &values[row],
        }
    }

    /// How many rows are to be computed from operands, if a batch has so many.
    fn rows(operands: &[Self], rows: usize) -> usize {
        if operands.iter().all(|operand| matches!(operand, Self::One(_))) { rows.min(1) } else { rows }
    }
}

/// A column of what was computed: of one value if that is the same in all rows.
fn column_of(mut values: Vec<Value>, rows: usize) -> Column {
    match values.pop() {
        Some(value) if values.is_empty() && rows > 1 => Column::Constant(value),
        last => {
            values.extend(last);
            Column::values(values)
        }
    }
}

impl Evaluator<'_, '_> {
    /// The values for all rows of a batch.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn column(self, expr: &Expr, batch: &Batch) -> Result<Column> {
        self.column_within(expr, batch, None)
    }

    /// The rows of a batch for which a predicate is true.
    ///
    /// # Errors
    ///
    /// As [`Self::truth`].
    pub fn select(self, predicate: &Expr, batch: &Batch) -> Result<Vec<u32>> {
        let truths = self.truths("WHERE", predicate, batch, None)?;
        Ok((0..).zip(truths).filter(|(_, truth)| *truth == Some(true)).map(|(row, _)| row).collect())
    }

    /// The values where locals are bound.
    pub(super) fn column_within(self, expr: &Expr, batch: &Batch, local: Option<&Local<'_>>) -> Result<Column> {
        match expr {
            Expr::Constant(value) => Ok(Column::Constant(value.clone())),
            Expr::Slot(slot) => Ok(batch.column(*slot).clone()),
            Expr::Local(depth) => Ok(Column::Constant(Scope { batch, row: 0, local }.local(*depth))),
            Expr::Property { target, key } => {
                let target = self.column_within(target, batch, local)?;
                self.property_column(&target, key, batch.len())
            }
            Expr::Unary(operator @ (Unary::Negate | Unary::Plus), operand) => {
                self.strict([&**operand], batch, local, |[operand]| super::operators::unary(*operator, operand))
            }
            Expr::Binary(operator, left, right) if !operator.is_predicate() => {
                self.strict([&**left, &**right], batch, local, |[left, right]| self.of_two(*operator, left, right))
            }
            Expr::Call { function, arguments } => self.call_column(function, arguments, batch, local),
            Expr::Binary(..)
            | Expr::Unary(Unary::Not, _)
            | Expr::Comparison(..)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Xor(_)
            | Expr::IsNull(_)
            | Expr::HasLabels { .. } => {
                let truths = self.truths("a predicate", expr, batch, local)?;
                Ok(Column::values(truths.into_iter().map(Value::truth).collect()))
            }
            _ => self.row_by_row(expr, batch, local),
        }
    }

    fn row_by_row(self, expr: &Expr, batch: &Batch, local: Option<&Local<'_>>) -> Result<Column> {
        let mut values = Vec::with_capacity(batch.len());
        for row in 0..batch.len() {
            values.push(self.value(expr, Scope { batch, row, local })?);
        }
        Ok(Column::values(values))
    }

    fn operand(self, expr: &Expr, batch: &Batch, local: Option<&Local<'_>>) -> Result<Operand> {
        Operand::of(&self.column_within(expr, batch, local)?, batch.len(), self.context)
    }

    /// What is computed from all of its operands.
    fn strict<const N: usize>(
        self,
        operands: [&Expr; N],
        batch: &Batch,
        local: Option<&Local<'_>>,
        compute: impl Fn([&Value; N]) -> Result<Value>,
    ) -> Result<Column> {
        let mut found = Vec::with_capacity(N);
        for operand in operands {
            found.push(self.operand(operand, batch, local)?);
        }
        let rows = Operand::rows(&found, batch.len());
        let values = (0..rows).map(|row| compute(std::array::from_fn(|place| found[place].at(row))));
        Ok(column_of(values.collect::<Result<_>>()?, batch.len()))
    }

    fn call_column(
        self,
        function: &Function,
        arguments: &[Expr],
        batch: &Batch,
        local: Option<&Local<'_>>,
    ) -> Result<Column> {
        let operands = arguments.iter().map(|argument| self.operand(argument, batch, local));
        let operands = operands.collect::<Result<Vec<_>>>()?;
        let rows = if function.is_pure { Operand::rows(&operands, batch.len()) } else { batch.len() };
        let mut values = Vec::with_capacity(rows);
        let mut given = Vec::with_capacity(operands.len());
        for row in 0..rows {
            given.clear();
            given.extend(operands.iter().map(|operand| operand.at(row).clone()));
            values.push((function.call)(&self, &given)?);
        }
        Ok(if function.is_pure { column_of(values, batch.len()) } else { Column::values(values) })
    }

    /// A property of each of many; not yet looked up where all are nodes or relationships.
    fn property_column(self, targets: &Column, key: &Name, rows: usize) -> Result<Column> {
        if let Column::Constant(value) = targets {
            return Ok(Column::Constant(self.named(value, key)?));
        }
        // What was deleted refuses to be asked, one by one.
        let at_once = &*key.text != "~id" && self.context.deleted.borrow().is_empty();
        let terms = |ids: &[TermId]| Ok(Column::Terms(Arc::new(self.context.property_terms(ids, key.id)?)));
        match targets {
            Column::Absent => return Ok(Column::Absent),
            Column::Nodes(nodes) if at_once => return terms(nodes),
            Column::Edges(edges) if at_once => return terms(&edges.iter().map(|edge| edge.id).collect::<Vec<_>>()),
            Column::Values(values) if at_once => {
                let ids: Vec<Option<TermId>> = values.iter().map(|value| Some(entity(value)?.id())).collect();
                if (0..).zip(&ids).all(|(row, id)| id.is_some() || targets.is_null(row)) {
                    let found =
                        self.context.property_terms(&ids.iter().flatten().copied().collect::<Vec<_>>(), key.id)?;
                    let mut found = found.into_iter();
                    let terms = ids.iter().map(|id| id.and_then(|_| found.next().flatten()));
                    return Ok(Column::Terms(Arc::new(terms.collect())));
                }
            }
            _ => {}
        }
        let values = targets.resolved(rows, self.context)?;
        Ok(Column::values(values.iter().map(|value| self.named(value, key)).collect::<Result<_>>()?))
    }
}

#[cfg(test)]
mod tests;
