//! A plan that writes, for each element of a list; the rows of the input go on.
//!
//! All rows of the input are taken in first. A body of writes alone runs once for all elements of a row: it goes through
//! them one by one anyway.

use super::write::Rows;
use super::{Operator, Running, build};
use crate::batch::{Batch, Column, Slot};
use crate::context::Context;
use crate::expr::{Evaluator, Expr, Scope};
use crate::fault::Result;
use crate::plan::Plan;
use crate::{EvalError, Value};

/// See the module.
pub(super) struct Foreach<'q> {
    /// `None` once the body has run.
    input: Option<Running<'q>>,
    list: &'q Expr,
    element: Slot,
    body: &'q Plan,
    context: &'q Context<'q>,
    rows: Rows,
}

impl<'q> Foreach<'q> {
    pub(super) fn new(
        input: Running<'q>,
        list: &'q Expr,
        element: Slot,
        body: &'q Plan,
        context: &'q Context<'q>,
    ) -> Self {
        Self { input: Some(input), list, element, body, context, rows: Rows::new(context) }
    }

    fn run(&mut self, input: Running<'q>) -> Result {
        let mut before = Rows::drain(input, self.context)?;
        while let Some(batch) = before.pop()? {
            for row in 0..batch.len() {
                self.context.check()?;
                self.row(&batch, row)?;
            }
            self.rows.push(batch)?;
        }
        Ok(())
    }

    fn row(&self, batch: &Batch, row: usize) -> Result {
        let elements = match Evaluator::new(self.context).value(self.list, Scope::row(batch, row))? {
            Value::Null => return Ok(()),
            Value::List(list) => list.iter().cloned().collect::<Vec<_>>(),
            other => {
                let (operation, expected, found) = ("FOREACH", "a list", other.kind());
                return Err(EvalError::ArgumentType { operation, expected, found }.into());
            }
        };
        if elements.is_empty() {
            return Ok(());
        }
        if is_only_writes(self.body) {
            let rows = vec![row as u32; elements.len()];
            return self.body(&batch.gather(&rows).with(self.element, Column::values(elements)));
        }
        let argument = batch.row(row);
        for element in elements {
            self.context.check()?;
            self.body(&argument.clone().with(self.element, Column::Constant(element)))?;
        }
        Ok(())
    }

    fn body(&self, argument: &Batch) -> Result {
        let mut body = build(self.body, self.context, Some(argument));
        while body.next()?.is_some() {}
        Ok(())
    }
}

/// Whether a body is one step of writes.
fn is_only_writes(body: &Plan) -> bool {
    matches!(body, Plan::Write { input, .. } if matches!(**input, Plan::Argument))
}

impl Operator for Foreach<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(input) = self.input.take() {
            self.run(input)?;
        }
        self.rows.pop()
    }
}
