//! One cache of verified, decoded blocks with a byte budget, for all segments and dictionaries of a store.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::dictionary::TermBlock;
use crate::packed::Packed;

/// A block of either kind, ready for reads.
#[derive(Clone, Debug)]
pub(crate) enum Cached {
    Quads(Arc<Packed>),
    Terms(Arc<TermBlock>),
}

/// Which file (numbers are unique in a store) and which of its blocks.
pub(crate) type BlockId = (u64, u32);

#[derive(Clone, Copy, Debug)]
struct ByBytes;

impl Weighter<BlockId, Cached> for ByBytes {
    fn weight(&self, _: &BlockId, block: &Cached) -> u64 {
        64 + match block {
            Cached::Quads(block) => block.weight(),
            Cached::Terms(block) => block.weight(),
        }
    }
}

/// See the module.
pub(crate) struct BlockCache(Cache<BlockId, Cached, ByBytes, foldhash::fast::RandomState>);

impl BlockCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let blocks = usize::try_from(bytes / (32 << 10)).unwrap_or(usize::MAX).max(64);
        Self(Cache::with(blocks, bytes, ByBytes, foldhash::fast::RandomState::default(), DefaultLifecycle::default()))
    }

    pub(crate) fn get(&self, id: BlockId) -> Option<Cached> {
        self.0.get(&id)
    }

    pub(crate) fn insert(&self, id: BlockId, block: Cached) {
        self.0.insert(id, block);
    }

    /// Bytes held.
    pub(crate) fn weight(&self) -> u64 {
        self.0.weight()
    }
}

impl fmt::Debug for BlockCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockCache({} bytes)", self.weight())
    }
}
