//! A row for each element of a list.
//!
//! One list is at hand at a time, and walked from batch to batch. `range()` is no list here at all, so that it may be as
//! long as it likes.

use super::{Operator, Running};
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::Result;
use crate::{Value, list};

/// See the module.
pub(super) struct Unwind<'q> {
    input: Running<'q>,
    list: &'q Expr,
    to: Slot,
    context: &'q Context<'q>,
    batch: Batch,
    /// The next row of the batch whose list has not been begun.
    row: usize,
    /// What is left of the list of the row before.
    items: Box<dyn Iterator<Item = Value>>,
}

impl<'q> Unwind<'q> {
    pub(super) fn new(input: Running<'q>, list: &'q Expr, to: Slot, context: &'q Context<'q>) -> Self {
        Self { input, list, to, context, batch: Batch::of(0), row: 0, items: Box::new(std::iter::empty()) }
    }

    /// The elements of a row's list. A value that is no list is its only element.
    fn items(&self, row: usize) -> Result<Box<dyn Iterator<Item = Value>>> {
        let evaluator = Evaluator::new(self.context);
        let scope = Scope::row(&self.batch, row);
        if let Expr::Call { function, arguments } = self.list
            && function.name == "range"
            && let [start, end, rest @ ..] = &arguments[..]
        {
            let step = rest.first().map(|step| evaluator.value(step, scope)).transpose()?;
            let (start, end) = (evaluator.value(start, scope)?, evaluator.value(end, scope)?);
            return Ok(Box::new(list::progression(&start, &end, step.as_ref())?.map(Value::Integer)));
        }
        Ok(match evaluator.value(self.list, scope)? {
            Value::Null => Box::new(std::iter::empty()),
            Value::List(list) => Box::new((0..list.len()).map_while(move |at| list.get(at).cloned())),
            other => Box::new(std::iter::once(other)),
        })
    }
}

impl Operator for Unwind<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        loop {
            self.context.check()?;
            let (mut origins, mut elements) = (Vec::new(), Vec::new());
            loop {
                if self.row > 0 {
                    elements.extend(self.items.by_ref().take(ROWS - elements.len()));
                    origins.resize(elements.len(), self.row as u32 - 1);
                }
                if elements.len() == ROWS || self.row == self.batch.len() {
                    break;
                }
                self.items = self.items(self.row)?;
                self.row += 1;
            }
            if !elements.is_empty() {
                return Ok(Some(self.batch.gather(&origins).with(self.to, Column::values(elements))));
            }
            let Some(batch) = self.input.next()? else { return Ok(None) };
            (self.batch, self.row) = (batch, 0);
        }
    }
}
