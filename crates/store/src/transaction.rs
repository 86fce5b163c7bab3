//! Transactions: writes that become durable and visible together, or not at all.
//!
//! The first write takes the data set's writer slot. `commit` queues the transaction and frees the slot, so that the next
//! writer goes on while this one's fsync is under way; the committer thread joins all that is queued into one batch.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use model::{Dataset, Quad, TermId, TermRef};

use crate::engine::{Space, Write};
use crate::layer::{Content, Layer};
use crate::memory::MemoryRun;
use crate::shared::{Shared, SlotGuard, index};
use crate::snapshot::Snapshot;
use crate::{CancelToken, Error, Result};

/// See the module. Dropping it rolls it back.
#[derive(Debug)]
pub struct Transaction {
    shared: Arc<Shared>,
    queue: Arc<CommitQueue>,
    dataset: Dataset,
    writing: Option<Writing>,
    snapshot: Snapshot,
    /// `true` is a tombstone.
    operations: BTreeMap<Quad, bool>,
    terms: BTreeMap<TermId, Box<[u8]>>,
    /// The reads over the writes so far, made when asked for.
    view: Option<Snapshot>,
}

#[derive(Debug)]
struct Writing {
    slot: SlotGuard,
    epoch: u64,
}

impl Transaction {
    pub(crate) fn new(shared: Arc<Shared>, queue: Arc<CommitQueue>, dataset: Dataset) -> Self {
        let snapshot = shared.snapshot(dataset);
        Self {
            shared,
            queue,
            dataset,
            writing: None,
            snapshot,
            operations: BTreeMap::new(),
            terms: BTreeMap::new(),
            view: None,
        }
    }

    /// The id of a term.
    pub fn encode(&self, term: TermRef<'_>) -> TermId {
        term.encode(&self.shared.hash_key)
    }

    fn start_writing(&mut self) -> Result<()> {
        if self.writing.is_none() {
            let slot = self.shared.take_slot(self.dataset, &CancelToken::new())?;
            let (snapshot, epoch) = self.shared.writer_snapshot(self.dataset);
            self.snapshot = snapshot;
            self.writing = Some(Writing { slot, epoch });
        }
        Ok(())
    }

    fn is_live(&self, quad: &Quad) -> Result<bool> {
        match self.operations.get(quad) {
            Some(tombstone) => Ok(!tombstone),
            None => self.snapshot.contains(quad),
        }
    }

    fn intern(&mut self, term: TermRef<'_>) -> TermId {
        let id = self.encode(term);
        if id.is_hashed() {
            self.terms.entry(id).or_insert_with(|| {
                let mut spelling = Vec::new();
                term.spelling(&mut spelling);
                spelling.into_boxed_slice()
            });
        }
        id
    }

    /// Adds a quad; whether it was not there before.
    pub fn insert(&mut self, s: TermRef<'_>, p: TermRef<'_>, o: TermRef<'_>, g: TermRef<'_>) -> Result<bool> {
        self.start_writing()?;
        let quad = Quad::new(self.intern(s), self.intern(p), self.intern(o), self.intern(g));
        let new = !self.is_live(&quad)?;
        if new {
            self.operations.insert(quad, false);
            self.view = None;
        }
        Ok(new)
    }

    /// Removes a quad; whether it was there before.
    pub fn delete(&mut self, quad: &Quad) -> Result<bool> {
        self.start_writing()?;
        let live = self.is_live(quad)?;
        if live {
            self.operations.insert(*quad, true);
            self.view = None;
        }
        Ok(live)
    }

    fn run(&self) -> MemoryRun {
        let operations = self.operations.iter().map(|(quad, tombstone)| (*quad, *tombstone)).collect();
        let terms = self.terms.iter().map(|(id, spelling)| (*id, spelling.clone())).collect();
        MemoryRun::new(operations, terms)
    }

    /// The data set with this transaction's writes so far.
    pub fn snapshot(&mut self) -> Snapshot {
        if self.operations.is_empty() {
            return self.snapshot.clone();
        }
        if let Some(view) = &self.view {
            return view.clone();
        }
        let mut layers = self.snapshot.layers().to_vec();
        let next = self.snapshot.commit() + 1;
        layers.push(Arc::new(Layer { low: next, high: next, content: Content::Memory(self.run()) }));
        let view = Snapshot::new(Arc::clone(&self.shared), self.dataset, next, layers);
        self.view = Some(view.clone());
        view
    }

    /// Makes the writes durable and visible; the commit's number. Nothing is kept after an error.
    pub fn commit(mut self) -> Result<u64> {
        let Some(Writing { slot, epoch }) = self.writing.take() else { return Ok(self.snapshot.commit()) };
        if self.operations.is_empty() {
            return Ok(self.snapshot.commit());
        }
        self.shared.disk.check_floor()?;
        let run = self.run();
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
        drop(slot);
        ticket.wait()
    }

    /// Forgets the writes.
    pub fn rollback(self) {}
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
