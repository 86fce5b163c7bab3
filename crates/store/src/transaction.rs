//! Transactions: writes that become durable and visible together, or not at all.
//!
//! The first write takes the data set's writer slot. `commit` queues the transaction and frees the slot, so that the next
//! writer goes on while this one's fsync is under way; the committer thread joins all that is queued into one batch.
//!
//! What outgrows its share of memory **spills**: it becomes a segment set that the manifest names as staged for this
//! transaction, and is read below the writes that follow. Such a transaction has no record in the commit log: like a
//! load's, its sets are the commit, published by one write of the manifest after everything queued before is durable.
//! A rollback, an expired transaction and a restart drop what is staged.

mod pending;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Dataset, Quad, TermId, TermRef};

use crate::disk::sync_directory;
use crate::engine::{Space, Write};
use crate::layer::{Content, Layer, SegmentSet};
use crate::maintenance::Bell;
use crate::merge::{AllCores, merge};
use crate::order::{Order, Pattern};
use crate::shared::{Change, SLOT_WAIT, Shared, SlotGuard, Staged, index};
use crate::snapshot::Snapshot;
use crate::tiers;
use crate::{CancelToken, Error, Result};
use pending::Pending;

/// A transaction spills when it has this share of the memory budget. One at a time writes in each data set.
const SPILL_SHARE: u64 = 16;
/// With this share of the budget in the delta, commits go to disk themselves: folding does not keep up, or fails.
const DELTA_SHARE: u64 = 4;
/// Spilled sets are merged when they are more than this.
const SETS: usize = 16;
/// Ways of such a merge.
const FAN_IN: usize = 16;

/// See the module. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    shared: Arc<Shared>,
    queue: Arc<CommitQueue>,
    bell: Arc<Bell>,
    dataset: Dataset,
    writing: Option<Writing>,
    /// Whether a statement is at work: it keeps the slot from those who wait, however long it reads between its writes.
    working: bool,
    /// What was there before this transaction.
    base: Snapshot,
    /// What is there below `pending`: the base and what was spilled.
    below: Snapshot,
    /// Oldest first.
    spilled: Vec<SegmentSet>,
    pending: Pending,
    /// The reads over the writes so far, made when asked for.
    view: Option<Snapshot>,
}

#[derive(Debug)]
struct Writing {
    slot: SlotGuard,
    epoch: u64,
}

impl Transaction {
    pub(crate) fn new(shared: Arc<Shared>, queue: Arc<CommitQueue>, bell: Arc<Bell>, dataset: Dataset) -> Self {
        let base = shared.snapshot(dataset);
        Self {
            shared,
            queue,
            bell,
            dataset,
            writing: None,
            working: false,
            below: base.clone(),
            base,
            spilled: Vec::new(),
            pending: Pending::default(),
            view: None,
        }
    }

    /// The id of a term.
    pub fn encode(&self, term: TermRef<'_>) -> TermId {
        term.encode(&self.shared.hash_key)
    }

    /// Takes the slot before anything is read, so that nobody writes between a read and the write that follows from it,
    /// and keeps it until [`Self::rest`] from those who wait, however long a statement reads between its writes.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once `cancel` is pulled, [`Error::WriterBusy`], [`Error::ReadOnly`]; [`Error::Expired`] if the
    /// transaction had the slot, and idled for so long that another one has it now.
    pub fn lock(&mut self, cancel: &CancelToken) -> Result<()> {
        self.take_slot(SLOT_WAIT, cancel)?;
        self.working = true;
        Ok(())
    }

    /// As [`Self::lock`], unless the slot has to be waited for longer than `patience`; whether it was taken.
    ///
    /// # Errors
    /// Those of [`Self::lock`] but [`Error::WriterBusy`].
    pub fn lock_within(&mut self, patience: Duration, cancel: &CancelToken) -> Result<bool> {
        match self.take_slot(patience, cancel) {
            Err(Error::WriterBusy { .. }) => return Ok(false),
            taken => taken?,
        }
        self.working = true;
        Ok(true)
    }

    /// Lets the transaction idle, for whoever locked it and does not know when the next write comes.
    pub fn rest(&mut self) {
        self.working = false;
        if let Some(Writing { slot, .. }) = &self.writing {
            slot.idle();
        }
    }

    /// Takes the slot at the first write, and keeps it from those who wait at later ones.
    fn take_slot(&mut self, patience: Duration, cancel: &CancelToken) -> Result<()> {
        if let Some(Writing { slot, .. }) = &self.writing {
            if let Err(error) = slot.work() {
                self.forget(); // another one writes now, and has dropped what was staged
                return Err(error);
            }
        } else {
            let slot = self.shared.take_slot(self.dataset, patience, cancel)?;
            let (snapshot, epoch) = self.shared.writer_snapshot(self.dataset);
            self.base = snapshot;
            self.below = self.base.clone();
            self.writing = Some(Writing { slot, epoch });
        }
        Ok(())
    }

    /// Runs one write with room for it, and lets the transaction idle before and after it.
    fn write<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if !self.working {
            self.take_slot(SLOT_WAIT, &CancelToken::new())?;
        }
        let is_full = self.pending.weight() > self.shared.options.memory / SPILL_SHARE;
        let outcome = if is_full { self.spill() } else { Ok(()) }.and_then(|()| write(self));
        if !self.working {
            self.rest();
        }
        outcome
    }

    /// Does something to a quad; whether that changed it.
    fn operate(&mut self, quad: &Quad, tombstone: bool) -> Result<bool> {
        let changed = self.pending.operate(quad, tombstone, || self.below.contains(quad))?;
        if changed {
            self.view = None;
        }
        Ok(changed)
    }

    /// Adds a quad; whether it was not there before.
    pub fn insert(&mut self, s: TermRef<'_>, p: TermRef<'_>, o: TermRef<'_>, g: TermRef<'_>) -> Result<bool> {
        let quad = Quad::new(self.encode(s), self.encode(p), self.encode(o), self.encode(g));
        self.insert_quad(&quad, &[(quad.s, s), (quad.p, p), (quad.o, o), (quad.g, g)])
    }

    /// Adds a quad by its ids; whether it was not there before. `terms` are those of its ids that the data set may not
    /// know yet. An id that is not among them must be one that a live quad has, or one that is no hash.
    pub fn insert_quad(&mut self, quad: &Quad, terms: &[(TermId, TermRef<'_>)]) -> Result<bool> {
        self.write(|this| {
            let new = this.operate(quad, false)?;
            if new {
                for (id, term) in terms {
                    this.pending.keep_term(*id, *term);
                }
            }
            Ok(new)
        })
    }

    /// Removes a quad; whether it was there before.
    pub fn delete(&mut self, quad: &Quad) -> Result<bool> {
        self.write(|this| this.operate(quad, true))
    }

    /// The live quads of a subject whose predicates lie in a range, in no order: what [`Self::snapshot`] would show,
    /// without a view being made for one look.
    pub fn quads_of(&self, s: TermId, predicates: RangeInclusive<TermId>) -> Result<Vec<Quad>> {
        let (low, high) = predicates.into_inner();
        let mut quads: Vec<Quad> = self.pending.live_of(s, low, high).collect();
        let pattern = Pattern { s: Some(s), p: (low == high).then_some(low), ..Pattern::ALL };
        for batch in self.below.scan(pattern, Order::Spog) {
            let batch = batch?;
            let inside = batch.quads().filter(|quad| quad.p >= low && quad.p <= high);
            quads.extend(inside.filter(|quad| self.pending.is_live(quad).is_none()));
            if batch.p.last().is_some_and(|p| *p > high) {
                break;
            }
        }
        Ok(quads)
    }

    /// The number that a layer of this transaction would have if it were there already.
    fn next(&self) -> u64 {
        self.base.commit() + 1
    }

    /// The base with layers of this transaction on top.
    fn over<'a>(&self, base: &Snapshot, contents: impl IntoIterator<Item = &'a SegmentSet>) -> Snapshot {
        let next = self.next();
        let layer = |set: &SegmentSet| Arc::new(Layer { low: next, high: next, content: Content::Disk(set.clone()) });
        let layers = base.layers().iter().cloned().chain(contents.into_iter().map(layer)).collect();
        Snapshot::new(Arc::clone(&self.shared), self.dataset, next, layers)
    }

    /// The data set with this transaction's writes so far.
    pub fn snapshot(&mut self) -> Snapshot {
        if self.pending.is_empty() {
            return self.below.clone();
        }
        if let Some(view) = &self.view {
            return view.clone();
        }
        let next = self.next();
        let layers = self.below.layers().iter().chain(self.pending.layers(next)).cloned().collect();
        let view = Snapshot::new(Arc::clone(&self.shared), self.dataset, next, layers);
        self.view = Some(view.clone());
        view
    }

    /// Writes layers of this transaction, oldest first, as one set. Tombstones hide what is below: they stay.
    fn write_set(&self, layers: &[Arc<Layer>]) -> Result<SegmentSet> {
        let pace = AllCores { stop: &self.bell.cancel, cancel: &CancelToken::new() };
        let set = merge(&self.shared, layers, false, &pace)?;
        sync_directory(&self.shared.segments_directory())?;
        Ok(set)
    }

    /// Writes what is in memory as one set, which nothing names yet.
    fn write_pending(&mut self) -> Result<SegmentSet> {
        let next = self.next();
        let run = self.pending.run(next);
        self.shared.disk.check_room(run.bytes())?;
        self.write_set(&[Arc::new(Layer { low: next, high: next, content: Content::Memory(run) })])
    }

    /// Puts what is in memory aside on disk. After an error everything is as it was.
    fn spill(&mut self) -> Result<()> {
        let Some(owner) = self.writing.as_ref().map(|writing| writing.slot.owner()) else { return Ok(()) };
        let set = self.write_pending()?;
        let staged = Staged { owner: owner.clone(), dataset: self.dataset, set: set.clone(), base: 0 };
        {
            let manifest = self.shared.lock_manifest();
            self.shared.change(&manifest, Change { stage: vec![staged], ..Change::of(self.dataset) })?;
        }
        self.spilled.push(set);
        self.pending = Pending::default();
        self.view = None;
        self.below = self.over(&self.base, &self.spilled);
        if self.spilled.len() > SETS {
            self.merge_spilled(&owner)?;
        }
        Ok(())
    }

    /// Merges some of the spilled sets, so that an entry is copied a logarithmic number of times.
    fn merge_spilled(&mut self, owner: &str) -> Result<()> {
        let sizes: Vec<u64> = self.spilled.iter().map(|set| set.entries().max(1)).collect();
        let Some(choice) = tiers::due(&sizes, FAN_IN) else { return Ok(()) };
        let next = self.next();
        let layer = |set: &SegmentSet| Arc::new(Layer { low: next, high: next, content: Content::Disk(set.clone()) });
        let layers: Vec<_> = self.spilled[choice.range()].iter().map(layer).collect();
        let merged = self.write_set(&layers)?;
        let mut spilled = self.spilled.clone();
        let old: Vec<_> = spilled.splice(choice.range(), [merged]).collect();
        let stage = |set: &SegmentSet| {
            let (owner, set) = (owner.to_owned(), set.clone());
            Staged { owner, dataset: self.dataset, set, base: 0 }
        };
        let manifest = self.shared.lock_manifest();
        let stage = spilled.iter().map(stage).collect();
        self.shared.change(&manifest, Change { stage, unstage: Some(owner), ..Change::of(self.dataset) })?;
        drop(manifest);
        old.iter().for_each(SegmentSet::set_obsolete);
        self.below = self.over(&self.base, &spilled);
        self.spilled = spilled;
        Ok(())
    }

    /// Makes the writes durable and visible; the commit's number. Nothing is kept after an error.
    pub fn commit(mut self) -> Result<u64> {
        let Some(Writing { slot, epoch }) = &self.writing else { return Ok(self.base.commit()) };
        let epoch = *epoch;
        if let Err(error) = slot.work() {
            self.forget();
            return Err(error);
        }
        if self.pending.is_empty() && self.spilled.is_empty() {
            return Ok(self.base.commit());
        }
        self.shared.disk.check_floor()?;
        let crowded = self.shared.delta_bytes(self.dataset) > self.shared.options.memory / DELTA_SHARE;
        if self.spilled.is_empty() && !crowded { self.commit_logged(epoch) } else { self.commit_spilled(epoch) }
    }

    fn commit_logged(&mut self, epoch: u64) -> Result<u64> {
        let run = self.pending.run(self.next());
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let record = crate::log::encode(&run, millis);
        let ticket = {
            let mut state = self.shared.state();
            if state.datasets[index(self.dataset)].epoch != epoch {
                return Err(Error::Conflict);
            }
            state.commit += 1;
            let commit = state.commit;
            let layer = Layer { low: commit, high: commit, content: Content::Memory(run) };
            state.datasets[index(self.dataset)].list.push(Arc::new(layer));
            self.queue.push(self.dataset, commit, record)
        };
        self.writing = None;
        ticket.wait()
    }

    fn commit_spilled(&mut self, epoch: u64) -> Result<u64> {
        let last = if self.pending.is_empty() { None } else { Some(self.write_pending()?) };
        let Some(owner) = self.writing.as_ref().map(|writing| writing.slot.owner()) else {
            return Err(Error::Conflict);
        };
        // What this was built on must be there first, and still be there.
        self.shared.wait_for_queue(self.dataset);
        let manifest = self.shared.lock_manifest();
        let sets: Vec<_> = self.spilled.iter().cloned().chain(last).collect();
        let first = {
            let mut state = self.shared.state();
            if state.datasets[index(self.dataset)].epoch != epoch {
                return Err(Error::Conflict);
            }
            state.commit += sets.len() as u64;
            state.commit + 1 - sets.len() as u64
        };
        let layer = |(commit, set)| Arc::new(Layer { low: commit, high: commit, content: Content::Disk(set) });
        let new: Vec<_> = (first..).zip(sets).map(layer).collect();
        let commit = new.last().map_or(first, |layer| layer.high);
        self.shared.change(&manifest, Change { new, unstage: Some(&owner), ..Change::of(self.dataset) })?;
        drop(manifest);
        self.spilled.clear();
        self.writing = None;
        self.bell.ring();
        Ok(commit)
    }

    /// Forgets the writes.
    pub fn rollback(self) {}

    /// Lets go of everything but the slot.
    fn forget(&mut self) {
        self.pending = Pending::default();
        self.spilled.clear();
        self.below = self.base.clone();
        self.view = None;
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.spilled.is_empty()
            && let Some(Writing { slot, .. }) = &self.writing
        {
            self.shared.unstage(self.dataset, &slot.owner());
        }
    }
}

/// Commits that wait for their fsync, in commit order.
#[derive(Debug, Default)]
pub(crate) struct CommitQueue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    commits: Vec<Queued>,
    closed: bool,
}

#[derive(Debug)]
struct Queued {
    dataset: Dataset,
    commit: u64,
    record: Vec<u8>,
    ticket: Arc<Ticket>,
}

#[derive(Debug, Default)]
struct Ticket {
    outcome: Mutex<Option<Result<u64>>>,
    settled: Condvar,
}

impl Ticket {
    fn settle(&self, outcome: Result<u64>) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        self.settled.notify_all();
    }

    fn wait(&self) -> Result<u64> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(outcome) = outcome.take() {
                return outcome;
            }
            outcome = self.settled.wait(outcome).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl CommitQueue {
    fn push(&self, dataset: Dataset, commit: u64, record: Vec<u8>) -> Arc<Ticket> {
        let ticket = Arc::new(Ticket::default());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.commits.push(Queued { dataset, commit, record, ticket: Arc::clone(&ticket) });
        self.filled.notify_one();
        ticket
    }

    /// Ends the committer once it has written what is queued.
    pub(crate) fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.filled.notify_all();
    }

    /// The committer thread: takes all that waits, writes it as one batch, answers.
    pub(crate) fn run(&self, shared: &Shared, after: &dyn Fn()) {
        loop {
            let commits = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                while waiting.commits.is_empty() {
                    if waiting.closed {
                        return;
                    }
                    waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                }
                std::mem::take(&mut waiting.commits)
            };
            self.write(shared, commits);
            after();
        }
    }

    fn write(&self, shared: &Shared, mut commits: Vec<Queued>) {
        let writes: Vec<Write> = commits
            .iter_mut()
            .map(|queued| Write {
                space: Space::Log,
                key: crate::log::key(queued.dataset, queued.commit),
                value: Some(std::mem::take(&mut queued.record)),
            })
            .collect();
        match shared.engine.write(&writes) {
            Ok(()) => {
                for queued in &commits {
                    shared.settle(queued.dataset, queued.commit, true);
                }
                let mut datasets: Vec<_> = commits.iter().map(|queued| queued.dataset).collect();
                datasets.sort_unstable();
                datasets.dedup();
                for queued in commits {
                    queued.ticket.settle(Ok(queued.commit));
                }
                for dataset in datasets {
                    shared.merge_memory(dataset);
                }
            }
            Err(error) => {
                let mut bound = 0;
                for queued in &commits {
                    bound = bound.max(shared.settle(queued.dataset, queued.commit, false));
                }
                // What was queued by then for the same data set was built on these: it goes too. (The state lock is not
                // held here: `commit` takes it before the queue's.)
                let later = std::mem::take(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner).commits);
                let failed: Vec<_> = commits.iter().map(|queued| queued.dataset).collect();
                let (conflicting, innocent): (Vec<_>, Vec<_>) =
                    later.into_iter().partition(|queued| queued.commit <= bound && failed.contains(&queued.dataset));
                let mut first = Some(error);
                for queued in commits.into_iter().chain(conflicting) {
                    queued.ticket.settle(Err(first.take().unwrap_or(Error::Conflict)));
                }
                if !innocent.is_empty() {
                    self.write(shared, innocent);
                }
            }
        }
    }
}
