//! Groups of rows, and what is made of each.
//!
//! All rows are read before the first group is given. What is kept of a group is its keys as they were met, and a state
//! for each aggregate: see `state`.

use super::groups::Groups;
use super::{Operator, Running};
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr};
use crate::fault::Result;
use crate::memory::Held;
use crate::plan;

mod state;

use state::{Finished, State};

pub(super) struct Aggregate<'q> {
    input: Running<'q>,
    context: &'q Context<'q>,
    keys: &'q [(Slot, Expr)],
    aggregates: &'q [(Slot, plan::Aggregate)],
    held: Held,
    output: Option<Output>,
}

/// The groups that are left to give.
struct Output {
    groups: usize,
    given: usize,
    keys: Vec<Column>,
    values: Vec<Finished>,
}

impl<'q> Aggregate<'q> {
    pub(super) fn new(
        input: Running<'q>,
        keys: &'q [(Slot, Expr)],
        aggregates: &'q [(Slot, plan::Aggregate)],
        context: &'q Context<'q>,
    ) -> Self {
        Self { input, context, keys, aggregates, held: context.memory.hold(), output: None }
    }

    fn read(&mut self) -> Result<Output> {
        let evaluator = Evaluator::new(self.context);
        let mut groups = Groups::new(self.keys.len());
        let mut keys = vec![Column::Absent; self.keys.len()];
        let mut states: Vec<State<'_>> = self.aggregates.iter().map(|(_, aggregate)| State::new(aggregate)).collect();
        let (mut count, mut key_bytes) = (0, 0);
        let (mut numbers, mut new) = (Vec::new(), Vec::new());
        if keys.is_empty() {
            count = 1; // even of no rows
            for state in &mut states {
                state.grow(1, &Batch::unit(), evaluator)?;
            }
        }
        while let Some(batch) = self.input.next()? {
            self.context.check()?;
            numbers.clear();
            numbers.resize(batch.len(), 0);
            if !keys.is_empty() {
                let columns = self.keys.iter().map(|(_, key)| evaluator.column(key, &batch));
                let columns = columns.collect::<Result<Vec<_>>>()?;
                groups.number(&columns, &mut numbers, &mut new, self.context)?;
                for (key, column) in keys.iter_mut().zip(&columns) {
                    let met = column.gather(&new);
                    key_bytes += met.bytes();
                    key.append(count, &met, new.len(), self.context)?;
                }
                count = groups.len();
            }
            let mut bytes = groups.bytes() + key_bytes;
            for state in &mut states {
                state.grow(count, &batch, evaluator)?;
                state.add(&batch, &numbers, evaluator)?;
                bytes += state.bytes();
            }
            self.held.set(bytes)?;
        }
        let values = states.into_iter().map(State::finish).collect();
        Ok(Output { groups: count, given: 0, keys, values })
    }
}

impl Operator for Aggregate<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.output.is_none() {
            self.output = Some(self.read()?);
        }
        self.context.check()?;
        let Some(output) = &mut self.output else { return Ok(None) };
        let from = output.given;
        let to = output.groups.min(from + ROWS);
        if from == to {
            return Ok(None);
        }
        output.given = to;
        let mut batch = Batch::of(to - from);
        for ((slot, _), key) in self.keys.iter().zip(&output.keys) {
            batch.set(*slot, key.slice(from, to));
        }
        for ((slot, _), values) in self.aggregates.iter().zip(&mut output.values) {
            batch.set(*slot, values.next(to - from)?);
        }
        Ok(Some(batch))
    }
}

#[cfg(test)]
mod tests;
