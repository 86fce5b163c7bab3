//! Rows for which a condition holds that the language tells.

use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::fault::Result;
use crate::plan::Condition;

pub(super) struct Test<'q> {
    pub(super) input: Running<'q>,
    pub(super) condition: &'q dyn Condition,
    pub(super) context: &'q Context<'q>,
}

impl Operator for Test<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(batch) = self.input.next()? {
            self.context.check()?;
            let passing = self.condition.passing(&batch, self.context)?;
            if passing.len() == batch.len() {
                return Ok(Some(batch));
            }
            if !passing.is_empty() {
                return Ok(Some(batch.gather(&passing)));
            }
        }
        Ok(None)
    }
}
