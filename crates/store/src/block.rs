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

    /// The first entry at or after `from` that is not below `key`.
    pub(crate) fn lower_bound(&self, from: usize, key: &Key) -> usize {
        self.find(from, key, 0).0
    }

    /// From `from` on, the first entry that is not below `key`, and where those end from there that begin with the first
    /// `given` columns of it.
    pub(crate) fn find(&self, from: usize, key: &Key, given: usize) -> (usize, usize) {
        find(self.len(), |column| self.column(column), from, key, given)
    }

    /// The first entry from `from` to before `to` that is not below the key, where all have its first `given` columns.
    pub(crate) fn find_among(&self, from: usize, to: usize, key: &Key, given: usize) -> usize {
        find_among(|column| self.column(column), from, to, key, given)
    }

    /// The first entry at or after `from` whose leading columns are not those of `key`, given that `from`'s are.
    pub(crate) fn prefix_end(&self, from: usize, key: &Key, given: usize) -> usize {
        gallop(from, self.len(), |at| self.has_prefix(at, key, given))
    }

    /// Whether the entry begins with the first `given` columns of `key`.
    pub(crate) fn has_prefix(&self, at: usize, key: &Key, given: usize) -> bool {
        self.columns.iter().zip(key).take(given).all(|(column, id)| column[at] == *id)
    }

    /// Heap bytes held.
    pub(crate) fn weight(&self) -> u64 {
        (self.len() * 64 + self.tombstones.len() * 8) as u64
    }
}

/// [`Block::find`] in columns of `len` sorted entries, one column after the other: ids of one lie close together.
pub(crate) fn find<'a>(
    len: usize,
    column: impl Fn(usize) -> &'a [TermId],
    from: usize,
    key: &Key,
    given: usize,
) -> (usize, usize) {
    let (mut low, mut high) = (from, len);
    let mut end = if given == 0 { len } else { from };
    for (at, id) in key.iter().enumerate() {
        if key[at..].iter().all(|id| *id == TermId::MIN) {
            break; // nothing is below
        }
        let ids = column(at);
        low = gallop(low, high, |at| ids[at] < *id);
        high = gallop(low, high, |at| ids[at] == *id);
        if at < given {
            end = high;
        }
        if low == high {
            break;
        }
    }
    (low, end.max(low))
}

/// [`Block::find_among`] in columns.
pub(crate) fn find_among<'a>(
    column: impl Fn(usize) -> &'a [TermId],
    from: usize,
    to: usize,
    key: &Key,
    given: usize,
) -> usize {
    let (mut low, mut high) = (from, to);
    for (at, id) in key.iter().enumerate().skip(given) {
        let ids = column(at);
        low = gallop(low, high, |at| ids[at] < *id);
        high = gallop(low, high, |at| ids[at] == *id);
        if low == high {
            break;
        }
    }
    low
}

/// Hands the runs of equal ids, of which the first stands at place `at`, to `take`, as (id, from, to).
pub(crate) fn runs(ids: &[TermId], mut at: usize, take: &mut dyn FnMut(TermId, usize, usize)) {
    for run in ids.chunk_by(PartialEq::eq) {
        take(run[0], at, at + run.len());
        at += run.len();
    }
}

/// The first from `from` to before `to` that is not `below`. Looks near first, since the answer is mostly near; but from
/// the beginning, where a reader has only come in, it may be anywhere.
pub(crate) fn gallop(from: usize, to: usize, below: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high, mut step) = (from, to, if from == 0 { to / 2 + 1 } else { 1 });
    // All before `low` are below.
    while low + step <= to {
        let next = low + step - 1;
        if !below(next) {
            high = next;
            break;
        }
        low = next + 1;
        step *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if below(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    high
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
                let end = walked.max(from) + usize::from(wanted % 2 == 0 && wanted / 2 >= from as u128 && wanted < 600);
                assert_eq!(block.find(from, &key, 2), (walked.max(from), end));
            }
        }
    }
}
