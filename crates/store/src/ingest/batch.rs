//! What a parser hands over: entries, and the spelling of each hashed id among them.

use model::{HashKey, Quad, TermId, TermRef};
use serde::{Deserialize, Serialize};

/// Ids whose spelling was handed over lately, by their low bits: enough to catch predicates, labels and a subject's run.
const RECENT: usize = 1024;

/// Where a row stands in its load: feed, then record. Their order is the order of the load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ordinal(u64);

impl Ordinal {
    /// With the two bits of a [`Role`], an ordinal fits 64 bits.
    const RECORD_BITS: u32 = 38;

    /// The ordinal of a record (its low 38 bits) of a feed (its low 24 bits).
    pub const fn new(feed: u32, record: u64) -> Self {
        let feed = feed as u64 & ((1 << 24) - 1);
        Self((feed << Self::RECORD_BITS) | (record & ((1 << Self::RECORD_BITS) - 1)))
    }

    /// The feed.
    pub const fn feed(self) -> u32 {
        (self.0 >> Self::RECORD_BITS) as u32
    }

    /// The record within the feed.
    pub const fn record(self) -> u64 {
        self.0 & ((1 << Self::RECORD_BITS) - 1)
    }
}

/// What a quad is to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A record: counted, member of a set.
    Record,
    /// A record whose subject may have one value only for the predicate.
    Single,
    /// Not counted: the ∅ label of a row that has other records.
    Silent,
}

/// A row and what a quad is to it, in one word that sorts by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

impl Place {
    pub(super) const fn new(ordinal: Ordinal, role: Role) -> Self {
        Self(ordinal.0 << 2 | role as u64)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The inverse of [`Self::bits`].
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn ordinal(self) -> Ordinal {
        Ordinal(self.0 >> 2)
    }

    pub(super) const fn role(self) -> Role {
        match self.0 & 3 {
            0 => Role::Record,
            1 => Role::Single,
            _ => Role::Silent,
        }
    }
}

/// One quad of one row.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The quad.
    pub quad: Quad,
    /// Its row.
    pub ordinal: Ordinal,
    /// What it is to the row.
    pub role: Role,
}

/// See the module. Made to be reused: [`super::Ingest::add`] leaves it empty but keeps its memory.
#[derive(Debug, Default)]
pub struct IngestBatch {
    /// The entries.
    pub entries: Vec<Entry>,
    ids: Vec<TermId>,
    ends: Vec<usize>,
    spellings: Vec<u8>,
    recent: Vec<Option<TermId>>,
}

impl IngestBatch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a term, and its spelling kept if the id is a hash. Call it for each term of each quad; repeats cost
    /// little.
    pub fn term(&mut self, key: &HashKey, term: TermRef<'_>) -> TermId {
        let id = term.encode(key);
        if id.is_hashed() {
            if self.recent.is_empty() {
                self.recent.resize(RECENT, None);
            }
            let slot = &mut self.recent[id.get() as usize % RECENT];
            if *slot != Some(id) {
                *slot = Some(id);
                self.ids.push(id);
                term.spelling(&mut self.spellings);
                self.ends.push(self.spellings.len());
            }
        }
        id
    }

    /// Adds an entry.
    pub fn push(&mut self, quad: Quad, ordinal: Ordinal, role: Role) {
        self.entries.push(Entry { quad, ordinal, role });
    }

    /// Hashed ids and their spellings; an id may come more than once.
    pub fn terms(&self) -> impl Iterator<Item = (TermId, &[u8])> + '_ {
        let mut from = 0;
        self.ids.iter().zip(&self.ends).map(move |(id, end)| {
            let spelling = &self.spellings[from..*end];
            from = *end;
            (*id, spelling)
        })
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.ids.clear();
        self.ends.clear();
        self.spellings.clear();
        self.recent.fill(None);
    }
}
