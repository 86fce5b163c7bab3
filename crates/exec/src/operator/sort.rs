//! Rows in order. Rows with equal keys stay in their order.
//!
//! Where only the first so many are wanted, no more than about twice as many are held: whenever there are, the last of
//! them are dropped, and from then on so are rows that cannot be among the first.

use super::{Operator, Running};
use crate::Value;
use crate::batch::{Batch, Column, ROWS};
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::Result;
use crate::memory::Held;
use crate::order;
use crate::plan::SortKey;

mod rank;

use rank::Ranked;

pub(super) struct Sort<'q> {
    input: Running<'q>,
    context: &'q Context<'q>,
    keys: &'q [SortKey],
    limit: Option<&'q Expr>,
    held: Held,
    output: Option<Output>,
}

/// The rows, and the places of those that are left to give.
struct Output {
    rows: Batch,
    order: std::vec::IntoIter<u32>,
}

/// The rows that are held.
struct Rows<'q> {
    keys: &'q [SortKey],
    batch: Batch,
    /// The columns by which they are sorted, beside those of the batch.
    by: Batch,
}

impl<'q> Sort<'q> {
    pub(super) fn new(
        input: Running<'q>,
        keys: &'q [SortKey],
        limit: Option<&'q Expr>,
        context: &'q Context<'q>,
    ) -> Self {
        Self { input, context, keys, limit, held: context.memory.hold(), output: None }
    }

    /// How many rows are wanted; all if that is no number, which those who asked for it will tell.
    fn limit(&self) -> usize {
        let limit = self.limit.map(|limit| Evaluator::new(self.context).value(limit, Scope::row(&Batch::unit(), 0)));
        match limit {
            Some(Ok(Value::Integer(limit))) => usize::try_from(limit).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    fn read(&mut self) -> Result<Output> {
        let limit = self.limit();
        // Not at each batch, however few are wanted.
        let most = limit.saturating_mul(2).max(4 * ROWS);
        let mut rows = Rows { keys: self.keys, batch: Batch::of(0), by: Batch::of(0) };
        let mut last: Option<Vec<Value>> = None;
        while let Some(mut batch) = self.input.next()? {
            self.context.check()?;
            if limit == 0 {
                continue; // it may write
            }
            let mut by = rows.keys_of(&batch, self.context)?;
            if let Some(last) = &last {
                let before = rows.before(last, &by, self.context)?;
                if before.is_empty() {
                    continue;
                }
                if before.len() < batch.len() {
                    (batch, by) = (batch.gather(&before), by.gather(&before));
                }
            }
            self.held.grow(batch.bytes() + by.bytes() + (batch.len() * size_of::<u32>()) as u64)?;
            rows.batch.append(&batch, self.context)?;
            rows.by.append(&by, self.context)?;
            if rows.batch.len() > most {
                last = Some(rows.keep(limit, self.context)?);
                self.held.set(rows.batch.bytes() + rows.by.bytes())?;
            }
        }
        let mut order = rows.order(self.context)?;
        order.truncate(limit);
        Ok(Output { rows: rows.batch, order: order.into_iter() })
    }
}

impl Operator for Sort<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.output.is_none() {
            self.output = Some(self.read()?);
        }
        self.context.check()?;
        let Some(output) = &mut self.output else { return Ok(None) };
        let places: Vec<u32> = output.order.by_ref().take(ROWS).collect();
        Ok((!places.is_empty()).then(|| output.rows.gather(&places)))
    }
}

impl Rows<'_> {
    /// The columns by which a batch is sorted, numbered from 0.
    fn keys_of(&self, batch: &Batch, context: &Context<'_>) -> Result<Batch> {
        let mut by = Batch::of(batch.len());
        for (slot, key) in (0..).map(crate::batch::Slot).zip(self.keys) {
            by.set(slot, Evaluator::new(context).column(&key.key, batch)?);
        }
        Ok(by)
    }

    fn columns(&self) -> impl Iterator<Item = (&SortKey, &Column)> {
        (0..).map(crate::batch::Slot).zip(self.keys).map(|(slot, key)| (key, self.by.column(slot)))
    }

    /// The places of the rows in order.
    fn order(&self, context: &Context<'_>) -> Result<Vec<u32>> {
        let rows = self.batch.len();
        let keys = self.columns().map(|(key, column)| Ranked::of(column, rows, key.descending, context));
        Ok(rank::order(&keys.collect::<Result<Vec<_>>>()?, rows))
    }

    /// Keeps the first rows; gives the keys of the last of them.
    fn keep(&mut self, rows: usize, context: &Context<'_>) -> Result<Vec<Value>> {
        let mut order = self.order(context)?;
        order.truncate(rows);
        (self.batch, self.by) = (self.batch.gather(&order), self.by.gather(&order));
        self.columns().map(|(_, column)| column.value(rows - 1, context)).collect()
    }

    /// The rows with keys before these.
    fn before(&self, last: &[Value], by: &Batch, context: &Context<'_>) -> Result<Vec<u32>> {
        let mut before = vec![std::cmp::Ordering::Equal; by.len()];
        for ((slot, key), last) in (0..).map(crate::batch::Slot).zip(self.keys).zip(last) {
            let values = by.column(slot).resolved(by.len(), context)?;
            for (so_far, value) in before.iter_mut().zip(&*values).filter(|(so_far, _)| so_far.is_eq()) {
                let found = order::compare(value, last);
                *so_far = if key.descending { found.reverse() } else { found };
            }
        }
        Ok((0..).zip(before).filter(|(_, order)| order.is_lt()).map(|(row, _)| row).collect())
    }
}

#[cfg(test)]
mod tests;
