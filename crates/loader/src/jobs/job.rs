//! One job in memory: its record, who waits for its end, and the one lock under which publish and cancel meet.
//!
//! The record changes only by a [`Change`] that is in the journal, or, for a publish, that the store has written in the
//! same batch as the data. A publish asks for its change under the lock ([`Job::decide`]) and gets none once a cancel
//! has been noted there; a cancel that comes later finds the publish decided. So exactly one of a cancel and the final
//! publish wins.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use store::{Journal, JournalWrite};

use super::ending;
use super::error_log;
use super::id::LoadId;
use super::journal::{self, FEED_CHUNK};
use super::ledger::{Change, Ledger, Publication, Seal};
use super::modes;
use super::progress::{Meter, Phase, Progress};
use super::record::{Counters, FeedRecord, FeedRejects, JobRecord, Mark, RejectFiles};
use super::state::{Ending, FeedState, JobState};
use super::{Error, PauseHook};
use crate::attempts::{Attempt, Did, Remembered};
use crate::pipeline::{Failure, Halt};
use crate::source::FeedInfo;

/// Chunks of feeds written in one batch: bounds the memory that a listing of a million files takes.
const CHUNKS_A_BATCH: usize = 64;

/// One job.
pub(crate) struct Job {
    /// Its id.
    pub(crate) id: LoadId,
    /// How far it is.
    pub(crate) meter: Meter,
    /// How it is stopped.
    pub(crate) halt: Halt,
    pause: Option<PauseHook>,
    totals: Arc<Totals>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What all loads since the start of the process left.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) loaded: AtomicU64,
    pub(super) duplicates: AtomicU64,
    pub(super) errors: AtomicU64,
}

impl Totals {
    /// A job's counters went from `before` to `after`.
    fn add(&self, before: &Counters, after: &Counters) {
        self.loaded.fetch_add(after.loaded - before.loaded, Ordering::Relaxed);
        self.duplicates.fetch_add(after.duplicates - before.duplicates, Ordering::Relaxed);
        self.errors.fetch_add(after.errors() - before.errors(), Ordering::Relaxed);
    }
}

struct State {
    ledger: Ledger,
    /// The calls that asked for the cancel; some once one did.
    cancel: Option<Vec<Attempt>>,
    /// Whether the batch that records the job's end is made up: a call that asks later is not in it.
    sealed: bool,
    /// What the end of the process has done to it.
    closing: Closing,
    /// What a publish under way will have changed.
    pending: Option<Change>,
    /// Once the job has ended and given everything back: whether its end could be recorded.
    stopped: Option<Result<(), String>>,
    /// Whether those who wait for its end may go on: the line has moved on, or never will.
    released: bool,
}

/// What the end of the process does to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// Nothing yet.
    No,
    /// It is to stop.
    Asked,
    /// It has stopped: it is as the journal says, and goes on when the process is back.
    Suspended,
}

/// What became of asking a job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It will.
    Stops {
        /// Whether the answer to this call is recorded along with its end.
        remembered: bool,
    },
    /// It had ended before.
    NotActive,
    /// It has stopped with the process, and goes on in the next one.
    Suspended,
}

/// The outcome of asking a job to stop.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CancelOutcome {
    /// It stopped; everything is given back, and that is durable.
    Cancelled {
        /// Whether the answer to this call was recorded along with it.
        remembered: bool,
    },
    /// It had ended before.
    NotActive,
    /// It stopped, but that could not be recorded.
    NotRecorded(String),
    /// It goes on when the process is back.
    Suspended,
}

impl Job {
    /// A job that is about to run or to wait, or one that has ended.
    pub(super) fn new(record: JobRecord, pause: Option<PauseHook>, totals: Arc<Totals>) -> Self {
        Self::of(Ledger::new(record), pause, totals)
    }

    /// A job that was running when an earlier process ended, and goes on.
    pub(super) fn resume(
        record: JobRecord,
        journal: &Journal,
        pause: Option<PauseHook>,
        totals: Arc<Totals>,
    ) -> Result<Self, Error> {
        let feeds = journal::read_feeds(journal, &record)?;
        let logged = record.errors_logged;
        let last_chunk = journal::read_errors(journal, record.id, logged - logged % error_log::CHUNK, logged)?;
        Ok(Self::of(Ledger::resume(record, feeds, last_chunk), pause, totals))
    }

    fn of(ledger: Ledger, pause: Option<PauseHook>, totals: Arc<Totals>) -> Self {
        let record = &ledger.record;
        let terminal = record.state.is_terminal();
        Self {
            id: record.id,
            meter: Meter::new(if terminal { Phase::Ended } else { Phase::Listing }),
            halt: Halt::new(),
            pause,
            totals,
            state: Mutex::new(State {
                ledger,
                cancel: None,
                sealed: false,
                closing: Closing::No,
                pending: None,
                stopped: terminal.then_some(Ok(())),
                released: terminal,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole before anything that can panic runs.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the phase; a test may hold the load here.
    pub(crate) fn enter(&self, phase: Phase) {
        self.meter.enter(phase);
        if let Some(pause) = &self.pause {
            pause(phase);
        }
    }

    /// The load's turn has come and its source is there: records that it runs, as `change` says. `false` if it was told
    /// to stop before.
    pub(super) fn begin(&self, journal: &Journal, change: impl FnOnce(&mut JobRecord)) -> Result<bool, store::Error> {
        let mut record = {
            let state = self.lock();
            if state.cancel.is_some() || state.closing != Closing::No {
                return Ok(false);
            }
            state.ledger.record.clone()
        };
        record.state = JobState::InProgress;
        record.never_ran = false;
        change(&mut record);
        // What a cancel notes meanwhile stops the load at its first step.
        journal.write(vec![journal::put_job(&record)])?;
        self.lock().ledger.record = record;
        Ok(true)
    }

    /// The files are known, in the order in which they will be loaded, and those that are skipped: recorded before the
    /// first of them is read. `vertex_feeds` of them, from the first, are published before the others are begun.
    pub(crate) fn listed(
        &self,
        infos: &[FeedInfo],
        vertex_feeds: usize,
        skipped: &[FeedInfo],
        journal: &Journal,
    ) -> Result<(), store::Error> {
        let (mut record, feeds) = {
            let state = self.lock();
            let feed = |info, state_of_it| FeedRecord {
                state: state_of_it,
                ..FeedRecord::new(info, state.ledger.record.start_seconds)
            };
            let loaded = infos.iter().map(|info| feed(info, FeedState::NotStarted));
            let feeds: Vec<FeedRecord> =
                loaded.chain(skipped.iter().map(|info| feed(info, FeedState::Completed))).collect();
            let mut record = state.ledger.record.clone();
            record.feed_total = feeds.len() as u64;
            record.feeds = feeds.iter().map(|feed| feed.state).collect();
            record.skipped_feeds = skipped.len() as u64;
            record.note = modes::note(skipped.len(), feeds.len());
            (record, feeds)
        };
        if let Some(note) = &record.note {
            tracing::warn!(load = %self.id, source = record.source, "{note}");
        }
        self.meter.set_bytes_total(infos.iter().map(|info| info.size).sum());
        // The record first: it says how many chunks there are to delete when the job is forgotten.
        let mut writes = vec![journal::put_job(&record)];
        for (chunk, feeds) in feeds.chunks(FEED_CHUNK).enumerate() {
            writes.push(journal::put_feeds(self.id, chunk, feeds));
            if writes.len() > CHUNKS_A_BATCH {
                journal.write(std::mem::take(&mut writes))?;
            }
        }
        // Only now can it go on after a restart without listing them again.
        record.mark = Some(Mark { vertex_feeds, ..Mark::default() });
        writes.push(journal::put_job(&record));
        journal.write(writes)?;
        let mut state = self.lock();
        state.ledger.record = record;
        state.ledger.feeds = feeds;
        Ok(())
    }

    /// How far an earlier process had come, if it had listed the files; and the files.
    pub(crate) fn resumed(&self) -> Option<(Mark, Vec<FeedInfo>)> {
        let state = self.lock();
        let mark = state.ledger.record.mark.clone()?;
        // Those that are skipped are the last ones.
        let loaded = state.ledger.feeds.len().saturating_sub(state.ledger.record.skipped_feeds as usize);
        let feeds: Vec<FeedInfo> = state.ledger.feeds.iter().take(loaded).map(FeedRecord::info).collect();
        self.meter.set_bytes_total(feeds.iter().map(|feed| feed.size).sum());
        Some((mark, feeds))
    }

    /// What the seals found, in order.
    pub(crate) fn seals<T: DeserializeOwned>(&self, seals: u32, journal: &Journal) -> Result<Vec<T>, Failure> {
        journal::read_seals(journal, self.id, seals).map_err(|error| Failure::Internal(error.to_string()))
    }

    /// Listing and its record are done: from here on time is counted.
    pub(crate) fn working(&self) {
        self.meter.begin();
        self.lock().ledger.working();
    }

    /// The first block of a feed is about to be parsed.
    pub(crate) fn feed_started(&self, feed: u32) {
        self.lock().ledger.feed_started(feed, super::now_seconds());
    }

    /// A publish has to try again.
    pub(crate) fn retried(&self) {
        self.lock().ledger.record.retry_number += 1;
    }

    /// What a publish has to write, or `None` if it must not happen. Called once a publish; [`Self::decided`] follows.
    pub(crate) fn decide(&self, publication: &Publication) -> Option<Vec<JournalWrite>> {
        let mut state = self.lock();
        if state.cancel.is_some() || state.closing != Closing::No || self.halt.is_pulled() {
            return None;
        }
        let (change, writes) = state.ledger.publish(publication);
        state.pending = Some(change);
        Some(writes)
    }

    /// What a seal has to write, or `None` if it must not happen. [`Self::sealed`] follows.
    pub(crate) fn seal(&self, seal: Seal) -> Option<Vec<JournalWrite>> {
        let mut state = self.lock();
        if state.cancel.is_some() || state.closing != Closing::No || self.halt.is_pulled() {
            return None;
        }
        let (change, writes) = state.ledger.seal(seal);
        state.pending = Some(change);
        Some(writes)
    }

    /// What became of the seal.
    pub(crate) fn sealed(&self, durable: bool) {
        let mut state = self.lock();
        let Some(change) = state.pending.take() else { return };
        if durable {
            state.ledger.apply(change);
        }
    }

    /// Whether the load stops because the process ends, and not for a cancel: then what is sealed stays, and a cancel
    /// comes too late.
    pub(crate) fn suspend(&self) -> bool {
        let mut state = self.lock();
        if state.closing == Closing::Asked && state.cancel.is_none() {
            state.closing = Closing::Suspended;
        }
        state.closing == Closing::Suspended
    }

    /// What became of the publish that was decided.
    pub(crate) fn decided(&self, published: bool) {
        let mut state = self.lock();
        let Some(change) = state.pending.take() else { return };
        if published {
            self.count(&state.ledger.record, &change.record);
            state.ledger.apply(change);
            self.meter.settle();
        }
    }

    /// Adds to what all loads left; a dry run leaves nothing.
    fn count(&self, before: &JobRecord, after: &JobRecord) {
        if !after.is_dry_run() {
            self.totals.add(&before.totals, &after.totals);
        }
    }

    /// The runner has stopped and given everything back: records the end, unless the last publish was it, and tells
    /// those who wait.
    pub(super) fn finish(&self, outcome: Result<(), Failure>, journal: &Journal) {
        let mut state = self.lock();
        let mut ended = Ok(());
        if state.closing == Closing::Suspended {
            tracing::info!(load = %self.id, "load stopped; it goes on at the next start");
            state.stopped = Some(ended);
            return;
        }
        if !state.ledger.record.state.is_terminal() {
            let (change, writes) = state.end(outcome);
            state.sealed = true;
            // A cancel that comes now waits like the others and is told how the job ended.
            drop(state);
            let written = journal.write(writes);
            state = self.lock();
            self.count(&state.ledger.record, &change.record);
            state.ledger.apply(change);
            if let Err(error) = written {
                tracing::error!(load = %self.id, %error, "the end of the load could not be recorded");
                state.ledger.record.state = JobState::UnexpectedError;
                ended = Err(error.to_string());
            }
        }
        self.meter.settle();
        self.meter.enter(Phase::Ended);
        tracing::info!(
            load = %self.id,
            state = state.ledger.record.state.name(),
            records = state.ledger.record.totals.records(),
            errors = state.ledger.record.totals.errors(),
            "load ended"
        );
        state.ledger.close();
        state.stopped = Some(ended);
    }

    /// The job must not or need not run: it ends as this record, which is in the journal.
    pub(super) fn end_unrun(&self, record: JobRecord) {
        let mut state = self.lock();
        tracing::info!(load = %self.id, state = record.state.name(), note = record.note, "load ended without a turn");
        state.ledger.record = record;
        self.meter.enter(Phase::Ended);
        state.stopped = Some(Ok(()));
        state.released = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Takes the job for ended although ending it failed itself: a fault of the loader must not hold a cancel.
    pub(super) fn abandon(&self, why: String) {
        tracing::error!(load = %self.id, why, "the end of the load could not be recorded");
        let mut state = self.lock();
        if state.stopped.is_none() {
            if !state.ledger.record.state.is_terminal() {
                state.ledger.record.state = JobState::UnexpectedError;
            }
            state.stopped = Some(Err(why));
        }
        self.meter.enter(Phase::Ended);
    }

    /// Lets those who wait for the job's end go on.
    pub(super) fn release(&self) {
        self.lock().released = true;
        self.changed.notify_all();
    }

    /// Asks the job, whose turn has come, to stop. [`Self::stopped`] waits until it has.
    pub(super) fn ask(&self, attempt: Option<Attempt>) -> Asked {
        let mut state = self.lock();
        if state.ledger.record.state.is_terminal() {
            return Asked::NotActive;
        }
        if state.closing == Closing::Suspended {
            return Asked::Suspended;
        }
        state.cancel.get_or_insert_default().extend(attempt);
        self.halt.pull();
        Asked::Stops { remembered: !state.sealed }
    }

    /// Whether the process ends before the job has begun: it waits on.
    pub(super) fn is_put_off(&self) -> bool {
        let state = self.lock();
        state.closing != Closing::No && state.cancel.is_none() && state.ledger.record.state == JobState::InQueue
    }

    /// Waits until the job has stopped; what its end means for a call that asked for it.
    pub(super) fn stopped(&self, asked: Asked) -> CancelOutcome {
        let remembered = match asked {
            Asked::Stops { remembered } => remembered,
            Asked::NotActive => return CancelOutcome::NotActive,
            Asked::Suspended => return CancelOutcome::Suspended,
        };
        let state = self.wait_released(self.lock());
        match &state.stopped {
            Some(Err(why)) => CancelOutcome::NotRecorded(why.clone()),
            _ if state.ledger.record.state == JobState::CancelledByUser => CancelOutcome::Cancelled { remembered },
            _ => CancelOutcome::NotActive,
        }
    }

    /// Stops the job because the process ends.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if !state.ledger.record.state.is_terminal() {
            if state.closing == Closing::No {
                state.closing = Closing::Asked;
            }
            self.halt.pull();
        }
    }

    /// Waits until the job has ended and given everything back, or, if its turn has not come, until the process ends.
    pub(super) fn wait(&self) -> JobRecord {
        self.wait_released(self.lock()).ledger.record.clone()
    }

    fn wait_released<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, |state| !state.released).unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that what it completed is gone; the journal says so.
    pub(super) fn forget_completed(&self) {
        let mut state = self.lock();
        state.ledger.record.forgotten = true;
        state.ledger.record.rejects = RejectFiles::default();
    }

    /// Its state.
    pub(super) fn state(&self) -> JobState {
        self.lock().ledger.record.state
    }

    /// Whether it has stopped to go on in another process.
    pub(super) fn is_suspended(&self) -> bool {
        self.lock().closing == Closing::Suspended
    }

    /// Whether the job runs or waits.
    pub(super) fn is_active(&self) -> bool {
        !self.state().is_terminal()
    }

    /// The load after which nodes and edges without names of their own are named.
    pub(crate) fn first_of_chain(&self) -> LoadId {
        self.lock().ledger.record.first.unwrap_or(self.id)
    }

    /// Looks at the record as it was published.
    pub(crate) fn with_record<T>(&self, look: impl FnOnce(&JobRecord) -> T) -> T {
        look(&self.lock().ledger.record)
    }

    /// The record as a reader sees it: while the job runs, with what is read but not yet published.
    pub(super) fn view(&self) -> JobRecord {
        let state = self.lock();
        let mut record = state.ledger.record.clone();
        if !record.state.is_terminal() {
            let (records, parsing_errors, datatype_errors) = self.meter.unpublished();
            record.totals += Counters { loaded: records, parsing_errors, datatype_errors, ..Counters::default() };
            record.feeds = state.ledger.feeds.iter().map(|feed| feed.state).collect();
            record.elapsed_ms = state.ledger.elapsed_ms();
        }
        record
    }

    /// The feeds that ended badly, if the job still runs; those of an ended job are in the journal.
    pub(super) fn failed_feeds(&self) -> Option<Vec<FeedRecord>> {
        let state = self.lock();
        state
            .stopped
            .is_none()
            .then(|| state.ledger.feeds.iter().filter(|feed| feed.state.is_failure()).cloned().collect())
    }

    /// What is published of a feed's rejected rows.
    pub(crate) fn feed_rejects(&self, feed: u32) -> FeedRejects {
        self.lock().ledger.feeds.get(feed as usize).map(|feed| feed.rejects).unwrap_or_default()
    }

    /// The feeds as they are published, if the job still runs; those of an ended job are in the journal.
    pub(super) fn feeds(&self) -> Option<Vec<FeedRecord>> {
        let state = self.lock();
        state.stopped.is_none().then(|| state.ledger.feeds.clone())
    }

    /// How far it is, with the record as [`Self::view`] gives it.
    pub(super) fn progress(&self, record: &JobRecord) -> Progress {
        let (bytes_read, bytes_total) = self.meter.bytes();
        let (done, rest): (Vec<_>, Vec<_>) = record.feeds.present().partition(|(state, _)| state.is_terminal());
        let count = |feeds: &[(FeedState, u64)]| feeds.iter().map(|(_, count)| count).sum::<u64>();
        let ended = record.state.is_terminal();
        Progress {
            phase: self.meter.phase(),
            bytes_read,
            bytes_total,
            records: record.totals.records(),
            errors: record.totals.errors(),
            records_per_second: if ended { 0 } else { self.meter.records_per_second() },
            feeds_done: count(&done),
            feeds_total: count(&done) + count(&rest),
            elapsed: Duration::from_millis(record.elapsed_ms),
        }
    }
}

impl State {
    /// The change that ends the job, and its writes: those of the answers to the calls that cancelled it among them.
    fn end(&self, outcome: Result<(), Failure>) -> (Change, Vec<JournalWrite>) {
        let record = &self.ledger.record;
        let (ending, told) = if self.cancel.is_some() {
            (Ending::Cancelled, Publication::default())
        } else {
            // A runner that ends well has recorded its end with its last publish.
            ending::of_failure(outcome.err().unwrap_or(Failure::Halted), &record.source)
        };
        let (change, mut writes) = self.ledger.end(ending, &told);
        let answer = Remembered::one(Did::Cancel, change.record.id, super::now_seconds());
        writes.extend(self.cancel.iter().flatten().map(|attempt| journal::put_attempt(attempt, &answer)));
        (change, writes)
    }
}
