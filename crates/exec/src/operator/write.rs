//! Something is written for each row.
//!
//! - **Shape**: all rows of the input are taken in first, so that nothing below sees what is written here. Then the writes
//!   run row by row, in order, each seeing what those before it did. Rows are given out behind the last write.
//! - `row`: the writes of one row.

use std::collections::VecDeque;

use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::fault::Result;
use crate::memory::Held;
use crate::plan;

mod row;

pub(super) use row::{Writer, column_of};

use row::{Made, bound};

/// See the module.
pub(super) struct Write<'q> {
    /// `None` once its rows are written.
    input: Option<Running<'q>>,
    writes: &'q [plan::Write],
    context: &'q Context<'q>,
    rows: Rows,
}

impl<'q> Write<'q> {
    pub(super) fn new(input: Running<'q>, writes: &'q [plan::Write], context: &'q Context<'q>) -> Self {
        Self { input: Some(input), writes, context, rows: Rows::new(context) }
    }

    fn run(&mut self, input: Running<'q>) -> Result {
        let slots = bound(self.writes);
        let mut writer = Writer::new(self.context);
        let mut before = Rows::drain(input, self.context)?;
        while let Some(mut batch) = before.pop()? {
            self.context.check()?;
            let mut made = Made::new(&slots);
            // A slot that is made is the same in all rows of this: that of the row at hand.
            let mut scope = batch.clone();
            for row in 0..batch.len() {
                writer.run(self.writes, &mut scope, row)?;
                made.push(&scope);
            }
            writer.flush()?;
            for (slot, column) in made.into_columns() {
                batch.set(slot, column);
            }
            self.rows.push(batch)?;
        }
        writer.finish()
    }
}

impl Operator for Write<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(input) = self.input.take() {
            self.run(input)?;
        }
        self.rows.pop()
    }
}

/// Rows that are held until somebody takes them.
pub(super) struct Rows {
    batches: VecDeque<Batch>,
    bytes: u64,
    held: Held,
}

impl Rows {
    pub(super) fn new(context: &Context<'_>) -> Self {
        Self { batches: VecDeque::new(), bytes: 0, held: context.memory.hold() }
    }

    /// All rows of an operator.
    pub(super) fn drain(mut input: Running<'_>, context: &Context<'_>) -> Result<Self> {
        let mut rows = Self::new(context);
        while let Some(batch) = input.next()? {
            context.check()?;
            rows.push(batch)?;
        }
        Ok(rows)
    }

    pub(super) fn push(&mut self, batch: Batch) -> Result {
        self.bytes += batch.bytes();
        self.held.set(self.bytes)?;
        self.batches.push_back(batch);
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Result<Option<Batch>> {
        let Some(batch) = self.batches.pop_front() else { return Ok(None) };
        self.bytes -= batch.bytes();
        self.held.set(self.bytes)?;
        Ok(Some(batch))
    }
}
