//! An expression for all rows of a batch.
//!
//! - **Shape**: what computes all of its operands for each row is computed operand by operand, column by column: so that
//!   properties are read for a batch at once, and what is the same for each row is computed once. AND, OR and CASE go
//!   operand by operand, with the rows that are not decided yet. What binds locals goes row by row.
//! - `truths`: predicates, whose values are not made; `compare`: property values compared without being looked up;
//!   `choice`: CASE, and maps made of parts of others.
//! - **Invariant**: the same values as row by row. Where a row fails, this fails, maybe with the failure of another row.

use std::sync::Arc;

use model::TermId;

use super::{Evaluator, Local, Scope};
use crate::batch::{Batch, Column};
use crate::context::Context;
use crate::expr::{Expr, Function, Unary};
use crate::fault::Result;
use crate::graph::{Name, entity};
use crate::{Map, Value};

mod choice;
mod compare;
mod truths;

/// What is around an expression.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    local: Option<&'a Local<'a>>,
    /// How many more levels go column by column. Those below go row by row, which takes less of the stack.
    levels: u32,
}

impl<'a> Around<'a> {
    const fn nothing() -> Self {
        Self::locals(None)
    }

    pub(super) const fn locals(local: Option<&'a Local<'a>>) -> Self {
        Self { local, levels: 24 }
    }

    /// Around an operand; `None` if that is to be computed row by row.
    fn inner(self) -> Option<Self> {
        Some(Self { levels: self.levels.checked_sub(1)?, ..self })
    }
}

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
}

/// What is computed from operands: once, if they are the same in all rows.
fn computed(
    context: &Context<'_>,
    operands: &[Operand],
    rows: usize,
    mut compute: impl FnMut(usize) -> Result<Value>,
) -> Result<Column> {
    if operands.iter().all(|operand| matches!(operand, Operand::One(_))) {
        return compute(0).map(Column::Constant);
    }
    each(context, rows, compute)
}

/// A value for each row, which counts as memory while others are made. Not collected: a result of a list is grown bit by bit.
fn each(context: &Context<'_>, rows: usize, mut compute: impl FnMut(usize) -> Result<Value>) -> Result<Column> {
    let mut values = Vec::with_capacity(rows);
    let mut kept = context.memory.gather();
    for row in 0..rows {
        let value = compute(row)?;
        kept.add(value.own_bytes())?;
        values.push(value);
    }
    Ok(Column::values(values))
}

impl Evaluator<'_, '_> {
    /// The values for all rows of a batch.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn column(self, expr: &Expr, batch: &Batch) -> Result<Column> {
        self.column_within(expr, batch, Around::nothing())
    }

    /// The rows of a batch for which a predicate is true.
    ///
    /// # Errors
    ///
    /// As [`Self::truth`].
    pub fn select(self, predicate: &Expr, batch: &Batch) -> Result<Vec<u32>> {
        let truths = self.truths("WHERE", predicate, batch, Around::nothing())?;
        Ok((0..).zip(truths).filter(|(_, truth)| *truth == Some(true)).map(|(row, _)| row).collect())
    }

    /// The values where locals are bound.
    pub(super) fn column_within(self, expr: &Expr, batch: &Batch, around: Around<'_>) -> Result<Column> {
        let Some(around) = around.inner() else { return self.row_by_row(expr, batch, around) };
        match expr {
            Expr::Constant(value) => Ok(Column::Constant(value.clone())),
            Expr::Slot(slot) => Ok(batch.column(*slot).clone()),
            Expr::Local(depth) => Ok(Column::Constant(Scope { batch, row: 0, local: around.local }.local(*depth))),
            Expr::Property { target, key } => {
                let target = self.column_within(target, batch, around)?;
                self.property_column(&target, key, batch.len())
            }
            Expr::Unary(operator @ (Unary::Negate | Unary::Plus), operand) => {
                let of = [self.operand(operand, batch, around)?];
                computed(self.context, &of, batch.len(), |row| super::operators::unary(*operator, of[0].at(row)))
            }
            Expr::Binary(operator, left, right) if !operator.is_predicate() => {
                let of = [self.operand(left, batch, around)?, self.operand(right, batch, around)?];
                computed(self.context, &of, batch.len(), |row| self.of_two(*operator, of[0].at(row), of[1].at(row)))
            }
            Expr::List(items) => {
                let of = self.operands(items, batch, around)?;
                let values = |row| of.iter().map(|item| item.at(row).clone()).collect::<Vec<_>>();
                computed(self.context, &of, batch.len(), |row| Ok(Value::list(values(row))?))
            }
            Expr::Map(entries) => {
                let of = self.operands(entries.iter().map(|(_, value)| value), batch, around)?;
                let entry = |row, key: &Arc<str>, of: &Operand| (Arc::clone(key), of.at(row).clone());
                let entries = |row| entries.iter().zip(&of).map(move |((key, _), of)| entry(row, key, of));
                computed(self.context, &of, batch.len(), |row| Ok(Value::Map(Map::new(entries(row))?)))
            }
            Expr::MapProjection { subject, items } => self.projections(expr, subject, items, batch, around),
            Expr::Case { subject, branches, otherwise } => {
                self.cases(subject.as_deref(), branches, otherwise.as_deref(), batch, around)
            }
            Expr::Call { function, arguments } => self.call_column(function, arguments, batch, around),
            Expr::Binary(..)
            | Expr::Unary(Unary::Not, _)
            | Expr::Comparison(..)
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Xor(_)
            | Expr::IsNull(_)
            | Expr::HasLabels { .. } => {
                let truths = self.truths("a predicate", expr, batch, around)?;
                Ok(Column::values(truths.into_iter().map(Value::truth).collect()))
            }
            _ => self.row_by_row(expr, batch, around),
        }
    }

    fn row_by_row(self, expr: &Expr, batch: &Batch, around: Around<'_>) -> Result<Column> {
        each(self.context, batch.len(), |row| self.value(expr, Scope { batch, row, local: around.local }))
    }

    fn operand(self, expr: &Expr, batch: &Batch, around: Around<'_>) -> Result<Operand> {
        Operand::of(&self.column_within(expr, batch, around)?, batch.len(), self.context)
    }

    fn operands<'e>(
        self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        batch: &Batch,
        around: Around<'_>,
    ) -> Result<Vec<Operand>> {
        let mut operands = Vec::new();
        let mut kept = self.context.memory.gather();
        for expr in exprs {
            let column = self.column_within(expr, batch, around)?;
            kept.add(column.own_bytes() as usize)?;
            operands.push(Operand::of(&column, batch.len(), self.context)?);
        }
        Ok(operands)
    }

    fn call_column(self, function: &Function, arguments: &[Expr], batch: &Batch, around: Around<'_>) -> Result<Column> {
        let of = self.operands(arguments, batch, around)?;
        let mut given = Vec::with_capacity(of.len());
        let call = |row| {
            given.clear();
            given.extend(of.iter().map(|operand| operand.at(row).clone()));
            (function.call)(&self, &given)
        };
        if function.is_pure {
            computed(self.context, &of, batch.len(), call)
        } else {
            each(self.context, batch.len(), call)
        }
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
        each(self.context, rows, |row| self.named(&values[row], key))
    }
}

/// Some rows of a batch, with what an expression reads of them.
fn part(batch: &Batch, rows: &[u32], expr: &Expr) -> Batch {
    if rows.len() == batch.len() {
        return batch.clone(); // rows are told once, and in order
    }
    let mut part = Batch::of(rows.len());
    expr.slots(&mut |slot| {
        if part.column(slot).is_absent() {
            part.set(slot, batch.column(slot).gather(rows));
        }
    });
    part
}

#[cfg(test)]
mod tests;
