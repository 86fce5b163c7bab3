//! Decompression: gzip and bzip2, told by what the bytes are, never by a file's name.
//!
//! Both formats may be concatenated, and are read to the end of the last part. Whatever is neither is passed on as it
//! is. An error of the source underneath comes through untouched; damage is reported with the compression's name and
//! the place in the compressed file.
//!
//! Pieces that can be decoded by themselves (blocks of bzip2, members of BGZF) are, side by side on threads; any other
//! gzip is decoded on one thread, ahead of whoever reads. The text is the same whatever the number of threads.
//! **Source**: `spec/loader.md` §6.1, `design.md` §5.

mod bzip2;
mod gzip;
mod input;
mod reader;
#[cfg(test)]
mod tests;
mod threads;

use std::fmt;
use std::io::{self, Cursor, Read};

use self::bzip2::Blocks;
use gzip::Members;
use input::Input;
use reader::{Reader, Split};

pub use threads::Threads;

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

/// The text of `raw`, decompressed if it is compressed. Reads the first bytes at once. Once much has been read, `threads`
/// go on.
///
/// # Errors
///
/// Those of `raw`; from then on also [`io::ErrorKind::InvalidData`] and [`io::ErrorKind::UnexpectedEof`] when the
/// compressed data is damaged or cut off, with a text that says where.
pub fn decoder(raw: impl Read + Send + 'static, threads: &Threads) -> io::Result<Box<dyn Read + Send>> {
    let mut raw: Box<dyn Read + Send> = Box::new(raw);
    let mut start = Vec::with_capacity(LONGEST_MAGIC);
    raw.by_ref().take(LONGEST_MAGIC as u64).read_to_end(&mut start)?;
    let compression = Compression::of(&start);
    let split: Box<dyn Split> = match compression {
        Compression::None => return Ok(Box::new(Cursor::new(start).chain(raw))),
        Compression::Gzip => Box::new(Members::new(Input::new(start, raw))),
        Compression::Bzip2 => Box::new(Blocks::new(Input::new(start, raw))?),
    };
    Ok(Box::new(Reader::new(split, compression == Compression::Bzip2, threads.clone())))
}

fn cut_off(name: &str, at: u64) -> io::Error {
    let text = format!("the {name} data is cut off: the file ends at byte {at} in the middle of it");
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

fn damaged(name: &str, at: u64, why: &dyn fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the {name} data is damaged near byte {at} of the file: {why}"))
}
