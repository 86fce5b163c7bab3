//! Spellings of the hashed ids of a load, until a dictionary piece holds them.
//!
//! They lie in runs of one size: a single one would double and be copied as it grows, and be half empty at the worst
//! moment, when a load of long texts has filled its memory.

use model::TermId;

/// Bytes of a run, unless one spelling is longer.
const RUN: usize = 1 << 20;

/// Bytes that each spelling takes beside its own.
const INDEXED: u64 = 64;

/// Ids and spellings, in any order until [`Terms::merge`].
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Id, which run of bytes, where its spelling begins there, how long it is.
    index: Vec<(TermId, u32, u32, u64)>,
    bytes: Vec<Vec<u8>>,
    weight: u64,
}

impl Terms {
    pub(super) fn push(&mut self, id: TermId, spelling: &[u8]) {
        let room = self.bytes.last().map_or(0, |run| run.capacity() - run.len());
        if self.bytes.is_empty() || room < spelling.len() {
            self.bytes.push(Vec::with_capacity(RUN.max(spelling.len())));
        }
        let at = self.bytes.len() - 1;
        let run = &mut self.bytes[at];
        self.index.push((id, at as u32, spelling.len() as u32, run.len() as u64));
        run.extend_from_slice(spelling);
        self.weight += INDEXED + spelling.len() as u64;
    }

    /// All of them, sorted by id, each once.
    pub(super) fn merge(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut merged = Self::default();
        for part in parts {
            let base = merged.bytes.len() as u32;
            merged.index.extend(part.index.into_iter().map(|(id, run, len, at)| (id, base + run, len, at)));
            merged.bytes.extend(part.bytes);
            merged.weight += part.weight;
        }
        rayon::slice::ParallelSliceMut::par_sort_unstable(merged.index.as_mut_slice());
        merged.index.dedup_by_key(|(id, ..)| *id);
        merged
    }

    pub(super) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Ids and spellings, in the order of the index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (TermId, &[u8])> + '_ {
        (0..self.index.len()).map(|at| (self.index[at].0, self.spelling(at)))
    }

    /// The spelling of an id, after a merge.
    pub(super) fn find(&self, id: TermId) -> Option<&[u8]> {
        let at = self.index.binary_search_by_key(&id, |(id, ..)| *id).ok()?;
        Some(self.spelling(at))
    }

    fn spelling(&self, at: usize) -> &[u8] {
        let (_, run, len, from) = self.index[at];
        &self.bytes[run as usize][from as usize..][..len as usize]
    }

    /// Heap bytes held, and about as many again for the blocks that are written. Known at any time, without counting.
    pub(super) const fn weight(&self) -> u64 {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_all_lengths_are_found_again() {
        let spelling = |n: usize| vec![n as u8; [0, 1, 1000, RUN / 3, RUN, RUN + 1][n % 6]];
        let id = |n: usize| TermId::from_u128(n as u128 + 1).unwrap();
        let mut parts = [Terms::default(), Terms::default()];
        for n in 0..40 {
            parts[n % 2].push(id(n), &spelling(n));
        }
        parts[1].push(id(7), &spelling(7));
        let held: usize = parts.iter().flat_map(|part| &part.bytes).map(Vec::capacity).sum();
        let used: usize = parts.iter().flat_map(|part| &part.bytes).map(Vec::len).sum();
        assert!(held < 2 * used, "{held} bytes hold {used}");
        let merged = Terms::merge(parts);
        assert_eq!(merged.iter().count(), 40);
        for n in 0..40 {
            assert_eq!(merged.find(id(n)), Some(&*spelling(n)), "{n}");
        }
        assert_eq!(merged.find(id(40)), None);
    }
}
