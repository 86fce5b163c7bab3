//! Ingest: a load's way into the store. Unsorted entries from many threads, judged and published in one piece.
//!
//! `add` collects within a share of the memory budget; `prepare` sorts, judges the rows against each other and against
//! what the store holds, and writes the segments of what is new, synced but named by nothing; `publish` makes them
//! visible in one small write, together with the loader's own record of it. Until that write a cancel drops everything.
//! `stage` puts what was prepared aside instead: durable, named by the manifest as this load's, and seen by nobody else,
//! until one `publish` makes all of it visible at once. After a restart the load takes it over by its name, and goes on.
//!
//! A dry run goes the same way, judged against one moment of the store, and is dropped at its end: its files are named by
//! nothing and it never asks for the writer slot, so that nobody waits for it.
//!
//! - **Invariant**: the outcome depends on the entries and their ordinals, never on threads or on the order of `add`.
//! - **Source**: design §5.

mod arrange;
mod batch;
mod codes;
mod judge;
mod lane;
mod memory;
mod numbers;
mod past;
mod replaced;
mod terms;
#[cfg(test)]
mod tests;
mod vocabulary;
mod write;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Dataset, Quad, Term, TermId};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use batch::{Entry, IngestBatch, Ordinal, Role};

use crate::budget;
use crate::journal::JournalWrite;
use crate::layer::{Content, Layer, SegmentSet};
use crate::maintenance::{Bell, LoadGuard};
use crate::manifest::Fence;
use crate::shared::{Change, SLOT_WAIT, Shared, SlotGuard, Staged};
use crate::snapshot::Snapshot;
use crate::{CancelToken, Error, Result};

use lane::Lane;
use memory::{Lent, Pool};
use replaced::Replaced;
use terms::Terms;
use vocabulary::Vocabulary;

/// A publish is worth its fixed cost, and one more segment set, from here on.
const WORTHWHILE: u64 = 16_000_000;
/// The least that is collected, however small the budget.
const LEAST: u64 = 50_000;
/// Codes in one `prepare`, at most: they are 4 bytes.
const CODES: u64 = 1 << 30;

/// How the rows of one load are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Quads are a set; nothing is refused.
    Rdf,
    /// Duplicates are counted by record. An edge id on two edges and a second value of a single property are refused.
    GremlinCsv,
    /// The same, but a second value of a single property replaces what the element has, in the order of rows.
    GremlinCsvReplacing,
    /// Duplicates are counted by row. Within one load the lowest ordinal silently wins; values that are there are kept.
    OpenCypher,
}

/// How a load goes in.
#[derive(Clone, Debug)]
pub struct IngestOptions {
    /// The rules of its format.
    pub rules: Rules,
    /// Its cancellation token.
    pub cancel: CancelToken,
    /// Threads that the loader parses with (the store sorts and compresses on all cores).
    pub threads: usize,
}

/// A row, or one record of it, that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// One or both ends of an edge are no vertices.
    MissingEnd {
        /// The row.
        ordinal: Ordinal,
        /// The edge.
        edge: Quad,
    },
    /// The edge's id belongs to another edge.
    EdgeIdTaken {
        /// The row.
        ordinal: Ordinal,
        /// The edge.
        edge: Quad,
    },
    /// The element has another value for a key that may have one only. The row's other records are kept.
    SingleValue {
        /// The row.
        ordinal: Ordinal,
        /// The record.
        quad: Quad,
    },
}

impl Violation {
    /// The row.
    pub fn ordinal(&self) -> Ordinal {
        match self {
            Self::MissingEnd { ordinal, .. }
            | Self::EdgeIdTaken { ordinal, .. }
            | Self::SingleValue { ordinal, .. } => *ordinal,
        }
    }
}

/// What one publish does with the rows of one feed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedCounts {
    /// Records that come into the graph.
    pub loaded: u64,
    /// Duplicates as a status shows them: records, or rows under [`Rules::OpenCypher`].
    pub duplicates: u64,
    /// Records that were there already (the same as `duplicates`, but under [`Rules::OpenCypher`]).
    pub duplicate_records: u64,
    /// Values left out because another value was there first ([`Rules::OpenCypher`] only).
    pub ignored: u64,
    /// Records of rows refused by a [`Violation`].
    pub refused: u64,
}

/// Judged, written and synced, but named by nothing. Dropping it removes its files.
#[derive(Debug, Default)]
pub struct Prepared {
    /// What it does, by feed.
    pub feeds: BTreeMap<u32, FeedCounts>,
    /// The lowest row with a violation. If violations stop the load, only rows below it are here.
    pub first_violation: Option<Ordinal>,
    /// What goes, then what is new: oldest first.
    sets: Vec<SegmentSet>,
}

impl Prepared {
    /// How many segment sets it adds.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }
}

/// See the module.
#[derive(Debug)]
pub struct Ingest {
    shared: Arc<Shared>,
    bell: Arc<Bell>,
    dataset: Dataset,
    options: IngestOptions,
    lanes: Mutex<Vec<Lane>>,
    /// What is in them.
    quads: AtomicU64,
    codes: AtomicU64,
    bytes: AtomicU64,
    /// Held from `prepare` to `publish`; not by a dry run.
    slot: Option<SlotGuard>,
    /// Of a dry run: what it is judged against.
    dry: Option<Snapshot>,
    /// Whether the next `prepare` is the last.
    is_last: bool,
    /// What was staged, oldest first, and under which name. While something is, the slot is ours.
    staged: Vec<SegmentSet>,
    owner: String,
    /// Whether that is the load's own name, which survives the process.
    named: bool,
    /// What was there before this load, for rules that set its own rows apart. Of a load with a name it is kept apart from
    /// what comes later, until [`crate::Store::drop_staged`].
    before: Option<Snapshot>,
    /// The terms of what was prepared last, sorted: for messages until it is staged or published.
    terms: Terms,
    _going: LoadGuard,
}

impl Ingest {
    pub(crate) fn new(shared: Arc<Shared>, bell: Arc<Bell>, dataset: Dataset, options: IngestOptions) -> Self {
        Self {
            _going: LoadGuard::new(&bell),
            shared,
            bell,
            dataset,
            options,
            lanes: Mutex::default(),
            quads: AtomicU64::new(0),
            codes: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            slot: None,
            dry: None,
            is_last: false,
            staged: Vec::new(),
            before: None,
            owner: format!("{:032x}", rand::random::<u128>()),
            named: false,
            terms: Terms::default(),
        }
    }

    /// Makes it a dry run against what is visible now: everything is judged and counted, nothing is kept.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry = Some(self.shared.snapshot(self.dataset));
        self
    }

    /// The next [`Self::prepare`] is the last: a dry run need not write what nothing is judged against any more.
    pub const fn last(&mut self) {
        self.is_last = true;
    }

    /// Goes by this name, which survives the process, and takes over what was staged under it and not published: all of
    /// it, or, if anything was committed to the data set since, nothing, since it was not judged against that.
    ///
    /// # Errors
    /// If something is staged: the writer slot's, which is taken then.
    pub fn go_by(&mut self, name: &str) -> Result<()> {
        name.clone_into(&mut self.owner);
        self.named = true;
        let fence = self.shared.fence(self.dataset, name);
        self.before = fence.map(|commit| self.shared.behind(self.dataset, commit));
        let state = self.shared.state();
        let ours = state.staged.iter().filter(|staged| staged.dataset == self.dataset && staged.owner == name);
        let ours: Vec<Staged> = ours.cloned().collect();
        drop(state);
        if ours.is_empty() {
            return Ok(());
        }
        self.take_slot()?;
        let (committed, _) = self.shared.writer_snapshot(self.dataset);
        let current = ours.iter().all(|staged| staged.base == committed.commit());
        self.staged = ours.into_iter().map(|staged| staged.set).collect();
        if !current {
            tracing::warn!(name, "staged layers are dropped: something else was committed since");
            self.unstage();
            self.slot = None;
        }
        Ok(())
    }

    /// Takes the writer slot, unless it is ours; a dry run needs none.
    fn take_slot(&mut self) -> Result<()> {
        if self.slot.is_none() && self.dry.is_none() {
            self.slot = Some(self.shared.take_slot(self.dataset, SLOT_WAIT, &self.options.cancel)?);
            self.shared.wait_for_queue(self.dataset);
        }
        Ok(())
    }

    fn lanes(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a batch's entries and terms, and leaves it empty. Each thread that is in here works on a lane of its own.
    pub fn add(&self, batch: &mut IngestBatch) -> Result<()> {
        self.options.cancel.check()?;
        let mut lane = self.lanes().pop().unwrap_or_default();
        let before = (lane.len(), lane.codes(), lane.weight());
        lane.add(batch);
        let after = (lane.len(), lane.codes(), lane.weight());
        self.quads.fetch_add((after.0 - before.0) as u64, Ordering::Relaxed);
        self.codes.fetch_add((after.1 - before.1) as u64, Ordering::Relaxed);
        self.bytes.fetch_add(after.2 - before.2, Ordering::Relaxed);
        self.lanes().push(lane);
        batch.clear();
        Ok(())
    }

    /// Quads that wait to be prepared.
    pub fn pending(&self) -> u64 {
        self.quads.load(Ordering::Relaxed)
    }

    /// Whether what is pending fills the memory that it may take: prepare it now, then stage or publish it.
    pub fn is_full(&self) -> bool {
        let full = self.bytes.load(Ordering::Relaxed) > budget::load(self.shared.options.memory);
        self.codes.load(Ordering::Relaxed) >= CODES || full && self.pending() >= LEAST
    }

    /// Quads that were staged and wait to be published.
    pub fn staged(&self) -> u64 {
        self.staged.iter().map(SegmentSet::entries).sum()
    }

    /// In how many sets.
    pub fn staged_sets(&self) -> usize {
        self.staged.len()
    }

    /// When what is pending and staged reaches this, publish: what is worth its fixed cost, or a quarter of the data
    /// set, whichever is more.
    pub fn publish_at(&self) -> u64 {
        let held: u64 = self.shared.snapshot(self.dataset).layers().iter().map(|layer| layer.entries()).sum();
        WORTHWHILE.max(held / 4)
    }

    /// Forgets what is pending.
    fn clear(&self) {
        self.lanes().clear();
        self.forget_counts();
    }

    fn forget_counts(&self) {
        for count in [&self.quads, &self.codes, &self.bytes] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// The term of an id among what was prepared last, or in the store: for messages.
    pub fn resolve(&self, id: TermId) -> Result<Term> {
        if !id.is_hashed() {
            return Term::decode(id, None).map_err(|error| Error::corrupt(&self.shared.directory, error.to_string()));
        }
        if let Some(spelling) = self.terms.find(id) {
            return Term::decode(id, Some(spelling))
                .map_err(|error| Error::corrupt(&self.shared.directory, error.to_string()));
        }
        self.view().resolve(id)
    }

    /// What this load builds on: everything committed, or committed when a dry run began, and its own staged layers on top.
    fn view(&self) -> Snapshot {
        let snapshot = match &self.dry {
            Some(snapshot) => snapshot.clone(),
            None => self.shared.writer_snapshot(self.dataset).0,
        };
        if self.staged.is_empty() {
            return snapshot;
        }
        let mut layers = snapshot.layers().to_vec();
        let next = snapshot.commit() + 1;
        layers.extend(
            self.staged
                .iter()
                .map(|set| Arc::new(Layer { low: next, high: next, content: Content::Disk(set.clone()) })),
        );
        Snapshot::new(Arc::clone(&self.shared), self.dataset, next, layers)
    }

    /// Puts what was prepared aside: durable, together with what the loader writes about it, and part of the next publish.
    /// Later rows are judged against it too.
    ///
    /// # Errors
    /// The store's; then what was prepared is gone, and so should the load be.
    pub fn stage(&mut self, prepared: Prepared, writes: Vec<JournalWrite>) -> Result<()> {
        self.options.cancel.check()?;
        // What was staged can be asked for them; the next rows need the room.
        self.terms = Terms::default();
        if self.dry.is_some() {
            // Its files are still temporary, and go with the last one who holds them.
            self.staged.extend(prepared.sets);
            return Ok(());
        }
        let writes: Vec<_> = writes.into_iter().map(JournalWrite::into_write).collect();
        if prepared.sets.is_empty() {
            return self.shared.engine.write(&writes);
        }
        let manifest = self.shared.lock_manifest();
        let dataset = self.dataset;
        let base = self.shared.writer_snapshot(dataset).0.commit();
        let stage = |set: &SegmentSet| Staged { owner: self.owner.clone(), dataset, set: set.clone(), base };
        let stage = prepared.sets.iter().map(stage).collect();
        self.shared.change(&manifest, Change { stage, writes, ..Change::of(dataset) })?;
        self.staged.extend(prepared.sets);
        Ok(())
    }

    /// Judges what is pending and writes what of it is new. Nothing is visible yet.
    ///
    /// Rows at or above `stop_before` are left out. With `stop_at_violation` the lowest violation stops too: only rows
    /// below it are kept, and only it is reported. Otherwise every violation is, in the order of rows.
    pub fn prepare(
        &mut self,
        stop_before: Option<Ordinal>,
        stop_at_violation: bool,
        on_violation: &mut dyn FnMut(Violation),
    ) -> Result<Prepared> {
        let cancel = self.options.cancel.clone();
        self.take_slot()?;
        self.terms = Terms::default();
        let mut lanes = std::mem::take(&mut *self.lanes());
        self.forget_counts();
        self.terms = Terms::merge(lanes.iter_mut().map(Lane::take_terms));
        let (pool, rules) = (&Pool::default(), self.options.rules);
        let (entries, vocabulary) = sorted(lanes, stop_before, pool, &cancel)?;

        let snapshot = self.view();
        if rules == Rules::OpenCypher && self.before.is_none() {
            self.remember(snapshot.clone())?;
        }
        let before = self.before.as_ref();
        let case = judge::Case {
            entries: &entries,
            vocabulary: &vocabulary,
            snapshot: &snapshot,
            before,
            rules,
            stop_at_violation,
        };
        let mut replaced = Replaced::new(&self.shared, &cancel);
        let judgement = judge::judge(&case, pool, &cancel, on_violation, &mut replaced)?;
        let judge::Judgement { feeds, first_violation, fresh } = judgement;
        drop(entries);
        let mut sets: Vec<SegmentSet> = replaced.finish()?.into_iter().collect();
        if self.dry.is_some() && self.is_last {
            sets.clear();
        } else if !fresh.is_empty() {
            sets.push(write::segments(&self.shared, &fresh, &vocabulary, &self.terms, pool, &cancel)?);
        }
        Ok(Prepared { feeds, first_violation, sets })
    }

    /// This is what was there before the load, now and after a restart.
    fn remember(&mut self, before: Snapshot) -> Result<()> {
        if self.named {
            let (owner, dataset) = (self.owner.clone(), self.dataset);
            let fence = Fence { owner, dataset: dataset.name().to_owned(), commit: before.commit() };
            let manifest = self.shared.lock_manifest();
            let unfence = Some(self.owner.as_str());
            self.shared.change(&manifest, Change { fence: Some(fence), unfence, ..Change::of(dataset) })?;
        }
        self.before = Some(before);
        Ok(())
    }

    /// Makes what was prepared and what was staged visible, all at once. `decide` runs when nothing but one small write is
    /// left to do: it gives the journal writes that join it, or `None` to drop what was prepared; what is staged stays then
    /// until it is discarded, for a load that goes on later. Returns whether it was published; after an error it was not.
    /// Of a dry run nothing but those writes is made.
    pub fn publish(
        &mut self,
        mut prepared: Prepared,
        decide: &mut dyn FnMut(&Prepared) -> Option<Vec<JournalWrite>>,
    ) -> Result<bool> {
        let slot = self.slot.take();
        self.terms = Terms::default();
        let manifest = self.shared.lock_manifest();
        let Some(writes) = decide(&prepared) else { return Ok(false) };
        let writes: Vec<_> = writes.into_iter().map(JournalWrite::into_write).collect();
        if self.dry.is_some() {
            prepared.sets.clear();
            self.staged.clear();
        }
        let sets: Vec<SegmentSet> = self.staged.iter().cloned().chain(std::mem::take(&mut prepared.sets)).collect();
        if sets.is_empty() {
            self.shared.engine.write(&writes)?;
        } else {
            let first = {
                let mut state = self.shared.state();
                state.commit += sets.len() as u64;
                state.commit + 1 - sets.len() as u64
            };
            let new = (first..)
                .zip(sets)
                .map(|(commit, set)| Arc::new(Layer { low: commit, high: commit, content: Content::Disk(set) }))
                .collect();
            let unstage = Some(self.owner.as_str());
            self.shared.change(&manifest, Change { new, unstage, writes, ..Change::of(self.dataset) })?;
            self.staged.clear();
        }
        drop(manifest);
        drop(slot);
        self.bell.ring();
        Ok(true)
    }

    /// Takes back what was staged; what was published stays, and the load may go on from there.
    pub fn unstage(&mut self) {
        if self.dry.is_some() {
            self.staged.clear();
        }
        if !self.staged.is_empty() {
            self.shared.unstage(self.dataset, &self.owner);
            self.staged.clear();
        }
    }

    /// Forgets what is pending, prepared or staged, and frees the writer slot.
    pub fn discard(&mut self) {
        self.unstage();
        self.clear();
        self.terms = Terms::default();
        self.slot = None;
        self.before = None;
    }
}

/// The entries of all lanes below `stop_before`, sorted by quad, then by row, in codes of one vocabulary. What is not
/// needed any more is dropped at once: this is where a load's memory is at its peak.
fn sorted<'a>(
    lanes: Vec<Lane>,
    stop_before: Option<Ordinal>,
    pool: &'a Pool,
    cancel: &CancelToken,
) -> Result<(Lent<'a, 6>, Vocabulary)> {
    let (ids, mut chunks): (Vec<_>, Vec<_>) = lanes.into_iter().map(Lane::into_parts).unzip();
    let lengths: Vec<[usize; 2]> = ids.iter().map(|[edges, others]| [edges.len(), others.len()]).collect();
    let (vocabulary, codes) = Vocabulary::build(ids.into_iter().flatten().collect(), pool, cancel)?;
    let mut rest = codes.as_flattened();
    let mut work = Vec::new();
    for (chunks, [edges, others]) in chunks.iter_mut().zip(lengths) {
        let (edges, after) = rest.split_at(edges);
        let (others, after) = after.split_at(others);
        rest = after;
        work.extend(chunks.iter_mut().map(|chunk| (chunk, edges, others)));
    }
    work.into_par_iter().try_for_each(|(chunk, edges, others)| {
        cancel.check()?;
        lane::translate(chunk, edges, others);
        Ok::<(), Error>(())
    })?;
    drop(codes);
    let wanted = |entry: &lane::Coded| stop_before.is_none_or(|stop| lane::place(entry).ordinal() < stop);
    let slices = chunks.iter().map(|chunks| chunks.iter().map(Vec::as_slice).collect()).collect();
    let cells = arrange::by_subject(slices, &vocabulary, wanted, pool, cancel)?;
    drop(chunks);
    Ok((arrange::by_quad(cells, cancel)?, vocabulary))
}

impl Drop for Ingest {
    fn drop(&mut self) {
        // A load with a name may go on from what it has staged.
        if !self.named {
            self.unstage();
        }
    }
}
