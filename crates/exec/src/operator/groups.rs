//! Rows put into groups: those that agree in some columns, by equivalence.
//!
//! - **Shape**: each key is an id, see `key`; so grouping compares ids, and looks nothing up that it need not. Several
//!   columns are several levels: the group of the columns before, with the next key, is a group of the next level.
//! - Groups are numbered in the order in which they are met.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use foldhash::fast::RandomState;
use model::TermId;

use crate::batch::Column;
use crate::context::Context;
use crate::fault::{Error, Result};

mod key;

use key::Keys;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Groups {
    levels: Vec<Level>,
    keys: Keys,
}

impl Groups {
    /// By so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { levels: (0..columns).map(|_| Level::default()).collect(), keys: Keys::default() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.levels.last().map_or(0, |level| level.0.len())
    }

    /// Puts the rows of a batch into groups. `groups` holds a number for each row, to begin with that of a group that was
    /// made otherwise, or 0; then that of its group. `new` is given the first row of each group that is new.
    ///
    /// # Errors
    ///
    /// The store's.
    pub(super) fn number(
        &mut self,
        columns: &[Column],
        groups: &mut [u32],
        new: &mut Vec<u32>,
        context: &Context<'_>,
    ) -> Result {
        for (level, column) in self.levels.iter_mut().zip(columns) {
            new.clear();
            let keys = self.keys.of(column, groups.len(), context)?;
            level.number(keys, groups, new)?;
        }
        Ok(())
    }

    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        self.levels.iter().map(Level::bytes).sum::<u64>() + self.keys.bytes()
    }
}

/// Groups by one more column.
#[derive(Debug, Default)]
struct Level(HashSet<Entry, RandomState>);

/// A group: found by what it is of, it says its number.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: TermId,
    /// The group before.
    outer: u32,
    number: u32,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.outer == other.outer
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A group before differs in its low bits, most keys in others.
        state.write_u128(self.key.get() ^ u128::from(self.outer) << 64);
    }
}

impl Level {
    fn number(&mut self, keys: &[TermId], groups: &mut [u32], new: &mut Vec<u32>) -> Result {
        let mut last: Option<Entry> = None;
        for (row, (key, group)) in (0..).zip(keys.iter().zip(groups)) {
            let wanted = Entry { key: *key, outer: *group, number: self.0.len() as u32 };
            // Rows come in runs more often than not.
            let found = match last {
                Some(last) if last == wanted => last,
                _ => match self.0.get(&wanted) {
                    Some(found) => *found,
                    None if wanted.number == u32::MAX => {
                        return Err(Error::Unsupported(format!("grouping into more than {} groups", u32::MAX)));
                    }
                    None => {
                        self.0.insert(wanted);
                        new.push(row);
                        wanted
                    }
                },
            };
            *group = found.number;
            last = Some(found);
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        // The table is filled to seven eighths, and has a byte beside each entry.
        (self.0.capacity() * 8 / 7 * (size_of::<Entry>() + 1)) as u64
    }
}

#[cfg(test)]
mod tests;
