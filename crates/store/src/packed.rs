//! A block of sorted entries as it is stored: each column in the encoding that is smallest for it.
//!
//! ```text
//! block   = flags u8 (1: tombstones), length of each column u32 x 4, columns, one bit an entry if there are tombstones
//! column  = 0, list                                        each id: see `bits` for a list
//!         | 1, runs u16, first length u16, width u8, lengths but the first and last less one, list of the runs' ids
//!         | 2, distinct ids u8, list of them (ascending), width u8, codes        few ids, in any order
//!         | 3, a list for each code of the predicate's column                    ids by predicate
//! ```
//!
//! Lengths and codes are `width` bits each. An element's label, values and edges alternate in an order that begins with
//! elements: so a list for each predicate there. Ids are read in place; what a look-up needs beside the bytes (where
//! runs end, codes, how often each came before) is made when a block is read.
//!
//! - **Hostile bytes**: [`Packed::parse`] verifies every length, count and code, so that reading cannot fail.

use std::ops::Range;

use model::TermId;

use crate::bits::{self, BitWriter, Bits, Field, PADDING, Plan, Source, Stats};
use crate::block::{self, Block, gallop};
use crate::order::{Key, Order};

/// The most entries that a block can have.
pub(crate) const MOST: usize = 4096;
/// A column with more distinct ids has no codes.
const DISTINCT: usize = 64;
/// How often ranks are kept.
const RANK: usize = 64;

const LIST: u8 = 0;
const RUNS: u8 = 1;
const CODES: u8 = 2;
const BY_PREDICATE: u8 = 3;

const TOMBSTONES: u8 = 1;
const HEAD: usize = 17;

/// The column that holds the predicate.
const fn predicate(order: Order) -> usize {
    match order {
        Order::Posg => 0,
        Order::Spog | Order::Opsg => 1,
        Order::Gspo => 2,
    }
}

/// Encodes a block that is not empty.
pub(crate) fn encode(order: Order, block: &Block) -> Vec<u8> {
    let (n, at) = (block.len(), predicate(order));
    debug_assert!(n > 0 && n <= MOST);
    let mut columns: [Vec<u8>; 4] = Default::default();
    let (coding, codes) = Encoding::choose(block.column(at), None);
    coding.write(block.column(at), codes.as_ref(), &mut columns[at]);
    // Others can go by predicate only where the predicate's codes are there to be read.
    let codes = codes.filter(|_| matches!(coding, Encoding::Codes(..)));
    for (column, out) in columns.iter_mut().enumerate().filter(|(column, _)| *column != at) {
        let ids = block.column(column);
        match Encoding::choose(ids, codes.as_ref()) {
            (encoding @ Encoding::ByPredicate(_), _) => encoding.write(ids, codes.as_ref(), out),
            (encoding, own) => encoding.write(ids, own.as_ref(), out),
        }
    }
    let bits = if block.has_tombstones() { n.div_ceil(8) } else { 0 };
    let mut bytes = Vec::with_capacity(HEAD + columns.iter().map(Vec::len).sum::<usize>() + bits);
    bytes.push(if bits > 0 { TOMBSTONES } else { 0 });
    for column in &columns {
        bytes.extend_from_slice(&(column.len() as u32).to_le_bytes());
    }
    for column in &columns {
        bytes.extend_from_slice(column);
    }
    bytes.extend((0..bits).map(|byte| {
        (byte * 8..n.min(byte * 8 + 8)).fold(0, |bits, at| bits | u8::from(block.is_tombstone(at)) << (at % 8))
    }));
    bytes
}

/// The distinct ids of a column, ascending, and which of them each entry has.
struct Codes {
    table: Vec<TermId>,
    codes: Vec<u8>,
}

impl Codes {
    /// `None` if there are more than [`DISTINCT`].
    fn of(ids: &[TermId]) -> Option<Self> {
        const SLOTS: usize = 256;
        const FREE: u8 = u8::MAX;
        let mut slots = [FREE; SLOTS];
        let mut table: Vec<TermId> = Vec::with_capacity(DISTINCT);
        let mut codes = Vec::with_capacity(ids.len());
        for id in ids {
            let bits = id.get() as u64 ^ ((id.get() >> 64) as u64).rotate_left(29);
            let mut slot = (bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize;
            let code = loop {
                match slots[slot] {
                    FREE if table.len() == DISTINCT => return None,
                    FREE => {
                        slots[slot] = table.len() as u8;
                        table.push(*id);
                        break slots[slot];
                    }
                    code if table[usize::from(code)] == *id => break code,
                    _ => slot = (slot + 1) % SLOTS,
                }
            };
            codes.push(code);
        }
        let mut places: Vec<u8> = (0..table.len() as u8).collect();
        places.sort_unstable_by_key(|place| table[usize::from(*place)]);
        let mut rank = [0; DISTINCT];
        for (to, place) in places.iter().enumerate() {
            rank[usize::from(*place)] = to as u8;
        }
        for code in &mut codes {
            *code = rank[usize::from(*code)];
        }
        table.sort_unstable();
        Some(Self { table, codes })
    }
}

enum Encoding {
    List(Plan),
    /// How many, and the width of their lengths.
    Runs(usize, u32, Plan),
    Codes(Plan),
    ByPredicate(Vec<Option<(Plan, usize)>>),
}

/// Bits that tell so many things apart.
const fn width_of(things: usize) -> u32 {
    usize::BITS - things.saturating_sub(1).leading_zeros()
}

impl Encoding {
    /// The smallest for a column; of the predicate's own column (which has no `by`), one with codes if its ids recur.
    fn choose(ids: &[TermId], by: Option<&Codes>) -> (Self, Option<Codes>) {
        let n = ids.len();
        let mut stats = Stats::of(ids[0]);
        let (mut runs, mut longest, mut start) = (1, 0, 0);
        for (at, pair) in ids.windows(2).enumerate() {
            if pair[0] != pair[1] {
                if start > 0 {
                    longest = longest.max(at + 1 - start);
                }
                stats.add(pair[1]);
                runs += 1;
                start = at + 1;
            }
        }
        let plan = stats.plan();
        if runs == 1 {
            return (Self::List(plan), None);
        }
        let (mut size, mut best) = (plan.size(n), Self::List(plan));
        let width = width_of(longest);
        let in_runs = 5 + plan.size(runs) + (runs * width as usize).div_ceil(8);
        if in_runs < size {
            (size, best) = (in_runs, Self::Runs(runs, width, plan));
        }
        if let Some(by) = by
            && runs * 4 > n
        {
            let mut groups: Vec<Option<(Stats, usize)>> = vec![None; by.table.len()];
            for (id, code) in ids.iter().zip(&by.codes) {
                let group = &mut groups[usize::from(*code)];
                match group {
                    Some((stats, count)) => {
                        stats.add(*id);
                        *count += 1;
                    }
                    None => *group = Some((Stats::of(*id), 1)),
                }
            }
            let plans: Vec<_> =
                groups.into_iter().map(|group| group.map(|(stats, count)| (stats.plan(), count))).collect();
            let by_predicate = plans.iter().flatten().map(|(plan, count)| plan.size(*count)).sum();
            if by_predicate < size {
                (size, best) = (by_predicate, Self::ByPredicate(plans));
            }
        }
        // Codes cannot win where they are as wide as what they stand for.
        let few = if size * 8 > n { Codes::of(ids) } else { None };
        if let Some(few) = few {
            let mut stats = Stats::of(few.table[0]);
            for id in &few.table {
                stats.add(*id);
            }
            let plan = stats.plan();
            let coded = 3 + plan.size(few.table.len()) + (n * width_of(few.table.len()) as usize).div_ceil(8);
            if coded < size || (by.is_none() && runs > few.table.len() * 2) {
                return (Self::Codes(plan), Some(few));
            }
        }
        (best, None)
    }

    fn write(&self, ids: &[TermId], codes: Option<&Codes>, out: &mut Vec<u8>) {
        match self {
            Self::List(plan) => {
                out.push(LIST);
                plan.write(ids, out);
            }
            Self::Runs(runs, width, plan) => {
                let mut lengths = ids.chunk_by(PartialEq::eq).map(<[TermId]>::len);
                out.push(RUNS);
                out.extend_from_slice(&(*runs as u16).to_le_bytes());
                out.extend_from_slice(&(lengths.next().unwrap_or(0) as u16).to_le_bytes());
                out.push(*width as u8);
                if *width > 0 {
                    let mut bits = BitWriter::new(out);
                    lengths.take(runs - 2).for_each(|length| bits.write(length as u64 - 1, *width));
                    bits.finish();
                }
                let heads: Vec<TermId> = ids.chunk_by(PartialEq::eq).map(|run| run[0]).collect();
                plan.write(&heads, out);
            }
            Self::Codes(plan) => {
                let Some(Codes { table, codes }) = codes else { return };
                out.extend_from_slice(&[CODES, table.len() as u8]);
                plan.write(table, out);
                let width = width_of(table.len());
                out.push(width as u8);
                if width > 0 {
                    let mut bits = BitWriter::new(out);
                    for code in codes {
                        bits.write(u64::from(*code), width);
                    }
                    bits.finish();
                }
            }
            Self::ByPredicate(plans) => {
                let Some(Codes { codes, .. }) = codes else { return };
                let mut groups: Vec<Vec<TermId>> =
                    plans.iter().map(|plan| Vec::with_capacity(plan.map_or(0, |(_, count)| count))).collect();
                for (id, code) in ids.iter().zip(codes) {
                    groups[usize::from(*code)].push(*id);
                }
                out.push(BY_PREDICATE);
                for (plan, group) in plans.iter().zip(&groups) {
                    if let Some((plan, _)) = plan {
                        plan.write(group, out);
                    }
                }
            }
        }
    }
}

/// A column as it is read.
#[derive(Debug)]
enum Column {
    Same(TermId),
    List(Bits),
    Runs { ends: Vec<u16>, ids: Bits },
    Codes { table: Vec<TermId> },
    ByPredicate(Vec<Bits>),
}

/// A stored block, verified, ready for reads in place.
#[derive(Debug)]
pub(crate) struct Packed {
    /// With [`PADDING`].
    bytes: Vec<u8>,
    fields: Vec<Field>,
    entries: usize,
    columns: [Column; 4],
    /// The codes of each column that has them, one after the other.
    codes: [Vec<u8>; 4],
    predicate: usize,
    /// For every [`RANK`] entries, how often each code of the predicate's column came before.
    ranks: Vec<u16>,
    /// How many codes that column has.
    kinds: usize,
    tombstones: Range<usize>,
    last_lead: TermId,
}

impl Packed {
    /// Reads a block of so many entries, whose bytes have [`PADDING`] zeros behind them; `None` if it is not one.
    pub(crate) fn parse(order: Order, bytes: Vec<u8>, entries: usize) -> Option<Self> {
        if entries == 0 || entries > MOST {
            return None;
        }
        let end = bytes.len().checked_sub(PADDING)?;
        let head = bytes.get(..HEAD.min(end))?;
        let (flags, lengths) = head.split_first()?;
        let (lengths, []) = lengths.as_chunks::<4>() else { return None };
        let lengths: [usize; 4] =
            lengths.iter().map(|n| u32::from_le_bytes(*n) as usize).collect::<Vec<_>>().try_into().ok()?;
        let mut spans: [Range<usize>; 4] = Default::default();
        let mut at = HEAD;
        for (span, length) in spans.iter_mut().zip(lengths) {
            *span = at..at.checked_add(length).filter(|to| *to <= end)?;
            at = span.end;
        }
        let bits = match *flags {
            0 => 0,
            TOMBSTONES => entries.div_ceil(8),
            _ => return None,
        };
        if at + bits != end || (bits > 0 && !entries.is_multiple_of(8) && bytes[end - 1] >> (entries % 8) != 0) {
            return None;
        }
        let predicate = predicate(order);
        let mut parser = Parser { bytes: &bytes, entries, fields: Vec::new(), codes: Default::default() };
        let own = parser.column(predicate, spans[predicate].clone(), &[])?;
        let (mut ranks, mut counts) = (Vec::new(), Vec::new());
        let by_predicate = |span: &Range<usize>| bytes.get(span.start) == Some(&BY_PREDICATE);
        if let Column::Codes { table } = &own
            && spans.iter().any(by_predicate)
        {
            (ranks, counts) = rank_all(&parser.codes[predicate], table.len());
        }
        let mut columns = [const { Column::Same(TermId::MIN) }; 4];
        for (column, slot) in columns.iter_mut().enumerate().filter(|(column, _)| *column != predicate) {
            *slot = parser.column(column, spans[column].clone(), &counts)?;
        }
        columns[predicate] = own;
        let Parser { fields, codes, .. } = parser;
        let mut packed = Self {
            last_lead: TermId::MIN,
            tombstones: at..at + bits,
            bytes,
            fields,
            entries,
            columns,
            codes,
            predicate,
            ranks,
            kinds: counts.len(),
        };
        packed.last_lead = packed.get(0, entries - 1);
        Some(packed)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// Heap bytes held.
    pub(crate) fn weight(&self) -> u64 {
        let columns: usize = self
            .columns
            .iter()
            .map(|column| match column {
                Column::Same(_) | Column::List(_) => 0,
                Column::Runs { ends, .. } => ends.capacity() * 2,
                Column::Codes { table } => table.capacity() * size_of::<TermId>(),
                Column::ByPredicate(lists) => lists.capacity() * size_of::<Bits>(),
            })
            .sum();
        let codes: usize = self.codes.iter().map(Vec::capacity).sum();
        let other = self.bytes.capacity() + self.fields.capacity() * size_of::<Field>() + self.ranks.capacity() * 2;
        (columns + codes + other + size_of::<Self>()) as u64
    }

    pub(crate) fn has_tombstones(&self) -> bool {
        !self.tombstones.is_empty()
    }

    pub(crate) fn is_tombstone(&self, at: usize) -> bool {
        self.bytes[self.tombstones.clone()].get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    fn source(&self) -> Source<'_> {
        Source { bytes: &self.bytes, fields: &self.fields }
    }

    /// How many entries before `at` have this code in the predicate's column.
    fn rank(&self, at: usize, code: u8) -> usize {
        let codes = &self.codes[self.predicate];
        let from = (at / RANK).min(codes.len().saturating_sub(1) / RANK);
        let before = usize::from(self.ranks[from * self.kinds + usize::from(code)]);
        before + usize::from(count(&codes[from * RANK..at], code))
    }

    /// The id of a column at a place.
    pub(crate) fn get(&self, column: usize, at: usize) -> TermId {
        match &self.columns[column] {
            Column::Same(id) => *id,
            Column::List(list) => list.get(self.source(), at),
            Column::Runs { ends, ids } => ids.get(self.source(), run_of(ends, at)),
            Column::Codes { table } => table[usize::from(self.codes[column][at])],
            Column::ByPredicate(lists) => {
                let code = self.codes[self.predicate][at];
                lists[usize::from(code)].get(self.source(), self.rank(at, code))
            }
        }
    }

    /// Appends the ids of a column from place `from` to before `to`.
    pub(crate) fn extend(&self, column: usize, from: usize, to: usize, out: &mut Vec<TermId>) {
        if from >= to {
            return;
        }
        match &self.columns[column] {
            Column::Same(id) => out.resize(out.len() + (to - from), *id),
            Column::List(list) => list.extend(self.source(), from, to, out),
            Column::Runs { ends, ids } => {
                let (first, last) = (run_of(ends, from), run_of(ends, to - 1));
                if first == last {
                    out.resize(out.len() + (to - from), ids.get(self.source(), first));
                    return;
                }
                let mut heads = Vec::with_capacity(last - first + 8);
                ids.extend(self.source(), first, last + 1, &mut heads);
                out.reserve(to - from);
                let mut at = from;
                for (id, end) in heads.iter().zip(&ends[first..=last]) {
                    let end = usize::from(*end).min(to);
                    out.resize(out.len() + (end - at), *id);
                    at = end;
                }
            }
            Column::Codes { table } => {
                out.extend(self.codes[column][from..to].iter().map(|code| table[usize::from(*code)]));
            }
            Column::ByPredicate(lists) => self.extend_by_predicate(lists, from, to, out),
        }
    }

    fn extend_by_predicate(&self, lists: &[Bits], from: usize, to: usize, out: &mut Vec<TermId>) {
        let codes = &self.codes[self.predicate][from..to];
        let source = self.source();
        let code = codes[0];
        if codes.iter().all(|other| *other == code) {
            let (list, start) = (&lists[usize::from(code)], self.rank(from, code));
            return match codes {
                [_] => out.push(list.get(source, start)),
                _ => list.extend(source, start, start + (to - from), out),
            };
        }
        if to - from < RANK {
            // Where each list is to be read next; looked up when its code first comes.
            let mut next = [usize::MAX; DISTINCT];
            for some in codes.chunk_by(PartialEq::eq) {
                let (place, list) = (&mut next[usize::from(some[0])], &lists[usize::from(some[0])]);
                if *place == usize::MAX {
                    *place = self.rank(from, some[0]);
                }
                match some {
                    [_] => out.push(list.get(source, *place)),
                    _ => list.extend(source, *place, *place + some.len(), out),
                }
                *place += some.len();
            }
            return;
        }
        let mut sorted = Vec::with_capacity(to - from);
        let mut next = [0; DISTINCT];
        for (code, list) in lists.iter().enumerate() {
            next[code] = sorted.len();
            list.extend(source, self.rank(from, code as u8), self.rank(to, code as u8), &mut sorted);
        }
        out.extend(codes.iter().map(|code| {
            let place = &mut next[usize::from(*code)];
            let at = *place;
            *place += 1;
            sorted[at]
        }));
    }

    /// Hands the runs of equal ids of a column from place `from` to before `to` to `take`, as (id, from, to).
    pub(crate) fn runs(
        &self,
        column: usize,
        from: usize,
        to: usize,
        scratch: &mut Vec<TermId>,
        take: &mut dyn FnMut(TermId, usize, usize),
    ) {
        if from >= to {
            return;
        }
        scratch.clear();
        match &self.columns[column] {
            Column::Same(id) => take(*id, from, to),
            Column::Runs { ends, ids } => {
                let (first, last) = (run_of(ends, from), run_of(ends, to - 1));
                ids.extend(self.source(), first, last + 1, scratch);
                let mut at = from;
                for (id, end) in scratch.iter().zip(&ends[first..=last]) {
                    let end = usize::from(*end).min(to);
                    take(*id, at, end);
                    at = end;
                }
            }
            Column::List(_) | Column::Codes { .. } | Column::ByPredicate(_) => {
                self.extend(column, from, to, scratch);
                block::runs(scratch, from, take);
            }
        }
    }

    /// The first place from `from` to before `to` whose id is not `below` (`to` if there is none), where the column
    /// ascends from `from` to `to`.
    pub(crate) fn partition(&self, column: usize, from: usize, to: usize, below: impl Fn(TermId) -> bool) -> usize {
        match &self.columns[column] {
            Column::Same(id) if below(*id) => to,
            Column::Same(_) => from,
            Column::Runs { ends, ids } if from < to => {
                let source = self.source();
                let first = run_of(ends, from);
                let last = run_of(ends, to - 1);
                let run = gallop(first, last + 1, |run| below(ids.get(source, run)));
                if run == first { from } else { usize::from(ends[run - 1]).min(to) }
            }
            Column::Codes { table } => {
                let (code, codes) = (table.partition_point(|id| below(*id)), &self.codes[column]);
                gallop(from, to, |at| usize::from(codes[at]) < code)
            }
            _ => gallop(from, to, |at| below(self.get(column, at))),
        }
    }

    /// How many entries from place `from` to before `to` have the id, in a column that ascends there.
    pub(crate) fn count(&self, column: usize, from: usize, to: usize, id: TermId) -> usize {
        if let Column::Codes { table } = &self.columns[column] {
            // Looking at each of a few bytes is done before a search has begun.
            let codes = &self.codes[column][from..to];
            let number = |code| codes.iter().map(|other| usize::from(usize::from(*other) == code)).sum();
            return table.binary_search(&id).map_or(0, number);
        }
        let (low, high) = self.equal(column, from, to, id);
        high - low
    }

    /// Where the id stands in a column that ascends from `from` to `to`, or twice the place where it would.
    fn equal(&self, column: usize, from: usize, to: usize, id: TermId) -> (usize, usize) {
        match &self.columns[column] {
            Column::Runs { ends, ids } if from < to => {
                let source = self.source();
                let (first, last) = (run_of(ends, from), run_of(ends, to - 1));
                // Kept bits are compared as they are. An id that the list cannot hold has none.
                let (run, there) = if let Some(kept) = ids.keep(source, id) {
                    let run = gallop(first, last + 1, |run| ids.kept(source, run) < kept);
                    (run, run <= last && ids.kept(source, run) == kept)
                } else {
                    (gallop(first, last + 1, |run| ids.get(source, run) < id), false)
                };
                let low = if run == first { from } else { usize::from(ends[run - 1]).min(to) };
                (low, if there { usize::from(ends[run]).min(to) } else { low })
            }
            Column::List(list) if let Some(kept) = list.keep(self.source(), id) => {
                let source = self.source();
                let low = gallop(from, to, |at| list.kept(source, at) < kept);
                (low, gallop(low, to, |at| list.kept(source, at) == kept))
            }
            // What ascends behind the predicate has one predicate: it is a part of one list.
            Column::ByPredicate(lists)
                if from < to
                    && column > self.predicate
                    && let code = self.codes[self.predicate][from]
                    && let list = &lists[usize::from(code)]
                    && let Some(kept) = list.keep(self.source(), id) =>
            {
                let (source, start) = (self.source(), self.rank(from, code));
                let end = start + (to - from);
                let low = gallop(start, end, |at| list.kept(source, at) < kept);
                let high = gallop(low, end, |at| list.kept(source, at) == kept);
                (low - start + from, high - start + from)
            }
            Column::Codes { table } => {
                let codes = &self.codes[column];
                let code = table.partition_point(|other| *other < id);
                let low = gallop(from, to, |at| usize::from(codes[at]) < code);
                let there = table.get(code) == Some(&id);
                (low, if there { gallop(low, to, |at| usize::from(codes[at]) == code) } else { low })
            }
            _ => {
                let low = self.partition(column, from, to, |other| other < id);
                (low, self.partition(column, low, to, |other| other <= id))
            }
        }
    }

    /// The first place from `from` that is not below the key, and the end of those from there that begin with the first
    /// `given` columns of the key (the same place, if it does not).
    pub(crate) fn find(&self, from: usize, key: &Key, given: usize) -> (usize, usize) {
        let (mut low, mut high) = (from, self.entries);
        let mut end = if given == 0 { high } else { low };
        for column in 0..4 {
            if key[column..].iter().all(|id| *id == TermId::MIN) {
                break; // nothing is below
            }
            (low, high) = self.equal(column, low, high, key[column]);
            if column < given {
                end = high;
            }
            if low == high {
                break;
            }
        }
        (low, end.max(low))
    }

    /// The first place from `from` to before `to` that is not below the key, where all have its first `given` columns.
    pub(crate) fn find_among(&self, from: usize, to: usize, key: &Key, given: usize) -> usize {
        let (mut low, mut high) = (from, to);
        for (column, id) in key.iter().enumerate().skip(given) {
            (low, high) = self.equal(column, low, high, *id);
            if low == high {
                break;
            }
        }
        low
    }

    /// The leading id of the last entry.
    pub(crate) fn last_lead(&self) -> TermId {
        self.last_lead
    }

    /// Whether the last entry is not below the key.
    pub(crate) fn reaches(&self, key: &Key) -> bool {
        if self.last_lead != key[0] {
            return self.last_lead > key[0];
        }
        let last = self.entries - 1;
        let at = (0..4).map(|column| self.get(column, last).cmp(&key[column])).find(|order| order.is_ne());
        at.is_none_or(std::cmp::Ordering::is_gt)
    }

    /// The end of the entries from `from` that begin with the first `given` columns of `key`, as `from` does.
    pub(crate) fn prefix_end(&self, from: usize, key: &Key, given: usize) -> usize {
        let mut high = self.entries;
        for (column, id) in key.iter().take(given).enumerate() {
            high = self.partition(column, from, high, |other| other <= *id);
        }
        high
    }

    /// All of it, decoded.
    pub(crate) fn unpack(&self) -> Block {
        let columns = std::array::from_fn(|column| {
            let mut ids = Vec::with_capacity(self.entries);
            self.extend(column, 0, self.entries, &mut ids);
            ids
        });
        let (words, rest) = self.bytes[self.tombstones.clone()].as_chunks::<8>();
        let mut tombstones: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        if !rest.is_empty() {
            tombstones.push(rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
        }
        Block::from_columns(columns, tombstones)
    }
}

/// How many of at most [`RANK`] codes are this one: a byte counts them, sixteen at a time.
fn count(codes: &[u8], code: u8) -> u16 {
    u16::from(codes.iter().map(|other| u8::from(*other == code)).sum::<u8>())
}

/// For every [`RANK`] codes how often each came before, and how often each comes at all.
fn rank_all(codes: &[u8], kinds: usize) -> (Vec<u16>, Vec<u16>) {
    let mut ranks = Vec::with_capacity(codes.len().div_ceil(RANK) * kinds);
    let mut seen = vec![0_u16; kinds];
    for some in codes.chunks(RANK) {
        ranks.extend_from_slice(&seen);
        if kinds <= RANK / 4 {
            for (code, seen) in (0..).zip(&mut seen) {
                *seen += count(some, code);
            }
        } else {
            for code in some {
                seen[usize::from(*code)] += 1;
            }
        }
    }
    (ranks, seen)
}

/// The run that holds place `at`.
fn run_of(ends: &[u16], at: usize) -> usize {
    if at < usize::from(ends[0]) {
        return 0;
    }
    if ends.len() < 2 || usize::from(ends[ends.len() - 2]) <= at {
        return ends.len() - 1;
    }
    ends.partition_point(|end| usize::from(*end) <= at)
}

struct Parser<'a> {
    /// With their padding.
    bytes: &'a [u8],
    entries: usize,
    fields: Vec<Field>,
    codes: [Vec<u8>; 4],
}

impl Parser<'_> {
    /// `counts` is how many entries each code of the predicate's column has, if there are lists by it.
    fn column(&mut self, column: usize, span: Range<usize>, counts: &[u16]) -> Option<Column> {
        let mut at = span.start + 1;
        let (kind, mut rest) = self.bytes[span].split_first()?;
        let parsed = match *kind {
            LIST => {
                let list = Bits::parse(&mut rest, &mut at, self.entries, &mut self.fields)?;
                match list.same() {
                    Some(id) => Column::Same(id),
                    None => Column::List(list),
                }
            }
            RUNS => {
                let (head, behind) = rest.split_first_chunk::<5>()?;
                (rest, at) = (behind, at + 5);
                let [a, b, c, d, width] = *head;
                let (runs, first) = (usize::from(u16::from_le_bytes([a, b])), u16::from_le_bytes([c, d]));
                if runs < 2 || runs > self.entries || first == 0 {
                    return None;
                }
                let before = rest.len();
                let between = self.numbers(&mut rest, at, runs - 2, width, |length| length as u16)?;
                at += before - rest.len();
                let mut ends = Vec::with_capacity(runs);
                let mut end = usize::from(first);
                ends.push(first);
                for length in between {
                    end += usize::from(length) + 1;
                    ends.push(u16::try_from(end).ok()?);
                }
                if end >= self.entries {
                    return None;
                }
                ends.push(self.entries as u16);
                Column::Runs { ends, ids: Bits::parse(&mut rest, &mut at, runs, &mut self.fields)? }
            }
            CODES => {
                let (distinct, behind) = rest.split_first()?;
                (rest, at) = (behind, at + 1);
                let distinct = usize::from(*distinct);
                if distinct == 0 || distinct > DISTINCT {
                    return None;
                }
                let list = Bits::parse(&mut rest, &mut at, distinct, &mut self.fields)?;
                let mut table = Vec::with_capacity(distinct);
                list.extend(Source { bytes: self.bytes, fields: &self.fields }, 0, distinct, &mut table);
                let (width, behind) = rest.split_first()?;
                (rest, at) = (behind, at + 1);
                if *width > 7 {
                    return None;
                }
                let codes = self.numbers(&mut rest, at, self.entries, *width, |code| code as u8)?;
                if usize::from(codes.iter().fold(0, |most, code| *code.max(&most))) >= distinct {
                    return None;
                }
                self.codes[column] = codes;
                Column::Codes { table }
            }
            BY_PREDICATE if !counts.is_empty() => {
                let mut lists = Vec::with_capacity(counts.len());
                for count in counts {
                    lists.push(match count {
                        0 => Bits::NONE,
                        count => Bits::parse(&mut rest, &mut at, usize::from(*count), &mut self.fields)?,
                    });
                }
                Column::ByPredicate(lists)
            }
            _ => return None,
        };
        rest.is_empty().then_some(parsed)
    }

    /// So many numbers of `width` bits, from byte `at` of the block, where `rest` begins; steps over them.
    fn numbers<T: Copy + Default>(
        &self,
        rest: &mut &[u8],
        at: usize,
        count: usize,
        width: u8,
        make: impl Fn(u64) -> T + Copy,
    ) -> Option<Vec<T>> {
        if width == 0 {
            return Some(vec![T::default(); count]);
        }
        if width > 16 {
            return None;
        }
        *rest = rest.get((count * usize::from(width)).div_ceil(8)..)?;
        let mut numbers = Vec::with_capacity(count.next_multiple_of(8));
        for chunk in 0..count.div_ceil(8) {
            let unpacked = bits::unpack(self.bytes, at + chunk * usize::from(width), u32::from(width));
            numbers.extend_from_slice(&unpacked.map(make));
        }
        numbers.truncate(count);
        Some(numbers)
    }
}

/// The property of the fuzz target `quad_block`: bytes are refused or read, the same whichever way, and what is read and
/// sorted comes back from being stored. The first byte is the order, the next two the number of entries.
pub(crate) fn fuzz(input: &[u8]) {
    let Some(([order, a, b], bytes)) = input.split_first_chunk::<3>() else { return };
    let order = Order::ALL[usize::from(*order) % 4];
    let parse = |bytes: &[u8], entries: usize| {
        let padded = [bytes, &[0; PADDING]].concat();
        Packed::parse(order, padded, entries)
    };
    let Some(packed) = parse(bytes, usize::from(u16::from_le_bytes([*a, *b]))) else { return };
    let block = packed.unpack();
    let mut ascending = true;
    for at in 0..block.len() {
        let key = block.key(at);
        assert_eq!(std::array::from_fn(|column| packed.get(column, at)), key);
        assert_eq!(packed.is_tombstone(at), block.is_tombstone(at));
        let (low, end) = packed.find(0, &key, 2);
        assert!(low <= end && end <= block.len());
        ascending &= at == 0 || block.key(at - 1) < key;
    }
    if ascending {
        let again = parse(&encode(order, &block), block.len()).map(|packed| packed.unpack());
        assert!(again.is_some_and(|again| (0..block.len()).all(|at| again.key(at) == block.key(at))));
    }
}

#[cfg(test)]
mod tests {
    use model::{HashKey, Quad, Tag, TermRef};
    use proptest::prelude::*;

    use super::*;

    fn block(order: Order, quads: &[(Quad, bool)]) -> Block {
        let mut keys: Vec<_> = quads.iter().map(|(quad, tombstone)| (order.key(quad), *tombstone)).collect();
        keys.sort_unstable();
        keys.dedup_by_key(|(key, _)| *key);
        let mut block = Block::default();
        for (key, tombstone) in keys {
            block.push(&key, tombstone);
        }
        block
    }

    fn parse(order: Order, bytes: &[u8], entries: usize) -> Option<Packed> {
        let mut padded = bytes.to_vec();
        padded.resize(bytes.len() + PADDING, 0);
        Packed::parse(order, padded, entries)
    }

    /// Every way to read the stored block gives what the block says.
    fn holds(order: Order, block: &Block) -> Result<usize, TestCaseError> {
        let bytes = encode(order, block);
        let packed = parse(order, &bytes, block.len()).unwrap();
        let n = block.len();
        let back = packed.unpack();
        prop_assert_eq!(back.len(), n);
        prop_assert_eq!(back.has_tombstones(), block.has_tombstones());
        for at in 0..n {
            prop_assert_eq!(back.key(at), block.key(at));
            prop_assert_eq!(back.is_tombstone(at), block.is_tombstone(at));
            prop_assert_eq!(packed.is_tombstone(at), block.is_tombstone(at));
            prop_assert_eq!(std::array::from_fn(|column| packed.get(column, at)), block.key(at));
            let key = block.key(at);
            let from = at * 7 % (at + 1);
            prop_assert_eq!(packed.find(from, &key, 0).0, at);
            for given in 1..=4 {
                let mut prefix = key;
                prefix[given..].fill(TermId::MIN);
                let low = block.lower_bound(from, &prefix);
                prop_assert_eq!(packed.find(from, &prefix, 0).0, low);
                prop_assert_eq!(packed.find(from, &prefix, given), block.find(from, &prefix, given));
                prop_assert_eq!(packed.prefix_end(low, &prefix, given), block.prefix_end(low, &prefix, given));
                if let Some(next) = key[given - 1].get().checked_add(1).and_then(TermId::from_u128) {
                    prefix[given - 1] = next;
                    prop_assert_eq!(packed.find(at, &prefix, 0).0, block.lower_bound(at, &prefix));
                }
            }
            let (from, to) = (at, (at + 1 + at * 13 % 97).min(n));
            for column in 0..4 {
                let mut ids = vec![TermId::LABEL];
                packed.extend(column, from, to, &mut ids);
                prop_assert_eq!(&ids[1..], &block.column(column)[from..to]);
            }
        }
        Ok(bytes.len())
    }

    /// Ids of every tag, from few to many different ones.
    fn ids() -> impl Strategy<Value = TermId> {
        let small = (0_usize..Tag::ALL.len(), 0_u128..40).prop_map(|(tag, n)| TermId::new(Tag::ALL[tag], n));
        let text = (0_u32..2000).prop_map(|n| TermRef::Vertex(&format!("p{n}")).encode(&HashKey::new([1; 16])));
        let other = (0_usize..Tag::ALL.len(), any::<u128>()).prop_map(|(tag, n)| TermId::new(Tag::ALL[tag], n));
        let number = any::<i32>().prop_map(|n| TermRef::Int(n).encode(&HashKey::new([1; 16])));
        prop_oneof![4 => small, 4 => text, 1 => other, 1 => number, 1 => Just(TermId::MAX), 4 => Just(TermId::DEFAULT_GRAPH)]
    }

    fn quads() -> impl Strategy<Value = Vec<(Quad, bool)>> {
        // A few of each position, so that ids recur, and a share of tombstones.
        let pool = || proptest::collection::vec(ids(), 1..60);
        let picks = proptest::collection::vec((any::<[u8; 4]>(), 0_u8..10), 1..400);
        (pool(), pool(), pool(), pool(), picks, 0_u8..3, 1_u8..60).prop_map(|(s, p, o, g, picks, dead, labels)| {
            let of = |pool: &[TermId], at: u8| pool[usize::from(at) % pool.len()];
            let quad = |[a, b, c, d]: [u8; 4]| Quad::new(of(&s, a), of(&p, b % labels), of(&o, c), of(&g, d));
            picks.into_iter().map(|(pick, chance)| (quad(pick), chance < dead)).collect()
        })
    }

    proptest! {
        #[test]
        fn blocks_come_back(quads in quads()) {
            for order in Order::ALL {
                holds(order, &block(order, &quads))?;
            }
        }

        #[test]
        fn broken_blocks_are_refused_or_read(quads in quads(), flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6)) {
            for order in Order::ALL {
                let block = block(order, &quads);
                let mut bytes = encode(order, &block);
                for (at, with) in &flips {
                    let at = usize::from(*at) % bytes.len();
                    bytes[at] ^= with;
                }
                if let Some(packed) = parse(order, &bytes, block.len()) {
                    let unpacked = packed.unpack();
                    for at in 0..block.len() {
                        prop_assert_eq!(std::array::from_fn(|column| packed.get(column, at)), unpacked.key(at));
                        packed.find(0, &block.key(at), 2);
                    }
                }
                bytes.truncate(usize::from(flips[0].0) % bytes.len());
                prop_assert!(parse(order, &bytes, block.len()).is_none());
            }
        }
    }

    #[test]
    fn a_graph_is_small() {
        let key = HashKey::new([7; 16]);
        let mut quads = Vec::new();
        let mut random = 1_u64;
        let mut below = |limit: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % limit
        };
        for n in 0..1000 {
            let s = TermRef::Vertex(&format!("p{}", 500_000 + n / 10)).encode(&key);
            let o = TermRef::Vertex(&format!("p{}", below(1_000_000))).encode(&key);
            let g = TermRef::Edge(&format!("e{}", below(10_000_000))).encode(&key);
            quads.push((Quad::new(s, TermRef::EdgeLabel("KNOWS").encode(&key), o, g), false));
        }
        for order in [Order::Spog, Order::Opsg] {
            let block = block(order, &quads);
            let bytes = holds(order, &block).unwrap();
            // Two ids of random digits (seven and eight nibbles, and some for lengths), and little else.
            assert!(bytes < 1000 * 9, "{bytes} bytes in {}", order.name());
        }
    }
}
