//! The rows of several plans, one plan behind the other.

use super::{Operator, Running};
use crate::batch::{Batch, Slot};
use crate::fault::Result;

/// See the module.
pub(super) struct Union<'q> {
    /// What is still to be run, the next one last.
    parts: Vec<(Running<'q>, &'q [Slot])>,
    to: &'q [Slot],
}

impl<'q> Union<'q> {
    pub(super) fn new(mut parts: Vec<(Running<'q>, &'q [Slot])>, to: &'q [Slot]) -> Self {
        parts.reverse();
        Self { parts, to }
    }
}

impl Operator for Union<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        while let Some((part, from)) = self.parts.last_mut() {
            if let Some(batch) = part.next()? {
                let mut rows = Batch::of(batch.len());
                for (from, to) in from.iter().zip(self.to) {
                    rows.set(*to, batch.column(*from).clone());
                }
                return Ok(Some(rows));
            }
            self.parts.pop();
        }
        Ok(None)
    }
}
