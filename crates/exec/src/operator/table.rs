//! A table that is there before the query runs, for each row of the input.

use super::{Operator, Running};
use crate::Value;
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::fault::Result;

/// See the module.
pub(super) struct Table<'q> {
    input: Running<'q>,
    to: &'q [Slot],
    rows: &'q [Vec<Value>],
    context: &'q Context<'q>,
    batch: Batch,
    /// How many of the pairs of a row of the batch and one of the table were given.
    given: usize,
}

impl<'q> Table<'q> {
    pub(super) fn new(input: Running<'q>, to: &'q [Slot], rows: &'q [Vec<Value>], context: &'q Context<'q>) -> Self {
        Self { input, to, rows, context, batch: Batch::of(0), given: 0 }
    }
}

impl Operator for Table<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        while self.given == self.batch.len() * self.rows.len() {
            self.context.check()?;
            let Some(batch) = self.input.next()? else { return Ok(None) };
            (self.batch, self.given) = (batch, 0);
        }
        let end = (self.given + ROWS).min(self.batch.len() * self.rows.len());
        let pairs = self.given..end;
        self.given = end;
        let origins: Vec<u32> = pairs.clone().map(|pair| (pair / self.rows.len()) as u32).collect();
        let mut batch = self.batch.gather(&origins);
        for (at, slot) in self.to.iter().enumerate() {
            let cell = |pair: usize| self.rows[pair % self.rows.len()].get(at).cloned().unwrap_or(Value::Null);
            batch.set(*slot, Column::values(pairs.clone().map(cell).collect()));
        }
        Ok(Some(batch))
    }
}
