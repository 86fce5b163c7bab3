//! Ids packed in as few bits each as tell them apart.
//!
//! Of a list of ids only those bits are kept that differ anywhere in it, moved together: digits of a short string cost
//! four bits each, padding and tags none. A bit that always equals the bit above it (a digit or NUL: `0x30` comes and
//! goes as one) is not kept either. Or, where that is smaller, the difference to the smallest id is kept.
//!
//! ```text
//! list    = base, mask, copies, high bits of each id, low bits of each id
//! id      = base + (kept bits at the places of the mask, each copy taken from the bit above it)
//! base, mask, copies = u128 without its zero bytes: which bytes are there u16, the bytes
//! ```
//!
//! The halves of an id are packed apart, value by value, the first in the lowest bits; each begins at a byte. A half of
//! which more than 56 bits differ is kept whole.

use model::TermId;

/// Zeros that must stand behind the bytes that are decoded from: values are read in words, eight at a time.
pub(crate) const PADDING: usize = 72;
/// Bits above this are not packed.
const WIDEST: u32 = 56;
/// Values decoded together.
const CHUNK: usize = 8;

/// What a list of ids has in common, found by looking at each once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stats {
    first: u128,
    min: u128,
    max: u128,
    /// Bits that differ somewhere.
    differ: u128,
    /// Bits that differ from the bit above them somewhere.
    uneven: u128,
}

impl Stats {
    pub(crate) const fn of(id: TermId) -> Self {
        let id = id.get();
        Self { first: id, min: id, max: id, differ: 0, uneven: id ^ (id >> 1) }
    }

    #[inline]
    pub(crate) fn add(&mut self, id: TermId) {
        let id = id.get();
        self.min = self.min.min(id);
        self.max = self.max.max(id);
        self.differ |= id ^ self.first;
        self.uneven |= id ^ (id >> 1);
    }

    pub(crate) fn plan(&self) -> Plan {
        if self.differ == 0 {
            return Plan { base: self.first, mask: 0, copies: 0, relative: false };
        }
        // Only within a half, and only the highest of neighbours that could be copies.
        let even = self.differ & (self.differ >> 1) & !self.uneven & !(1 << 63);
        let copies = even & !(even >> 1);
        let (mask, copies) = widen(self.differ & !copies, copies);
        let range = u128::MAX >> (self.max - self.min).leading_zeros();
        let (relative, _) = widen(range & (u128::MAX << self.differ.trailing_zeros()), 0);
        if relative.count_ones() < mask.count_ones() {
            Plan { base: self.min, mask: relative, copies: 0, relative: true }
        } else {
            Plan { base: self.first & !mask & !copies, mask, copies, relative: false }
        }
    }
}

/// Keeps a half whole that has too many bits to be packed.
fn widen(mut mask: u128, mut copies: u128) -> (u128, u128) {
    for half in [u128::from(u64::MAX), u128::from(u64::MAX) << 64] {
        if (mask & half).count_ones() > WIDEST {
            mask |= half;
            copies &= !half;
        }
    }
    (mask, copies)
}

/// How a list is packed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    base: u128,
    mask: u128,
    copies: u128,
    /// Whether differences to the base are kept, rather than bits of the id itself.
    relative: bool,
}

impl Plan {
    /// Bytes that so many ids need.
    pub(crate) fn size(&self, ids: usize) -> usize {
        let head: u32 = [self.base, self.mask, self.copies].iter().map(|number| 2 + bytes_of(*number)).sum();
        let streams = halves(self.mask).map(|mask| (ids * mask.count_ones() as usize).div_ceil(8));
        head as usize + streams[0] + streams[1]
    }

    /// Packs the ids that the plan was made for.
    pub(crate) fn write(&self, ids: &[TermId], out: &mut Vec<u8>) {
        for number in [self.base, self.mask, self.copies] {
            write_compact(number, out);
        }
        let base = if self.relative { self.base } else { 0 };
        for (mask, shift) in halves(self.mask).into_iter().zip([64, 0]) {
            let width = mask.count_ones();
            let mut fields = Vec::new();
            add_fields(mask, &mut fields);
            if width == 64 {
                for id in ids {
                    out.extend_from_slice(&((id.get().wrapping_sub(base) >> shift) as u64).to_le_bytes());
                }
            } else if width > 0 {
                let mut bits = BitWriter::new(out);
                for id in ids {
                    let id = (id.get().wrapping_sub(base) >> shift) as u64;
                    let packed = fields.iter().fold(0, |packed, field| packed | ((id & field.mask) >> field.shift));
                    bits.write(packed, width);
                }
                bits.finish();
            }
        }
    }
}

/// The high and the low half.
const fn halves(number: u128) -> [u64; 2] {
    [(number >> 64) as u64, number as u64]
}

fn bytes_of(number: u128) -> u32 {
    number.to_le_bytes().iter().map(|byte| u32::from(*byte != 0)).sum()
}

fn write_compact(number: u128, out: &mut Vec<u8>) {
    let bytes = number.to_le_bytes();
    let present = bytes.iter().enumerate().fold(0_u16, |all, (i, byte)| all | u16::from(*byte != 0) << i);
    out.extend_from_slice(&present.to_le_bytes());
    out.extend(bytes.iter().filter(|byte| **byte != 0));
}

fn read_compact(bytes: &mut &[u8]) -> Option<u128> {
    let (present, rest) = bytes.split_first_chunk::<2>()?;
    let present = u16::from_le_bytes(*present);
    let (mut rest, mut number) = (rest, [0; 16]);
    for (i, byte) in number.iter_mut().enumerate() {
        if present >> i & 1 == 1 {
            let (first, behind) = rest.split_first()?;
            (*byte, rest) = (*first, behind);
        }
    }
    *bytes = rest;
    Some(u128::from_le_bytes(number))
}

/// Writes numbers of some bits each.
pub(crate) struct BitWriter<'a> {
    word: u64,
    used: u32,
    out: &'a mut Vec<u8>,
}

impl<'a> BitWriter<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { word: 0, used: 0, out }
    }

    /// The lowest `width` bits, 1 to 56 of them; the others must be zero.
    #[inline]
    pub(crate) fn write(&mut self, bits: u64, width: u32) {
        self.word |= bits << self.used;
        self.used += width;
        if self.used >= 64 {
            self.out.extend_from_slice(&self.word.to_le_bytes());
            self.used -= 64;
            self.word = if self.used == 0 { 0 } else { bits >> (width - self.used) };
        }
    }

    pub(crate) fn finish(self) {
        let bytes = self.used.div_ceil(8) as usize;
        self.out.extend_from_slice(&self.word.to_le_bytes()[..bytes]);
    }
}

/// Bits that stand together: where they go, and how far they are moved to get there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    mask: u64,
    shift: u32,
}

/// The fields of a mask, from the lowest.
fn add_fields(mut mask: u64, fields: &mut Vec<Field>) {
    let mut packed = 0;
    while mask != 0 {
        let low = mask.trailing_zeros();
        let length = (mask >> low).trailing_ones();
        let field = if length == 64 { u64::MAX } else { ((1 << length) - 1) << low };
        fields.push(Field { mask: field, shift: low - packed });
        packed += length;
        mask &= !field;
    }
}

/// What values are decoded from: the block's bytes with their padding, and the fields of all its lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) fields: &'a [Field],
}

#[derive(Clone, Copy, Debug)]
struct Half {
    /// Where its bits begin.
    at: u32,
    /// Of a value.
    width: u32,
    fields: (u16, u16),
    copies: u64,
}

/// The kept bits of an id, those of the upper half first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kept(u64, u64);

/// A list of ids, as it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits {
    base: u128,
    high: Half,
    low: Half,
}

impl Bits {
    /// A list without ids.
    pub(crate) const NONE: Self = {
        let half = Half { at: 0, width: 0, fields: (0, 0), copies: 0 };
        Self { base: 1, high: half, low: half }
    };

    /// The id, if all are the same.
    pub(crate) fn same(&self) -> Option<TermId> {
        (self.high.width == 0 && self.low.width == 0).then(|| id(self.base, 0, 0))
    }

    /// Reads the head of a list of `ids` ids that begins at byte `at`, and steps over the list. `None` if it is not one.
    pub(crate) fn parse(bytes: &mut &[u8], at: &mut usize, ids: usize, fields: &mut Vec<Field>) -> Option<Self> {
        let before = bytes.len();
        let base = read_compact(bytes)?;
        let mask = read_compact(bytes)?;
        let copies = read_compact(bytes)?;
        *at += before - bytes.len();
        let mut half = |mask: u64, copies: u64| {
            let width = mask.count_ones();
            if width > WIDEST && width < 64 {
                return None;
            }
            let length = (ids * width as usize).div_ceil(8);
            *bytes = bytes.get(length..)?;
            let start = u32::try_from(*at).ok()?;
            *at += length;
            let from = u16::try_from(fields.len()).ok()?;
            add_fields(mask, fields);
            let to = u16::try_from(fields.len()).ok()?;
            Some(Half { at: start, width, fields: (from, to), copies })
        };
        let [high_mask, low_mask] = halves(mask);
        let [high_copies, low_copies] = halves(copies);
        let high = half(high_mask, high_copies)?;
        let low = half(low_mask, low_copies)?;
        Some(Self { base, high, low })
    }

    /// The id at a place.
    #[inline]
    pub(crate) fn get(&self, source: Source<'_>, at: usize) -> TermId {
        id(self.base, self.high.get(source, at), self.low.get(source, at))
    }

    /// The kept bits of the id at a place. They compare as ids of the list do.
    #[inline]
    pub(crate) fn kept(&self, source: Source<'_>, at: usize) -> Kept {
        Kept(self.high.kept(source, at), self.low.kept(source, at))
    }

    /// The kept bits that the list would have for this id, if it could hold it.
    pub(crate) fn keep(&self, source: Source<'_>, id: TermId) -> Option<Kept> {
        let [high, low] = halves(id.get().wrapping_sub(self.base));
        let kept = Kept(self.high.keep(source, high), self.low.keep(source, low));
        (self.high.spread(source, kept.0) == high && self.low.spread(source, kept.1) == low).then_some(kept)
    }

    /// Appends the ids `from..to`.
    pub(crate) fn extend(&self, source: Source<'_>, from: usize, to: usize, out: &mut Vec<TermId>) {
        out.reserve(to.saturating_sub(from));
        let mut at = from / CHUNK * CHUNK;
        while at < to {
            let (high, low) = (self.high.chunk(source, at), self.low.chunk(source, at));
            let ids: [TermId; CHUNK] = std::array::from_fn(|i| id(self.base, high[i], low[i]));
            if at >= from && at + CHUNK <= to {
                out.extend_from_slice(&ids);
            } else {
                out.extend_from_slice(&ids[from.saturating_sub(at)..(to - at).min(CHUNK)]);
            }
            at += CHUNK;
        }
    }
}

/// Zero is no id and is never written; bytes that were made to look right may still hold it.
#[inline]
fn id(base: u128, high: u64, low: u64) -> TermId {
    let bits = base.wrapping_add(u128::from(high) << 64 | u128::from(low));
    TermId::from_u128(bits).unwrap_or(TermId::MIN)
}

impl Half {
    #[inline]
    fn kept(&self, source: Source<'_>, at: usize) -> u64 {
        if self.width == 0 {
            return 0;
        }
        let bit = at * self.width as usize;
        let word = source.bytes.get(self.at as usize + bit / 8..).and_then(<[u8]>::first_chunk::<8>);
        let word = word.map_or(0, |word| u64::from_le_bytes(*word));
        (word >> (bit % 8)) & (u64::MAX >> (64 - self.width))
    }

    /// Moves kept bits to their places.
    #[inline]
    fn spread(&self, source: Source<'_>, kept: u64) -> u64 {
        let value = self.fields(source).iter().fold(0, |value, field| value | ((kept << field.shift) & field.mask));
        value | (value >> 1) & self.copies
    }

    /// Takes the kept bits from their places.
    fn keep(&self, source: Source<'_>, value: u64) -> u64 {
        self.fields(source).iter().fold(0, |kept, field| kept | ((value & field.mask) >> field.shift))
    }

    #[inline]
    fn get(&self, source: Source<'_>, at: usize) -> u64 {
        if self.width == 0 { 0 } else { self.spread(source, self.kept(source, at)) }
    }

    fn fields<'a>(&self, source: Source<'a>) -> &'a [Field] {
        &source.fields[usize::from(self.fields.0)..usize::from(self.fields.1)]
    }

    /// Eight values from place `at`, a multiple of eight.
    #[inline]
    fn chunk(&self, source: Source<'_>, at: usize) -> [u64; CHUNK] {
        if self.width == 0 {
            return [0; CHUNK];
        }
        let packed = unpack(source.bytes, self.at as usize + at / CHUNK * self.width as usize, self.width);
        let mut values = [0; CHUNK];
        match self.fields(source) {
            [field] => {
                for (value, packed) in values.iter_mut().zip(packed) {
                    *value = packed << field.shift;
                }
            }
            fields => {
                for field in fields {
                    for (value, packed) in values.iter_mut().zip(packed) {
                        *value |= (packed << field.shift) & field.mask;
                    }
                }
            }
        }
        if self.copies != 0 {
            for value in &mut values {
                *value |= (*value >> 1) & self.copies;
            }
        }
        values
    }
}

#[inline]
fn unpack_as<const WIDTH: usize>(bytes: &[u8], at: usize) -> [u64; CHUNK] {
    // Of a width that is known when this is compiled, places and shifts are constants.
    let Some(bytes) = bytes.get(at..at + WIDTH + 8) else { return [0; CHUNK] };
    std::array::from_fn(|i| {
        let bit = i * WIDTH;
        let word = u64::from_le_bytes(std::array::from_fn(|byte| bytes[bit / 8 + byte]));
        (word >> (bit % 8)) & (u64::MAX >> (64 - WIDTH))
    })
}

/// Eight numbers of `width` bits (1 to 56, or 64) from byte `at`; zeros if they are not there.
pub(crate) fn unpack(bytes: &[u8], at: usize, width: u32) -> [u64; CHUNK] {
    macro_rules! by_width {
        ($($width:literal)*) => {
            match width {
                $($width => unpack_as::<$width>(bytes, at),)*
                _ => [0; CHUNK],
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38
        39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{HashKey, Tag, TermRef};

    fn round(ids: &[TermId]) -> usize {
        let mut stats = Stats::of(ids[0]);
        for id in ids {
            stats.add(*id);
        }
        let plan = stats.plan();
        let mut bytes = Vec::new();
        plan.write(ids, &mut bytes);
        let length = bytes.len();
        assert_eq!(length, plan.size(ids.len()));
        bytes.resize(length + PADDING, 0);
        let (mut rest, mut at, mut fields) = (&bytes[..length], 0, Vec::new());
        let bits = Bits::parse(&mut rest, &mut at, ids.len(), &mut fields).unwrap();
        assert!(rest.is_empty());
        assert_eq!(at, length);
        let source = Source { bytes: &bytes, fields: &fields };
        for (at, id) in ids.iter().enumerate() {
            assert_eq!(bits.get(source, at), *id);
        }
        for (from, to) in [(0, ids.len()), (ids.len() / 3, ids.len() / 2), (ids.len() - 1, ids.len()), (1, 1)] {
            let mut out = Vec::new();
            bits.extend(source, from, to, &mut out);
            assert_eq!(out, ids[from..to.max(from)]);
        }
        length
    }

    #[test]
    fn ids_come_back_and_digits_are_cheap() {
        let key = HashKey::new([7; 16]);
        let of = |term: &dyn Fn(u32) -> TermId| (0..1000).map(|n: u32| term(n.wrapping_mul(7919) % 100_000)).collect();
        let ids: Vec<TermId> = of(&|n| TermRef::Vertex(&format!("p{n}")).encode(&key));
        assert!(round(&ids) < 1000 * 26 / 8 + 64, "{}", round(&ids));
        let ids: Vec<TermId> = of(&|n| TermRef::Int(n as i32 - 50_000).encode(&key));
        assert!(round(&ids) < 1000 * 17 / 8 + 64, "{}", round(&ids));
        let ids: Vec<TermId> = of(&|n| TermRef::Iri(&format!("http://example.org/{n}")).encode(&key));
        assert!(round(&ids) < 1000 * 16 + 64, "{}", round(&ids));
        let ids: Vec<TermId> = of(&|n| TermRef::String(&"abcdefghijklmno"[..n as usize % 16]).encode(&key));
        round(&ids);
        let ids: Vec<TermId> = of(&|n| TermRef::Double(f64::from(n) / 7.0 - 100.0).encode(&key));
        round(&ids);
        assert!(round(&[TermId::LABEL]) < 16);
        round(&[TermId::MIN, TermId::MAX]);
    }

    #[test]
    fn every_width_comes_back() {
        for width in 1..120 {
            for low in [0, 1, 31, 63, 64, 70] {
                let mask = (u128::MAX >> (128 - width)) << low;
                let ids: Vec<TermId> = (0..50_u128)
                    .map(|n| {
                        let noise = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
                        TermId::new(Tag::IriHash, (noise ^ (noise << 61)) & mask)
                    })
                    .collect();
                round(&ids);
            }
        }
    }
}
