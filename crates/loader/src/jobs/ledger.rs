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

use super::error_log::{ErrorEntry, LogTail};
use super::journal::{self, FEED_CHUNK};
use super::record::{Counters, FeedRecord, FeedRejects, JobRecord, Position, RejectFiles, Sealed};
use super::state::{Ending, FeedState, FeedTally, overall};

/// See the module.
pub(super) struct Ledger {
    pub(super) record: JobRecord,
    /// In the order in which they are loaded; empty once the job has ended.
    pub(super) feeds: Vec<FeedRecord>,
    /// When the feeds in progress were started.
    started: HashMap<u32, Timer>,
    log: LogTail,
    /// When listing had ended.
    working: Option<Timer>,
}

/// Time from a moment on, and what was spent before the end of an earlier process.
#[derive(Clone, Copy, Debug)]
struct Timer {
    since: Instant,
    before_ms: u64,
}

impl Timer {
    fn start(before_ms: u64) -> Self {
        Self { since: Instant::now(), before_ms }
    }

    fn elapsed_ms(self) -> u64 {
        self.before_ms + self.since.elapsed().as_millis() as u64
    }
}

/// What one batch of the journal changes.
pub(super) struct Change {
    pub(super) record: JobRecord,
    feeds: BTreeMap<u32, FeedRecord>,
    log: LogTail,
}

/// Errors of one feed, by the counter they belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Up to where everything is published.
    pub(crate) position: Position,
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

/// A seal: rows that are staged, in the same write.
#[derive(Debug, Default)]
pub(crate) struct Seal {
    /// Up to where everything is published or staged.
    pub(crate) position: Position,
    /// How many segment sets are staged.
    pub(crate) sets: usize,
    /// What was found and is not published; kept as it is.
    pub(crate) found: Vec<u8>,
    /// Whether `found` holds what earlier seals found too.
    pub(crate) whole: bool,
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
        Self { record, feeds: Vec::new(), started: HashMap::new(), log: LogTail::default(), working: None }
    }

    /// The ledger of a job that goes on after the end of a process: as that one left it.
    pub(super) fn resume(record: JobRecord, feeds: Vec<FeedRecord>, last_chunk: Vec<ErrorEntry>) -> Self {
        let log = LogTail::resume(record.errors_logged, last_chunk);
        Self { feeds, log, ..Self::new(record) }
    }

    /// Listing and its record are done: from here on time is counted.
    pub(super) fn working(&mut self) {
        self.working = Some(Timer::start(self.record.elapsed_ms));
    }

    /// The first block of a feed is about to be parsed. Not worth a write: if this is all that happens to it, nothing
    /// of it stays.
    pub(super) fn feed_started(&mut self, feed: u32, now_seconds: u64) {
        let Some(record) = self.feeds.get_mut(feed as usize) else { return };
        if record.state == FeedState::NotStarted {
            record.state = FeedState::InProgress;
            record.start_seconds = now_seconds;
        }
        self.started.insert(feed, Timer::start(record.elapsed_ms));
    }

    /// The job has ended: what the journal keeps need not be kept here.
    pub(super) fn close(&mut self) {
        self.feeds = Vec::new();
        self.started = HashMap::new();
        self.log = LogTail::default();
    }

    /// Parse and insert time so far.
    pub(super) fn elapsed_ms(&self) -> u64 {
        self.working.map_or(self.record.elapsed_ms, Timer::elapsed_ms)
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
        let ending = publication.last.then_some(Ending::Done);
        let mut writes = self.conclude(&mut change, publication.entries.clone(), ending);
        writes.extend(self.unseal());
        if let Some(mark) = &mut change.record.mark {
            (mark.published, mark.sealed) = (publication.position, None);
        }
        writes.push(journal::put_job(&change.record));
        (change, writes)
    }

    /// The change that a seal makes, and its writes. What it found is told with the publish: here it only counts time.
    pub(super) fn seal(&self, seal: Seal) -> (Change, Vec<JournalWrite>) {
        let mut change = self.change();
        let id = self.record.id;
        let before = self.record.mark.clone().unwrap_or_default();
        let from = before.sealed.as_ref().map_or(before.published, |sealed| sealed.position);
        for feed in from.feed..=seal.position.feed {
            if self.started.contains_key(&feed) {
                self.touch(&mut change, feed);
            }
        }
        let mut writes = self.conclude(&mut change, Vec::new(), None);
        let seals = before.sealed.map_or(0, |sealed| sealed.seals);
        if seal.whole {
            writes.extend(journal::delete_seals(id, 1..seals));
        }
        let number = if seal.whole { 0 } else { seals };
        writes.push(journal::put_seal(id, number, seal.found));
        if let Some(mark) = &mut change.record.mark {
            mark.sealed = Some(Sealed { position: seal.position, seals: number + 1, sets: seal.sets });
        }
        writes.push(journal::put_job(&change.record));
        (change, writes)
    }

    /// The writes that forget what is sealed.
    fn unseal(&self) -> impl Iterator<Item = JournalWrite> + use<> {
        let sealed = self.record.mark.as_ref().and_then(|mark| mark.sealed.as_ref());
        journal::delete_seals(self.record.id, 0..sealed.map_or(0, |sealed| sealed.seals))
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
        let mut writes = self.conclude(&mut change, told.entries.clone(), Some(ending));
        writes.extend(self.unseal());
        writes.push(journal::put_job(&change.record));
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
            if let Some(started) = self.started.get(&feed) {
                record.elapsed_ms = started.elapsed_ms();
            }
            record
        })
    }

    /// Brings the record of a change into agreement with its feeds, and gives its writes, but for that of the record.
    fn conclude(&self, change: &mut Change, entries: Vec<ErrorEntry>, ending: Option<Ending>) -> Vec<JournalWrite> {
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
            record.mark = None;
        }
        record.feeds = tally;
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

#[cfg(test)]
mod tests;
