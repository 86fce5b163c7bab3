//! One job in memory: its record, who waits for its end, and the one lock under which publish and cancel meet.
//!
//! The record changes only by a [`Change`] that is in the journal, or, for a publish, that the store has written in the
//! same batch as the data. A publish asks for its change under the lock ([`Job::decide`]) and gets none once a cancel
//! has been noted there; a cancel that comes later finds the publish decided. So exactly one of a cancel and the final
//! publish wins.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use store::{FeedCounts, Journal, JournalWrite};

use super::PauseHook;
use super::error_log::{ErrorCode, ErrorEntry, LogTail};
use super::id::LoadId;
use super::journal::{self, FEED_CHUNK};
use super::progress::{Meter, Phase, Progress};
use super::record::{Counters, FeedRecord, JobRecord};
use super::state::{Ending, FeedState, FeedTally, JobState, overall};
use crate::attempts::{Attempt, Did, Remembered};
use crate::pipeline::{Failure, Halt};
use crate::source::{FeedInfo, SourceError};

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

/// What all loads since the start of the process published.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) loaded: AtomicU64,
    pub(super) duplicates: AtomicU64,
    pub(super) errors: AtomicU64,
}

struct State {
    record: JobRecord,
    /// In the order in which they are loaded; empty once the job has ended.
    feeds: Vec<FeedRecord>,
    /// When the feeds in progress were started.
    started: HashMap<u32, Instant>,
    log: LogTail,
    /// When listing had ended.
    working_since: Option<Instant>,
    /// The calls that asked for the cancel; some once one did.
    cancel: Option<Vec<Attempt>>,
    /// Whether the batch that records the job's end is made up: a call that asks later is not in it.
    sealed: bool,
    /// Whether the process is going down.
    closing: bool,
    /// What a publish under way will have changed.
    pending: Option<Change>,
    /// Once the job has ended and given everything back: whether its end could be recorded.
    ended: Option<Result<(), String>>,
}

/// What one batch of the journal changes.
struct Change {
    record: JobRecord,
    feeds: BTreeMap<u32, FeedRecord>,
    log: LogTail,
}

/// Errors of one feed, by the counter they belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorCounts {
    /// Rows that could not be read, and faults that ended the feed.
    pub(crate) parsing: u64,
    /// Values that do not fit.
    pub(crate) datatype: u64,
    /// Rows and values refused by validation.
    pub(crate) insert: u64,
}

/// What becomes true with one publish, beside the data.
#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// Errors, by feed.
    pub(crate) errors: BTreeMap<u32, ErrorCounts>,
    /// The latest of them, in order.
    pub(crate) entries: Vec<ErrorEntry>,
    /// The feeds of which nothing is left to publish, with the state that they must have, or `None` if their errors
    /// tell.
    pub(crate) ended: BTreeMap<u32, Option<FeedState>>,
    /// The feed whose error stopped the load: what comes after it was not started.
    pub(crate) stopped_at: Option<u32>,
    /// Whether the load ends with this publish.
    pub(crate) last: bool,
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
}

impl Job {
    /// A job that is about to run, or one that ended before this process began.
    pub(super) fn new(record: JobRecord, pause: Option<PauseHook>, totals: Arc<Totals>) -> Self {
        let terminal = record.state.is_terminal();
        Self {
            id: record.id,
            meter: Meter::new(if terminal { Phase::Ended } else { Phase::Listing }),
            halt: Halt::new(),
            pause,
            totals,
            state: Mutex::new(State {
                record,
                feeds: Vec::new(),
                started: HashMap::new(),
                log: LogTail::default(),
                working_since: None,
                cancel: None,
                sealed: false,
                closing: false,
                pending: None,
                ended: terminal.then_some(Ok(())),
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

    /// The files are known, in the order in which they will be loaded: recorded before the first of them is read.
    pub(crate) fn listed(&self, infos: &[FeedInfo], journal: &Journal) -> Result<(), store::Error> {
        let (record, feeds) = {
            let state = self.lock();
            let feeds: Vec<FeedRecord> = infos
                .iter()
                .map(|info| FeedRecord {
                    uri: info.uri.clone(),
                    size: info.size,
                    etag: info.etag.clone(),
                    state: FeedState::NotStarted,
                    counters: Counters::default(),
                    start_seconds: state.record.start_seconds,
                    elapsed_ms: 0,
                })
                .collect();
            let mut record = state.record.clone();
            record.feed_total = feeds.len() as u64;
            record.feeds = feeds.iter().map(|feed| feed.state).collect();
            (record, feeds)
        };
        self.meter.set_bytes_total(infos.iter().map(|info| info.size).sum());
        // The record first: it says how many chunks there are to delete when the job is forgotten.
        let mut writes = vec![journal::put_job(&record)];
        for (chunk, feeds) in feeds.chunks(FEED_CHUNK).enumerate() {
            writes.push(journal::put_feeds(self.id, chunk, feeds));
            if writes.len() > CHUNKS_A_BATCH {
                journal.write(std::mem::take(&mut writes))?;
            }
        }
        if !writes.is_empty() {
            journal.write(writes)?;
        }
        let mut state = self.lock();
        state.record = record;
        state.feeds = feeds;
        Ok(())
    }

    /// Listing and its record are done: from here on time is counted.
    pub(crate) fn working(&self) {
        self.lock().working_since = Some(Instant::now());
    }

    /// The first block of a feed is about to be parsed.
    pub(crate) fn feed_started(&self, feed: u32) {
        let mut state = self.lock();
        let Some(record) = state.feeds.get_mut(feed as usize) else { return };
        record.state = FeedState::InProgress;
        record.start_seconds = super::now_seconds();
        state.started.insert(feed, Instant::now());
    }

    /// A publish has to try again.
    pub(crate) fn retried(&self) {
        self.lock().record.retry_number += 1;
    }

    /// What a publish has to write, or `None` if it must not happen. Called once a publish; [`Self::decided`] follows.
    pub(crate) fn decide(
        &self,
        counts: &BTreeMap<u32, FeedCounts>,
        publication: &Publication,
    ) -> Option<Vec<JournalWrite>> {
        let mut state = self.lock();
        if state.cancel.is_some() || state.closing || self.halt.is_pulled() {
            return None;
        }
        let (change, writes) = state.publish(counts, publication);
        state.pending = Some(change);
        Some(writes)
    }

    /// What became of the publish that was decided.
    pub(crate) fn decided(&self, published: bool) {
        let mut state = self.lock();
        let Some(change) = state.pending.take() else { return };
        if published {
            let before = state.record.totals;
            let after = change.record.totals;
            self.totals.loaded.fetch_add(after.loaded - before.loaded, Ordering::Relaxed);
            self.totals.duplicates.fetch_add(after.duplicates - before.duplicates, Ordering::Relaxed);
            self.totals.errors.fetch_add(after.errors() - before.errors(), Ordering::Relaxed);
            state.apply(change);
            self.meter.settle();
        }
    }

    /// The runner has stopped and given everything back: records the end, unless the last publish was it, and tells
    /// those who wait.
    pub(super) fn finish(&self, outcome: Result<(), Failure>, journal: &Journal) {
        let mut state = self.lock();
        let mut ended = Ok(());
        if !state.record.state.is_terminal() {
            let (change, writes) = state.end(outcome);
            state.sealed = true;
            // A cancel that comes now waits like the others and is told how the job ended.
            drop(state);
            let written = journal.write(writes);
            state = self.lock();
            state.apply(change);
            if let Err(error) = written {
                tracing::error!(load = %self.id, %error, "the end of the load could not be recorded");
                state.record.state = JobState::UnexpectedError;
                ended = Err(error.to_string());
            }
        }
        self.meter.settle();
        self.meter.enter(Phase::Ended);
        tracing::info!(
            load = %self.id,
            state = state.record.state.name(),
            records = state.record.totals.records(),
            errors = state.record.totals.errors(),
            "load ended"
        );
        state.feeds = Vec::new();
        state.log = LogTail::default();
        state.started = HashMap::new();
        state.ended = Some(ended);
        drop(state);
        self.changed.notify_all();
    }

    /// Asks the job to stop and waits until it has.
    pub(super) fn cancel(&self, attempt: Option<Attempt>) -> CancelOutcome {
        let mut state = self.lock();
        if state.record.state.is_terminal() {
            return CancelOutcome::NotActive;
        }
        state.cancel.get_or_insert_default().extend(attempt);
        let remembered = !state.sealed;
        self.halt.pull();
        let state = self.wait_ended(state);
        match &state.ended {
            Some(Err(why)) => CancelOutcome::NotRecorded(why.clone()),
            _ if state.record.state == JobState::CancelledByUser => CancelOutcome::Cancelled { remembered },
            _ => CancelOutcome::NotActive,
        }
    }

    /// Stops the job because the process ends.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        if !state.record.state.is_terminal() {
            state.closing = true;
            self.halt.pull();
        }
    }

    /// Waits until the job has ended and given everything back.
    pub(super) fn wait(&self) -> JobRecord {
        self.wait_ended(self.lock()).record.clone()
    }

    fn wait_ended<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait_while(state, |state| state.ended.is_none()).unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the job still runs, or is about to.
    pub(super) fn is_active(&self) -> bool {
        !self.lock().record.state.is_terminal()
    }

    /// Looks at the record as it was published.
    pub(super) fn with_record<T>(&self, look: impl FnOnce(&JobRecord) -> T) -> T {
        look(&self.lock().record)
    }

    /// The record as a reader sees it: while the job runs, with what is read but not yet published.
    pub(super) fn view(&self) -> JobRecord {
        let state = self.lock();
        let mut record = state.record.clone();
        if !record.state.is_terminal() {
            let (records, parsing_errors, datatype_errors) = self.meter.unpublished();
            record.totals += Counters { loaded: records, parsing_errors, datatype_errors, ..Counters::default() };
            record.feeds = state.feeds.iter().map(|feed| feed.state).collect();
            record.elapsed_ms = state.elapsed_ms();
        }
        record
    }

    /// The feeds that ended badly, if the job still runs; those of an ended job are in the journal.
    pub(super) fn failed_feeds(&self) -> Option<Vec<FeedRecord>> {
        let state = self.lock();
        state.ended.is_none().then(|| state.feeds.iter().filter(|feed| feed.state.is_failure()).cloned().collect())
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        let totals = self.view().totals;
        let (bytes_read, bytes_total) = self.meter.bytes();
        Progress {
            phase: self.meter.phase(),
            bytes_read,
            bytes_total,
            records: totals.records(),
            errors: totals.errors(),
        }
    }
}

impl State {
    fn elapsed_ms(&self) -> u64 {
        self.working_since.map_or(self.record.elapsed_ms, |since| since.elapsed().as_millis() as u64)
    }

    /// The change that a publish makes, and its writes.
    fn publish(&self, counts: &BTreeMap<u32, FeedCounts>, publication: &Publication) -> (Change, Vec<JournalWrite>) {
        let mut change = self.change();
        for (&feed, counts) in counts {
            self.touch(&mut change, feed).counters += Counters {
                loaded: counts.loaded,
                duplicates: counts.duplicates,
                duplicate_records: counts.duplicate_records,
                ignored: counts.ignored,
                ..Counters::default()
            };
        }
        for (&feed, errors) in &publication.errors {
            self.touch(&mut change, feed).counters += Counters {
                parsing_errors: errors.parsing,
                datatype_errors: errors.datatype,
                insert_errors: errors.insert,
                ..Counters::default()
            };
        }
        for (&feed, &forced) in &publication.ended {
            let record = self.touch(&mut change, feed);
            let told = if record.counters.errors() > 0 { FeedState::Failed } else { FeedState::Completed };
            record.state = forced.unwrap_or(told);
        }
        if let Some(stopped_at) = publication.stopped_at {
            for feed in stopped_at as usize + 1..self.feeds.len() {
                if self.feeds[feed].state == FeedState::InProgress {
                    self.touch(&mut change, feed as u32).state = FeedState::NotStarted;
                }
            }
        }
        let writes = self.seal(&mut change, publication.entries.clone(), publication.last.then_some(Ending::Done));
        (change, writes)
    }

    /// The change that ends a job without a publish, and its writes.
    fn end(&self, outcome: Result<(), Failure>) -> (Change, Vec<JournalWrite>) {
        let (ending, entry) = if self.cancel.is_some() {
            (Ending::Cancelled, None)
        } else if self.closing {
            (Ending::Fault, Some(interruption(&self.record.source)))
        } else {
            let (ending, code, message) = match outcome {
                Err(Failure::Store(error)) if error.is_disk_full() => {
                    (Ending::Failed, ErrorCode::InternalError, error.to_string())
                }
                Err(Failure::Listing(error @ SourceError::AccessDenied(_))) => {
                    (Ending::Failed, ErrorCode::S3AccessDeniedError, error.to_string())
                }
                Err(Failure::Listing(error)) => (Ending::Failed, ErrorCode::InternalError, error.to_string()),
                Err(Failure::Store(error)) => (Ending::Fault, ErrorCode::InternalError, error.to_string()),
                Err(Failure::Internal(message)) => (Ending::Fault, ErrorCode::InternalError, message),
                Err(Failure::Panic(message)) => {
                    (Ending::Fault, ErrorCode::InternalError, format!("a fault of the loader: {message}"))
                }
                Ok(()) | Err(Failure::Halted) => {
                    (Ending::Fault, ErrorCode::InternalError, "the load stopped without a reason".to_owned())
                }
            };
            (ending, Some(ErrorEntry::whole(code, message, &self.record.source)))
        };
        let mut change = self.change();
        for (feed, record) in self.feeds.iter().enumerate() {
            let state = match ending {
                Ending::Cancelled if !record.state.is_terminal() => FeedState::CancelledByUser,
                Ending::Fault if record.state == FeedState::InProgress => FeedState::UnexpectedError,
                Ending::Failed if record.state == FeedState::InProgress => FeedState::Failed,
                _ => continue,
            };
            self.touch(&mut change, feed as u32).state = state;
        }
        let mut writes = self.seal(&mut change, entry.into_iter().collect(), Some(ending));
        let answer = Remembered { did: Did::Cancel, load: self.record.id, at_seconds: super::now_seconds() };
        writes.extend(self.cancel.iter().flatten().map(|attempt| journal::put_attempt(attempt, &answer)));
        (change, writes)
    }

    fn change(&self) -> Change {
        Change { record: self.record.clone(), feeds: BTreeMap::new(), log: self.log.clone() }
    }

    /// The feed as the change leaves it.
    fn touch<'a>(&self, change: &'a mut Change, feed: u32) -> &'a mut FeedRecord {
        change.feeds.entry(feed).or_insert_with(|| {
            let mut record = self.feeds[feed as usize].clone();
            if let Some(since) = self.started.get(&feed) {
                record.elapsed_ms = since.elapsed().as_millis() as u64;
            }
            record
        })
    }

    /// Brings the record of a change into agreement with its feeds, and gives its writes.
    fn seal(&self, change: &mut Change, entries: Vec<ErrorEntry>, ending: Option<Ending>) -> Vec<JournalWrite> {
        let feed = |at: usize| change.feeds.get(&(at as u32)).unwrap_or(&self.feeds[at]);
        let mut totals = Counters::default();
        let mut tally = FeedTally::default();
        for at in 0..self.feeds.len() {
            totals += feed(at).counters;
            tally.add(feed(at).state);
        }
        let mut chunks: Vec<usize> = change.feeds.keys().map(|feed| *feed as usize / FEED_CHUNK).collect();
        chunks.dedup();
        let mut writes = Vec::with_capacity(chunks.len() + 2);
        for chunk in chunks {
            let from = chunk * FEED_CHUNK;
            let feeds: Vec<FeedRecord> =
                (from..self.feeds.len().min(from + FEED_CHUNK)).map(|at| feed(at).clone()).collect();
            writes.push(journal::put_feeds(change.record.id, chunk, &feeds));
        }
        let appended = change.log.append(entries);
        writes.extend(journal::put_errors(change.record.id, &appended));
        let record = &mut change.record;
        record.totals = totals;
        record.elapsed_ms = self.elapsed_ms();
        record.errors_logged = change.log.logged();
        if let Some(ending) = ending {
            record.state = overall(ending, &tally);
        }
        record.feeds = tally;
        writes.push(journal::put_job(record));
        writes
    }

    fn apply(&mut self, change: Change) {
        self.record = change.record;
        self.log = change.log;
        for (feed, record) in change.feeds {
            if record.state.is_terminal() {
                self.started.remove(&feed);
            }
            self.feeds[feed as usize] = record;
        }
    }
}

/// The entry of a job that was running when its process ended.
fn interruption(source: &str) -> ErrorEntry {
    let message = "The server was stopped while the load was running. What it had published stays; \
                   start the load again with mode NEW to load the rest";
    ErrorEntry::whole(ErrorCode::InternalError, message, source)
}

/// The record and the writes of a job that the journal shows as running: its process ended without a word.
pub(super) fn interrupted(
    mut record: JobRecord,
    mut feeds: Vec<FeedRecord>,
    last_chunk: Vec<ErrorEntry>,
) -> (JobRecord, Vec<JournalWrite>) {
    let mut writes = Vec::new();
    for (chunk, feeds) in feeds.chunks_mut(FEED_CHUNK).enumerate() {
        let broken = feeds.iter_mut().filter(|feed| feed.state == FeedState::InProgress);
        if broken.map(|feed| feed.state = FeedState::UnexpectedError).count() > 0 {
            writes.push(journal::put_feeds(record.id, chunk, feeds));
        }
    }
    record.feeds = feeds.iter().map(|feed| feed.state).collect();
    record.state = overall(Ending::Fault, &record.feeds);
    let mut log = LogTail::resume(record.errors_logged, last_chunk);
    let appended = log.append(vec![interruption(&record.source)]);
    writes.extend(journal::put_errors(record.id, &appended));
    record.errors_logged = log.logged();
    writes.push(journal::put_job(&record));
    (record, writes)
}
