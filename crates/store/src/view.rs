//! A block as a reader has it at hand: a small layer in memory, or a stored block that is read in place.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::sync::Arc;

use model::TermId;

use crate::block::{self, Block};
use crate::order::Key;
use crate::packed::Packed;

/// See the module. Belongs to one reader, who may ask for whole columns: those are decoded once.
#[derive(Debug)]
pub(crate) enum View {
    Plain(Arc<Block>),
    Packed {
        block: Arc<Packed>,
        columns: [OnceCell<Vec<TermId>>; 4],
        /// Whether most of it will be read: then even one id is worth the decoding of its column.
        whole: bool,
    },
}

impl View {
    pub(crate) fn packed(block: Arc<Packed>, whole: bool) -> Self {
        Self::Packed { block, columns: Default::default(), whole }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Plain(block) => block.len(),
            Self::Packed { block, .. } => block.len(),
        }
    }

    /// A whole column.
    pub(crate) fn column(&self, column: usize) -> &[TermId] {
        match self {
            Self::Plain(block) => block.column(column),
            Self::Packed { block, columns, .. } => columns[column].get_or_init(|| {
                let mut ids = Vec::new();
                block.extend(column, 0, block.len(), &mut ids);
                ids
            }),
        }
    }

    pub(crate) fn get(&self, column: usize, at: usize) -> TermId {
        match self {
            Self::Plain(block) => block.column(column)[at],
            Self::Packed { whole: true, .. } => self.column(column)[at],
            Self::Packed { block, columns, .. } => match columns[column].get() {
                Some(ids) => ids[at],
                None => block.get(column, at),
            },
        }
    }

    /// Appends the ids of a column from place `from` to before `to`.
    pub(crate) fn extend(&self, column: usize, from: usize, to: usize, out: &mut Vec<TermId>) {
        match self {
            Self::Plain(block) => out.extend_from_slice(&block.column(column)[from..to]),
            Self::Packed { block, columns, .. } => match columns[column].get() {
                Some(ids) => out.extend_from_slice(&ids[from..to]),
                None => block.extend(column, from, to, out),
            },
        }
    }

    /// Hands the runs of equal ids of a column from place `from` to before `to` to `take`, as (id, from, to). What `scratch`
    /// holds is of no interest.
    pub(crate) fn runs(
        &self,
        column: usize,
        from: usize,
        to: usize,
        scratch: &mut Vec<TermId>,
        take: &mut dyn FnMut(TermId, usize, usize),
    ) {
        match self {
            Self::Packed { block, columns, .. } if columns[column].get().is_none() => {
                block.runs(column, from, to, scratch, take);
            }
            _ => block::runs(&self.column(column)[from..to], from, take),
        }
    }

    /// The first place from `from` to before `to` whose id is not below `id`, in a column that ascends there.
    pub(crate) fn partition(&self, column: usize, from: usize, to: usize, id: TermId) -> usize {
        match self {
            Self::Plain(block) => {
                let ids = block.column(column);
                block::gallop(from, to, |at| ids[at] < id)
            }
            Self::Packed { block, .. } => block.partition(column, from, to, |other| other < id),
        }
    }

    /// How many entries from place `from` to before `to` have the id, in a column that ascends there.
    pub(crate) fn count(&self, column: usize, from: usize, to: usize, id: TermId) -> usize {
        match self {
            Self::Plain(block) => {
                let ids = &block.column(column)[from..to];
                ids.partition_point(|other| *other <= id) - ids.partition_point(|other| *other < id)
            }
            Self::Packed { block, .. } => block.count(column, from, to, id),
        }
    }

    pub(crate) fn key(&self, at: usize) -> Key {
        std::array::from_fn(|column| self.get(column, at))
    }

    /// The key of an entry that begins with the first `given` columns of `prefix`.
    pub(crate) fn key_behind(&self, prefix: &Key, given: usize, at: usize) -> Key {
        std::array::from_fn(|column| if column < given { prefix[column] } else { self.get(column, at) })
    }

    /// The leading id of the last entry.
    pub(crate) fn last_lead(&self) -> TermId {
        match self {
            Self::Plain(block) => block.column(0)[block.len() - 1],
            Self::Packed { block, .. } => block.last_lead(),
        }
    }

    pub(crate) fn is_tombstone(&self, at: usize) -> bool {
        match self {
            Self::Plain(block) => block.is_tombstone(at),
            Self::Packed { block, .. } => block.is_tombstone(at),
        }
    }

    pub(crate) fn has_tombstones(&self) -> bool {
        match self {
            Self::Plain(block) => block.has_tombstones(),
            Self::Packed { block, .. } => block.has_tombstones(),
        }
    }

    /// Compares the entry with a key whose first `given` columns it has.
    pub(crate) fn compare(&self, at: usize, key: &Key, given: usize) -> Ordering {
        for (column, id) in key.iter().enumerate().skip(given) {
            match self.get(column, at).cmp(id) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        }
        Ordering::Equal
    }

    /// Whether the entry begins with the first `given` columns of `key`.
    pub(crate) fn has_prefix(&self, at: usize, key: &Key, given: usize) -> bool {
        key.iter().take(given).enumerate().all(|(column, id)| self.get(column, at) == *id)
    }

    /// Whether the last entry is not below the key.
    pub(crate) fn reaches(&self, key: &Key) -> bool {
        match self {
            Self::Plain(block) => block.compare(block.len() - 1, key).is_ge(),
            Self::Packed { block, .. } => block.reaches(key),
        }
    }

    /// From `from` on, the first entry that is not below `key`, and where those end from there that begin with the first
    /// `given` columns of it.
    pub(crate) fn find(&self, from: usize, key: &Key, given: usize) -> (usize, usize) {
        match self {
            Self::Plain(block) => block.find(from, key, given),
            Self::Packed { block: packed, whole: true, .. } => {
                block::find(packed.len(), |column| self.column(column), from, key, given)
            }
            Self::Packed { block, .. } => block.find(from, key, given),
        }
    }

    /// The first entry from `from` to before `to` that is not below the key, where all have its first `given` columns.
    pub(crate) fn find_among(&self, from: usize, to: usize, key: &Key, given: usize) -> usize {
        match self {
            Self::Plain(block) => block.find_among(from, to, key, given),
            Self::Packed { whole: true, .. } => block::find_among(|column| self.column(column), from, to, key, given),
            Self::Packed { block, .. } => block.find_among(from, to, key, given),
        }
    }

    /// The first entry at or after `from` whose leading columns are not those of `key`, given that `from`'s are.
    pub(crate) fn prefix_end(&self, from: usize, key: &Key, given: usize) -> usize {
        match self {
            Self::Plain(block) => block.prefix_end(from, key, given),
            Self::Packed { block, .. } => block.prefix_end(from, key, given),
        }
    }
}
