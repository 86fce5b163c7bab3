//! All rows of the input before the first goes on.

use std::collections::VecDeque;

use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::fault::Result;
use crate::memory::Held;

/// See the module.
pub(super) struct Eager<'q> {
    input: Option<Running<'q>>,
    rows: VecDeque<Batch>,
    context: &'q Context<'q>,
    held: Held,
}

impl<'q> Eager<'q> {
    pub(super) fn new(input: Running<'q>, context: &'q Context<'q>) -> Self {
        Self { input: Some(input), rows: VecDeque::new(), context, held: context.memory.hold() }
    }
}

impl Operator for Eager<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(mut input) = self.input.take() {
            while let Some(batch) = input.next()? {
                self.context.check()?;
                self.held.grow(batch.bytes())?;
                self.rows.push_back(batch);
            }
        }
        let next = self.rows.pop_front();
        if next.is_none() {
            self.held.set(0)?;
        }
        Ok(next)
    }
}
