//! Results that wait for their client while the transaction goes on with other statements.
//!
//! A transaction runs one statement at a time. The rows of one that are still wanted when the next comes are kept,
//! within the memory that a query may have.

use std::collections::{BTreeMap, VecDeque};

use exec::memory::Held;

use super::Summary;

/// The results, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Waiting(BTreeMap<u64, Result>);

/// What is left of a result.
#[derive(Debug)]
pub(super) struct Result {
    records: VecDeque<Vec<u8>>,
    summary: Summary,
    _held: Held,
}

impl Result {
    /// These records, whose memory is accounted for.
    pub(super) fn new(records: VecDeque<Vec<u8>>, summary: Summary, held: Held) -> Self {
        Self { records, summary, _held: held }
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        self.records.pop_front()
    }

    /// What became of the statement, if no record is left.
    pub(super) fn ended(&self) -> Option<Summary> {
        self.records.is_empty().then_some(self.summary)
    }
}

impl Waiting {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Keeps one.
    pub(super) fn insert(&mut self, number: u64, result: Result) {
        self.0.insert(number, result);
    }

    /// The one of this number.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Result> {
        self.0.get_mut(&number)
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, number: u64) {
        self.0.remove(&number);
    }
}
