//! The first rows only.

use super::count::count;
use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::expr::Expr;
use crate::fault::Result;

/// See the module.
pub(super) struct Limit<'q> {
    pub(super) input: Running<'q>,
    pub(super) count: &'q Expr,
    /// How many are still to come; `None` until it was computed.
    pub(super) left: Option<u64>,
    /// Whether the input writes: then it is run to its end, whoever wants its rows.
    pub(super) writes: bool,
    pub(super) context: &'q Context<'q>,
}

impl Operator for Limit<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let left = match self.left {
            Some(left) => left,
            None => count("LIMIT", self.count, self.context)?,
        };
        let batch = if left == 0 { None } else { self.input.next()? };
        let Some(batch) = batch else {
            self.left = Some(0);
            while self.writes && self.input.next()?.is_some() {
                self.context.check()?;
            }
            self.writes = false;
            return Ok(None);
        };
        let rows = left.min(batch.len() as u64);
        self.left = Some(left - rows);
        Ok(Some(batch.slice(0, rows as usize)))
    }
}
