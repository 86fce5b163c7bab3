//! What one aggregate has of each group.

use crate::Value;
use crate::aggregate::{Accumulator, Function};
use crate::batch::{Batch, Column};
use crate::expr::{Evaluator, Scope};
use crate::fault::Result;
use crate::operator::groups::Groups;
use crate::plan;

/// The state of all groups.
pub(super) struct State<'q> {
    aggregate: &'q plan::Aggregate,
    of: Of,
    /// The values that were met, group by group, where each counts once.
    met: Option<Groups>,
    held: u64,
}

enum Of {
    /// Counting needs no values.
    Counts(Vec<i64>),
    Others {
        accumulators: Vec<Accumulator>,
        /// One of nothing, from the first row on: it knows which percentile is wanted.
        empty: Option<Accumulator>,
    },
}

impl<'q> State<'q> {
    /// Of no group.
    pub(super) fn new(aggregate: &'q plan::Aggregate) -> Self {
        let of = match aggregate.function {
            Function::Count => Of::Counts(Vec::new()),
            _ => Of::Others { accumulators: Vec::new(), empty: None },
        };
        let counts_once = aggregate.distinct && aggregate.argument.is_some();
        Self { aggregate, of, met: counts_once.then(|| Groups::new(1)), held: 0 }
    }

    /// Makes room for so many groups. What is the same for all rows is computed from the first of the batch.
    pub(super) fn grow(&mut self, groups: usize, batch: &Batch, evaluator: Evaluator<'_, '_>) -> Result {
        match &mut self.of {
            Of::Counts(counts) => counts.resize(groups, 0),
            Of::Others { accumulators, empty } => {
                if groups > accumulators.len() {
                    if empty.is_none() {
                        let percentile = self.aggregate.percentile.as_ref();
                        let percentile =
                            percentile.map(|share| evaluator.value(share, Scope::row(batch, 0))).transpose()?;
                        *empty = Some(Accumulator::new(self.aggregate.function, percentile.as_ref())?);
                    }
                    let empty = empty.as_ref().expect("made above");
                    accumulators.resize_with(groups, || empty.clone());
                }
            }
        }
        Ok(())
    }

    /// Takes in the rows of a batch, each of the group whose number it has.
    pub(super) fn add(&mut self, batch: &Batch, groups: &[u32], evaluator: Evaluator<'_, '_>) -> Result {
        let Some(argument) = &self.aggregate.argument else {
            if let Of::Counts(counts) = &mut self.of {
                for group in groups {
                    counts[*group as usize] += 1;
                }
            }
            return Ok(());
        };
        let column = evaluator.column(argument, batch)?;
        let Some(met) = &mut self.met else {
            return self.add_column(&column, groups, evaluator);
        };
        let (mut numbers, mut new) = (groups.to_vec(), Vec::new());
        met.number(std::slice::from_ref(&column), &mut numbers, &mut new, evaluator.context)?;
        let groups: Vec<u32> = new.iter().map(|row| groups[*row as usize]).collect();
        self.add_column(&column.gather(&new), &groups, evaluator)
    }

    fn add_column(&mut self, column: &Column, groups: &[u32], evaluator: Evaluator<'_, '_>) -> Result {
        match &mut self.of {
            Of::Counts(counts) => {
                for (row, group) in groups.iter().enumerate() {
                    counts[*group as usize] += i64::from(!column.is_null(row));
                }
            }
            Of::Others { accumulators, .. } => {
                let values = column.resolved(groups.len(), evaluator.context)?;
                for (value, group) in values.iter().zip(groups) {
                    self.held += accumulators[*group as usize].add(value)? as u64;
                }
            }
        }
        Ok(())
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> u64 {
        let groups = match &self.of {
            Of::Counts(counts) => counts.capacity() * size_of::<i64>(),
            Of::Others { accumulators, .. } => accumulators.capacity() * size_of::<Accumulator>(),
        };
        groups as u64 + self.held + self.met.as_ref().map_or(0, Groups::bytes)
    }

    /// The values of the groups, one by one.
    pub(super) fn finish(self) -> Finished {
        match self.of {
            Of::Counts(counts) => Finished::Counts(counts.into_iter()),
            Of::Others { accumulators, .. } => Finished::Others(accumulators.into_iter()),
        }
    }
}

/// The values of the groups, in their order.
pub(super) enum Finished {
    Counts(std::vec::IntoIter<i64>),
    Others(std::vec::IntoIter<Accumulator>),
}

impl Finished {
    /// Those of the next groups.
    pub(super) fn next(&mut self, groups: usize) -> Result<Column> {
        let values = match self {
            Self::Counts(counts) => counts.take(groups).map(Value::Integer).collect(),
            Self::Others(others) => others.take(groups).map(Accumulator::finish).collect::<crate::Result<Vec<_>>>()?,
        };
        Ok(Column::values(values))
    }
}
