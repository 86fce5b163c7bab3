//! A map from strings: it keeps the order in which it was written, and is searched by key.

use std::fmt;
use std::sync::Arc;

use super::{BOX, Value, list::Size};
use crate::Result;

/// A map from strings to values.
#[derive(Clone, Default)]
pub struct Map(Arc<Body>);

#[derive(Default)]
struct Body {
    entries: Vec<(Arc<str>, Value)>,
    /// Positions in `entries`, by key.
    by_key: Vec<u32>,
    size: Size,
}

impl Map {
    /// A map of these entries; of two with one key the later counts, in the place of the earlier.
    ///
    /// # Errors
    ///
    /// [`crate::EvalError::TooDeep`]; [`crate::EvalError::TooLarge`].
    pub fn new(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Result<Self> {
        let mut entries: Vec<(Arc<str>, Value)> = entries.into_iter().collect();
        let mut by_key = sorted(&entries);
        if by_key.windows(2).any(|pair| entries[pair[0] as usize].0 == entries[pair[1] as usize].0) {
            entries = without_repeats(&entries, &by_key);
            by_key = sorted(&entries);
        }
        let part = |(key, value): &(Arc<str>, Value)| Size::part(value).and(2 * BOX + key.len());
        let size = Size::of(entries.iter().map(part))?;
        Ok(Self(Arc::new(Body { entries, by_key, size })))
    }

    /// The value of a key. Logarithmic.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Body { entries, by_key, .. } = &*self.0;
        let at = by_key.binary_search_by(|&position| (*entries[position as usize].0).cmp(key)).ok()?;
        Some(&entries[by_key[at] as usize].1)
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// The entries as written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(Arc<str>, Value)> {
        self.0.entries.iter()
    }

    /// The entries by key.
    pub fn iter_by_key(&self) -> impl ExactSizeIterator<Item = &(Arc<str>, Value)> {
        self.0.by_key.iter().map(|&position| &self.0.entries[position as usize])
    }

    pub(super) fn size(&self) -> Size {
        self.0.size
    }

    /// Whether others hold it, too.
    pub(super) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(key, value)| (key, value))).finish()
    }
}

/// The positions of the entries by key, those of one key as written. A map of 2^32 entries does not fit in memory.
fn sorted(entries: &[(Arc<str>, Value)]) -> Vec<u32> {
    let mut by_key: Vec<u32> = (0..entries.len() as u32).collect();
    by_key.sort_by(|&a, &b| entries[a as usize].0.cmp(&entries[b as usize].0));
    by_key
}

/// The last value of each key, at the place where the key came first.
fn without_repeats(entries: &[(Arc<str>, Value)], by_key: &[u32]) -> Vec<(Arc<str>, Value)> {
    let mut kept: Vec<(u32, u32)> = by_key
        .chunk_by(|&a, &b| entries[a as usize].0 == entries[b as usize].0)
        .filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect();
    kept.sort_unstable();
    kept.into_iter().map(|(_, last)| entries[last as usize].clone()).collect()
}
