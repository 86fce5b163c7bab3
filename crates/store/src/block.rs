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

    /// The columns, then (if any entry is a tombstone) the bits: the plainest encoding. Little-endian.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(self.len() * 64 + 8 + self.tombstones.len() * 8);
        for column in &self.columns {
            for id in column {
                out.extend_from_slice(&id.get().to_le_bytes());
            }
        }
        for word in &self.tombstones {
            out.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// The inverse of [`Self::encode`]; `None` if the bytes are not a block of `len` entries.
    pub(crate) fn decode(bytes: &[u8], len: usize) -> Option<Self> {
        let (ids, bits) = bytes.split_at_checked(len.checked_mul(64)?)?;
        if bits.len() % 8 != 0 || bits.len() / 8 > len.div_ceil(64) {
            return None;
        }
        let mut block = Self::default();
        if len > 0 {
            for (column, raw) in block.columns.iter_mut().zip(ids.chunks_exact(len * 16)) {
                column.reserve_exact(len);
                for id in raw.as_chunks::<16>().0 {
                    column.push(TermId::from_u128(u128::from_le_bytes(*id))?);
                }
            }
        }
        block.tombstones = bits.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
        Some(block)
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
    fn decode_is_the_inverse_of_encode() {
        for numbers in [vec![], vec![1], (1..200).collect::<Vec<_>>()] {
            let block = block(&numbers);
            let mut bytes = Vec::new();
            block.encode(&mut bytes);
            let back = Block::decode(&bytes, block.len()).unwrap();
            assert_eq!(back.len(), block.len());
            for at in 0..block.len() {
                assert_eq!(back.key(at), block.key(at));
                assert_eq!(back.is_tombstone(at), block.is_tombstone(at));
            }
        }
        assert!(Block::decode(&[0; 63], 1).is_none());
        assert!(Block::decode(&[0; 64], 1).is_none(), "a zero is no id");
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
