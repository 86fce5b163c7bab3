//! Skeleton of the public surface; bodies follow.
#![allow(missing_docs, unused_variables, clippy::todo, clippy::allow_attributes, clippy::allow_attributes_without_reason, missing_debug_implementations, clippy::pedantic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use model::{Dataset, HashKey, Quad, Term, TermId, TermRef};

/// The four index orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order { Spog, Posg, Opsg, Gspo }

/// Which positions are bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern { pub s: Option<TermId>, pub p: Option<TermId>, pub o: Option<TermId>, pub g: Option<TermId> }

impl Pattern {
    pub const ALL: Self = Self { s: None, p: None, o: None, g: None };
    /// The order in which this pattern's quads are (nearest to) one run. Opsg only if `o` is a resource; Gspo only if
    /// `g` is bound and not the default graph.
    pub fn best_order(&self) -> Order { todo!() }
    pub fn matches(&self, quad: &Quad) -> bool { todo!() }
}

/// Struct of arrays; every column has `len` entries (columns not asked for are empty).
#[derive(Clone, Debug, Default)]
pub struct QuadBatch { pub s: Vec<TermId>, pub p: Vec<TermId>, pub o: Vec<TermId>, pub g: Vec<TermId>, len: usize }
impl QuadBatch { pub fn len(&self) -> usize { self.len } pub fn is_empty(&self) -> bool { self.len == 0 }
    /// Needs all four columns.
    pub fn quads(&self) -> impl Iterator<Item = Quad> + '_ { (0..self.len).map(|i| Quad::new(self.s[i], self.p[i], self.o[i], self.g[i])) } }

#[derive(Clone, Copy, Debug)]
pub struct Estimate { pub quads: u64, /** whether `quads` is a true count */ pub exact: bool }

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("data directory {} is in use by process {pid}{}", path.display(), endpoint.as_ref().map(|e| format!(" ({e})")).unwrap_or_default())]
    Locked { path: PathBuf, pid: u32, endpoint: Option<String> },
    #[error("{action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{} is damaged: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
    #[error("no space left: {free} bytes free in {}, the floor is {floor}", path.display())]
    DiskFull { path: PathBuf, free: u64, floor: u64 },
    #[error("the engine failed: {0}")]
    Engine(String),
    #[error("cancelled")]
    Cancelled,
    #[error("another transaction kept the writer slot for 60 s")]
    WriterBusy,
    #[error("store format {found} is not the format {expected} that this version reads")]
    Format { found: u32, expected: u32 },
}
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One token per job and per query; cheap to clone; every stage looks at it at least once a batch.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<std::sync::atomic::AtomicBool>);
impl CancelToken {
    pub fn new() -> Self { Self::default() }
    pub fn cancel(&self) { self.0.store(true, std::sync::atomic::Ordering::SeqCst); }
    pub fn is_cancelled(&self) -> bool { self.0.load(std::sync::atomic::Ordering::SeqCst) }
    /// `Err(Cancelled)` once cancelled.
    pub fn check(&self) -> Result<()> { if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) } }
}

#[derive(Clone, Debug)]
pub struct Options { /** bytes */ pub memory: u64, /** free bytes below which nothing is written */ pub disk_floor: u64, pub create: bool, pub read_only: bool }
impl Default for Options { fn default() -> Self { Self { memory: 1 << 30, disk_floor: 64 << 20, create: true, read_only: false } } }

/// The store in one directory. Clone is cheap (one `Arc`); `Send + Sync`.
#[derive(Clone)]
pub struct Store { _inner: Arc<()> }
impl Store {
    pub fn open(directory: &Path, options: Options) -> Result<Self> { todo!() }
    /// What a second opener is told: where the first one answers. Written beside the lock.
    pub fn announce(&self, endpoint: &str) -> Result<()> { todo!() }
    /// The endpoint of the server that holds `directory`, if one does.
    pub fn holder(directory: &Path) -> Option<(u32, Option<String>)> { todo!() }
    pub fn directory(&self) -> &Path { todo!() }
    pub fn hash_key(&self) -> HashKey { todo!() }
    pub fn encode(&self, term: TermRef<'_>) -> TermId { todo!() }
    pub fn snapshot(&self, dataset: Dataset) -> Snapshot { todo!() }
    /// Reads now; takes the writer slot at the first write (waits at most 60 s).
    pub fn begin(&self, dataset: Dataset) -> Transaction { todo!() }
    pub fn ingest(&self, dataset: Dataset, options: IngestOptions) -> Ingest { todo!() }
    pub fn journal(&self) -> Journal { todo!() }
    /// Reads everything, verifies the five promises, counts.
    pub fn check(&self, cancel: &CancelToken) -> Result<CheckReport> { todo!() }
    /// Bytes on disk, segment files, free space: for metrics.
    pub fn usage(&self) -> Usage { todo!() }
    /// Flushes and releases the lock; later calls fail.
    pub fn close(&self) -> Result<()> { todo!() }
}
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Usage { pub disk_bytes: u64, pub segment_sets: u64, pub delta_quads: u64, pub free_bytes: u64, pub temporary_bytes: u64 }

/// A moment of one data set. Clone is cheap; `Send + Sync`; keeps its files alive.
#[derive(Clone)]
pub struct Snapshot { _inner: Arc<()> }
impl Snapshot {
    pub fn dataset(&self) -> Dataset { todo!() }
    pub fn commit(&self) -> u64 { todo!() }
    pub fn encode(&self, term: TermRef<'_>) -> TermId { todo!() }
    /// Live quads that match, in `order`, in batches. The iterator owns what it needs (`'static`, `Send`).
    pub fn scan(&self, pattern: Pattern, order: Order) -> Scan { todo!() }
    pub fn contains(&self, quad: &Quad) -> Result<bool> { todo!() }
    pub fn contains_many(&self, quads: &[Quad]) -> Result<Vec<bool>> { todo!() }
    /// Expand: for each id placed in the order's first position (template's other bound positions apply), its quads.
    pub fn scan_many(&self, ids: &[TermId], template: Pattern, order: Order) -> Result<Expansion> { todo!() }
    pub fn degree_many(&self, ids: &[TermId], template: Pattern, order: Order) -> Result<Vec<u64>> { todo!() }
    /// No scan. May be off by tombstones and overlaps; says so.
    pub fn estimate(&self, pattern: &Pattern) -> Estimate { todo!() }
    /// The term of an id. Inline ids never touch the dictionary.
    pub fn resolve(&self, id: TermId) -> Result<Term> { todo!() }
    pub fn resolve_many(&self, ids: &[TermId]) -> Result<Vec<Term>> { todo!() }
    /// Dense numbers, valid for this snapshot and its clones.
    pub fn number(&self, ids: &[TermId]) -> Vec<u32> { todo!() }
}
pub struct Scan { _p: () }
impl Iterator for Scan { type Item = Result<QuadBatch>; fn next(&mut self) -> Option<Self::Item> { todo!() } }
/// `offsets[i]..offsets[i+1]` of the columns are the quads of `ids[i]`.
#[derive(Debug, Default)]
pub struct Expansion { pub offsets: Vec<usize>, pub quads: QuadBatch }

pub struct Transaction { _p: () }
impl Transaction {
    pub fn encode(&self, term: TermRef<'_>) -> TermId { todo!() }
    /// Whether the quad was not there before. Terms are given so that hashed ones reach the dictionary.
    pub fn insert(&mut self, s: TermRef<'_>, p: TermRef<'_>, o: TermRef<'_>, g: TermRef<'_>) -> Result<bool> { todo!() }
    pub fn delete(&mut self, quad: &Quad) -> Result<bool> { todo!() }
    /// The same reads over its own writes.
    pub fn snapshot(&mut self) -> Result<Snapshot> { todo!() }
    /// Durable when it returns; the commit number.
    pub fn commit(self) -> Result<u64> { todo!() }
    pub fn rollback(self) {}
}

/// Small durable key-value area where the loader keeps its jobs; written in the same batch as a publish.
#[derive(Clone)]
pub struct Journal { _p: () }
#[derive(Clone, Debug)]
pub enum JournalWrite { Put { key: Vec<u8>, value: Vec<u8> }, Delete { key: Vec<u8> } }
impl Journal {
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> { todo!() }
    /// All pairs whose key starts with `prefix`, in key order.
    pub fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> { todo!() }
    /// One atomic batch, durable when it returns.
    pub fn write(&self, writes: Vec<JournalWrite>) -> Result<()> { todo!() }
}

/// How the rows of one load are judged.
#[derive(Clone, Debug)]
pub struct IngestOptions { pub rules: Rules, pub cancel: CancelToken, /** threads to sort and write with */ pub threads: usize }
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// RDF: quads are a set, nothing is refused.
    Rdf,
    /// Gremlin CSV: duplicates by record; an edge id on two edges and a second single value are violations.
    GremlinCsv,
    /// openCypher CSV: duplicates by row; within one load the lowest ordinal silently wins; values that are there are kept.
    OpenCypher,
}

/// Where a row stands: feed and record; order of ordinals is the order of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(u64);
impl Ordinal {
    pub const fn new(feed: u32, record: u64) -> Self { Self(((feed as u64) << 40) | (record & ((1 << 40) - 1))) }
    pub const fn feed(self) -> u32 { (self.0 >> 40) as u32 }
    pub const fn record(self) -> u64 { self.0 & ((1 << 40) - 1) }
}

/// One quad of a row.
#[derive(Clone, Copy, Debug)]
pub struct Entry { pub quad: Quad, pub ordinal: Ordinal, pub role: Role }
/// What the quad is to its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// A record: counted, a set member.
    Record,
    /// Counted; the subject may have one value for this key only.
    Single,
    /// Not counted (the ∅ label of a row that has other records).
    Silent,
}

/// What a parser hands over: entries and the spelling of each hashed id among them.
#[derive(Debug, Default)]
pub struct IngestBatch { pub entries: Vec<Entry>, pub(crate) ids: Vec<TermId>, pub(crate) ends: Vec<u32>, pub(crate) spellings: Vec<u8> }
impl IngestBatch {
    pub fn new() -> Self { Self::default() }
    /// Encodes, and keeps the spelling if the id is a hash. Call it for each term of each quad; repeats are fine.
    pub fn term(&mut self, key: &HashKey, term: TermRef<'_>) -> TermId {
        let id = term.encode(key);
        if id.is_hashed() { term.spelling(&mut self.spellings); self.ids.push(id); self.ends.push(self.spellings.len() as u32); }
        id
    }
    pub fn push(&mut self, quad: Quad, ordinal: Ordinal, role: Role) { self.entries.push(Entry { quad, ordinal, role }); }
    pub fn clear(&mut self) { self.entries.clear(); self.ids.clear(); self.ends.clear(); self.spellings.clear(); }
}

/// A row refused by validation.
#[derive(Clone, Debug)]
pub enum Violation {
    MissingEnd { ordinal: Ordinal, edge: Quad },
    EdgeIdTaken { ordinal: Ordinal, edge: Quad },
    /// Only this record of the row is refused.
    SingleValue { ordinal: Ordinal, quad: Quad },
}
impl Violation { pub fn ordinal(&self) -> Ordinal { match self { Self::MissingEnd { ordinal, .. } | Self::EdgeIdTaken { ordinal, .. } | Self::SingleValue { ordinal, .. } => *ordinal } } }

/// Exact counts of one publish, by feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Records that are now in the graph because of this feed.
    pub loaded: u64,
    /// As the status shows them (records, or for openCypher rows).
    pub duplicates: u64,
    /// Records of duplicates (equal to `duplicates` but for openCypher).
    pub duplicate_records: u64,
    /// openCypher values left unchanged.
    pub ignored: u64,
    /// Records of rows refused here (all records of the row).
    pub refused: u64,
}

/// Unsorted encoded quads in, from many threads, within a memory budget; validated and published in one piece.
pub struct Ingest { _p: () }
impl Ingest {
    pub fn add(&self, batch: &mut IngestBatch) -> Result<()> { todo!() }
    /// Quads waiting to be published.
    pub fn pending(&self) -> u64 { todo!() }
    /// When `pending` reaches this, publish: the larger of 4 million and a quarter of the data set, within the budget.
    pub fn publish_at(&self) -> u64 { todo!() }
    /// Spelling behind a hashed id among what is pending or in the store: for messages.
    pub fn resolve(&self, id: TermId) -> Result<Term> { todo!() }
    /// Validates what is pending, in two steps so that the caller can word errors and decide: nothing is visible yet.
    /// Rows at or above `stop_before` are left out (`failOnError` TRUE after a parse error). With `stop_at_violation`
    /// the lowest violation also stops: only rows below it stay. Violations come in ordinal order.
    pub fn prepare(&mut self, stop_before: Option<Ordinal>, stop_at_violation: bool, on_violation: &mut dyn FnMut(Violation)) -> Result<Prepared> { todo!() }
    /// Makes the prepared quads visible: `decide` runs under the lock that makes publishing and cancelling exclude each
    /// other and gives the journal writes of the same batch, or `None` to drop everything (cancel won). Files are synced
    /// before. Returns whether it was published.
    pub fn publish(&mut self, prepared: Prepared, decide: &mut dyn FnMut(&Prepared) -> Option<Vec<JournalWrite>>) -> Result<bool> { todo!() }
    /// Forgets what is pending and removes its files.
    pub fn discard(&mut self) { todo!() }
}
/// Written, synced, invisible.
#[derive(Debug, Default)]
pub struct Prepared { pub feeds: std::collections::BTreeMap<u32, FeedCounts>, /** the lowest violation */ pub first_violation: Option<Ordinal> }

/// What `check` found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct CheckReport { pub datasets: Vec<DatasetReport>, pub problems: Vec<String> }
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct DatasetReport { pub dataset: &'static str, pub quads: u64, pub vertices: u64, pub edges: u64, pub terms: u64, pub graphs: u64 }
