//! Without the first rows.

use super::count::count;
use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::expr::Expr;
use crate::fault::Result;

/// See the module.
pub(super) struct Skip<'q> {
    pub(super) input: Running<'q>,
    pub(super) count: &'q Expr,
    /// How many are still to be skipped; `None` until it was computed.
    pub(super) left: Option<u64>,
    pub(super) context: &'q Context<'q>,
}

impl Operator for Skip<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let mut left = match self.left {
            Some(left) => left,
            None => count("SKIP", self.count, self.context)?,
        };
        while let Some(batch) = self.input.next()? {
            self.context.check()?;
            let rows = batch.len() as u64;
            if left < rows {
                self.left = Some(0);
                return Ok(Some(batch.slice(left as usize, batch.len())));
            }
            left -= rows;
        }
        self.left = Some(left);
        Ok(None)
    }
}
