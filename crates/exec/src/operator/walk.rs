//! Relationships in a row from nodes that are bound.
//!
//! - `trails`: all of them, depth first.
//! - `search`: the shortest ones and mere ends, breadth first, one start after another.
//! - `steps`: which relationships may be walked: what both stand on.
//! - `reach`: what a search has reached, and on which ways.

use super::{Operator, Running};
use crate::batch::Batch;
use crate::context::Context;
use crate::fault::{Error, Result};
use crate::plan::{self, Walks};

mod reach;
mod search;
mod steps;
mod trails;

use search::Search;
use trails::Trails;

/// The operator of a walk.
pub(super) fn build<'q>(input: Running<'q>, walk: &'q plan::Walk, context: &'q Context<'q>) -> Running<'q> {
    match walk.which {
        Walks::All => Box::new(Trails::new(input, walk, context)),
        // Who is met on a shorter way may be an end of a longer one.
        Walks::Ends if walk.least > 1 => Box::new(Trails::new(input, walk, context)),
        Walks::Shortest | Walks::AllShortest if walk.least > 1 => Box::new(TooLong),
        Walks::Ends | Walks::Shortest | Walks::AllShortest => Box::new(Search::new(input, walk, context)),
    }
}

/// A search that breadth-first would not answer.
struct TooLong;

impl Operator for TooLong {
    fn next(&mut self) -> Result<Option<Batch>> {
        Err(Error::Unsupported("a shortest path with a minimal length above 1".to_owned()))
    }
}
