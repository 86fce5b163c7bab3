//! The container that every data file is: checksummed blocks, a filter, a sparse index, a footer.
//!
//! ```text
//! file    = block* filter index footer
//! block   = the bytes of what the file holds, or an LZ4 block of them
//! filter  = see `filter`; empty in a file without one
//! index   = (first key, stored u32, raw u32 (0: not compressed), entries u32, crc32 of the stored bytes u32)*
//! footer  = magic "HLMF", format u32, kind u8, key length u8, 6 zero bytes, entries u64, tombstones u64, leads u64,
//!           length of all blocks u64, of the filter u64, of the index u64, crc32 of the filter u32, of the index u32,
//!           4 zero bytes, crc32 of the footer before it u32
//! ```
//!
//! Integers are little-endian; keys are as the file's kind writes them. Blocks lie end to end, so that every byte of the
//! file is under a checksum or has one value that it can have.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::disk::Disk;
use crate::{CancelToken, Error, Result};

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 1;

const MAGIC: &[u8; 4] = b"HLMF";
const FOOTER: usize = 80;
/// Bytes of an index entry after its key.
const META: usize = 16;
/// Bytes collected before they are written.
const WRITE: usize = 1 << 20;
/// Bytes written between two syncs, so that no single sync is long.
const SYNC_EVERY: u64 = 8 << 20;
/// Bytes that may be written while a sync runs before the writer waits for it.
const SYNC_BEHIND: u64 = 32 << 20;
/// The largest raw block that a reader accepts: a dictionary block with one huge term.
const MAX_RAW: u32 = 256 << 20;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Quads in one order; keys are four ids.
    Quads(crate::Order),
    /// Terms by id; keys are one id.
    Terms,
}

impl Kind {
    const fn byte(self) -> u8 {
        match self {
            Self::Terms => 0,
            Self::Quads(order) => 1 + order as u8,
        }
    }

    const fn key_len(self) -> usize {
        match self {
            Self::Terms => 16,
            Self::Quads(_) => 64,
        }
    }
}

/// Where a block lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockMeta {
    offset: u64,
    stored: u32,
    /// Bytes before compression, or 0 if there was none.
    raw: u32,
    /// Entries in it.
    pub(crate) entries: u32,
    crc: u32,
}

/// A block as it is stored.
#[derive(Debug)]
pub(crate) struct StoredBlock {
    bytes: Vec<u8>,
    raw: u32,
    crc: u32,
}

impl StoredBlock {
    /// Stored as it is.
    pub(crate) fn plain(bytes: Vec<u8>) -> Self {
        Self { raw: 0, crc: crc32fast::hash(&bytes), bytes }
    }

    /// Compressed if that saves an eighth.
    pub(crate) fn compressed(raw: Vec<u8>) -> Self {
        let bytes = lz4_flex::block::compress(&raw);
        if bytes.len() > raw.len() - raw.len() / 8 || raw.is_empty() {
            return Self::plain(raw);
        }
        Self { raw: raw.len() as u32, crc: crc32fast::hash(&bytes), bytes }
    }
}

/// What a file ends with beside its index.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Entries that are tombstones.
    pub(crate) tombstones: u64,
    /// Distinct first ids of keys.
    pub(crate) leads: u64,
    /// The bytes of the filter.
    pub(crate) filter: Vec<u8>,
}

/// Writes one file from the first block to the footer. Syncs behind itself on a thread of its own, one at a time.
#[derive(Debug)]
pub(crate) struct BlockFileWriter {
    file: Arc<File>,
    path: PathBuf,
    kind: Kind,
    disk: Arc<Disk>,
    cancel: CancelToken,
    buffer: Vec<u8>,
    index: Vec<u8>,
    /// Bytes appended.
    offset: u64,
    /// Bytes written when the last sync began.
    synced: u64,
    syncing: Option<JoinHandle<std::io::Result<()>>>,
    entries: u64,
    finished: bool,
}

impl BlockFileWriter {
    pub(crate) fn create(path: PathBuf, kind: Kind, disk: Arc<Disk>, cancel: CancelToken) -> Result<Self> {
        disk.check_floor()?;
        let file = File::create_new(&path).map_err(Error::io("create", &path))?;
        Ok(Self {
            file: Arc::new(file),
            path,
            kind,
            disk,
            cancel,
            buffer: Vec::new(),
            index: Vec::new(),
            offset: 0,
            synced: 0,
            syncing: None,
            entries: 0,
            finished: false,
        })
    }

    /// Appends a block whose first entry has this key.
    pub(crate) fn append(&mut self, key: &[u8], entries: u32, block: &StoredBlock) -> Result<()> {
        debug_assert_eq!(key.len(), self.kind.key_len());
        self.entries += u64::from(entries);
        self.index.extend_from_slice(key);
        for number in [block.bytes.len() as u32, block.raw, entries, block.crc] {
            self.index.extend_from_slice(&number.to_le_bytes());
        }
        self.add(&block.bytes)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        self.offset += bytes.len() as u64;
        self.disk.temporary.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if self.buffer.len() >= WRITE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<()> {
        self.cancel.check()?;
        (&*self.file).write_all(&self.buffer).map_err(Error::io("write", &self.path))?;
        self.buffer.clear();
        let behind = self.offset - self.synced;
        let running = self.syncing.as_ref().is_some_and(|sync| !sync.is_finished());
        if behind >= SYNC_BEHIND || (behind >= SYNC_EVERY && !running) {
            self.disk.check_floor()?;
            self.settle()?;
            self.synced = self.offset;
            let file = Arc::clone(&self.file);
            let sync = std::thread::Builder::new().name("sync".to_owned()).spawn(move || file.sync_data());
            self.syncing = Some(sync.map_err(Error::io("start a sync of", &self.path))?);
        }
        Ok(())
    }

    /// Waits for the sync that runs, and tells its error.
    fn settle(&mut self) -> Result<()> {
        let Some(sync) = self.syncing.take() else { return Ok(()) };
        let outcome = sync.join().unwrap_or_else(|_| Err(std::io::Error::other("the syncing thread panicked")));
        outcome.map_err(Error::io("sync", &self.path))
    }

    /// Writes filter, index and footer, and syncs. The directory entry is the caller's to sync.
    pub(crate) fn finish(mut self, tail: &Tail) -> Result<BlockFile> {
        let blocks = self.offset;
        let index = std::mem::take(&mut self.index);
        let mut footer = Vec::with_capacity(FOOTER);
        footer.extend_from_slice(MAGIC);
        footer.extend_from_slice(&FORMAT.to_le_bytes());
        footer.push(self.kind.byte());
        footer.push(self.kind.key_len() as u8);
        footer.extend_from_slice(&[0; 6]);
        let (filter_len, index_len) = (tail.filter.len() as u64, index.len() as u64);
        for number in [self.entries, tail.tombstones, tail.leads, blocks, filter_len, index_len] {
            footer.extend_from_slice(&number.to_le_bytes());
        }
        footer.extend_from_slice(&crc32fast::hash(&tail.filter).to_le_bytes());
        footer.extend_from_slice(&crc32fast::hash(&index).to_le_bytes());
        footer.extend_from_slice(&[0; 4]);
        footer.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        debug_assert_eq!(footer.len(), FOOTER);
        self.add(&tail.filter)?;
        self.add(&index)?;
        self.add(&footer)?;
        self.write()?;
        self.settle()?;
        self.file.sync_all().map_err(Error::io("sync", &self.path))?;
        self.finished = true;
        let path = std::mem::take(&mut self.path);
        BlockFile::open(path, self.kind, Arc::clone(&self.disk))
    }
}

impl Drop for BlockFileWriter {
    /// A file that was not finished is removed at once: a cancel gives its disk back.
    fn drop(&mut self) {
        if !self.finished {
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::warn!(path = %self.path.display(), %error, "cannot remove an unfinished file");
            }
            // The blocks of an unlinked file are free once nobody has it open, the syncing thread included.
            if let Err(error) = self.settle() {
                tracing::debug!(%error, "an unfinished file could not be synced");
            }
            self.disk.temporary.fetch_sub(self.offset, Ordering::Relaxed);
        }
    }
}

/// The first id of a key, as a number.
fn lead_of(key: &[u8]) -> u128 {
    key.first_chunk::<16>().map_or(0, |lead| u128::from_be_bytes(*lead))
}

/// An open file of blocks. Reads are `pread`s that verify the checksum.
#[derive(Debug)]
pub(crate) struct BlockFile {
    file: File,
    path: PathBuf,
    kind: Kind,
    keys: Vec<u8>,
    /// The first ids of the keys.
    leads: Vec<u128>,
    blocks: Vec<BlockMeta>,
    /// How many entries come before each block.
    before: Vec<u64>,
    entries: u64,
    tombstones: u64,
    distinct: u64,
    /// Where the filter begins (and blocks end), its length and checksum.
    filter: (u64, u64, u32),
    length: u64,
    disk: Arc<Disk>,
    obsolete: AtomicBool,
    /// Whether `length` is counted in `Disk::temporary`.
    temporary: AtomicBool,
}

impl BlockFile {
    /// Opens a file and verifies footer and index.
    pub(crate) fn open(path: PathBuf, kind: Kind, disk: Arc<Disk>) -> Result<Self> {
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        let length = file.metadata().map_err(Error::io("read", &path))?.len();
        let damaged = |what: &str| Error::corrupt(&path, what);
        let mut footer = [0; FOOTER];
        let footer_at = length.checked_sub(FOOTER as u64).ok_or_else(|| damaged("it is shorter than a footer"))?;
        file.read_exact_at(&mut footer, footer_at).map_err(Error::io("read", &path))?;
        let (head, crc) = footer.split_at(FOOTER - 4);
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        if head[..4] != MAGIC[..] {
            return Err(damaged("it does not end with a footer of this version"));
        }
        if crc32fast::hash(head).to_le_bytes() != crc {
            return Err(damaged("the footer's checksum is wrong"));
        }
        if u32_at(4) != FORMAT {
            return Err(Error::Format { path, found: u32_at(4), expected: FORMAT });
        }
        if head[8] != kind.byte() || usize::from(head[9]) != kind.key_len() {
            return Err(damaged("it is of another kind than the manifest says"));
        }
        if head[10..16] != [0; 6] || head[72..76] != [0; 4] {
            return Err(damaged("the footer has bytes that this version does not know"));
        }
        let (entries, tombstones, leads) = (u64_at(16), u64_at(24), u64_at(32));
        let (blocks_len, filter_len, index_len) = (u64_at(40), u64_at(48), u64_at(56));
        let index_at = blocks_len.checked_add(filter_len);
        if index_at.and_then(|at| at.checked_add(index_len)) != Some(footer_at) {
            return Err(damaged("its parts are not as long as it is"));
        }
        let mut index = vec![0; index_len as usize];
        file.read_exact_at(&mut index, blocks_len + filter_len).map_err(Error::io("read", &path))?;
        if crc32fast::hash(&index) != u32_at(68) {
            return Err(damaged("the index's checksum is wrong"));
        }
        let width = kind.key_len() + META;
        if !index.len().is_multiple_of(width) {
            return Err(damaged("the index has a broken entry"));
        }
        let mut keys = Vec::with_capacity(index.len() / width * kind.key_len());
        let mut blocks = Vec::with_capacity(index.len() / width);
        let mut before = Vec::with_capacity(index.len() / width);
        let (mut offset, mut counted) = (0, 0);
        for entry in index.chunks_exact(width) {
            let (key, meta) = entry.split_at(kind.key_len());
            let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| meta[at + i]));
            let meta = BlockMeta { offset, stored: u32_at(0), raw: u32_at(4), entries: u32_at(8), crc: u32_at(12) };
            if keys.len() >= key.len() && keys[keys.len() - key.len()..] >= *key {
                return Err(damaged("the index is out of order"));
            }
            if meta.entries == 0 || meta.raw > MAX_RAW {
                return Err(damaged("the index has an impossible size"));
            }
            offset += u64::from(meta.stored);
            before.push(counted);
            counted += u64::from(meta.entries);
            keys.extend_from_slice(key);
            blocks.push(meta);
        }
        if offset != blocks_len || counted != entries {
            return Err(damaged("index and footer disagree"));
        }
        Ok(Self {
            file,
            path,
            kind,
            leads: keys.chunks_exact(kind.key_len()).map(lead_of).collect(),
            keys,
            blocks,
            before,
            entries,
            tombstones,
            distinct: leads,
            filter: (blocks_len, filter_len, u32_at(64)),
            length,
            disk,
            obsolete: AtomicBool::new(false),
            temporary: AtomicBool::new(false),
        })
    }

    /// The bytes of the filter, verified.
    pub(crate) fn read_filter(&self) -> Result<Vec<u8>> {
        let (at, length, crc) = self.filter;
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, at).map_err(Error::io("read", &self.path))?;
        if crc32fast::hash(&bytes) == crc {
            Ok(bytes)
        } else {
            Err(Error::corrupt(&self.path, "the filter's checksum is wrong"))
        }
    }

    /// Distinct first ids of keys, as the footer has it.
    pub(crate) fn leads(&self) -> u64 {
        self.distinct
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn entries(&self) -> u64 {
        self.entries
    }

    pub(crate) fn tombstones(&self) -> u64 {
        self.tombstones
    }

    /// Bytes on disk.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn blocks(&self) -> &[BlockMeta] {
        &self.blocks
    }

    /// How many entries come before a block.
    pub(crate) fn entries_before(&self, block: usize) -> u64 {
        self.before[block]
    }

    /// The bytes of a block's first key.
    pub(crate) fn key(&self, block: usize) -> &[u8] {
        let width = self.kind.key_len();
        &self.keys[block * width..(block + 1) * width]
    }

    /// The last block whose first key is not above `key`, or `None` if all are.
    pub(crate) fn block_of(&self, key: &[u8]) -> Option<usize> {
        // First by leading ids, which lie close together, then by the rest of the key among those that share one.
        let lead = lead_of(key);
        let low = self.leads.partition_point(|other| *other < lead);
        if self.leads.get(low).is_none_or(|other| *other != lead) {
            return low.checked_sub(1);
        }
        let mut high = low + self.leads[low..].partition_point(|other| *other == lead);
        let mut low = low;
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle) <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.checked_sub(1)
    }

    /// A block's raw bytes, verified, and `padding` zeros behind them.
    pub(crate) fn read(&self, block: usize, padding: usize) -> Result<Vec<u8>> {
        let meta = self.blocks[block];
        let damaged = |what: &str| Error::corrupt(&self.path, format!("block {block} at byte {}: {what}", meta.offset));
        let length = meta.stored as usize; // not more than the file has: `open` added them up
        let mut stored = vec![0; length + if meta.raw == 0 { padding } else { 0 }];
        self.file.read_exact_at(&mut stored[..length], meta.offset).map_err(Error::io("read", &self.path))?;
        if crc32fast::hash(&stored[..length]) != meta.crc {
            return Err(damaged("the checksum is wrong"));
        }
        if meta.raw == 0 {
            return Ok(stored);
        }
        let mut raw = vec![0; meta.raw as usize + padding];
        let read = lz4_flex::block::decompress_into(&stored, &mut raw[..meta.raw as usize])
            .map_err(|error| damaged(&error.to_string()))?;
        if read == meta.raw as usize { Ok(raw) } else { Err(damaged("its size is not the index's")) }
    }

    /// The file was written but nothing names it yet: dropping it removes it.
    pub(crate) fn set_temporary(&self) {
        self.temporary.store(true, Ordering::SeqCst);
        self.obsolete.store(true, Ordering::SeqCst);
    }

    /// The manifest names the file now.
    pub(crate) fn set_published(&self) {
        self.obsolete.store(false, Ordering::SeqCst);
        if self.temporary.swap(false, Ordering::SeqCst) {
            self.disk.temporary.fetch_sub(self.length, Ordering::Relaxed);
        }
    }

    /// The manifest no longer names the file: the last holder removes it.
    pub(crate) fn set_obsolete(&self) {
        self.obsolete.store(true, Ordering::SeqCst);
    }
}

impl Drop for BlockFile {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::SeqCst) {
            if let Err(error) = std::fs::remove_file(&self.path) {
                tracing::warn!(path = %self.path.display(), %error, "cannot remove a file that is no longer needed");
            }
            if self.temporary.load(Ordering::SeqCst) {
                self.disk.temporary.fetch_sub(self.length, Ordering::Relaxed);
            }
        }
    }
}
