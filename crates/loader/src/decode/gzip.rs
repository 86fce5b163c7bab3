//! gzip: members one after another; those of BGZF say how long they are, and can be decoded side by side.
//!
//! BGZF (what `bgzip` writes) is gzip whose members are small and have their size in an extra field of the header. Of any
//! other member only decoding tells where it ends, so from the first such member on the rest is decoded as one.
//! **Source**: RFC 1952; the BGZF section of the SAM specification.

use std::io::{self, BufRead, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::input::Input;
use super::reader::{Next, Split, Unit};
use super::{cut_off, damaged};
use crate::source::ReadError;

/// Bytes of members that are decoded together.
const TOGETHER: usize = 256 << 10;

/// Cuts a file into members.
pub(super) struct Members(Option<Input>);

impl Members {
    pub(super) const fn new(input: Input) -> Self {
        Self(Some(input))
    }
}

impl Split for Members {
    fn next(&mut self) -> io::Result<Next> {
        let Some(input) = &mut self.0 else { return Ok(Next::End(0)) };
        let mut length = 0;
        while length < TOGETHER {
            match whole_member(input, length) {
                Ok(Some(size)) => length += size,
                Err(error) if length == 0 => return Err(error),
                // What came before an error is told first; the source will say it again.
                Ok(None) | Err(_) => break,
            }
        }
        if length > 0 {
            let (offset, bytes) = (input.offset(), Arc::from(&input.at_hand()[..length]));
            input.skip(length);
            return Ok(Next::Unit(Unit::Members { bytes, offset }));
        }
        let (offset, at_end) = (input.offset(), input.fill(1)?.is_empty());
        match self.0.take() {
            Some(input) if offset == 0 || !at_end => Ok(Next::Rest(text(offset, input))),
            _ => Ok(Next::End(offset)),
        }
    }
}

/// The size of the member that begins `at` bytes from here, if it is one of BGZF and all of it is there.
fn whole_member(input: &mut Input, at: usize) -> io::Result<Option<usize>> {
    /// Up to the length of the extra field.
    const FIXED: usize = 12;
    let header = input.fill(at + FIXED)?.get(at..at + FIXED).unwrap_or_default();
    // Deflate, and an extra field, but neither a name nor a comment nor a checksum of the header.
    let &[0x1f, 0x8b, 8, 4, .., low, high] = header else { return Ok(None) };
    let extra = usize::from(u16::from_le_bytes([low, high]));
    let fields = input.fill(at + FIXED + extra)?;
    let mut fields = fields.get(at + FIXED..at + FIXED + extra).unwrap_or_default();
    while let &[first, second, low, high, ref rest @ ..] = fields {
        let length = usize::from(u16::from_le_bytes([low, high]));
        let Some((value, rest)) = rest.split_at_checked(length) else { break };
        if let (b'B', b'C', &[low, high]) = (first, second, value) {
            let size = usize::from(u16::from_le_bytes([low, high])) + 1;
            return Ok((size > FIXED + extra && input.fill(at + size)?.len() >= at + size).then_some(size));
        }
        fields = rest;
    }
    Ok(None)
}

/// The text of some whole members.
pub(super) fn members(bytes: Arc<[u8]>, offset: u64) -> Box<dyn Read + Send> {
    text(offset, Cursor::new(bytes))
}

/// The text of gzip data that begins at `offset` of its file.
fn text(offset: u64, data: impl BufRead + Send + 'static) -> Box<dyn Read + Send> {
    let consumed = Arc::new(AtomicU64::new(offset));
    let decoder = MultiGzDecoder::new(Counting { data, consumed: Arc::clone(&consumed) });
    Box::new(Described { decoder, consumed })
}

/// Says how far in the file a decoder has come.
struct Counting<R> {
    data: R,
    consumed: Arc<AtomicU64>,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.data.read(buffer)?;
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.data.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.data.consume(count);
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// A decoder whose errors say what was damaged, and where.
struct Described<D> {
    decoder: D,
    consumed: Arc<AtomicU64>,
}

impl<D: Read> Read for Described<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| {
            if ReadError::of(&error).is_some() {
                return error;
            }
            let at = self.consumed.load(Ordering::Relaxed);
            match error.kind() {
                io::ErrorKind::UnexpectedEof => cut_off("gzip", at),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => damaged("gzip", at, &error),
                _ => error,
            }
        })
    }
}
