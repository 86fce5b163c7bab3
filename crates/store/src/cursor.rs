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
    /// Where the entries of the block at hand end that begin with the prefix sought last.
    end: usize,
    /// What was sought last is not in this layer: the place is as it was before, and there is no current entry.
    absent: bool,
    /// Whether no other layer has to be asked.
    alone: bool,
}

/// How blocks on disk are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A few, and little of each: through the cache, in place.
    Some,
    /// All once: past the cache.
    Once,
    /// Most, and probably again: through the cache.
    Again,
}

#[derive(Debug)]
enum Source {
    /// The one block is at hand from the start.
    Memory,
    Segment {
        segment: Arc<Segment>,
        access: Access,
    },
}

impl Cursor {
    pub(crate) fn memory(block: Arc<Block>) -> Self {
        let end = block.len();
        let block = (!block.is_empty()).then_some(View::Plain(block));
        Self { source: Source::Memory, block, number: 0, at: 0, end, absent: false, alone: false }
    }

    pub(crate) fn segment(segment: Arc<Segment>, access: Access) -> Self {
        let source = Source::Segment { segment, access };
        Self { source, block: None, number: usize::MAX, at: 0, end: 0, absent: false, alone: false }
    }

    /// Block and place of the current entry, or `None` if there is none with the prefix. Call [`Self::seek`] or
    /// [`Self::start`] first.
    fn current(&self) -> Option<(&View, usize)> {
        self.block.as_ref().filter(|_| self.at < self.end && !self.absent).map(|block| (block, self.at))
    }

    /// Takes a block at hand; all its entries count until [`Self::narrow`].
    fn load(&mut self, number: usize) -> Result<()> {
        self.block = None;
        if let Source::Segment { segment, access } = &self.source {
            self.number = number;
            if number < segment.blocks() {
                self.block = Some(match access {
                    Access::Some => View::packed(segment.block(number)?, false),
                    Access::Once => View::packed(Arc::new(segment.packed(number)?), true),
                    Access::Again => View::packed(segment.block(number)?, true),
                });
            }
        }
        self.at = 0;
        self.end = self.block.as_ref().map_or(0, View::len);
        Ok(())
    }

    /// Moves to the first entry unless already somewhere.
    fn start(&mut self) -> Result<()> {
        if self.number == usize::MAX { self.load(0) } else { Ok(()) }
    }

    /// Only entries from the place on that begin with the prefix count.
    fn narrow(&mut self, prefix: &Key, given: usize) {
        if let Some(block) = &self.block {
            self.end = if given == 0 {
                block.len()
            } else if self.at < block.len() && block.has_prefix(self.at, prefix, given) {
                block.prefix_end(self.at, prefix, given)
            } else {
                self.at
            };
        }
    }

    /// Moves forward to the first entry that is not below `key`; only those that begin with `given` columns of it count.
    fn seek(&mut self, key: &Key, given: usize) -> Result<()> {
        self.absent = false;
        if let Some(block) = &self.block {
            if block.reaches(key) {
                (self.at, self.end) = block.find(self.at, key, given);
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
        if self.alone && given > 0 && found < segment.blocks() {
            let Some(block) = segment.block_with(found, key[0])? else {
                self.absent = true;
                return Ok(());
            };
            (self.block, self.number) = (Some(View::packed(block, false)), found);
        } else {
            self.load(found)?;
        }
        if let Some(block) = &self.block {
            (self.at, self.end) = block.find(0, key, given);
            if self.at == block.len() {
                self.load(self.number + 1)?;
                self.narrow(key, given);
            }
        }
        Ok(())
    }

    /// Moves forward to the first entry that begins with the first `given` columns of `prefix`, which has nothing behind
    /// them. A layer that does not hold the leading one is not read.
    fn seek_prefix(&mut self, prefix: &Key, given: usize) -> Result<()> {
        match &self.source {
            _ if given == 0 => {}
            Source::Memory => {
                let next = self.block.as_ref().map(|block| block.get(0, self.at));
                if next.is_none_or(|next| next > prefix[0]) {
                    self.end = self.at;
                    return Ok(());
                }
            }
            // Alone, the filter is asked only before a block is read from the disk.
            Source::Segment { segment, .. } if !self.alone => {
                // It costs about what finding the place in the block at hand does.
                let near = self.block.as_ref().is_some_and(|block| block.last_lead() >= prefix[0]);
                if !near && !segment.may_hold(prefix[0]) {
                    self.absent = true;
                    return Ok(());
                }
            }
            Source::Segment { .. } => {}
        }
        self.seek(prefix, given)
    }

    /// Moves to entry `at` of the block at hand, or to the next block if that is its end.
    fn advance_to(&mut self, at: usize, prefix: &Key, given: usize) -> Result<()> {
        self.at = at;
        if self.block.as_ref().is_some_and(|block| at >= block.len()) {
            match self.source {
                Source::Memory => self.block = None,
                Source::Segment { .. } => {
                    self.load(self.number + 1)?;
                    self.narrow(prefix, given);
                }
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
    /// How many leading columns of the key sought last every current entry has.
    given: usize,
}

/// What [`Merge::smallest`] found.
struct Smallest {
    cursor: usize,
    /// Whether other cursors stand on the same key.
    shared: bool,
    /// The next larger key of another cursor.
    next: Option<Key>,
}

impl Merge {
    pub(crate) fn new(mut cursors: Vec<Cursor>, keep_tombstones: bool) -> Self {
        if let [cursor] = cursors.as_mut_slice() {
            cursor.alone = true;
        }
        Self { cursors, keep_tombstones, given: 0 }
    }

    /// Moves forward to the first entry that is not below `key`.
    pub(crate) fn seek(&mut self, key: &Key) -> Result<()> {
        self.given = 0;
        self.cursors.iter_mut().try_for_each(|cursor| cursor.seek(key, 0))
    }

    /// Moves forward to the first entry with this prefix, or to some place behind where it would be.
    pub(crate) fn seek_prefix(&mut self, prefix: &Key, given: usize) -> Result<()> {
        self.given = given;
        self.cursors.iter_mut().try_for_each(|cursor| cursor.seek_prefix(prefix, given))
    }

    /// Moves to the first entry unless already somewhere.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.cursors.iter_mut().try_for_each(Cursor::start)
    }

    /// The cursor with the smallest key (the newest of equals). Keys are looked at only if there are two.
    fn smallest(&self, prefix: &Key) -> Option<Smallest> {
        let mut live = self.cursors.iter().enumerate().filter_map(|(i, cursor)| Some((i, cursor.current()?)));
        let (mut cursor, first) = live.next()?;
        let Some(second) = live.next() else { return Some(Smallest { cursor, shared: false, next: None }) };
        let given = self.given;
        let mut key = first.0.key_behind(prefix, given, first.1);
        let (mut shared, mut next): (bool, Option<Key>) = (false, None);
        for (i, (block, at)) in std::iter::once(second).chain(live) {
            match block.compare(at, &key, given) {
                Ordering::Less => {
                    next = Some(key);
                    (cursor, key, shared) = (i, block.key_behind(prefix, given, at), false);
                }
                Ordering::Equal => shared = true,
                Ordering::Greater => {
                    if next.as_ref().is_none_or(|next| block.compare(at, next, given) == Ordering::Less) {
                        next = Some(block.key_behind(prefix, given, at));
                    }
                }
            }
        }
        Some(Smallest { cursor, shared, next })
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
        if given != self.given {
            self.given = given;
            self.cursors.iter_mut().for_each(|cursor| cursor.narrow(prefix, given));
        }
        let mut handed = 0;
        while handed < limit {
            let Some(Smallest { cursor: winner, shared, next }) = self.smallest(prefix) else { return Ok(false) };
            let cursor = &self.cursors[winner];
            let Some((block, at)) = cursor.current() else { return Ok(false) };
            if shared {
                let key = block.key_behind(prefix, given, at);
                if self.keep_tombstones || !block.is_tombstone(at) {
                    take(block, at, at + 1);
                    handed += 1;
                }
                self.pass(&key, prefix)?;
                continue;
            }
            let mut end = cursor.end.min(at + (limit - handed));
            if let Some(next) = &next {
                end = block.find_among(at, end, next, given);
            }
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
            self.cursors[winner].advance_to(end, prefix, given)?;
        }
        Ok(true)
    }

    /// The first live entry that begins with the prefix. Stays before it, so that the same prefix may be asked for
    /// again; otherwise prefixes must come in ascending order.
    pub(crate) fn first(&mut self, prefix: &Key, given: usize) -> Result<Option<Key>> {
        self.seek_prefix(prefix, given)?;
        loop {
            let Some(Smallest { cursor: winner, .. }) = self.smallest(prefix) else { return Ok(None) };
            let Some((block, at)) = self.cursors[winner].current() else { return Ok(None) };
            if self.keep_tombstones || !block.is_tombstone(at) {
                return Ok(Some(block.key(at)));
            }
            let key = block.key(at);
            self.pass(&key, prefix)?;
        }
    }

    /// Moves every cursor that stands on `key` beyond it.
    fn pass(&mut self, key: &Key, prefix: &Key) -> Result<()> {
        let given = self.given;
        for cursor in &mut self.cursors {
            if cursor.current().is_some_and(|(block, at)| block.compare(at, key, given).is_eq()) {
                let at = cursor.at + 1;
                cursor.advance_to(at, prefix, given)?;
            }
        }
        Ok(())
    }
}
