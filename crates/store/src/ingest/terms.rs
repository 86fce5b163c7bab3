//! Spellings of the hashed ids of a load, until a dictionary piece holds them.

use model::TermId;

/// Ids and spellings, in any order until [`Terms::merge`].
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// Id, which run of bytes, where its spelling begins there, how long it is.
    index: Vec<(TermId, u32, u32, u64)>,
    bytes: Vec<Vec<u8>>,
}

impl Terms {
    pub(super) fn push(&mut self, id: TermId, spelling: &[u8]) {
        if self.bytes.is_empty() {
            self.bytes.push(Vec::new());
        }
        self.index.push((id, 0, spelling.len() as u32, self.bytes[0].len() as u64));
        self.bytes[0].extend_from_slice(spelling);
    }

    /// All of them, sorted by id, each once.
    pub(super) fn merge(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut merged = Self::default();
        for part in parts {
            let base = merged.bytes.len() as u32;
            merged.index.extend(part.index.into_iter().map(|(id, run, len, at)| (id, base + run, len, at)));
            merged.bytes.extend(part.bytes);
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

    /// Heap bytes held, and about as many again for the blocks that are written.
    pub(super) fn weight(&self) -> u64 {
        self.index.len() as u64 * 64 + self.bytes.iter().map(|bytes| bytes.len() as u64).sum::<u64>()
    }
}
