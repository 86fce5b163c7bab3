//! Sets of codes, one bit each.

use super::vocabulary::Vocabulary;

/// A set of codes, one bit each.
pub(super) struct CodeSet {
    pub(super) words: Vec<u64>,
    /// Members.
    pub(super) len: usize,
}

impl CodeSet {
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        Self { words: vec![0; vocabulary.len().div_ceil(64)], len: 0 }
    }

    /// Whether it is new.
    pub(super) fn insert(&mut self, code: u32) -> bool {
        let (word, bit) = (&mut self.words[code as usize / 64], 1 << (code % 64));
        let new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(new);
        new
    }

    pub(super) fn remove(&mut self, code: u32) {
        let (word, bit) = (&mut self.words[code as usize / 64], 1 << (code % 64));
        self.len -= usize::from(*word & bit != 0);
        *word &= !bit;
    }

    pub(super) fn contains(&self, code: u32) -> bool {
        self.words[code as usize / 64] >> (code % 64) & 1 == 1
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// In ascending order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.words).flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }
}
