//! bzip2: streams of blocks, each block decodable by itself once its first and last bit are known.
//!
//! Blocks and the ends of streams begin with marks of 48 bits, at any bit of a byte. What looks like a mark may, rarely, be
//! a part of a block's data: the piece before it does not decode then, and is joined with the next. A block is decoded as
//! a stream of its own, which checks the block's checksum; that of the whole stream is made of those and checked here.
//! **Source**: the format as the `bzip2` program writes it, and as `pbzip2` and `lbzip2` do, stream after stream.

use std::io::{self, Cursor, Read};

use bzip2::bufread::BzDecoder;

use super::damaged;
use super::input::Input;
use super::reader::{Next, Split, Unit};

/// Bits of a mark.
const MARK: u64 = 48;
/// Bits of a mark and the checksum that follows each.
const MARK_AND_CHECKSUM: u64 = 80;
/// A block is at most 900,000 symbols of at most 20 bits, and tables: more bytes than these are no block.
const LONGEST: usize = 4 << 20;

/// What begins with a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A block.
    Block,
    /// The end of a stream.
    End,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Block, Self::End];

    const fn mark(self) -> u64 {
        match self {
            Self::Block => 0x3141_5926_5359,
            Self::End => 0x1772_4538_5090,
        }
    }
}

/// The bits from one mark to the next.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    pub(super) kind: Kind,
    /// The first bit is in the first byte, the last in the last.
    bytes: Vec<u8>,
    /// Bits of the first byte that come before.
    shift: u32,
    count: u64,
    /// Where in the file the first byte is.
    pub(super) offset: u64,
    /// The level of its stream: how large a block may be.
    level: u8,
}

impl Bits {
    /// The `count` bits from bit `at` on, at most 64; what is beyond the end is zero.
    fn get(&self, at: u64, count: u32) -> u64 {
        let from = at + u64::from(self.shift);
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(self.bytes.iter().skip((from / 8) as usize)) {
            *to = *from;
        }
        let wide = u128::from_be_bytes(bytes) << (from % 8);
        (wide >> (128 - count)) as u64
    }

    /// The checksum after the mark.
    pub(super) fn checksum(&self) -> u32 {
        self.get(MARK, 32) as u32
    }

    /// Adds what follows.
    pub(super) fn join(&mut self, next: &Self) {
        let shared = !(u64::from(self.shift) + self.count).is_multiple_of(8);
        self.bytes.extend_from_slice(next.bytes.get(usize::from(shared)..).unwrap_or_default());
        self.count += next.count;
    }

    /// These bits in two, the second from bit `at` on, if there are more.
    #[cfg(test)]
    pub(super) fn tear(self, at: u64) -> (Self, Option<Self>) {
        if at >= self.count {
            return (self, None);
        }
        let take = |from: u64, to: u64| {
            let (from, to) = (from + u64::from(self.shift), to + u64::from(self.shift));
            let bytes = self.bytes[(from / 8) as usize..to.div_ceil(8) as usize].to_vec();
            Self { bytes, shift: (from % 8) as u32, count: to - from, ..self.clone() }
        };
        (take(0, at), Some(take(at, self.count)))
    }

    /// The text, if this is a block.
    pub(super) fn text(&self) -> Box<dyn Read + Send> {
        match self.kind {
            Kind::Block => Box::new(BzDecoder::new(Cursor::new(self.stream()))),
            Kind::End => Box::new(io::empty()),
        }
    }

    /// The block as a stream of its own.
    fn stream(&self) -> Vec<u8> {
        let mut stream = Vec::with_capacity(self.bytes.len() + 16);
        stream.extend_from_slice(&[b'B', b'Z', b'h', self.level]);
        let whole = (self.count / 8) as usize;
        let follow = self.bytes.iter().skip(1).copied().chain([0]);
        let shifted = self.bytes.iter().zip(follow).map(|(&byte, next)| {
            let both = u16::from_be_bytes([byte, next]) << self.shift;
            (both >> 8) as u8
        });
        stream.extend(shifted.take(whole));
        // The last bits, the mark of the end, and the checksum, which with one block is the block's.
        let rest = (self.count % 8) as u32;
        let last = if rest == 0 { 0 } else { u128::from(self.get(self.count - u64::from(rest), rest)) };
        let tail = (last << 80) | (u128::from(Kind::End.mark()) << 32) | u128::from(self.checksum());
        let tail = tail << (128 - 80 - rest);
        stream.extend_from_slice(&tail.to_be_bytes()[..((rest + 80).div_ceil(8)) as usize]);
        stream
    }

    /// What follows the end of a stream, if this is one. `None` if it is neither nothing nor a stream's header.
    fn follows(&self) -> Option<Follows> {
        let used = (u64::from(self.shift) + MARK_AND_CHECKSUM).next_multiple_of(8) - u64::from(self.shift);
        match self.count.checked_sub(used)? {
            0 => Some(Follows::Nothing),
            32 => match (self.get(used, 32) as u32).to_be_bytes() {
                [b'B', b'Z', b'h', level @ b'1'..=b'9'] => Some(Follows::Stream { level }),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What follows the end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    Nothing,
    Stream { level: u8 },
}

/// Cuts a file at its marks.
pub(super) struct Blocks {
    input: Input,
    /// The mark at which the next bits begin: its place within the first byte at hand.
    next: Option<(u32, Kind)>,
    level: u8,
}

impl Blocks {
    /// A file that begins with a stream's header and a mark.
    pub(super) fn new(mut input: Input) -> io::Result<Self> {
        const HEADER: usize = 4;
        let level = input.fill(HEADER)?.get(HEADER - 1).copied().unwrap_or(b'9');
        input.skip(HEADER);
        let start = input.fill((MARK / 8) as usize)?;
        let next = start.first_chunk().and_then(|start| kind_at(&[*start, [0; 6]].concat(), 0));
        Ok(Self { input, next: next.map(|kind| (0, kind)), level })
    }

    fn cut(&mut self, (shift, kind): (u32, Kind), count: u64) -> Bits {
        let bytes = (u64::from(shift) + count).div_ceil(8) as usize;
        let bytes = self.input.at_hand().get(..bytes).unwrap_or_default().to_vec();
        Bits { kind, bytes, shift, count, offset: self.input.offset(), level: self.level }
    }
}

impl Split for Blocks {
    fn next(&mut self) -> io::Result<Next> {
        let Some(mark) = self.next.take() else { return Ok(Next::End(self.input.offset())) };
        let mut searched = u64::from(mark.0) + MARK;
        loop {
            let data = self.input.at_hand();
            if let Some((at, kind)) = find(data, searched) {
                let bits = self.cut(mark, at - u64::from(mark.0));
                if let (Kind::End, Some(Follows::Stream { level })) = (bits.kind, bits.follows()) {
                    self.level = level;
                }
                self.input.skip((at / 8) as usize);
                self.next = Some(((at % 8) as u32, kind));
                return Ok(Next::Unit(Unit::Bits(bits)));
            }
            let length = data.len();
            if length > LONGEST {
                return Err(damaged("bzip2", self.input.offset(), &"no block is that long"));
            }
            searched = searched.max((8 * (length as u64)).saturating_sub(LOOK as u64 * 8));
            if self.input.fill(length + 1)?.len() == length {
                let bits = self.cut(mark, 8 * length as u64 - u64::from(mark.0));
                self.input.skip(length);
                return Ok(Next::Unit(Unit::Bits(bits)));
            }
        }
    }
}

/// Bytes in which a mark lies, whatever its first bit; behind each mark there are more in any whole file.
const LOOK: usize = 7;

/// The first mark at bit `from` or later.
fn find(data: &[u8], from: u64) -> Option<(u64, Kind)> {
    let first = (from / 8) as usize;
    let windows = data.get(first..)?.windows(LOOK).enumerate();
    windows.filter(|(_, window)| CANDIDATES[usize::from(window[1])]).find_map(|(index, window)| {
        let at = (first + index) as u64 * 8;
        (0..8).find_map(|shift| {
            let kind = kind_at(window, shift).filter(|_| at + u64::from(shift) >= from)?;
            Some((at + u64::from(shift), kind))
        })
    })
}

/// The mark that begins at a bit of the first byte.
fn kind_at(window: &[u8], shift: u32) -> Option<Kind> {
    let mut bytes = [0; 8];
    bytes[..LOOK].copy_from_slice(window.get(..LOOK)?);
    let mark = (u64::from_be_bytes(bytes) << shift) >> (64 - MARK);
    Kind::ALL.into_iter().find(|kind| kind.mark() == mark)
}

/// Which bytes can be the second of those that a mark lies in.
const CANDIDATES: [bool; 256] = {
    let mut candidates = [false; 256];
    let mut shift = 0;
    while shift < 8 {
        candidates[(Kind::Block.mark() >> (32 + shift)) as usize & 0xff] = true;
        candidates[(Kind::End.mark() >> (32 + shift)) as usize & 0xff] = true;
        shift += 1;
    }
    candidates
};

/// The checksum of the stream that is read, from those of its blocks.
#[derive(Debug, Default)]
pub(super) struct Stream {
    checksum: u32,
    /// A stream has ended, and no other has begun.
    pub(super) ended: bool,
}

impl Stream {
    /// Some bits were decoded. The error says what is wrong with the end of a stream.
    pub(super) fn passed(&mut self, bits: &Bits) -> Result<(), &'static str> {
        if self.ended {
            return Err("what follows the end of the stream is no stream");
        }
        match bits.kind {
            Kind::Block => {
                self.checksum = self.checksum.rotate_left(1) ^ bits.checksum();
            }
            Kind::End if self.checksum != bits.checksum() => return Err("the checksum does not match"),
            Kind::End => {
                let next = bits.follows().ok_or("what follows the end of the stream is no stream")?;
                *self = Self { checksum: 0, ended: next == Follows::Nothing };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
