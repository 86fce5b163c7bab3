//! The container that every data file is: compressed, checksummed blocks, a sparse index, a footer.
//!
//! ```text
//! file    = block* index footer
//! block   = LZ4 block of the raw bytes
//! index   = (first key, offset u64, stored u32, raw u32, entries u32, crc32 of the stored bytes u32)*
//! footer  = magic "HLMF", format u32, kind u8, key length u8, 6 zero bytes, entries u64, tombstones u64,
//!           index offset u64, index length u64, crc32 of the index u32, crc32 of the footer before it u32
//! ```
//!
//! Integers are little-endian; keys are as the file's kind writes them. Format 0 may be refused by later versions.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::disk::Disk;
use crate::{CancelToken, Error, Result};

/// The format that this version writes and reads.
pub(crate) const FORMAT: u32 = 0;

const MAGIC: &[u8; 4] = b"HLMF";
const FOOTER: usize = 64;
/// Raw blocks held before they are compressed together on all cores.
const GROUP: usize = 32;
/// Bytes written between two syncs, so that no single sync is long.
const SYNC_EVERY: u64 = 8 << 20;
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
    raw: u32,
    /// Entries in it.
    pub(crate) entries: u32,
    crc: u32,
}

/// Writes one file from the first block to the footer.
#[derive(Debug)]
pub(crate) struct BlockFileWriter {
    file: File,
    path: PathBuf,
    kind: Kind,
    disk: Arc<Disk>,
    cancel: CancelToken,
    group: Vec<RawBlock>,
    index: Vec<u8>,
    offset: u64,
    synced: u64,
    entries: u64,
    tombstones: u64,
    finished: bool,
}

#[derive(Debug)]
struct RawBlock {
    key: Vec<u8>,
    entries: u32,
    bytes: Vec<u8>,
}

impl BlockFileWriter {
    pub(crate) fn create(path: PathBuf, kind: Kind, disk: Arc<Disk>, cancel: CancelToken) -> Result<Self> {
        disk.check_floor()?;
        let file = File::create_new(&path).map_err(Error::io("create", &path))?;
        Ok(Self {
            file,
            path,
            kind,
            disk,
            cancel,
            group: Vec::with_capacity(GROUP),
            index: Vec::new(),
            offset: 0,
            synced: 0,
            entries: 0,
            tombstones: 0,
            finished: false,
        })
    }

    /// Appends a block whose first entry has this key.
    pub(crate) fn block(&mut self, key: Vec<u8>, entries: u32, tombstones: u64, bytes: Vec<u8>) -> Result<()> {
        debug_assert_eq!(key.len(), self.kind.key_len());
        self.entries += u64::from(entries);
        self.tombstones += tombstones;
        self.group.push(RawBlock { key, entries, bytes });
        if self.group.len() == GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        self.cancel.check()?;
        let stored: Vec<Vec<u8>> = self.group.par_iter().map(|block| lz4_flex::block::compress(&block.bytes)).collect();
        for (raw, stored) in self.group.drain(..).zip(stored) {
            self.file.write_all(&stored).map_err(Error::io("write", &self.path))?;
            self.index.extend_from_slice(&raw.key);
            self.index.extend_from_slice(&self.offset.to_le_bytes());
            self.index.extend_from_slice(&(stored.len() as u32).to_le_bytes());
            self.index.extend_from_slice(&(raw.bytes.len() as u32).to_le_bytes());
            self.index.extend_from_slice(&raw.entries.to_le_bytes());
            self.index.extend_from_slice(&crc32fast::hash(&stored).to_le_bytes());
            self.offset += stored.len() as u64;
            self.disk.temporary.fetch_add(stored.len() as u64, Ordering::Relaxed);
        }
        if self.offset - self.synced >= SYNC_EVERY {
            self.disk.check_floor()?;
            self.file.sync_data().map_err(Error::io("sync", &self.path))?;
            self.synced = self.offset;
        }
        Ok(())
    }

    /// Writes index and footer, and syncs. The directory entry is the caller's to sync.
    pub(crate) fn finish(mut self) -> Result<BlockFile> {
        self.write_group()?;
        let mut footer = Vec::with_capacity(FOOTER);
        footer.extend_from_slice(MAGIC);
        footer.extend_from_slice(&FORMAT.to_le_bytes());
        footer.push(self.kind.byte());
        footer.push(self.kind.key_len() as u8);
        footer.extend_from_slice(&[0; 6]);
        footer.extend_from_slice(&self.entries.to_le_bytes());
        footer.extend_from_slice(&self.tombstones.to_le_bytes());
        footer.extend_from_slice(&self.offset.to_le_bytes());
        footer.extend_from_slice(&(self.index.len() as u64).to_le_bytes());
        footer.extend_from_slice(&[0; 8]); // room for format 1
        footer.extend_from_slice(&crc32fast::hash(&self.index).to_le_bytes());
        footer.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        debug_assert_eq!(footer.len(), FOOTER);
        let length = self.index.len() as u64 + FOOTER as u64;
        self.file
            .write_all(&self.index)
            .and_then(|()| self.file.write_all(&footer))
            .and_then(|()| self.file.sync_all())
            .map_err(Error::io("write", &self.path))?;
        self.disk.temporary.fetch_add(length, Ordering::Relaxed);
        self.offset += length;
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
            self.disk.temporary.fetch_sub(self.offset, Ordering::Relaxed);
        }
    }
}

/// An open file of blocks. Reads are `pread`s that verify the checksum.
#[derive(Debug)]
pub(crate) struct BlockFile {
    file: File,
    path: PathBuf,
    kind: Kind,
    keys: Vec<u8>,
    blocks: Vec<BlockMeta>,
    entries: u64,
    tombstones: u64,
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
        if head[..4] != MAGIC[..] {
            return Err(damaged("it does not end with a footer"));
        }
        if crc32fast::hash(head).to_le_bytes() != crc {
            return Err(damaged("the footer's checksum is wrong"));
        }
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
        if u32_at(4) != FORMAT {
            return Err(Error::Format { path, found: u32_at(4), expected: FORMAT });
        }
        if head[8] != kind.byte() || usize::from(head[9]) != kind.key_len() {
            return Err(damaged("it is of another kind than the manifest says"));
        }
        let (entries, tombstones, index_at, index_len) = (u64_at(16), u64_at(24), u64_at(32), u64_at(40));
        if index_at.checked_add(index_len) != Some(footer_at) {
            return Err(damaged("the index does not end where the footer begins"));
        }
        let mut index = vec![0; index_len as usize];
        file.read_exact_at(&mut index, index_at).map_err(Error::io("read", &path))?;
        if crc32fast::hash(&index) != u32_at(56) {
            return Err(damaged("the index's checksum is wrong"));
        }
        let width = kind.key_len() + 24;
        if !index.len().is_multiple_of(width) {
            return Err(damaged("the index has a broken entry"));
        }
        let mut keys = Vec::with_capacity(index.len() / width * kind.key_len());
        let mut blocks = Vec::with_capacity(index.len() / width);
        for entry in index.chunks_exact(width) {
            let (key, meta) = entry.split_at(kind.key_len());
            let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| meta[at + i]));
            keys.extend_from_slice(key);
            blocks.push(BlockMeta {
                offset: u64::from_le_bytes(std::array::from_fn(|i| meta[i])),
                stored: u32_at(8),
                raw: u32_at(12),
                entries: u32_at(16),
                crc: u32_at(20),
            });
        }
        Ok(Self {
            file,
            path,
            kind,
            keys,
            blocks,
            entries,
            tombstones,
            length,
            disk,
            obsolete: AtomicBool::new(false),
            temporary: AtomicBool::new(false),
        })
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

    /// The bytes of a block's first key.
    pub(crate) fn key(&self, block: usize) -> &[u8] {
        let width = self.kind.key_len();
        &self.keys[block * width..(block + 1) * width]
    }

    /// The last block whose first key is not above `key`, or `None` if all are.
    pub(crate) fn block_of(&self, key: &[u8]) -> Option<usize> {
        let (mut low, mut high) = (0, self.blocks.len());
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

    /// A block's raw bytes, verified.
    pub(crate) fn read(&self, block: usize) -> Result<Vec<u8>> {
        let meta = self.blocks[block];
        let damaged = |what: &str| Error::corrupt(&self.path, format!("block {block} at byte {}: {what}", meta.offset));
        if u64::from(meta.stored) > self.length || meta.raw > MAX_RAW {
            return Err(damaged("its size in the index is impossible"));
        }
        let mut stored = vec![0; meta.stored as usize];
        self.file.read_exact_at(&mut stored, meta.offset).map_err(Error::io("read", &self.path))?;
        if crc32fast::hash(&stored) != meta.crc {
            return Err(damaged("the checksum is wrong"));
        }
        let raw =
            lz4_flex::block::decompress(&stored, meta.raw as usize).map_err(|error| damaged(&error.to_string()))?;
        if raw.len() == meta.raw as usize { Ok(raw) } else { Err(damaged("its size is not the index's")) }
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
