//! Operators: a plan as it runs.
//!
//! Each pulls batches from the one below it. It looks at the query's token once a batch, accounts for what it holds, and
//! never gives an empty batch: `None` is the end. [`build`] makes the operators of a plan; it reads nothing.
//!
//! - **Shape**: one operator a file, named as its step.

use crate::batch::Batch;
use crate::context::Context;
use crate::fault::{Error, Result};
use crate::plan::{Access, Plan};

mod aggregate;
mod apply;
mod count;
mod distinct;
mod eager;
mod edges;
mod ends;
mod expand;
mod filter;
mod foreach;
mod groups;
mod hop;
mod keep;
mod limit;
mod lookup;
mod merge;
mod nodes;
mod project;
mod skip;
mod sort;
mod summary;
mod test;
mod triples;
mod union;
mod unwind;
mod walk;
mod write;

#[cfg(test)]
mod tests;

use aggregate::Aggregate;
use apply::Apply;
use distinct::Distinct;
use eager::Eager;
use edges::Edges;
use expand::Expand;
use filter::Filter;
use foreach::Foreach;
use hop::Hop;
use keep::Keep;
use limit::Limit;
use lookup::Lookup;
use merge::Merge;
use nodes::Nodes;
use project::Project;
use skip::Skip;
use sort::Sort;
use summary::Summarize;
use test::Test;
use triples::Triples;
use union::Union;
use unwind::Unwind;
use write::Write;

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
    let running = step(plan, context, argument);
    match context.profile() {
        Some(profile) => profile.measure(plan, running),
        None => running,
    }
}

fn step<'q>(plan: &'q Plan, context: &'q Context<'q>, argument: Option<&Batch>) -> Running<'q> {
    let input = |input: &'q Plan| build(input, context, argument);
    match plan {
        Plan::Unit => Box::new(Once(Some(Batch::unit()))),
        Plan::Argument => Box::new(Once(Some(argument.cloned().unwrap_or_else(Batch::unit)))),
        Plan::Match { .. } => unsupported("a pattern that no rule has planned"),
        Plan::Nodes { input: from, node, access } => {
            let scan = |input, label| Box::new(Nodes::new(input, *node, label, context));
            let look = |input, value, key| Box::new(Lookup::new(input, *node, value, key, context));
            match access {
                Access::All => scan(input(from), None),
                Access::Label(label) => scan(input(from), Some(label.id)),
                Access::Id(value) => look(input(from), value, None),
                Access::Property { key, value } => look(input(from), value, Some(key.id)),
            }
        }
        Plan::Edges { input: from, edge, start, end, types } => {
            let bound = edges::Bound { edge: *edge, start: *start, end: *end };
            Box::new(Edges::new(input(from), bound, types, context))
        }
        Plan::Expand { input: before, from, edge, to, into, direction, types } => {
            let ends = expand::Ends { from: *from, edge: *edge, to: *to, into: *into };
            Box::new(Expand::new(input(before), ends, Hop::new(*direction, types, edge.is_some()), context))
        }
        Plan::Walk { input: from, walk } => walk::build(input(from), walk, context),
        Plan::Triples { input: from, triple } => Box::new(Triples::new(input(from), triple, context)),
        Plan::Test { input: from, condition } => {
            Box::new(Test { input: input(from), condition: &**condition, context })
        }
        Plan::Filter { input: from, predicate } => Box::new(Filter { input: input(from), predicate, context }),
        Plan::Project { input: from, items } => {
            let held = context.memory.hold();
            Box::new(Project { input: input(from), items, context, held })
        }
        Plan::Aggregate { input: from, keys, aggregates } => {
            Box::new(Aggregate::new(input(from), keys, aggregates, context))
        }
        Plan::Summarize { summary, otherwise } => {
            Box::new(Summarize::new(summary, otherwise, argument.cloned(), context))
        }
        Plan::Distinct { input: from, slots } => Box::new(Distinct::new(input(from), slots, context)),
        Plan::Sort { input: from, keys, limit } => Box::new(Sort::new(input(from), keys, limit.as_ref(), context)),
        Plan::Skip { input: from, count } => Box::new(Skip { input: input(from), count, left: None, context }),
        Plan::Limit { input: from, count } => {
            Box::new(Limit { input: input(from), count, left: None, writes: from.is_writing(), context })
        }
        Plan::Unwind { input: from, list, to } => Box::new(Unwind::new(input(from), list, *to, context)),
        Plan::Apply { input: from, inner, kind } => {
            let mut rows = input(from);
            if inner.is_writing() {
                // What is written for one row must not be met by the input as it looks for the next.
                rows = Box::new(Eager::new(rows, context));
            }
            Box::new(Apply::new(rows, inner, kind, context))
        }
        Plan::Union { parts, to } => {
            let parts = parts.iter().map(|(part, from)| (input(part), from.as_slice())).collect();
            Box::new(Union::new(parts, to))
        }
        Plan::Keep { input: from, slots } => Box::new(Keep { input: input(from), slots }),
        Plan::Write { input: from, writes } => Box::new(Write::new(input(from), writes, context)),
        Plan::Merge { input: from, find, create, on_match, binds } => {
            Box::new(Merge::new(input(from), (find, create, on_match, binds), context))
        }
        Plan::Foreach { input: from, list, element, body } => {
            Box::new(Foreach::new(input(from), list, *element, body, context))
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
