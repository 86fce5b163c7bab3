//! The number of a SKIP or LIMIT.

use crate::EvalError;
use crate::Value;
use crate::batch::Batch;
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::Result;

/// Computes it from no row.
pub(super) fn count(operation: &'static str, count: &Expr, context: &Context<'_>) -> Result<u64> {
    match Evaluator::new(context).value(count, Scope::row(&Batch::unit(), 0))? {
        Value::Integer(count) => u64::try_from(count)
            .map_err(|_| EvalError::NegativeInteger { operation, argument: "the number of rows", found: count }.into()),
        other => Err(EvalError::argument(operation, "a non-negative integer", other.kind()).into()),
    }
}
