//! Background work on layers: the delta is folded into a segment set when it has grown, neighbouring sets are compacted
//! when they are many. Neither blocks a reader or a writer: both only replace layers by one with the same content, and
//! hold the manifest lock for that last change alone.
//!
//! - **Leisure**: once nothing has happened for [`Options::quiet`](crate::Options::quiet), sets are merged whose number is
//!   borne but whose sizes are alike: what a load leaves as several sets is read several times as fast as one.
//! - **Share**: in the background each works on one thread, and compaction rests half of the time while a load goes on, or
//!   when it is at leisure. [`settle`] takes all cores, and a compaction that runs meanwhile does so too from its next file on.
//! - **Failure**: leaves the layers as they were and no files; tried again after [`RETRY`].

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use model::Dataset;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::disk::sync_directory;
use crate::engine::{Space, Write};
use crate::layer::{Content, Layer};
use crate::merge::{AllCores, Pace, merge};
use crate::shared::{Change, Shared, index};
use crate::tiers;
use crate::{CancelToken, Error, Result};

/// A data set with at most so many segment sets is settled.
const SETTLED: usize = 4;
/// While a load goes on so many are borne, so that merges are wide and the load keeps its cores.
const BUSY: usize = 16;
/// With more than this, compaction rests no more: the load outruns it.
const CROWDED: usize = 64;
/// The delta is folded when it has this share of the memory budget.
const DELTA_SHARE: u64 = 8;
/// How long background work is left alone after it failed: most of all a full disk is not tried again and again.
const RETRY: Duration = Duration::from_secs(30);
/// How long compaction works between two rests, and the longest rest.
const REST: Duration = Duration::from_millis(10);

/// Wakes the maintenance threads, ends them, and says what they do.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    state: Mutex<Rung>,
    rung: Condvar,
    pub(crate) cancel: CancelToken,
    /// One fold at a time, whoever asks.
    folding: Mutex<()>,
    /// One compaction at a time, whoever asks.
    compacting: Mutex<()>,
    /// Loads that go on.
    loads: AtomicUsize,
    /// Those who wait for the store to be settled.
    hurried: AtomicU64,
    /// Folds that run.
    folds: AtomicU64,
    /// Compactions that run, and those that are done.
    running: AtomicU64,
    done: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Rung {
    rings: u64,
    closed: bool,
}

/// Why a maintenance thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Woken {
    /// There may be something to do.
    Rung,
    /// Nothing has happened for a while.
    Quiet,
    /// The store is closed.
    Closed,
}

/// What compaction does and has done since the store was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    pub(crate) running: u64,
    pub(crate) done: u64,
    /// Bytes written by those that are done.
    pub(crate) bytes: u64,
}

impl Bell {
    pub(crate) fn ring(&self) {
        self.lock().rings += 1;
        self.rung.notify_all();
    }

    pub(crate) fn close(&self) {
        self.cancel.cancel();
        self.lock().closed = true;
        self.rung.notify_all();
    }

    pub(crate) fn progress(&self) -> Progress {
        let [running, done, bytes] = [&self.running, &self.done, &self.bytes].map(|n| n.load(Ordering::Relaxed));
        Progress { running, done, bytes }
    }

    #[cfg(test)]
    pub(crate) fn keep_from_folding(&self) -> MutexGuard<'_, ()> {
        self.folding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Rung> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a ring after the `seen` ones, or for so long.
    fn wait(&self, seen: &mut u64, most: Option<Duration>) -> Woken {
        let until = most.map(|most| Instant::now() + most);
        let mut state = self.lock();
        while state.rings == *seen && !state.closed {
            state = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => self.rung.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return Woken::Quiet,
                Some(left) => self.rung.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
            };
        }
        *seen = state.rings;
        if state.closed { Woken::Closed } else { Woken::Rung }
    }

    /// Waits whatever rings; `false` once closed.
    fn rest(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut state = self.lock();
        while !state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self.rung.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}

/// Held by a load as long as it goes on.
#[derive(Debug)]
pub(crate) struct LoadGuard(Arc<Bell>);

impl LoadGuard {
    pub(crate) fn new(bell: &Arc<Bell>) -> Self {
        bell.loads.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(bell))
    }
}

impl Drop for LoadGuard {
    fn drop(&mut self) {
        self.0.loads.fetch_sub(1, Ordering::SeqCst);
        self.0.ring(); // what was borne for its sake
    }
}

/// One more, as long as it lives.
struct Count<'a>(&'a AtomicU64);

impl<'a> Count<'a> {
    fn of(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One thread, beside everything else.
struct Background<'a> {
    bell: &'a Bell,
    rests: Rests,
    /// The one thread, once there was work.
    pool: &'a OnceLock<ThreadPool>,
    worked: Mutex<Instant>,
}

/// When background work rests half of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rests {
    Never,
    WhileLoading,
    Always,
}

impl<'a> Background<'a> {
    fn new(bell: &'a Bell, pool: &'a OnceLock<ThreadPool>, rests: Rests) -> Self {
        Self { bell, rests, pool, worked: Mutex::new(Instant::now()) }
    }
}

impl Pace for Background<'_> {
    fn step(&self) -> Result<()> {
        self.bell.cancel.check()?;
        if self.all_cores() {
            return Ok(());
        }
        std::thread::yield_now();
        let rests = match self.rests {
            Rests::Never => false,
            Rests::WhileLoading => self.bell.loads.load(Ordering::Relaxed) > 0,
            Rests::Always => true,
        };
        if rests {
            let mut since = self.worked.lock().unwrap_or_else(PoisonError::into_inner);
            if since.elapsed() >= REST {
                self.bell.rest(since.elapsed().min(2 * REST));
                *since = Instant::now();
            }
        }
        Ok(())
    }

    fn all_cores(&self) -> bool {
        self.bell.hurried.load(Ordering::Relaxed) > 0
    }

    fn alone(&self, work: &mut (dyn FnMut() + Send)) {
        if self.pool.get().is_none() {
            match ThreadPoolBuilder::new().num_threads(1).thread_name(|_| "merge".to_owned()).build() {
                Ok(pool) => drop(self.pool.set(pool)),
                Err(error) => tracing::debug!(%error, "no thread for background work alone"),
            }
        }
        match self.pool.get() {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn token(&self) -> &CancelToken {
        &self.bell.cancel
    }
}

/// Which background work a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Two threads, so that a long compaction does not keep the delta from being folded.
    Fold,
    Compact,
}

/// A maintenance thread.
pub(crate) fn run(shared: &Shared, bell: &Bell, chore: Chore) {
    let (mut seen, pool) = (0, OnceLock::new());
    let mut leisure = (chore == Chore::Compact).then_some(shared.options.quiet);
    loop {
        let woken = bell.wait(&mut seen, leisure);
        leisure = match woken {
            Woken::Closed => return,
            Woken::Rung => (chore == Chore::Compact).then_some(shared.options.quiet),
            Woken::Quiet => None, // until the next ring: which each merge is, too
        };
        if woken == Woken::Quiet {
            // It can stay as it is: what is due later may need less room, and is not kept waiting for this.
            if let Err(error) = even_out(shared, bell, &pool)
                && !bell.cancel.is_cancelled()
            {
                tracing::warn!(%error, "segment sets of like sizes were not merged, and stay until the next change");
            }
            continue;
        }
        while let Err(error) = tend(shared, bell, chore, &pool) {
            if bell.cancel.is_cancelled() {
                return;
            }
            // The layers are as they were: nothing is lost but the tidying.
            tracing::warn!(%error, ?chore, "tidying the store failed, and is put off for {} s", RETRY.as_secs());
            if !bell.rest(RETRY) {
                return;
            }
        }
    }
}

fn tend(shared: &Shared, bell: &Bell, chore: Chore, pool: &OnceLock<ThreadPool>) -> Result<()> {
    let mut outcome = Ok(());
    for dataset in Dataset::ALL {
        let done = match chore {
            Chore::Fold => fold_due(shared, bell, dataset, &Background::new(bell, pool, Rests::Never)),
            Chore::Compact => compact_due(shared, bell, dataset, pool),
        };
        outcome = outcome.and(done); // one data set's trouble is not the other's
    }
    outcome
}

fn compact_due(shared: &Shared, bell: &Bell, dataset: Dataset, pool: &OnceLock<ThreadPool>) -> Result<()> {
    loop {
        let limit = if bell.loads.load(Ordering::SeqCst) > 0 { BUSY } else { SETTLED };
        let rests = if sets(shared, dataset) > CROWDED { Rests::Never } else { Rests::WhileLoading };
        if !compact_once(shared, bell, dataset, Goal::AtMost(limit), &Background::new(bell, pool, rests))? {
            return Ok(());
        }
    }
}

/// Merges sets of like sizes, since nobody has other work.
fn even_out(shared: &Shared, bell: &Bell, pool: &OnceLock<ThreadPool>) -> Result<()> {
    let mut outcome = Ok(());
    for dataset in Dataset::ALL {
        if bell.loads.load(Ordering::SeqCst) == 0 {
            match compact_once(shared, bell, dataset, Goal::Even, &Background::new(bell, pool, Rests::Always)) {
                Ok(true) => bell.ring(), // perhaps not the last
                Ok(false) => {}
                Err(error) => outcome = Err(error), // one data set's trouble is not the other's
            }
        }
    }
    outcome
}

/// Folds what is due, and compacts until every data set has at most four segment sets.
pub(crate) fn settle(shared: &Shared, bell: &Bell, cancel: &CancelToken) -> Result<()> {
    let _hurry = Count::of(&bell.hurried);
    let pace = AllCores { stop: &bell.cancel, cancel };
    for dataset in Dataset::ALL {
        fold_due(shared, bell, dataset, &pace)?;
        while compact_once(shared, bell, dataset, Goal::AtMost(SETTLED), &pace)? {}
    }
    Ok(())
}

/// Whether a fold or a compaction is due, or runs.
pub(crate) fn is_waiting(shared: &Shared, bell: &Bell) -> bool {
    bell.folds.load(Ordering::SeqCst) + bell.running.load(Ordering::SeqCst) > 0
        || Dataset::ALL.into_iter().any(|dataset| is_fold_due(shared, dataset) || sets(shared, dataset) > SETTLED)
}

fn is_fold_due(shared: &Shared, dataset: Dataset) -> bool {
    shared.delta_bytes(dataset) > shared.options.memory / DELTA_SHARE || has_buried_delta(shared, dataset)
}

/// Whether a load was published on top of part of the delta: that part grows no more.
fn has_buried_delta(shared: &Shared, dataset: Dataset) -> bool {
    let state = shared.state();
    state.datasets[index(dataset)].visible().windows(2).any(|pair| pair[0].is_memory() && !pair[1].is_memory())
}

/// Waits for a fold that runs, and folds if it is due then.
fn fold_due(shared: &Shared, bell: &Bell, dataset: Dataset, pace: &dyn Pace) -> Result<()> {
    let work = bell.folding.lock().unwrap_or_else(PoisonError::into_inner);
    if is_fold_due(shared, dataset) { fold_at(shared, bell, &work, dataset, pace) } else { Ok(()) }
}

/// Writes every part of the delta as a segment set.
pub(crate) fn fold(shared: &Shared, bell: &Bell, dataset: Dataset) -> Result<()> {
    let work = bell.folding.lock().unwrap_or_else(PoisonError::into_inner);
    fold_at(shared, bell, &work, dataset, &AllCores { stop: &bell.cancel, cancel: &CancelToken::new() })
}

fn fold_at(shared: &Shared, bell: &Bell, _work: &MutexGuard<'_, ()>, dataset: Dataset, pace: &dyn Pace) -> Result<()> {
    let _running = Count::of(&bell.folds);
    loop {
        let group = {
            let _manifest = shared.lock_manifest(); // nobody merges layers in memory meanwhile
            let mut state = shared.state();
            let visible = state.datasets[index(dataset)].visible();
            let mut runs = visible.chunk_by(|a, b| a.is_memory() && b.is_memory() && !state.is_fenced(dataset, a, b));
            let Some(group) = runs.find(|run| run[0].is_memory()).map(<[_]>::to_vec) else { break };
            if let Some(last) = group.last() {
                state.datasets[index(dataset)].pinned = last.high;
            }
            group
        };
        replace(shared, dataset, &group, pace)?;
    }
    bell.ring(); // there is a set more
    Ok(())
}

/// Merges all segment sets of a data set into one.
pub(crate) fn compact(shared: &Shared, bell: &Bell, dataset: Dataset) -> Result<()> {
    let _hurry = Count::of(&bell.hurried);
    let pace = AllCores { stop: &bell.cancel, cancel: &CancelToken::new() };
    while compact_once(shared, bell, dataset, Goal::One, &pace)? {}
    Ok(())
}

/// What compaction is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// One set.
    One,
    /// No more sets than this.
    AtMost(usize),
    /// Sets each of which is much larger than all newer ones.
    Even,
}

/// Merges one run of neighbouring sets if the goal is not reached. Whether it did.
fn compact_once(shared: &Shared, bell: &Bell, dataset: Dataset, goal: Goal, pace: &dyn Pace) -> Result<bool> {
    let _work = bell.compacting.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(sets) = crowd(shared, dataset, goal) else { return Ok(false) };
    let _running = Count::of(&bell.running);
    bell.bytes.fetch_add(replace(shared, dataset, &sets, pace)?, Ordering::Relaxed);
    bell.done.fetch_add(1, Ordering::Relaxed);
    Ok(true)
}

fn sets(shared: &Shared, dataset: Dataset) -> usize {
    shared.state().datasets[index(dataset)].visible().iter().filter(|layer| !layer.is_memory()).count()
}

/// Ways of one merge: each holds a decoded block in each order.
fn fan_in(memory: u64) -> usize {
    const BLOCKS: u64 = 4 * (32 << 10);
    (memory / 16 / BLOCKS).clamp(8, 32) as usize
}

/// The neighbouring sets that are to be merged next on the way to a goal.
fn crowd(shared: &Shared, dataset: Dataset, goal: Goal) -> Option<Vec<Arc<Layer>>> {
    let limit = match goal {
        Goal::One | Goal::Even => 1,
        Goal::AtMost(limit) => limit,
    };
    let fan_in = fan_in(shared.options.memory);
    let state = shared.state();
    let visible = state.datasets[index(dataset)].visible();
    if visible.iter().filter(|layer| !layer.is_memory()).count() <= limit {
        return None;
    }
    // Parts of the delta that are not folded yet lie between sets that are no neighbours.
    let runs = visible.chunk_by(|a, b| a.is_memory() == b.is_memory() && !state.is_fenced(dataset, a, b));
    let runs = runs.filter(|run| !run[0].is_memory());
    let choices = runs.filter_map(|run| {
        let sizes: Vec<u64> = run.iter().map(|layer| layer.entries().max(1)).collect();
        let choice = match goal {
            Goal::One => tiers::all(&sizes, fan_in),
            Goal::AtMost(_) => tiers::due(&sizes, fan_in),
            Goal::Even => tiers::alike(&sizes, fan_in),
        };
        choice.map(|choice| (choice.cost(&sizes), run[choice.range()].to_vec()))
    });
    choices.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, sets)| sets)
}

/// Writes neighbours as one set and puts it in their place. The bytes written.
fn replace(shared: &Shared, dataset: Dataset, old: &[Arc<Layer>], pace: &dyn Pace) -> Result<u64> {
    let (Some(first), Some(last)) = (old.first(), old.last()) else { return Ok(0) };
    let room = old.iter().map(|layer| match &layer.content {
        Content::Memory(run) => run.bytes(),
        Content::Disk(set) => set.bytes(),
    });
    shared.disk.check_room(room.sum())?;
    let oldest = {
        let state = shared.state();
        state.datasets[index(dataset)].list.first().is_some_and(|layer| Arc::ptr_eq(layer, first))
    };
    let set = merge(shared, old, oldest, pace)?;
    sync_directory(&shared.segments_directory())?;
    let bytes = set.bytes();
    let mut writes = Vec::new();
    for layer in old.iter().filter(|layer| layer.is_memory()) {
        for commit in layer.low..=layer.high {
            writes.push(Write { space: Space::Log, key: crate::log::key(dataset, commit), value: None });
        }
    }
    let nothing_left = set.segments.iter().all(Option::is_none);
    let new = Layer { low: first.low, high: last.high, content: Content::Disk(set) };
    let new: Vec<_> = (!nothing_left).then(|| Arc::new(new)).into_iter().collect();
    let manifest = shared.lock_manifest();
    if shared.closing.load(Ordering::SeqCst) || !shared.state().datasets[index(dataset)].holds(old) {
        return Err(Error::Cancelled); // the store closes, or the layers are gone
    }
    shared.change(&manifest, Change { old, new, writes, ..Change::of(dataset) })?;
    Ok(bytes)
}
