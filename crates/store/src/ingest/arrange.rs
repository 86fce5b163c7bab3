//! Sorting small numbers: entries by quad, and new quads from that order into the others.
//!
//! Both begin with a *partition*: items go into cells by the high bits of their key, so that a cell is small enough to be
//! sorted within a core's cache, cells are sorted on all cores, and a cancel waits for no more than a cell.
//!
//! Quads sorted by S, P, O, G need little for the other orders: a stable sort by P and O gives POSG, one by O and P gives
//! OPSG, one by G gives GSPO. Radix sorts are stable, and codes are dense.

use rayon::prelude::*;

use super::lane::{self, Coded, Codes};
use super::memory::{Lent, Pool};
use super::vocabulary::Vocabulary;
use crate::order::Order;
use crate::{CancelToken, Result};

/// Items that a cell should have: what a core's cache holds twice.
const CELL: usize = 1 << 13;
/// At most so many cells: scattering into more is slow.
const CELLS_BITS: u32 = 12;
/// Bits of the key that one pass within a cell sorts by.
const DIGIT: u32 = 8;
/// Items between two looks at the token.
const TICK: usize = 1 << 16;
/// Cells up to this size are sorted by comparing.
const SMALL: usize = 128;

/// Items by cell, in pieces: one for each slice that was given.
pub(super) struct Partition<'a, const W: usize> {
    /// The items of all cells, and where each cell ends.
    pieces: Vec<(Lent<'a, W>, Vec<usize>)>,
    /// Items of each cell in all pieces.
    sizes: Vec<usize>,
    pool: &'a Pool,
}

impl<'a, const W: usize> Partition<'a, W> {
    /// `cell_of` is `None` for what is left out.
    fn new(
        slices: Vec<Vec<&[[u32; W]]>>,
        cells: usize,
        cell_of: impl Fn(&[u32; W]) -> Option<usize> + Sync,
        pool: &'a Pool,
        cancel: &CancelToken,
    ) -> Result<Self> {
        let pieces: Vec<(Lent<'a, W>, Vec<usize>)> = slices
            .into_par_iter()
            .map(|chunks| {
                let mut places = vec![0; cells];
                for chunk in &chunks {
                    cancel.check()?;
                    chunk.iter().filter_map(&cell_of).for_each(|cell| places[cell] += 1);
                }
                let mut total = 0;
                for place in &mut places {
                    total += std::mem::replace(place, total);
                }
                let mut lent = pool.lend(total);
                let items = &mut *lent;
                for chunk in &chunks {
                    cancel.check()?;
                    for item in *chunk {
                        if let Some(cell) = cell_of(item) {
                            items[places[cell]] = *item;
                            places[cell] += 1;
                        }
                    }
                }
                Ok((lent, places)) // each place has moved to its cell's end
            })
            .collect::<Result<_>>()?;
        let mut sizes = vec![0; cells];
        for (_, ends) in &pieces {
            let mut from = 0;
            for (size, end) in sizes.iter_mut().zip(ends) {
                *size += end - from;
                from = *end;
            }
        }
        Ok(Self { pieces, sizes, pool })
    }

    /// Copies a cell's items, piece by piece.
    fn copy(&self, cell: usize, mut to: &mut [[u32; W]]) {
        for (items, ends) in &self.pieces {
            let from = if cell == 0 { 0 } else { ends[cell - 1] };
            let part = &items[from..ends[cell]];
            let (here, rest) = to.split_at_mut(part.len());
            here.copy_from_slice(part);
            to = rest;
        }
    }

    /// All cells, each arranged: `arrange` gets its items and memory to work with.
    fn arranged(
        self,
        cancel: &CancelToken,
        arrange: impl Fn(&mut [[u32; W]], &mut Vec<[u32; W]>) + Sync,
    ) -> Result<Lent<'a, W>> {
        let mut lent = self.pool.lend(self.sizes.iter().sum());
        let mut rest = &mut *lent;
        let mut slots = Vec::with_capacity(self.sizes.len());
        for (cell, size) in self.sizes.iter().enumerate() {
            let (slot, after) = rest.split_at_mut(*size);
            slots.push((cell, slot));
            rest = after;
        }
        slots.into_par_iter().with_min_len(8).try_for_each_init(Vec::new, |scratch, (cell, slot)| {
            cancel.check()?;
            self.copy(cell, slot);
            arrange(slot, scratch);
            Ok::<(), crate::Error>(())
        })?;
        Ok(lent)
    }
}

/// How many high bits of a key of `bits` name the cell, for so many items.
fn cell_bits(bits: u32, items: usize) -> u32 {
    (items / CELL).max(1).ilog2().min(CELLS_BITS).min(bits)
}

/// Entries of all lanes in cells by subject. `lanes` are their chunks, whose codes are of the vocabulary.
pub(super) fn by_subject<'a>(
    lanes: Vec<Vec<&[Coded]>>,
    vocabulary: &Vocabulary,
    wanted: impl Fn(&Coded) -> bool + Sync,
    pool: &'a Pool,
    cancel: &CancelToken,
) -> Result<Partition<'a, 6>> {
    let items = lanes.iter().flatten().map(|chunk| chunk.len()).sum();
    let bits = bits_of(vocabulary.len());
    let cell_bits = cell_bits(bits, items);
    let shift = bits - cell_bits;
    let cell_of = |entry: &Coded| wanted(entry).then(|| (entry[0] >> shift) as usize);
    Partition::new(lanes, 1 << cell_bits, cell_of, pool, cancel)
}

/// The same entries sorted by quad, then by row.
pub(super) fn by_quad<'a>(cells: Partition<'a, 6>, cancel: &CancelToken) -> Result<Lent<'a, 6>> {
    cells.arranged(cancel, |slot, _| slot.sort_unstable_by_key(lane::key))
}

/// Bits that numbers below `limit` have.
fn bits_of(limit: usize) -> u32 {
    usize::BITS - limit.saturating_sub(1).leading_zeros()
}

/// New quads, sorted by S, P, O, G, arranged in one of the other orders. Predicates are few, so they are ranked first.
pub(super) fn in_order<'a>(
    quads: &[Codes],
    order: Order,
    vocabulary: &Vocabulary,
    predicates: &Predicates,
    pool: &'a Pool,
    cancel: &CancelToken,
) -> Result<Lent<'a, 4>> {
    let wide = bits_of(vocabulary.len());
    let narrow = bits_of(predicates.count);
    let (resources, default_graph) = (vocabulary.resources, vocabulary.default_graph);
    let rank = |quad: &Codes| u64::from(predicates.ranks[quad[1] as usize]);
    let o = |quad: &Codes| u64::from(quad[2]);
    let posg = |quad: &Codes| Some(rank(quad) << wide | o(quad));
    let opsg = |quad: &Codes| (quad[2] >= resources).then(|| o(quad) << narrow | rank(quad));
    let gspo = |quad: &Codes| (quad[3] != default_graph).then(|| u64::from(quad[3]));
    match order {
        Order::Spog => stable(quads, 0, |_| Some(0), pool, cancel),
        Order::Posg => stable(quads, wide + narrow, posg, pool, cancel),
        Order::Opsg => stable(quads, wide + narrow, opsg, pool, cancel),
        Order::Gspo => stable(quads, wide, gspo, pool, cancel),
    }
}

/// The rank of each predicate among those in use.
#[derive(Debug)]
pub(super) struct Predicates {
    /// By code; of other codes nothing is said.
    ranks: Vec<u32>,
    count: usize,
}

impl Predicates {
    pub(super) fn of(quads: &[Codes], vocabulary: &Vocabulary, cancel: &CancelToken) -> Result<Self> {
        let mut ranks = vec![0; vocabulary.len()];
        let mut used = Vec::new();
        let mut last = u32::MAX;
        for chunk in quads.chunks(TICK) {
            cancel.check()?;
            for [_, p, ..] in chunk {
                if *p != last && ranks[*p as usize] == 0 {
                    ranks[*p as usize] = 1;
                    used.push(*p);
                }
                last = *p;
            }
        }
        used.sort_unstable();
        for (rank, p) in (0..).zip(&used) {
            ranks[*p as usize] = rank;
        }
        Ok(Self { ranks, count: used.len() })
    }
}

/// Quads sorted by a key below 2^bits, equals in the order in which they were. `None` is left out.
fn stable<'a>(
    quads: &[Codes],
    bits: u32,
    key: impl Fn(&Codes) -> Option<u64> + Sync,
    pool: &'a Pool,
    cancel: &CancelToken,
) -> Result<Lent<'a, 4>> {
    let cell_bits = cell_bits(bits, quads.len());
    let shift = bits - cell_bits;
    let threads = rayon::current_num_threads();
    let slices = quads.chunks(quads.len().div_ceil(threads).max(1)).map(|slice| slice.chunks(TICK).collect());
    let cell_of = |quad: &Codes| key(quad).map(|key| (key >> shift) as usize);
    let partition = Partition::new(slices.collect(), 1 << cell_bits, cell_of, pool, cancel)?;
    let key = |quad: &Codes| key(quad).unwrap_or(0);
    partition.arranged(
        cancel,
        |slot, scratch| {
            if slot.len() <= SMALL { slot.sort_by_key(key) } else { radix(slot, scratch, key) }
        },
    )
}

/// Least significant digit first, over the bits in which the keys differ.
fn radix(items: &mut [Codes], scratch: &mut Vec<Codes>, key: impl Fn(&Codes) -> u64) {
    let (low, high) = items.iter().map(&key).fold((u64::MAX, 0), |(low, high), key| (low.min(key), high.max(key)));
    let mut left = u64::BITS - high.saturating_sub(low).leading_zeros(); // of none there is neither
    let mut shift = 0;
    scratch.clear();
    scratch.resize(items.len(), Codes::default());
    let (mut from, mut to) = (&mut *items, scratch.as_mut_slice());
    let mut swapped = false;
    while left > 0 {
        let digit = |quad: &Codes| ((key(quad) - low) >> shift) as usize & ((1 << DIGIT) - 1);
        let mut places = [0; 1 << DIGIT];
        for quad in &*from {
            places[digit(quad)] += 1;
        }
        let mut total = 0;
        for place in &mut places {
            total += std::mem::replace(place, total);
        }
        for quad in &*from {
            let place = &mut places[digit(quad)];
            to[*place] = *quad;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
        swapped = !swapped;
        shift += DIGIT;
        left = left.saturating_sub(DIGIT);
    }
    if swapped {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn radix_is_a_stable_sort(numbers in proptest::collection::vec(0_u32..70_000, 0..2000)) {
            let mut items: Vec<Codes> = (0..).zip(&numbers).map(|(at, number)| [at, 0, *number, 0]).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|quad| quad[2]);
            radix(&mut items, &mut Vec::new(), |quad| u64::from(quad[2]));
            prop_assert_eq!(items, expected);
        }
    }
}
