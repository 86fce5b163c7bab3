//! Exact statistics: what a data set holds, from one pass over SPOG.
//!
//! [`Snapshot::statistics`] walks a moment of a data set once, run by run. Whatever stands in the way of plain counting
//! (deleted quads, layers that know the same quad) is dissolved by the merge below, so what is counted is what a reader
//! sees. Subjects come in order, and so do the predicates of each: a subject's set of predicates is a path in one tree
//! ([`sets`]), and no subject needs memory of its own. Names are resolved once, at the end.
//!
//! - **Cost**: about a scan of two columns, and of the objects where labels and classes stand.
//! - **Bounds**: at most [`MOST_SETS`] sets of predicates, and as many names as fit a share of the memory budget. What
//!   is beyond a bound is left out whole, never in part.
//! - **Source**: spec/statistics.md §3, §6.

mod keeper;
mod names;
mod pass;
mod report;
mod sets;
#[cfg(test)]
mod tests;

use crate::{CancelToken, Result, Snapshot};

pub(crate) use keeper::Keeper;
pub use keeper::{Run, Standing, StatisticsKeeper};
pub use report::{Counted, EdgeStructure, Graph, NodeStructure, PropertyGraph, Rdf, Signatures, SubjectStructure};

/// Sets of predicates that are told apart, as the service documents it.
pub const MOST_SETS: usize = 50_000;
/// Names, and predicates of all sets together, that are told apart at most, as the service documents it.
const MOST_NAMES: usize = 1_000_000;
/// Bytes of the memory budget for each of them.
const NAME: u64 = 1024;

/// How much is told apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Sets of predicates.
    pub(crate) sets: usize,
    /// Names of each kind, and predicates of all sets together.
    pub(crate) names: usize,
}

impl Limits {
    /// Those of a store with this memory budget.
    pub(crate) fn of(memory: u64) -> Self {
        let names = usize::try_from(memory / NAME).unwrap_or(usize::MAX).min(MOST_NAMES);
        Self { sets: MOST_SETS.min(names), names }
    }
}

/// What a data set held at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// The last commit that was visible.
    pub commit: u64,
    /// How many distinct sets of predicates there are; `None` if they are more than are told apart, and then no
    /// structures are known either.
    pub signatures: Option<Signatures>,
    /// What the graph looks like; `None` if it has more names than are told apart.
    pub graph: Option<Graph>,
}

impl Snapshot {
    /// Counts everything, in one pass over SPOG. Blocks are read past the cache.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`] once `cancel` was pulled, or a file that cannot be read.
    pub fn statistics(&self, cancel: &CancelToken) -> Result<Statistics> {
        self.statistics_within(Limits::of(self.memory()), cancel)
    }

    pub(crate) fn statistics_within(&self, limits: Limits, cancel: &CancelToken) -> Result<Statistics> {
        pass::run(self, limits, cancel)
    }
}
