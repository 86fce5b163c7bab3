//! The compressed bytes of a file, with as much of them at hand as whoever cuts them wants to see.

use std::io::{self, BufRead, Read};

/// Bytes read from the source at a time.
const STEP: usize = 128 << 10;

/// A source and what was read of it. An error of the source is told when bytes beyond it are wanted.
pub(super) struct Input {
    raw: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// What is used up of the buffer.
    start: usize,
    /// Bytes of the file before the buffer.
    before: u64,
    scratch: Box<[u8]>,
}

impl Input {
    /// A file of which `start` was read already.
    pub(super) fn new(start: Vec<u8>, raw: Box<dyn Read + Send>) -> Self {
        Self { raw, buffer: start, start: 0, before: 0, scratch: vec![0; STEP].into_boxed_slice() }
    }

    /// The place in the file of the first byte at hand.
    pub(super) const fn offset(&self) -> u64 {
        self.before + self.start as u64
    }

    /// What is at hand.
    pub(super) fn at_hand(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads until `length` bytes are at hand, or the file ends. More may be.
    pub(super) fn fill(&mut self, length: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.start < length {
            if self.start > 0 {
                self.buffer.drain(..self.start);
                self.before += self.start as u64;
                self.start = 0;
            }
            match self.raw.read(&mut self.scratch) {
                Ok(0) => break,
                Ok(count) => self.buffer.extend_from_slice(&self.scratch[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.at_hand())
    }

    /// Uses up `length` bytes of those at hand.
    pub(super) fn skip(&mut self, length: usize) {
        self.start = self.buffer.len().min(self.start + length);
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.skip(count);
        Ok(count)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.fill(1)
    }

    fn consume(&mut self, count: usize) {
        self.skip(count);
    }
}
