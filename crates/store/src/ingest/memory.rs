//! Memory that serves again. A fresh page costs more than filling it, and a load goes through many gigabytes of arrays
//! that live for a second: they are lent from here and come back.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Arrays kept for later, at most.
const KEPT: usize = 8;

/// Lends arrays of 4-byte numbers.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u32>>>);

impl Pool {
    /// An array of so many items. What is in it is left over from others.
    pub(super) fn lend<const W: usize>(&self, len: usize) -> Lent<'_, W> {
        let words = len * W;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |at: &usize| kept[*at].len() >= words;
        let best = (0..kept.len()).filter(fits).min_by_key(|at| kept[*at].len());
        let lent = best.map(|at| kept.swap_remove(at));
        if lent.is_none() {
            // The largest of those that are too small would only be in the way.
            if let Some(largest) = (0..kept.len()).max_by_key(|at| kept[*at].len()) {
                kept.swap_remove(largest);
            }
        }
        drop(kept);
        Lent { words: lent.unwrap_or_else(|| vec![0; words]), len, pool: self }
    }

    fn take_back(&self, words: Vec<u32>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(words);
        if kept.len() > KEPT
            && let Some(smallest) = (0..kept.len()).min_by_key(|at| kept[*at].len())
        {
            kept.swap_remove(smallest);
        }
    }
}

/// A lent array of items of `W` numbers; it goes back when dropped.
#[derive(Debug)]
pub(super) struct Lent<'a, const W: usize> {
    words: Vec<u32>,
    len: usize,
    pool: &'a Pool,
}

impl<const W: usize> Lent<'_, W> {
    /// Forgets the items from `len` on.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }
}

impl<const W: usize> Deref for Lent<'_, W> {
    type Target = [[u32; W]];

    fn deref(&self) -> &Self::Target {
        &self.words.as_chunks().0[..self.len]
    }
}

impl<const W: usize> DerefMut for Lent<'_, W> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.words.as_chunks_mut().0[..self.len]
    }
}

impl<const W: usize> Drop for Lent<'_, W> {
    fn drop(&mut self) {
        self.pool.take_back(std::mem::take(&mut self.words));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_is_lent_again() {
        let pool = Pool::default();
        let mut first = pool.lend::<4>(10);
        first[9] = [1, 2, 3, 4];
        drop(first);
        let mut again = pool.lend::<6>(5);
        assert_eq!((again.len(), again[0].len()), (5, 6));
        assert!(pool.0.lock().unwrap().is_empty());
        again.truncate(2);
        assert_eq!(again.len(), 2);
        let other = pool.lend::<1>(3);
        drop((again, other));
        assert_eq!(pool.0.lock().unwrap().iter().map(Vec::len).sum::<usize>(), 43);
        drop(pool.lend::<1>(100));
        let kept = pool.0.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(kept, [3, 100], "the largest of the small ones made room");
    }
}
