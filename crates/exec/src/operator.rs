//! Operators: a plan as it runs.
//!
//! Each pulls batches from the one below it. It looks at the query's token once a batch, accounts for what it holds, and
//! never gives an empty batch: `None` is the end. [`build`] makes the operators of a plan; it reads nothing.
//!
//! - **Shape**: one operator a file, named as its step.

use crate::batch::Batch;
use crate::context::Context;
use crate::fault::{Error, Result};
use crate::plan::Plan;

mod aggregate;
mod distinct;
mod foreach;
mod groups;
mod merge;
mod sort;
mod write;

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
    match plan {
        Plan::Unit => Box::new(Once(Some(Batch::unit()))),
        Plan::Argument => Box::new(Once(Some(argument.cloned().unwrap_or_else(Batch::unit)))),
        Plan::Match { .. } => unsupported("a pattern that no rule has planned"),
        Plan::Nodes { .. } => unsupported("Nodes"),
        Plan::Edges { .. } => unsupported("Edges"),
        Plan::Expand { .. } => unsupported("Expand"),
        Plan::Walk { .. } => unsupported("Walk"),
        Plan::Filter { .. } => unsupported("Filter"),
        Plan::Project { .. } => unsupported("Project"),
        Plan::Keep { .. } => unsupported("Keep"),
        Plan::Load { .. } => unsupported("Load"),
        Plan::Aggregate { input, keys, aggregates } => {
            Box::new(aggregate::Aggregate::new(build(input, context, argument), keys, aggregates, context))
        }
        Plan::Distinct { input, slots } => {
            Box::new(distinct::Distinct::new(build(input, context, argument), slots, context))
        }
        Plan::Sort { input, keys, limit } => {
            Box::new(sort::Sort::new(build(input, context, argument), keys, limit.as_ref(), context))
        }
        Plan::Skip { .. } => unsupported("Skip"),
        Plan::Limit { .. } => unsupported("Limit"),
        Plan::Unwind { .. } => unsupported("Unwind"),
        Plan::Apply { .. } => unsupported("Apply"),
        Plan::Union { .. } => unsupported("Union"),
        Plan::Table { .. } => unsupported("Table"),
        Plan::Eager { .. } => unsupported("Eager"),
        Plan::Write { input, writes } => Box::new(write::Write::new(build(input, context, argument), writes, context)),
        Plan::Merge { input, find, create, on_match, binds } => {
            Box::new(merge::Merge::new(build(input, context, argument), (find, create, on_match, binds), context))
        }
        Plan::Foreach { input, list, element, body } => {
            Box::new(foreach::Foreach::new(build(input, context, argument), list, *element, body, context))
        }
    }
}

/// Rows that are at hand.
#[derive(Debug)]
struct Once(Option<Batch>);

impl Operator for Once {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.0.take().filter(|batch| !batch.is_empty()))
    }
}

/// A step that cannot be run.
#[derive(Debug)]
struct Unsupported(&'static str);

impl Operator for Unsupported {
    fn next(&mut self) -> Result<Option<Batch>> {
        Err(Error::Unsupported(self.0.to_owned()))
    }
}

fn unsupported<'q>(step: &'static str) -> Running<'q> {
    Box::new(Unsupported(step))
}
