//! The text of a compressed file, piece after piece, decoded here or on threads.

use std::io::{self, Read};
use std::sync::Arc;

use super::bzip2::{Bits, Kind, Stream};
use super::threads::{Cut, Running, Threads};
use super::{cut_off, damaged, gzip};
use crate::source::ReadError;

/// Text that is decoded by whoever reads: as much as a look at the head takes, and somewhat more. A file that nobody has
/// read further holds no threads.
const HERE: u64 = (1 << 20) + (256 << 10);

/// How often a piece is joined with the next because it does not decode: what looks like a mark and is none is rare.
const JOINS: usize = 8;

/// Cuts a file into pieces.
pub(super) trait Split: Send {
    /// The next piece. The end comes once.
    fn next(&mut self) -> io::Result<Next>;
}

/// What a cut gives.
pub(super) enum Next {
    /// A piece that can be decoded by itself.
    Unit(Unit),
    /// All that is left, decoded as it is read. Then comes the end.
    Rest(Box<dyn Read + Send>),
    /// The file's end, and where it is.
    End(u64),
}

/// A piece that can be decoded by itself.
pub(super) enum Unit {
    /// Members of a gzip file.
    Members {
        /// All of them.
        bytes: Arc<[u8]>,
        /// Where they are in the file.
        offset: u64,
    },
    /// A block, or the end of a stream, of a bzip2 file.
    Bits(Bits),
}

impl Unit {
    pub(super) fn text(&self) -> Box<dyn Read + Send> {
        match self {
            Self::Members { bytes, offset } => gzip::members(Arc::clone(bytes), *offset),
            Self::Bits(bits) => bits.text(),
        }
    }
}

/// A piece and its text.
pub(super) struct Piece {
    pub(super) unit: Option<Arc<Unit>>,
    pub(super) text: Box<dyn Read + Send>,
}

/// Where the pieces come from.
enum Source {
    Here(Box<dyn Split>),
    Threads(Running),
    /// The file has ended.
    Over,
}

/// An error, to be told again.
enum Failed {
    Source(ReadError),
    Data(io::ErrorKind, String),
}

impl Failed {
    fn of(error: &io::Error) -> Self {
        match ReadError::of(error) {
            Some(error) => Self::Source(error.clone()),
            None => Self::Data(error.kind(), error.to_string()),
        }
    }

    fn error(&self) -> io::Error {
        match self {
            Self::Source(error) => error.clone().into(),
            Self::Data(kind, text) => io::Error::new(*kind, text.clone()),
        }
    }
}

/// Reads a file's text.
pub(super) struct Reader {
    source: Source,
    threads: Threads,
    piece: Option<Piece>,
    /// Bytes handed out of this piece.
    given: u64,
    /// And of those before.
    given_before: u64,
    stream: Stream,
    is_bzip2: bool,
    failed: Option<Failed>,
}

impl Reader {
    pub(super) fn new(split: Box<dyn Split>, is_bzip2: bool, threads: Threads) -> Self {
        Self {
            source: Source::Here(split),
            threads,
            piece: None,
            given: 0,
            given_before: 0,
            stream: Stream::default(),
            is_bzip2,
            failed: None,
        }
    }

    /// Whether it is time for threads.
    fn is_far(&self) -> bool {
        !self.threads.is_none() && self.given_before + self.given > HERE
    }

    /// The next piece, or the end and its place.
    fn next_piece(&mut self) -> io::Result<Cut> {
        let far = self.is_far();
        self.source = match std::mem::replace(&mut self.source, Source::Over) {
            Source::Here(split) if far => Source::Threads(self.threads.start(split)?),
            source => source,
        };
        match &mut self.source {
            Source::Here(split) => Ok(match split.next()? {
                Next::Unit(unit) => {
                    let unit = Arc::new(unit);
                    Cut::Piece(Piece { text: unit.text(), unit: Some(unit) })
                }
                Next::Rest(text) => Cut::Piece(Piece { unit: None, text }),
                Next::End(at) => Cut::End(at),
            }),
            Source::Threads(running) => {
                running.pending.recv().map_err(|_| io::Error::other("decompressing was stopped"))?
            }
            Source::Over => Ok(Cut::End(0)),
        }
    }

    /// A piece did not decode. Where it was cut at what only looked like a mark, it does with what follows.
    fn mend(&mut self, piece: &Piece, error: io::Error) -> io::Result<Piece> {
        let Some(Unit::Bits(bits)) = piece.unit.as_deref() else { return Err(error) };
        let (mut bits, mut why, mut ended) = (bits.clone(), error, false);
        if self.given == 0 {
            for _ in 0..JOINS {
                let next = match self.next_piece()? {
                    Cut::Piece(next) => next,
                    Cut::End(at) if !ended => return Err(cut_off("bzip2", at)),
                    Cut::End(_) => break,
                };
                let Some(Unit::Bits(more)) = next.unit.as_deref() else { break };
                ended |= more.kind == Kind::End;
                bits.join(more);
                let mut text = bits.text();
                let mut first = [0];
                match text.read(&mut first) {
                    Ok(count) => {
                        let text = Box::new(io::Cursor::new(first).take(count as u64).chain(text));
                        return Ok(Piece { unit: Some(Arc::new(Unit::Bits(bits))), text });
                    }
                    Err(error) => why = error,
                }
            }
        }
        Err(damaged("bzip2", bits.offset, &why))
    }

    /// A piece was read to its end.
    fn finish(&mut self, piece: &Piece) -> io::Result<()> {
        self.given_before += std::mem::take(&mut self.given);
        match piece.unit.as_deref() {
            Some(Unit::Bits(bits)) => self.stream.passed(bits).map_err(|why| damaged("bzip2", bits.offset, &why)),
            _ => Ok(()),
        }
    }
}

impl Reader {
    /// Reads on, over the ends of pieces.
    fn read_on(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(mut piece) = self.piece.take() else {
                match self.next_piece()? {
                    Cut::Piece(piece) => self.piece = Some(piece),
                    Cut::End(at) => {
                        let over = matches!(self.source, Source::Over);
                        self.source = Source::Over;
                        let whole = over || !self.is_bzip2 || self.stream.ended;
                        return if whole { Ok(0) } else { Err(cut_off("bzip2", at)) };
                    }
                }
                continue;
            };
            if piece.unit.is_none() && matches!(self.source, Source::Here(_)) && self.is_far() {
                piece.text = self.threads.ahead(piece.text)?;
                self.source = Source::Over; // nothing follows the rest
            }
            match piece.text.read(buffer) {
                Ok(0) => self.finish(&piece)?,
                Ok(count) => {
                    self.given += count as u64;
                    self.piece = Some(piece);
                    return Ok(count);
                }
                Err(error) => self.piece = Some(self.mend(&piece, error)?),
            }
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if let Some(failed) = &self.failed {
            return Err(failed.error());
        }
        self.read_on(buffer).inspect_err(|error| self.failed = Some(Failed::of(error)))
    }
}
