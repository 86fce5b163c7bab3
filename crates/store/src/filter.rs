//! A filter of ids: says of most ids that are not in a set that they are not, and never so of one that is.
//!
//! - **Shape**: a split-block Bloom filter: blocks of eight 32-bit words (little-endian); an id sets one bit in each word
//!   of one block. About [`BITS`] bits an id, so that one look in a hundred is in vain.
//! - **Cost**: one cache line an answer.

use model::TermId;

/// Bits an id.
const BITS: u64 = 10;
/// Bytes of a block.
const BLOCK: usize = 32;
/// One multiplier for each word of a block, odd.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// See the module.
#[derive(Debug)]
pub(crate) struct Filter {
    blocks: Vec<[u32; 8]>,
}

/// Where an id falls: the upper half chooses the block, the lower one its bits.
pub(crate) fn hash(id: TermId) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let (high, low) = ((id.get() >> 64) as u64, id.get() as u64);
    fold(fold(high ^ 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93) ^ low, 0xa076_1d64_78bd_642f)
}

impl Filter {
    /// An empty filter for about so many ids.
    pub(crate) fn with_capacity(ids: u64) -> Self {
        let blocks = (ids.saturating_mul(BITS)).div_ceil(BLOCK as u64 * 8).max(1);
        // A number that can be halved often: see `shrink`.
        let step = (blocks / 16).max(1).next_power_of_two();
        Self { blocks: vec![[0; 8]; blocks.next_multiple_of(step) as usize] }
    }

    /// From stored bytes; `None` if they are not whole blocks.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (blocks, []) = bytes.as_chunks::<BLOCK>() else { return None };
        let word = |block: &[u8; BLOCK], i: usize| u32::from_le_bytes(std::array::from_fn(|byte| block[i * 4 + byte]));
        Some(Self { blocks: blocks.iter().map(|block| std::array::from_fn(|i| word(block, i))).collect() })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn place(&self, hash: u64) -> usize {
        (((hash >> 32) * self.blocks.len() as u64) >> 32) as usize
    }

    fn bits(hash: u64) -> [u32; 8] {
        SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
    }

    /// Adds the id of this hash.
    pub(crate) fn add(&mut self, hash: u64) {
        let place = self.place(hash);
        for (word, bit) in self.blocks[place].iter_mut().zip(Self::bits(hash)) {
            *word |= bit;
        }
    }

    /// Whether the id of this hash may have been added. Of a filter without blocks: always.
    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        let Some(block) = self.blocks.get(self.place(hash)) else { return true };
        block.iter().zip(Self::bits(hash)).fold(0, |missing, (word, bit)| missing | (bit & !word)) == 0
    }

    /// Halves the filter while it has twice the room that this many ids need: neighbours are laid over each other, since
    /// the place of an id in half as many blocks is half its place.
    pub(crate) fn shrink(&mut self, ids: u64) {
        let needed = ids.saturating_mul(BITS).div_ceil(BLOCK as u64 * 8).max(1) as usize;
        while self.blocks.len() >= needed * 2 && self.blocks.len().is_multiple_of(2) {
            for to in 0..self.blocks.len() / 2 {
                let (a, b) = (self.blocks[to * 2], self.blocks[to * 2 + 1]);
                self.blocks[to] = std::array::from_fn(|i| a[i] | b[i]);
            }
            self.blocks.truncate(self.blocks.len() / 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tag;

    #[test]
    fn holds_what_was_added_and_little_else() {
        for (room, ids) in [(0, 100), (1000, 1000), (100_000, 3000), (50_000, 50_000)] {
            let mut filter = Filter::with_capacity(room);
            let id = |n: u64| TermId::new(Tag::VertexInline, u128::from(n) << 64 | u128::from(n % 3));
            (0..ids).for_each(|n| filter.add(hash(id(n))));
            filter.shrink(ids);
            let back = Filter::from_bytes(&filter.to_bytes()).unwrap();
            assert!((0..ids).all(|n| back.may_hold(hash(id(n)))));
            let wrong = (ids..ids + 10_000).filter(|n| back.may_hold(hash(id(*n)))).count();
            assert!(room == 0 || wrong < 400, "{wrong} of 10,000 with room for {room}");
            assert!(filter.blocks.len() as u64 <= (ids.max(room.min(ids)) * BITS / 256 + 1) * 3);
        }
        assert!(Filter::from_bytes(&[0; 33]).is_none());
    }
}
