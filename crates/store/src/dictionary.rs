//! The dictionary: the spelling behind each hashed term id.
//!
//! - **Shape**: sorted immutable pieces, one written with each segment set, plus the terms of the delta. A piece is a
//!   [`crate::blockfile`] of term blocks: ids ascending (16 bytes each), where each spelling ends (u32), the bytes.
//! - **Invariant**: a term may be present twice, never absent: every hashed id in a live quad resolves.

use std::path::PathBuf;
use std::sync::Arc;

use model::TermId;
use rayon::prelude::*;

use crate::blockfile::{BlockFile, BlockFileWriter, Kind, StoredBlock, Tail};
use crate::cache::{BlockCache, Cached};
use crate::disk::Disk;
use crate::{CancelToken, Error, Result};

/// A term block is closed when it holds this many raw bytes.
const BLOCK_BYTES: usize = 16 << 10;
/// Blocks held before they are compressed together on all cores.
const GROUP: usize = 32;

/// A decoded block: ids and spellings.
#[derive(Debug)]
pub(crate) struct TermBlock {
    ids: Vec<TermId>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl TermBlock {
    fn decode(raw: &[u8], entries: usize) -> Option<Self> {
        let (ids, rest) = raw.split_at_checked(entries.checked_mul(16)?)?;
        let (ends, bytes) = rest.split_at_checked(entries * 4)?;
        let ids = ids
            .as_chunks::<16>()
            .0
            .iter()
            .map(|id| TermId::from_u128(u128::from_le_bytes(*id)))
            .collect::<Option<Vec<_>>>()?;
        let ends: Vec<u32> = ends.as_chunks::<4>().0.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let sound = ends.is_sorted() && ends.last().is_none_or(|end| *end as usize == bytes.len());
        sound.then(|| Self { ids, ends, bytes: bytes.to_vec() })
    }

    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn id(&self, at: usize) -> TermId {
        self.ids[at]
    }

    pub(crate) fn spelling(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.bytes[start..self.ends[at] as usize]
    }

    pub(crate) fn find(&self, id: TermId) -> Option<&[u8]> {
        self.ids.binary_search(&id).ok().map(|at| self.spelling(at))
    }

    /// Heap bytes held.
    pub(crate) fn weight(&self) -> u64 {
        (self.ids.len() * 20 + self.bytes.len()) as u64
    }
}

/// Writes a piece from terms sorted by id.
#[derive(Debug)]
pub(crate) struct DictionaryWriter {
    file: BlockFileWriter,
    /// Raw blocks with their first id and number of terms, until there are enough to compress on all cores.
    group: Vec<(TermId, u32, Vec<u8>)>,
    terms: u64,
    ids: Vec<TermId>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    last: Option<TermId>,
}

impl DictionaryWriter {
    pub(crate) fn create(path: PathBuf, disk: Arc<Disk>, cancel: CancelToken) -> Result<Self> {
        let file = BlockFileWriter::create(path, Kind::Terms, disk, cancel)?;
        Ok(Self { file, group: Vec::new(), terms: 0, ids: Vec::new(), ends: Vec::new(), bytes: Vec::new(), last: None })
    }

    /// Appends a term; ids must not descend, and a repeat is passed over.
    pub(crate) fn push(&mut self, id: TermId, spelling: &[u8]) -> Result<()> {
        if self.last == Some(id) {
            return Ok(());
        }
        self.last = Some(id);
        self.ids.push(id);
        self.bytes.extend_from_slice(spelling);
        self.ends.push(self.bytes.len() as u32);
        if self.bytes.len() + self.ids.len() * 20 >= BLOCK_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let Some(first) = self.ids.first() else { return Ok(()) };
        let first = *first;
        let mut raw = Vec::with_capacity(self.ids.len() * 20 + self.bytes.len());
        for id in &self.ids {
            raw.extend_from_slice(&id.get().to_le_bytes());
        }
        for end in &self.ends {
            raw.extend_from_slice(&end.to_le_bytes());
        }
        raw.extend_from_slice(&self.bytes);
        self.group.push((first, self.ids.len() as u32, raw));
        self.terms += self.ids.len() as u64;
        self.ids.clear();
        self.ends.clear();
        self.bytes.clear();
        if self.group.len() == GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let group = std::mem::take(&mut self.group);
        let stored: Vec<_> =
            group.into_par_iter().map(|(first, terms, raw)| (first, terms, StoredBlock::compressed(raw))).collect();
        stored.iter().try_for_each(|(first, terms, block)| self.file.append(&first.to_be_bytes(), *terms, block))
    }

    pub(crate) fn finish(mut self, number: u64, cache: Arc<BlockCache>) -> Result<Dictionary> {
        self.flush()?;
        self.write_group()?;
        let tail = Tail { leads: self.terms, ..Tail::default() };
        Ok(Dictionary { number, file: self.file.finish(&tail)?, cache })
    }
}

/// One open piece.
#[derive(Debug)]
pub(crate) struct Dictionary {
    number: u64,
    file: BlockFile,
    cache: Arc<BlockCache>,
}

impl Dictionary {
    pub(crate) fn open(path: PathBuf, number: u64, disk: Arc<Disk>, cache: Arc<BlockCache>) -> Result<Self> {
        Ok(Self { number, file: BlockFile::open(path, Kind::Terms, disk)?, cache })
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn file(&self) -> &BlockFile {
        &self.file
    }

    pub(crate) fn blocks(&self) -> usize {
        self.file.blocks().len()
    }

    /// How many terms a block has.
    pub(crate) fn terms(&self, block: usize) -> u32 {
        self.file.blocks()[block].entries
    }

    /// A block past the cache.
    pub(crate) fn read(&self, block: usize) -> Result<TermBlock> {
        let entries = self.file.blocks()[block].entries as usize;
        TermBlock::decode(&self.file.read(block, 0)?, entries)
            .ok_or_else(|| Error::corrupt(self.file.path(), format!("term block {block} does not decode")))
    }

    fn block(&self, block: usize) -> Result<Arc<TermBlock>> {
        let id = (self.number, block as u32);
        if let Some(Cached::Terms(found)) = self.cache.get(id) {
            return Ok(found);
        }
        let decoded = Arc::new(self.read(block)?);
        self.cache.insert(id, Cached::Terms(Arc::clone(&decoded)));
        Ok(decoded)
    }

    /// Calls `found` with the spelling of `id` if this piece has it. One block read, mostly from the cache.
    pub(crate) fn lookup<T>(&self, id: TermId, found: impl FnOnce(&[u8]) -> T) -> Result<Option<T>> {
        let Some(block) = self.file.block_of(&id.to_be_bytes()) else { return Ok(None) };
        Ok(self.block(block)?.find(id).map(found))
    }
}
