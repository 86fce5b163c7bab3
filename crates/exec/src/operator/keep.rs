//! Rows without what nobody asks for any more.

use super::{Operator, Running};
use crate::batch::{Batch, Slot};
use crate::fault::Result;

/// See the module.
pub(super) struct Keep<'q> {
    pub(super) input: Running<'q>,
    pub(super) slots: &'q [Slot],
}

impl Operator for Keep<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.input.next()?.map(|batch| batch.keep(self.slots)))
    }
}
