//! The memory of one query: operators that hold rows say so, and are refused what goes beyond.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault::Error;

/// What a query may hold. Clones share it.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    limit: u64,
    held: AtomicU64,
    peak: AtomicU64,
}

impl Memory {
    /// A budget of so many bytes.
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Budget { limit, held: AtomicU64::new(0), peak: AtomicU64::new(0) }))
    }

    /// Nothing held yet, to be grown.
    pub fn hold(&self) -> Held {
        Held { memory: self.clone(), bytes: 0 }
    }

    /// Nothing kept yet.
    pub fn gather(&self) -> Gathered<'_> {
        Gathered { memory: self, held: None, counted: 0 }
    }

    /// The most bytes that were held at once.
    pub fn peak(&self) -> u64 {
        self.0.peak.load(Ordering::Relaxed)
    }
}

/// Bytes that are counted before they are held.
const PIECE: u64 = 64 << 10;

/// Many values, mostly small, that are kept at once for a while: they are held by and by. Given back when dropped.
#[derive(Debug)]
pub struct Gathered<'m> {
    memory: &'m Memory,
    held: Option<Held>,
    counted: u64,
}

impl Gathered<'_> {
    /// Keeps so many bytes more.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn add(&mut self, bytes: usize) -> Result<(), Error> {
        self.counted += bytes as u64;
        if self.counted < PIECE {
            return Ok(());
        }
        self.held.get_or_insert_with(|| self.memory.hold()).grow(std::mem::take(&mut self.counted))
    }
}

/// Bytes that one operator holds; given back when dropped.
#[derive(Debug)]
pub struct Held {
    memory: Memory,
    bytes: u64,
}

impl Held {
    /// Holds so many more.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn grow(&mut self, bytes: u64) -> Result<(), Error> {
        let budget = &self.memory.0;
        let held = budget.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bytes += bytes;
        budget.peak.fetch_max(held, Ordering::Relaxed);
        if held > budget.limit { Err(Error::OutOfMemory { limit: budget.limit }) } else { Ok(()) }
    }

    /// Holds so many in all from now on.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn set(&mut self, bytes: u64) -> Result<(), Error> {
        if bytes >= self.bytes {
            return self.grow(bytes - self.bytes);
        }
        self.memory.0.held.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
