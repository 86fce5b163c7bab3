//! Decompression: gzip and bzip2, told by what the bytes are, never by a file's name.
//!
//! Both formats may be concatenated, and are read to the end of the last part. Whatever is neither is passed on as it
//! is. An error of the source underneath comes through untouched; damage is reported with the compression's name and
//! the place in the compressed file.
//! **Source**: `spec/loader.md` §6.1, `design.md` §5.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use crate::source::ReadError;

/// Bytes read from the source at a time.
const BUFFER: usize = 128 << 10;
const GZIP: &[u8] = b"\x1f\x8b";
/// `BZh`, a level, then the mark of a block or that of the end: a text that merely begins with `BZh` is not taken.
const BZIP2: &[u8] = b"BZh";
const BZIP2_MARKS: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
const LONGEST_MAGIC: usize = 10;

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or more members.
    Gzip,
    /// bzip2, one or more streams.
    Bzip2,
}

impl Compression {
    /// Tells it from a file's first ten bytes, or all of them if it is shorter.
    pub fn of(start: &[u8]) -> Self {
        if start.starts_with(GZIP) {
            return Self::Gzip;
        }
        let mark = start.get(BZIP2.len() + 1..LONGEST_MAGIC);
        let level = start.get(BZIP2.len()).is_some_and(|level| (b'1'..=b'9').contains(level));
        if start.starts_with(BZIP2) && level && mark.is_some_and(|mark| BZIP2_MARKS.contains(&mark)) {
            return Self::Bzip2;
        }
        Self::None
    }
}

/// The text of `raw`, decompressed if it is compressed. Reads the first bytes at once.
///
/// # Errors
///
/// Those of `raw`; from then on also [`io::ErrorKind::InvalidData`] and [`io::ErrorKind::UnexpectedEof`] when the
/// compressed data is damaged or cut off, with a text that says where.
pub fn decoder(mut raw: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let mut start = Vec::with_capacity(LONGEST_MAGIC);
    raw.by_ref().take(LONGEST_MAGIC as u64).read_to_end(&mut start)?;
    let compression = Compression::of(&start);
    let whole = Cursor::new(start).chain(raw);
    let consumed = Arc::new(AtomicU64::new(0));
    match compression {
        Compression::None => Ok(Box::new(whole)),
        Compression::Gzip => {
            let decoder = MultiGzDecoder::new(Counting::new(whole, &consumed));
            Ok(Box::new(Described { decoder, name: "gzip", consumed }))
        }
        Compression::Bzip2 => {
            let decoder = MultiBzDecoder::new(Counting::new(whole, &consumed));
            Ok(Box::new(Described { decoder, name: "bzip2", consumed }))
        }
    }
}

/// A buffered source that says how much of it was used.
#[derive(Debug)]
struct Counting<R> {
    inner: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    consumed: Arc<AtomicU64>,
}

impl<R: Read> Counting<R> {
    fn new(inner: Chain<Cursor<Vec<u8>>, R>, consumed: &Arc<AtomicU64>) -> Self {
        Self { inner: BufReader::with_capacity(BUFFER, inner), consumed: Arc::clone(consumed) }
    }
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Read> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// A decoder whose errors say what was damaged, and where.
#[derive(Debug)]
struct Described<D> {
    decoder: D,
    name: &'static str,
    consumed: Arc<AtomicU64>,
}

impl<D: Read> Read for Described<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted || ReadError::of(&error).is_some() {
                return error;
            }
            let (name, at) = (self.name, self.consumed.load(Ordering::Relaxed));
            match error.kind() {
                io::ErrorKind::UnexpectedEof => io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("the {name} data is cut off: the file ends at byte {at} in the middle of it"),
                ),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("the {name} data is damaged near byte {at} of the file: {error}"),
                ),
                _ => error,
            }
        })
    }
}
