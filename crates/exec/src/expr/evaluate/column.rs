//! An expression for all rows of a batch.

use super::{Evaluator, Local, Scope};
use crate::batch::{Batch, Column};
use crate::expr::Expr;
use crate::fault::Result;

impl Evaluator<'_, '_> {
    /// The values for all rows of a batch.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn column(self, expr: &Expr, batch: &Batch) -> Result<Column> {
        self.column_within(expr, batch, None)
    }

    /// The same where locals are bound.
    pub(super) fn column_within(self, expr: &Expr, batch: &Batch, local: Option<&Local<'_>>) -> Result<Column> {
        match expr {
            Expr::Constant(value) => return Ok(Column::Constant(value.clone())),
            Expr::Slot(slot) => return Ok(batch.column(*slot).clone()),
            _ => {}
        }
        let mut values = Vec::with_capacity(batch.len());
        for row in 0..batch.len() {
            values.push(self.value(expr, Scope { batch, row, local })?);
        }
        Ok(Column::values(values))
    }

    /// The rows of a batch for which a predicate is true.
    ///
    /// # Errors
    ///
    /// As [`Self::truth`].
    pub fn select(self, predicate: &Expr, batch: &Batch) -> Result<Vec<u32>> {
        let mut rows = Vec::new();
        for row in 0..batch.len() {
            if self.truth("WHERE", predicate, Scope::row(batch, row))? == Some(true) {
                rows.push(row as u32);
            }
        }
        Ok(rows)
    }
}
