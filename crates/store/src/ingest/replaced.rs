//! Values that a load replaces: tombstones for what the store holds, put on disk piece by piece.
//!
//! They are no part of the load's vocabulary (the old value is none of its ids), so they are a layer of their own, older
//! than the layer of what is new. **Source**: spec/loader.md §2.8.

use std::sync::Arc;

use model::Quad;

use crate::disk::sync_directory;
use crate::layer::{Content, Layer, SegmentSet};
use crate::memory::MemoryRun;
use crate::merge::{AllCores, merge};
use crate::shared::Shared;
use crate::{CancelToken, Result};

/// The share of the memory budget that waits to be put on disk.
const SHARE: u64 = 32;
/// Bytes that a tombstone takes while it is sorted in four orders.
const TOMBSTONE: u64 = 400;
/// Pieces that are merged at once.
const PIECES: usize = 16;

/// See the module.
pub(super) struct Replaced<'a> {
    shared: &'a Shared,
    cancel: &'a CancelToken,
    quads: Vec<(Quad, bool)>,
    most: usize,
    /// Later ones last; none names a quad of another.
    pieces: Vec<SegmentSet>,
}

impl<'a> Replaced<'a> {
    pub(super) fn new(shared: &'a Shared, cancel: &'a CancelToken) -> Self {
        let most = (shared.options.memory / SHARE / TOMBSTONE).max(1) as usize;
        Self { shared, cancel, quads: Vec::new(), most, pieces: Vec::new() }
    }

    /// The store's quad goes. Each comes once.
    pub(super) fn push(&mut self, quad: Quad) -> Result<()> {
        self.quads.push((quad, true));
        if self.quads.len() < self.most {
            return Ok(());
        }
        self.put_aside()?;
        if self.pieces.len() >= PIECES {
            let merged = self.write(self.pieces.iter().map(|set| Content::Disk(set.clone())).collect())?;
            self.pieces = vec![merged];
        }
        Ok(())
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.quads.clear();
        self.pieces.clear();
    }

    /// One set of all of it, if there is any: synced, and named by nothing.
    pub(super) fn finish(mut self) -> Result<Option<SegmentSet>> {
        self.put_aside()?;
        if self.pieces.len() > 1 {
            return self.write(self.pieces.iter().map(|set| Content::Disk(set.clone())).collect()).map(Some);
        }
        Ok(self.pieces.pop())
    }

    fn put_aside(&mut self) -> Result<()> {
        if self.quads.is_empty() {
            return Ok(());
        }
        let run = MemoryRun::new(std::mem::take(&mut self.quads), Vec::new());
        self.shared.disk.check_room(run.bytes())?;
        let set = self.write(vec![Content::Memory(run)])?;
        self.pieces.push(set);
        Ok(())
    }

    fn write(&self, contents: Vec<Content>) -> Result<SegmentSet> {
        let layers: Vec<_> = contents.into_iter().map(|content| Arc::new(Layer { low: 0, high: 0, content })).collect();
        let set = merge(self.shared, &layers, false, &AllCores { stop: self.cancel, cancel: self.cancel })?;
        sync_directory(&self.shared.segments_directory())?;
        Ok(set)
    }
}
