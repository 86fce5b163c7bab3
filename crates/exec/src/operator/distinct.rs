//! The first of each set of rows that agree in some variables.

use super::groups::Groups;
use super::{Operator, Running};
use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::fault::Result;
use crate::memory::Held;

pub(super) struct Distinct<'q> {
    input: Running<'q>,
    context: &'q Context<'q>,
    slots: &'q [Slot],
    seen: Groups,
    held: Held,
    done: bool,
}

impl<'q> Distinct<'q> {
    pub(super) fn new(input: Running<'q>, slots: &'q [Slot], context: &'q Context<'q>) -> Self {
        let seen = Groups::new(slots.len());
        Self { input, context, slots, seen, held: context.memory.hold(), done: false }
    }
}

impl Operator for Distinct<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        let mut new = Vec::new();
        while !self.done {
            let Some(batch) = self.input.next()? else { break };
            self.context.check()?;
            if self.slots.is_empty() {
                // All rows agree; the others are still asked for, since they may write.
                while self.input.next()?.is_some() {}
                self.done = true;
                return Ok(Some(batch.row(0)));
            }
            let columns: Vec<Column> = self.slots.iter().map(|slot| batch.column(*slot).clone()).collect();
            self.seen.number(&columns, &mut vec![0; batch.len()], &mut new, self.context)?;
            self.held.set(self.seen.bytes())?;
            if new.len() == batch.len() {
                return Ok(Some(batch));
            }
            if !new.is_empty() {
                return Ok(Some(batch.gather(&new)));
            }
        }
        Ok(None)
    }
}
