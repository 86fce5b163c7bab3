//! Rows for which a predicate is true.

use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::expr::{Evaluator, Expr};
use crate::fault::Result;

/// See the module.
pub(super) struct Filter<'q> {
    pub(super) input: Running<'q>,
    pub(super) predicate: &'q Expr,
    pub(super) context: &'q Context<'q>,
}

impl Operator for Filter<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            self.context.check()?;
            let rows = Evaluator::new(self.context).select(self.predicate, &batch)?;
            if rows.len() == batch.len() {
                return Ok(Some(batch));
            }
            if !rows.is_empty() {
                return Ok(Some(batch.gather(&rows)));
            }
        }
        Ok(None)
    }
}
