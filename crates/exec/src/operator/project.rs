//! More variables for each row.

use super::{Operator, Running};
use crate::batch::{Batch, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr};
use crate::fault::Result;
use crate::memory::Held;

/// See the module.
pub(super) struct Project<'q> {
    pub(super) input: Running<'q>,
    pub(super) items: &'q [(Slot, Expr)],
    pub(super) context: &'q Context<'q>,
    /// What the values take that were made for the last batch.
    pub(super) held: Held,
}

impl Operator for Project<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let Some(mut batch) = self.input.next()? else { return Ok(None) };
        self.context.check()?;
        let evaluator = Evaluator::new(self.context);
        // All are computed before the first is bound: they do not see each other.
        self.held.set(0)?;
        let mut columns = Vec::with_capacity(self.items.len());
        for (_, value) in self.items {
            let column = evaluator.column(value, &batch)?;
            self.held.grow(column.own_bytes())?;
            columns.push(column);
        }
        for ((slot, _), column) in self.items.iter().zip(columns) {
            batch.set(*slot, column);
        }
        Ok(Some(batch))
    }
}
