//! More variables for each row.

use super::{Operator, Running};
use crate::batch::{Batch, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr};
use crate::fault::Result;

/// See the module.
pub(super) struct Project<'q> {
    pub(super) input: Running<'q>,
    pub(super) items: &'q [(Slot, Expr)],
    pub(super) context: &'q Context<'q>,
}

impl Operator for Project<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(mut batch) = self.input.next()? else { return Ok(None) };
        self.context.check()?;
        let evaluator = Evaluator::new(self.context);
        // All are computed before the first is bound: they do not see each other.
        let columns = self.items.iter().map(|(_, value)| evaluator.column(value, &batch));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        for ((slot, _), column) in self.items.iter().zip(columns) {
            batch.set(*slot, column);
        }
        Ok(Some(batch))
    }
}
