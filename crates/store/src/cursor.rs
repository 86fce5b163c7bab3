//! Cursors over one layer, and their merge: the newest layer that knows a quad decides.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::Result;
use crate::block::Block;
use crate::order::Key;
use crate::segment::Segment;
use crate::view::View;

/// A place in one order of one layer. Starts before the first entry; moves forward only.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: Source,
    /// The block at hand; `None` before the first seek and after the last entry.
    block: Option<View>,
    number: usize,
    at: usize,
    /// What was sought last is not in this layer: the place is as it was before, and there is no current entry.
    absent: bool,
}

#[derive(Debug)]
enum Source {
    /// The one block is at hand from the start.
    Memory,
    Segment {
        segment: Arc<Segment>,
        bulk: bool,
    },
}

impl Cursor {
    pub(crate) fn memory(block: Arc<Block>) -> Self {
        let block = (!block.is_empty()).then_some(View::Plain(block));
        Self { source: Source::Memory, block, number: 0, at: 0, absent: false }
    }

    /// `bulk` reads past the cache.
    pub(crate) fn segment(segment: Arc<Segment>, bulk: bool) -> Self {
        Self { source: Source::Segment { segment, bulk }, block: None, number: usize::MAX, at: 0, absent: false }
    }

    /// Block and place of the current entry, or `None` at the end. Call [`Self::seek`] or [`Self::start`] first.
    fn current(&self) -> Option<(&View, usize)> {
        self.block.as_ref().filter(|_| !self.absent).map(|block| (block, self.at))
    }

    fn load(&mut self, number: usize) -> Result<()> {
        let Source::Segment { segment, bulk } = &self.source else {
            self.block = None;
            return Ok(());
        };
        self.number = number;
        self.at = 0;
        self.block = if number >= segment.blocks() {
            None
        } else if *bulk {
            Some(View::packed(Arc::new(segment.packed(number)?), true))
        } else {
            Some(View::packed(segment.block(number)?, false))
        };
        Ok(())
    }

    /// Moves to the first entry unless already somewhere.
    fn start(&mut self) -> Result<()> {
        if self.number == usize::MAX { self.load(0) } else { Ok(()) }
    }

    /// Moves forward to the first entry that is not below `key`.
    fn seek(&mut self, key: &Key) -> Result<()> {
        self.absent = false;
        if let Some(block) = &self.block {
            if block.compare(block.len() - 1, key) != Ordering::Less {
                self.at = block.lower_bound(self.at, key);
                return Ok(());
            }
        } else if self.number != usize::MAX {
            return Ok(()); // at the end
        }
        let Source::Segment { segment, .. } = &self.source else {
            self.block = None;
            return Ok(());
        };
        // What is sought is beyond the block at hand, so its block is a later one (or none is at hand).
        let after = if self.number == usize::MAX { 0 } else { self.number + 1 };
        let found = segment.block_of(key).max(after);
        self.load(found)?;
        if let Some(block) = &self.block {
            self.at = block.lower_bound(0, key);
            if self.at == block.len() {
                self.load(self.number + 1)?;
            }
        }
        Ok(())
    }

    /// Moves forward to the first entry that begins with the first `given` columns of `prefix`, which has nothing behind
    /// them. A layer that does not hold the leading one is not read.
    fn seek_prefix(&mut self, prefix: &Key, given: usize) -> Result<()> {
        if let Source::Segment { segment, .. } = &self.source
            && given > 0
        {
            // The filter costs about what finding the place in the block at hand does.
            let near = self.block.as_ref().is_some_and(|block| block.get(0, block.len() - 1) >= prefix[0]);
            if !near && !segment.may_hold(prefix[0]) {
                self.absent = true;
                return Ok(());
            }
        }
        self.seek(prefix)
    }

    /// Moves to entry `at` of the block at hand, or to the next block if that is its end.
    fn advance_to(&mut self, at: usize) -> Result<()> {
        self.at = at;
        if self.block.as_ref().is_some_and(|block| at >= block.len()) {
            match self.source {
                Source::Memory => self.block = None,
                Source::Segment { .. } => self.load(self.number + 1)?,
            }
        }
        Ok(())
    }
}

/// The entries of several layers in key order, the newest layer's word for each key.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Newest first.
    cursors: Vec<Cursor>,
    keep_tombstones: bool,
}

impl Merge {
    pub(crate) fn new(cursors: Vec<Cursor>, keep_tombstones: bool) -> Self {
        Self { cursors, keep_tombstones }
    }

    /// Moves forward to the first entry that is not below `key`.
    pub(crate) fn seek(&mut self, key: &Key) -> Result<()> {
        self.cursors.iter_mut().try_for_each(|cursor| cursor.seek(key))
    }

    /// Moves forward to the first entry with this prefix, or to some place behind where it would be.
    pub(crate) fn seek_prefix(&mut self, prefix: &Key, given: usize) -> Result<()> {
        self.cursors.iter_mut().try_for_each(|cursor| cursor.seek_prefix(prefix, given))
    }

    /// Moves to the first entry unless already somewhere.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.cursors.iter_mut().try_for_each(Cursor::start)
    }

    /// The cursor with the smallest key (the newest of equals), whether others share that key, and the next larger key.
    fn smallest(&self) -> Option<(usize, bool, Option<Key>)> {
        let mut winner: Option<(usize, Key)> = None;
        let (mut shared, mut next): (bool, Option<Key>) = (false, None);
        for (i, cursor) in self.cursors.iter().enumerate() {
            let Some((block, at)) = cursor.current() else { continue };
            let order = winner.as_ref().map_or(Ordering::Less, |(_, key)| block.compare(at, key));
            match order {
                Ordering::Less => {
                    if let Some((_, beaten)) = winner {
                        next = Some(beaten);
                    }
                    winner = Some((i, block.key(at)));
                    shared = false;
                }
                Ordering::Equal => shared = true,
                Ordering::Greater => {
                    if next.as_ref().is_none_or(|next| block.compare(at, next) == Ordering::Less) {
                        next = Some(block.key(at));
                    }
                }
            }
        }
        winner.map(|(i, _)| (i, shared, next))
    }

    /// Hands runs of live entries (with `keep_tombstones`: of all entries) that begin with the first `given` columns of
    /// `prefix` to `take` as (block, from, to), until about `limit` were handed out; whether there may be more.
    /// Within a run every entry counts. Seek to the prefix first.
    pub(crate) fn runs(
        &mut self,
        prefix: &Key,
        given: usize,
        limit: usize,
        take: &mut dyn FnMut(&View, usize, usize),
    ) -> Result<bool> {
        let mut handed = 0;
        while handed < limit {
            let Some((winner, shared, next)) = self.smallest() else { return Ok(false) };
            let cursor = &self.cursors[winner];
            let Some((block, at)) = cursor.current() else { return Ok(false) };
            if !block.has_prefix(at, prefix, given) {
                return Ok(false);
            }
            if shared {
                let key = block.key(at);
                if self.keep_tombstones || !block.is_tombstone(at) {
                    take(block, at, at + 1);
                    handed += 1;
                }
                self.pass(&key)?;
                continue;
            }
            let mut end = block.len();
            if let Some(next) = &next {
                end = block.lower_bound(at, next).min(end);
            }
            if given > 0 && !block.has_prefix(end - 1, prefix, given) {
                end = block.prefix_end(at, prefix, given).min(end);
            }
            end = end.min(at + (limit - handed));
            if self.keep_tombstones || !block.has_tombstones() {
                take(block, at, end);
                handed += end - at;
            } else {
                let mut from = at;
                for i in at..end {
                    if block.is_tombstone(i) {
                        if from < i {
                            take(block, from, i);
                            handed += i - from;
                        }
                        from = i + 1;
                    }
                }
                if from < end {
                    take(block, from, end);
                    handed += end - from;
                }
            }
            self.cursors[winner].advance_to(end)?;
        }
        Ok(true)
    }

    /// The first live entry that begins with the prefix. Stays before it, so that the same prefix may be asked for
    /// again; otherwise prefixes must come in ascending order.
    pub(crate) fn first(&mut self, prefix: &Key, given: usize) -> Result<Option<Key>> {
        self.seek_prefix(prefix, given)?;
        loop {
            let Some((winner, ..)) = self.smallest() else { return Ok(None) };
            let Some((block, at)) = self.cursors[winner].current() else { return Ok(None) };
            if !block.has_prefix(at, prefix, given) {
                return Ok(None);
            }
            let key = block.key(at);
            if self.keep_tombstones || !block.is_tombstone(at) {
                return Ok(Some(key));
            }
            self.pass(&key)?;
        }
    }

    /// Moves every cursor that stands on `key` beyond it.
    fn pass(&mut self, key: &Key) -> Result<()> {
        for cursor in &mut self.cursors {
            if cursor.current().is_some_and(|(block, at)| block.compare(at, key).is_eq()) {
                let at = cursor.at + 1;
                cursor.advance_to(at)?;
            }
        }
        Ok(())
    }
}
