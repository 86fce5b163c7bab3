//! A segment: an immutable, checksummed file of sorted entries in one index order.
//!
//! - **Shape**: a [`crate::blockfile`] of quad blocks of [`BLOCK`] entries; see `packed` for one block.
//! - **Invariant**: keys ascend strictly from the first entry to the last.

use std::path::PathBuf;
use std::sync::Arc;

use model::TermId;
use rayon::prelude::*;

use crate::bits::PADDING;
use crate::block::Block;
use crate::blockfile::{BlockFile, BlockFileWriter, Kind, StoredBlock, Tail};
use crate::cache::{BlockCache, Cached};
use crate::disk::Disk;
use crate::filter::{self, Filter};
use crate::order::{Key, Order};
use crate::packed::{self, Packed};
use crate::{CancelToken, Error, Result};

/// Entries in a full block: what a reader takes in at once.
pub(crate) const BLOCK: usize = 1024;
/// Blocks held before they are encoded together on all cores.
const GROUP: usize = 32;

/// A block ready to be appended: encoded, checksummed, its leading ids hashed. Made on any thread.
#[derive(Debug)]
pub(crate) struct EncodedBlock {
    first: Key,
    last: Key,
    entries: u32,
    tombstones: u64,
    /// Hashes of the distinct leading ids, in an order whose segments have a filter; else only their number.
    leads: (u32, Vec<u64>),
    stored: StoredBlock,
}

impl EncodedBlock {
    /// Encodes a block that is not empty and holds at most [`BLOCK`] entries, sorted.
    pub(crate) fn new(order: Order, block: &Block) -> Self {
        let last = block.len() - 1;
        let column = block.column(0);
        let mut leads = (0, Vec::new());
        let mut before = None;
        for id in column {
            if before != Some(*id) {
                leads.0 += 1;
                if has_filter(order) {
                    leads.1.push(filter::hash(*id));
                }
            }
            before = Some(*id);
        }
        Self {
            first: block.key(0),
            last: block.key(last),
            entries: block.len() as u32,
            tombstones: block.count_tombstones(),
            leads,
            stored: StoredBlock::plain(packed::encode(order, block)),
        }
    }
}

/// Whether segments of this order carry a filter of their leading ids: subjects, graphs.
const fn has_filter(order: Order) -> bool {
    matches!(order, Order::Spog | Order::Gspo)
}

/// Writes a segment from sorted entries.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    file: BlockFileWriter,
    order: Order,
    /// Filled by [`Self::extend`].
    block: Block,
    /// Full ones, until there are enough to encode on all cores.
    group: Vec<Block>,
    filter: Option<Filter>,
    tail: Tail,
    last: Option<Key>,
}

impl SegmentWriter {
    /// `expected_leads` is about how many distinct leading ids will come, rather too many than too few.
    pub(crate) fn create(
        path: PathBuf,
        order: Order,
        expected_leads: u64,
        disk: Arc<Disk>,
        cancel: CancelToken,
    ) -> Result<Self> {
        let file = BlockFileWriter::create(path, Kind::Quads(order), disk, cancel)?;
        Ok(Self {
            file,
            order,
            block: Block::with_capacity(BLOCK),
            group: Vec::with_capacity(GROUP),
            filter: has_filter(order).then(|| Filter::with_capacity(expected_leads)),
            tail: Tail::default(),
            last: None,
        })
    }

    /// Appends entries `from..to` of a block; keys must ascend strictly.
    pub(crate) fn extend(&mut self, block: &Block, mut from: usize, to: usize) -> Result<()> {
        while from < to {
            let end = to.min(from + BLOCK - self.block.len());
            self.block.extend(block, from, end);
            from = end;
            if self.block.len() == BLOCK {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if !self.block.is_empty() {
            self.group.push(std::mem::replace(&mut self.block, Block::with_capacity(BLOCK)));
        }
        if self.group.len() == GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let order = self.order;
        let group = std::mem::take(&mut self.group);
        let encoded: Vec<_> = group.par_iter().map(|block| EncodedBlock::new(order, block)).collect();
        encoded.iter().try_for_each(|block| self.append(block))
    }

    /// Appends a block; its keys must be above all before. What was pushed before goes before it.
    pub(crate) fn append(&mut self, block: &EncodedBlock) -> Result<()> {
        if !self.block.is_empty() || !self.group.is_empty() {
            self.flush()?;
            self.write_group()?;
        }
        debug_assert!(self.last.is_none_or(|last| last < block.first), "keys ascend");
        let shared = self.last.is_some_and(|last| last[0] == block.first[0]);
        self.tail.leads += u64::from(block.leads.0) - u64::from(shared);
        self.tail.tombstones += block.tombstones;
        if let Some(filter) = &mut self.filter {
            block.leads.1.iter().for_each(|hash| filter.add(*hash));
        }
        self.last = Some(block.last);
        self.file.append(&encode_key(&block.first), block.entries, &block.stored)
    }

    pub(crate) fn finish(mut self, number: u64, order: Order, cache: Arc<BlockCache>) -> Result<Segment> {
        self.flush()?;
        self.write_group()?;
        if let Some(filter) = &mut self.filter {
            filter.shrink(self.tail.leads);
            self.tail.filter = filter.to_bytes();
        }
        let file = self.file.finish(&self.tail)?;
        Ok(Segment { number, order, file, filter: self.filter, cache })
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
    filter: Option<Filter>,
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
        let file = BlockFile::open(path, Kind::Quads(order), disk)?;
        let bytes = file.read_filter()?;
        let filter = Filter::from_bytes(&bytes).filter(|_| has_filter(order) != bytes.is_empty());
        if filter.is_none() {
            return Err(Error::corrupt(file.path(), "its filter has an impossible size"));
        }
        Ok(Self { number, order, file, filter: filter.filter(|_| has_filter(order)), cache })
    }

    /// Whether an entry may begin with this id; always true in an order without a filter.
    pub(crate) fn may_hold(&self, lead: TermId) -> bool {
        self.may_hold_hashed(filter::hash(lead))
    }

    /// The same for an id whose hash is at hand.
    pub(crate) fn may_hold_hashed(&self, hash: u64) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_hold(hash))
    }

    /// Distinct leading ids.
    pub(crate) fn leads(&self) -> u64 {
        self.file.leads()
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

    /// Entries of a block.
    pub(crate) fn entries(&self, block: usize) -> u32 {
        self.file.blocks()[block].entries
    }

    /// The first key of a block, from the index.
    pub(crate) fn first_key(&self, block: usize) -> Key {
        let ids = self.file.key(block).as_chunks::<16>().0;
        std::array::from_fn(|i| ids.get(i).and_then(|id| TermId::from_be_bytes(*id)).unwrap_or(TermId::MIN))
    }

    /// A block through the cache.
    pub(crate) fn block(&self, block: usize) -> Result<Arc<Packed>> {
        let id = (self.number, block as u32);
        if let Some(Cached::Quads(found)) = self.cache.get(id) {
            return Ok(found);
        }
        let packed = Arc::new(self.packed(block)?);
        self.cache.insert(id, Cached::Quads(Arc::clone(&packed)));
        Ok(packed)
    }

    /// A block through the cache; `None` if it is not there and the filter knows that nothing begins with `lead`.
    pub(crate) fn block_with(&self, block: usize, lead: TermId) -> Result<Option<Arc<Packed>>> {
        if let Some(Cached::Quads(found)) = self.cache.get((self.number, block as u32)) {
            return Ok(Some(found));
        }
        if self.may_hold(lead) { self.block(block).map(Some) } else { Ok(None) }
    }

    /// A block past the cache, for reads of whole segments that would only push out what is hot.
    pub(crate) fn packed(&self, block: usize) -> Result<Packed> {
        let entries = self.file.blocks()[block].entries as usize;
        Packed::parse(self.order, self.file.read(block, PADDING)?, entries)
            .ok_or_else(|| Error::corrupt(self.file.path(), format!("block {block} does not decode")))
    }

    /// A block past the cache, decoded.
    pub(crate) fn read(&self, block: usize) -> Result<Block> {
        Ok(self.packed(block)?.unpack())
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
        let inside = self.file.entries_before(last) - self.file.entries_before(first + 1);
        inside + u64::midpoint(count(first), count(last))
    }
}

#[cfg(test)]
mod tests {
    use model::Tag;

    use std::os::unix::fs::FileExt;
    use std::path::Path;

    use super::*;
    use crate::dictionary::{Dictionary, DictionaryWriter};

    /// Flips a bit of every byte in turn: opening the file or reading a block reports each.
    fn every_flip_is_reported(path: &Path, read: impl Fn() -> Result<u64>) {
        let whole = std::fs::read(path).unwrap();
        let entries = read().unwrap();
        assert!(entries > 0);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        for (at, byte) in whole.iter().enumerate() {
            file.write_all_at(&[byte ^ (1 << (at % 8))], at as u64).unwrap();
            match read() {
                Err(Error::Corrupt { path: named, .. } | Error::Format { path: named, .. }) => assert_eq!(named, path),
                other => panic!("byte {at} of {}: {other:?}", whole.len()),
            }
            file.write_all_at(&[*byte], at as u64).unwrap();
        }
        for length in [0, 1, 79, 80, whole.len() / 2, whole.len() - 1] {
            std::fs::write(path, &whole[..length]).unwrap();
            assert!(read().is_err(), "cut at {length}");
        }
        std::fs::write(path, [&whole[..], &[0]].concat()).unwrap();
        assert!(read().is_err(), "a byte too many");
    }

    #[test]
    fn a_flipped_bit_of_a_segment_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.seg");
        let disk = Arc::new(Disk::new(directory.path(), 0));
        let cache = Arc::new(BlockCache::new(1 << 20));
        for order in [Order::Spog, Order::Posg] {
            let mut writer =
                SegmentWriter::create(path.clone(), order, 100, Arc::clone(&disk), CancelToken::new()).unwrap();
            let mut block = Block::default();
            for n in 0..2 * BLOCK as u128 + 10 {
                let [a, b, c] = [n / 20, n, n * 3 % 17].map(|number| TermId::new(Tag::VertexInline, number << 80));
                block.push(&[a, TermId::LABEL, b, c], n % 50 == 7);
            }
            writer.extend(&block, 0, block.len()).unwrap();
            drop(writer.finish(1, order, Arc::clone(&cache)).unwrap());
            every_flip_is_reported(&path, || {
                let segment = Segment::open(path.clone(), 1, order, Arc::clone(&disk), Arc::clone(&cache))?;
                (0..segment.blocks()).map(|block| Ok(segment.read(block)?.len() as u64)).sum()
            });
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_flipped_bit_of_a_dictionary_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.dict");
        let disk = Arc::new(Disk::new(directory.path(), 0));
        let cache = Arc::new(BlockCache::new(1 << 20));
        let mut writer = DictionaryWriter::create(path.clone(), Arc::clone(&disk), CancelToken::new()).unwrap();
        for n in 0..500 {
            // Some compress, some do not.
            let spelling =
                if n < 400 { format!("http://example.org/{n}") } else { format!("{:x}", n * n * 7_919_u128) };
            writer.push(TermId::new(Tag::IriHash, n << 100), spelling.repeat(3).as_bytes()).unwrap();
        }
        drop(writer.finish(1, Arc::clone(&cache)).unwrap());
        every_flip_is_reported(&path, || {
            let dictionary = Dictionary::open(path.clone(), 1, Arc::clone(&disk), Arc::clone(&cache))?;
            (0..dictionary.blocks()).map(|block| Ok(dictionary.read(block)?.len() as u64)).sum()
        });
    }

    #[test]
    fn a_filter_knows_every_leading_id() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some.seg");
        let (disk, cache) = (Arc::new(Disk::new(directory.path(), 0)), Arc::new(BlockCache::new(1 << 20)));
        let id = |n: u128| TermId::new(Tag::EdgeInline, n);
        for room in [1, 50_000] {
            let mut writer =
                SegmentWriter::create(path.clone(), Order::Gspo, room, Arc::clone(&disk), CancelToken::new()).unwrap();
            let mut block = Block::default();
            (0..5000).for_each(|n| block.push(&[id(n / 2), id(n), id(1), id(2)], false));
            writer.extend(&block, 0, block.len()).unwrap();
            let segment = writer.finish(1, Order::Gspo, Arc::clone(&cache)).unwrap();
            assert_eq!(segment.leads(), 2500);
            assert!((0..2500).all(|n| segment.may_hold(id(n))));
            let wrong = (2500..12_500).filter(|n| segment.may_hold(id(*n))).count();
            assert!(room == 1 || wrong < 400, "{wrong} of 10,000");
            std::fs::remove_file(&path).unwrap();
        }
    }
}
