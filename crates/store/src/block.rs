//! A run of sorted entries in memory, column by column: a decoded block of a segment, or a whole order of a small layer.

use std::cmp::Ordering;

use model::TermId;

use crate::order::Key;

/// Sorted, distinct keys in four columns; some may be tombstones.
#[derive(Debug, Default)]
pub(crate) struct Block {
    columns: [Vec<TermId>; 4],
    /// One bit an entry, empty when no entry is a tombstone.
    tombstones: Vec<u64>,
}

impl Block {
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self { columns: std::array::from_fn(|_| Vec::with_capacity(entries)), tombstones: Vec::new() }
    }

    /// Of columns of one length that are sorted together, and one bit an entry, if any is a tombstone.
    pub(crate) fn from_columns(columns: [Vec<TermId>; 4], tombstones: Vec<u64>) -> Self {
        debug_assert!(columns.iter().all(|column| column.len() == columns[0].len()));
        Self { columns, tombstones }
    }

    pub(crate) fn len(&self) -> usize {
        self.columns[0].len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.columns[0].is_empty()
    }

    /// Appends an entry; keys must come in ascending order.
    pub(crate) fn push(&mut self, key: &Key, tombstone: bool) {
        let at = self.len();
        for (column, id) in self.columns.iter_mut().zip(key) {
            column.push(*id);
        }
        if tombstone {
            self.tombstones.resize(at / 64 + 1, 0);
            self.tombstones[at / 64] |= 1 << (at % 64);
        }
    }

    /// Appends entries `from..to` of another block; keys must come in ascending order.
    pub(crate) fn extend(&mut self, other: &Self, from: usize, to: usize) {
        let at = self.len();
        for (column, more) in self.columns.iter_mut().zip(&other.columns) {
            column.extend_from_slice(&more[from..to]);
        }
        if other.has_tombstones() {
            for (at, _) in (at..).zip(from..to).filter(|(_, from)| other.is_tombstone(*from)) {
                self.tombstones.resize(at / 64 + 1, 0);
                self.tombstones[at / 64] |= 1 << (at % 64);
            }
        }
    }

    pub(crate) fn column(&self, column: usize) -> &[TermId] {
        &self.columns[column]
    }

    pub(crate) fn key(&self, at: usize) -> Key {
        std::array::from_fn(|column| self.columns[column][at])
    }

    pub(crate) fn is_tombstone(&self, at: usize) -> bool {
        self.tombstones.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(crate) fn has_tombstones(&self) -> bool {
        !self.tombstones.is_empty()
    }

    pub(crate) fn count_tombstones(&self) -> u64 {
        self.tombstones.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Compares the entry with a key.
    pub(crate) fn compare(&self, at: usize, key: &Key) -> Ordering {
        for (column, id) in self.columns.iter().zip(key) {
            match column[at].cmp(id) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        Ordering::Equal
    }

    /// The first entry at or after `from` that is not below `key`. Gallops, since the answer is mostly near.
    pub(crate) fn lower_bound(&self, from: usize, key: &Key) -> usize {
        self.partition_point(from, |block, at| block.compare(at, key) == Ordering::Less)
    }

    /// The first entry at or after `from` whose leading columns are not those of `key`, given that `from`'s are.
    pub(crate) fn prefix_end(&self, from: usize, key: &Key, given: usize) -> usize {
        self.partition_point(from, |block, at| block.has_prefix(at, key, given))
    }

    /// Whether the entry begins with the first `given` columns of `key`.
    pub(crate) fn has_prefix(&self, at: usize, key: &Key, given: usize) -> bool {
        self.columns.iter().zip(key).take(given).all(|(column, id)| column[at] == *id)
    }

    fn partition_point(&self, from: usize, below: impl Fn(&Self, usize) -> bool) -> usize {
        let len = self.len();
        if from >= len || !below(self, from) {
            return from;
        }
        // `low` is below; double the step until `high` is not.
        let (mut low, mut step) = (from, 1);
        let mut high = loop {
            let next = low + step;
            if next >= len {
                break len;
            }
            if !below(self, next) {
                break next;
            }
            low = next;
            step *= 2;
        };
        while low + 1 < high {
            let middle = low + (high - low) / 2;
            if below(self, middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// Heap bytes held.
    pub(crate) fn weight(&self) -> u64 {
        (self.len() * 64 + self.tombstones.len() * 8) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tag;

    fn block(numbers: &[u128]) -> Block {
        let mut block = Block::default();
        for number in numbers {
            let id = TermId::new(Tag::Integer, *number);
            block.push(&[id, id, id, id], number % 3 == 0);
        }
        block
    }

    #[test]
    fn lower_bound_gallops_to_the_same_place_as_a_walk() {
        let block = block(&(0..300).map(|n| n * 2).collect::<Vec<_>>());
        for from in [0, 1, 7, 299, 300] {
            for wanted in 0..602 {
                let id = TermId::new(Tag::Integer, wanted);
                let key = [id, id, id, id];
                let walked = (from..300).find(|at| block.key(*at) >= key).unwrap_or(300);
                assert_eq!(block.lower_bound(from, &key), walked.max(from));
            }
        }
    }
}
