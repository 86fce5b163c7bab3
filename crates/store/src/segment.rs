//! A segment: an immutable, checksummed file of sorted entries in one index order.
//!
//! - **Shape**: a [`crate::blockfile`] of quad blocks of [`BLOCK`] entries; see [`Block::encode`] for one block.
//! - **Invariant**: keys ascend strictly from the first entry to the last.

use std::path::PathBuf;
use std::sync::Arc;

use model::TermId;

use crate::block::Block;
use crate::blockfile::{BlockFile, BlockFileWriter, Kind};
use crate::cache::{BlockCache, Cached};
use crate::disk::Disk;
use crate::order::{Key, Order};
use crate::{CancelToken, Error, Result};

/// Entries in a full block: a seek decodes one, 32 KiB.
pub(crate) const BLOCK: usize = 512;

/// Writes a segment from sorted entries.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    file: BlockFileWriter,
    block: Block,
}

impl SegmentWriter {
    pub(crate) fn create(path: PathBuf, order: Order, disk: Arc<Disk>, cancel: CancelToken) -> Result<Self> {
        let file = BlockFileWriter::create(path, Kind::Quads(order), disk, cancel)?;
        Ok(Self { file, block: Block::with_capacity(BLOCK) })
    }

    /// Appends an entry; keys must ascend strictly.
    pub(crate) fn push(&mut self, key: &Key, tombstone: bool) -> Result<()> {
        self.block.push(key, tombstone);
        if self.block.len() == BLOCK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.block.encode(&mut bytes);
        let key = encode_key(&self.block.key(0)).to_vec();
        self.file.block(key, self.block.len() as u32, self.block.count_tombstones(), bytes)?;
        self.block.clear();
        Ok(())
    }

    pub(crate) fn finish(mut self, number: u64, order: Order, cache: Arc<BlockCache>) -> Result<Segment> {
        self.flush()?;
        Ok(Segment { number, order, file: self.file.finish()?, cache })
    }
}

fn encode_key(key: &Key) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (slot, id) in bytes.as_chunks_mut::<16>().0.iter_mut().zip(key) {
        *slot = id.to_be_bytes();
    }
    bytes
}

/// An open segment.
#[derive(Debug)]
pub(crate) struct Segment {
    number: u64,
    order: Order,
    file: BlockFile,
    cache: Arc<BlockCache>,
}

impl Segment {
    pub(crate) fn open(
        path: PathBuf,
        number: u64,
        order: Order,
        disk: Arc<Disk>,
        cache: Arc<BlockCache>,
    ) -> Result<Self> {
        Ok(Self { number, order, file: BlockFile::open(path, Kind::Quads(order), disk)?, cache })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn order(&self) -> Order {
        self.order
    }

    pub(crate) fn file(&self) -> &BlockFile {
        &self.file
    }

    pub(crate) fn blocks(&self) -> usize {
        self.file.blocks().len()
    }

    /// A block through the cache.
    pub(crate) fn block(&self, block: usize) -> Result<Arc<Block>> {
        let id = (self.number, block as u32);
        if let Some(Cached::Quads(found)) = self.cache.get(id) {
            return Ok(found);
        }
        let decoded = Arc::new(self.read(block)?);
        self.cache.insert(id, Cached::Quads(Arc::clone(&decoded)));
        Ok(decoded)
    }

    /// A block past the cache, for reads of whole segments that would only push out what is hot.
    pub(crate) fn read(&self, block: usize) -> Result<Block> {
        let entries = self.file.blocks()[block].entries as usize;
        Block::decode(&self.file.read(block)?, entries)
            .ok_or_else(|| Error::corrupt(self.file.path(), format!("block {block} does not decode")))
    }

    /// The last block whose first key is not above `key` (the first block if all are).
    pub(crate) fn block_of(&self, key: &Key) -> usize {
        self.file.block_of(&encode_key(key)).unwrap_or(0)
    }

    /// How many entries begin with the given prefix, from the sparse index alone: blocks that lie wholly inside count
    /// whole, one that lies partly inside counts half.
    pub(crate) fn estimate(&self, low: &Key, given: usize) -> u64 {
        if given == 0 {
            return self.file.entries();
        }
        if self.blocks() == 0 {
            return 0;
        }
        let mut high = *low;
        for slot in &mut high[given..] {
            *slot = TermId::MAX;
        }
        let (first, last) = (self.block_of(low), self.block_of(&high));
        let count = |block: usize| u64::from(self.file.blocks()[block].entries);
        if first == last {
            return count(first) / 8 + 1;
        }
        let inside: u64 = (first + 1..last).map(count).sum();
        inside + u64::midpoint(count(first), count(last))
    }
}
