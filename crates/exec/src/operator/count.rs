//! The number of a SKIP or LIMIT.

use crate::Value;
use crate::batch::Batch;
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::{Error, Result};

/// Computes it from no row.
pub(super) fn count(operation: &'static str, count: &Expr, context: &Context<'_>) -> Result<u64> {
    let found = Evaluator::new(context).value(count, Scope::row(&Batch::unit(), 0))?;
    match found {
        Value::Integer(count) if count >= 0 => Ok(count.unsigned_abs()),
        Value::Integer(count) => Err(Error::RowCount { operation, found: count.to_string(), is_negative: true }),
        other => Err(Error::RowCount { operation, found: other.kind().to_string(), is_negative: false }),
    }
}
