//! The value of an expression.

use crate::Value;
use crate::batch::{Batch, Column};
use crate::context::Context;
use crate::expr::Expr;
use crate::fault::Result;
use crate::logic::Truth;

/// The variables that an expression sees: a row, and the locals around it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The batch that the row is in.
    pub batch: &'a Batch,
    /// Which row.
    pub row: usize,
    /// The innermost local.
    pub local: Option<&'a Local<'a>>,
}

/// A local, and those around it.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Its value.
    pub value: &'a Value,
    /// The one around it.
    pub outer: Option<&'a Self>,
}

/// Computes expressions of one run.
#[derive(Clone, Copy, Debug)]
pub struct Evaluator<'c, 'q> {
    /// What the run is given.
    pub context: &'c Context<'q>,
}

impl Evaluator<'_, '_> {
    /// The value for one row.
    ///
    /// # Errors
    ///
    /// What the values refuse; the store's.
    pub fn value(&self, expr: &Expr, scope: Scope<'_>) -> Result<Value> {
        let _ = (expr, scope);
        Ok(Value::Null)
    }

    /// The truth of a predicate for one row.
    ///
    /// # Errors
    ///
    /// As [`Self::value`]; `ArgumentType` if it is neither boolean nor null.
    pub fn truth(&self, operation: &'static str, predicate: &Expr, scope: Scope<'_>) -> Result<Truth> {
        Ok(crate::logic::truth(operation, &self.value(predicate, scope)?)?)
    }

    /// The values for all rows of a batch.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn column(&self, expr: &Expr, batch: &Batch) -> Result<Column> {
        let _ = (expr, batch);
        Ok(Column::Absent)
    }

    /// The rows of a batch for which a predicate is true.
    ///
    /// # Errors
    ///
    /// As [`Self::truth`].
    pub fn select(&self, predicate: &Expr, batch: &Batch) -> Result<Vec<u32>> {
        let _ = (predicate, batch);
        Ok(Vec::new())
    }
}
