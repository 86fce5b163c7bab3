//! A job's ledger: what is published of it, and the changes that publishes and its end make to that.
//!
//! A change is made up without touching the ledger, together with the writes that record it; it is applied only when
//! they are durable. So what a reader sees of a job is what a restart would find.
//! **Source**: design §9, "Counters"; spec/loader.md §3.2.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use store::{FeedCounts, JournalWrite};

use super::ending::interruption;
use super::error_log::{ErrorEntry, LogTail};
use super::journal::{self, FEED_CHUNK};
use super::record::{Counters, FeedRecord, FeedRejects, JobRecord, RejectFiles};
use super::state::{Ending, FeedState, FeedTally, overall};

/// See the module.
pub(super) struct Ledger {
    pub(super) record: JobRecord,
    /// In the order in which they are loaded; empty once the job has ended.
    pub(super) feeds: Vec<FeedRecord>,
    /// When the feeds in progress were started.
    started: HashMap<u32, Instant>,
    log: LogTail,
    /// When listing had ended.
    working_since: Option<Instant>,
}

/// What one batch of the journal changes.
pub(super) struct Change {
    pub(super) record: JobRecord,
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

/// What becomes true with one publish, beside the data; or with the end of a load of which no more is published.
#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// What is published of the rows, by feed.
    pub(crate) loaded: BTreeMap<u32, FeedCounts>,
    /// Errors, by feed.
    pub(crate) errors: BTreeMap<u32, ErrorCounts>,
    /// The latest of them, in order.
    pub(crate) entries: Vec<ErrorEntry>,
    /// The feeds of which nothing is left to publish, with the state that they must have, or `None` if their errors
    /// tell.
    pub(crate) ended: BTreeMap<u32, Option<FeedState>>,
    /// The feed whose error stopped the load: what comes after it was not started.
    pub(crate) stopped_at: Option<u32>,
    /// Rejected rows, if there are more than at the last publish.
    pub(crate) rejected: Option<Rejected>,
    /// Whether the load ends with this publish.
    pub(crate) last: bool,
}

/// The rejected rows of a job since its last publish.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejected {
    /// What of the files is valid with them.
    pub(crate) files: RejectFiles,
    /// All that is known of the feeds that have some.
    pub(crate) feeds: BTreeMap<u32, FeedRejects>,
}

impl Publication {
    /// Nothing but one entry of the log.
    pub(super) fn of_entry(entry: ErrorEntry) -> Self {
        Self { entries: vec![entry], ..Self::default() }
    }
}

impl Ledger {
    /// The ledger of a job of which nothing is published, or that has ended.
    pub(super) fn new(record: JobRecord) -> Self {
        Self { record, feeds: Vec::new(), started: HashMap::new(), log: LogTail::default(), working_since: None }
    }

    /// Listing and its record are done: from here on time is counted.
    pub(super) fn working(&mut self) {
        self.working_since = Some(Instant::now());
    }

    /// The first block of a feed is about to be parsed. Not worth a write: if this is all that happens to it, nothing
    /// of it stays.
    pub(super) fn feed_started(&mut self, feed: u32, now_seconds: u64) {
        let Some(record) = self.feeds.get_mut(feed as usize) else { return };
        record.state = FeedState::InProgress;
        record.start_seconds = now_seconds;
        self.started.insert(feed, Instant::now());
    }

    /// The job has ended: what the journal keeps need not be kept here.
    pub(super) fn close(&mut self) {
        self.feeds = Vec::new();
        self.started = HashMap::new();
        self.log = LogTail::default();
    }

    /// Parse and insert time so far.
    pub(super) fn elapsed_ms(&self) -> u64 {
        self.working_since.map_or(self.record.elapsed_ms, |since| since.elapsed().as_millis() as u64)
    }

    /// The change that a publish makes, and its writes.
    pub(super) fn publish(&self, publication: &Publication) -> (Change, Vec<JournalWrite>) {
        let mut change = self.change();
        for (&feed, counts) in &publication.loaded {
            self.touch(&mut change, feed).counters += Counters {
                loaded: counts.loaded,
                duplicates: counts.duplicates,
                duplicate_records: counts.duplicate_records,
                ignored: counts.ignored,
                ..Counters::default()
            };
        }
        self.count_errors(&mut change, publication);
        for (&feed, &forced) in &publication.ended {
            let record = self.touch(&mut change, feed);
            let told = if record.counters.errors() > 0 { FeedState::Failed } else { FeedState::Completed };
            record.state = forced.unwrap_or(told);
            record.cut_short = forced.is_some();
        }
        if let Some(stopped_at) = publication.stopped_at {
            for feed in stopped_at as usize + 1..self.feeds.len() {
                if self.feeds[feed].state == FeedState::InProgress {
                    self.touch(&mut change, feed as u32).state = FeedState::NotStarted;
                }
            }
        }
        if publication.last {
            self.tolerate(&mut change);
        }
        let writes = self.seal(&mut change, publication.entries.clone(), publication.last.then_some(Ending::Done));
        (change, writes)
    }

    /// At the end of a load whose errors are within its tolerance: files that were read to their end are completed.
    /// What could not be read is not tolerated, since nobody knows how much it is.
    fn tolerate(&self, change: &mut Change) {
        let Some(tolerance) = self.record.request.tolerance else { return };
        let mut totals = Counters::default();
        (0..self.feeds.len()).for_each(|at| totals += self.feed(change, at).counters);
        if !tolerance.admits(totals.errors(), totals.records()) {
            return;
        }
        for at in 0..self.feeds.len() {
            let feed = self.feed(change, at);
            if feed.state == FeedState::Failed && !feed.cut_short {
                self.touch(change, at as u32).state = FeedState::Completed;
            }
        }
    }

    /// A feed as the change leaves it so far.
    fn feed<'a>(&'a self, change: &'a Change, at: usize) -> &'a FeedRecord {
        change.feeds.get(&(at as u32)).unwrap_or(&self.feeds[at])
    }

    /// The change that ends the job without a publish, and its writes. Of what is told, errors count; rows do not, since
    /// none of them stays.
    pub(super) fn end(&self, ending: Ending, told: &Publication) -> (Change, Vec<JournalWrite>) {
        let mut change = self.change();
        self.count_errors(&mut change, told);
        for (feed, record) in self.feeds.iter().enumerate() {
            let feed = feed as u32;
            if record.state.is_terminal() {
                continue;
            }
            let state = match (ending, told.stopped_at) {
                (Ending::Cancelled, _) => FeedState::CancelledByUser,
                (Ending::Fault, _) if record.state == FeedState::InProgress => FeedState::UnexpectedError,
                (Ending::Failed, Some(stopped_at)) => match feed.cmp(&stopped_at) {
                    // It was read, and taken back for the error of another.
                    Less => FeedState::CancelledDueToErrors,
                    Equal => told.ended.get(&feed).copied().flatten().unwrap_or(FeedState::Failed),
                    Greater => FeedState::NotStarted,
                },
                (Ending::Failed, None) if record.state == FeedState::InProgress => FeedState::Failed,
                (Ending::Fault | Ending::Failed | Ending::Refused | Ending::Done, _) => continue,
            };
            self.touch(&mut change, feed).state = state;
        }
        let writes = self.seal(&mut change, told.entries.clone(), Some(ending));
        (change, writes)
    }

    fn count_errors(&self, change: &mut Change, publication: &Publication) {
        for (&feed, errors) in &publication.errors {
            self.touch(change, feed).counters += Counters {
                parsing_errors: errors.parsing,
                datatype_errors: errors.datatype,
                insert_errors: errors.insert,
                ..Counters::default()
            };
        }
        if let Some(Rejected { files, feeds }) = &publication.rejected {
            for (&feed, rejects) in feeds {
                self.touch(change, feed).rejects = *rejects;
            }
            change.record.rejects = *files;
        }
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
        let feed = |at: usize| self.feed(change, at);
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

    /// The change's writes are durable.
    pub(super) fn apply(&mut self, change: Change) {
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
    let appended = log.append(vec![interruption(&record)]);
    writes.extend(journal::put_errors(record.id, &appended));
    record.errors_logged = log.logged();
    writes.push(journal::put_job(&record));
    (record, writes)
}

#[cfg(test)]
mod tests;
