//! How far a running load is: what it does, how fast, and what it has read beyond what it has published.
//!
//! Written by the pipeline's threads, read by status, by the progress bar and by tests that wait for a phase. None of it
//! decides anything: exact counts come from publishes alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::rate::Rate;

/// Before so much time has passed, or less than a thousandth of the input is read, the time left would be a guess.
const LEAST_ELAPSED: Duration = Duration::from_secs(1);

/// What a load is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Asking the source which files there are.
    Listing,
    /// Reading headers, to load vertices before edges.
    Classifying,
    /// Waiting for the first bytes of a file.
    Downloading,
    /// Reading and parsing.
    Parsing,
    /// Validating what was read.
    Preparing,
    /// What is validated is in files, which are being made durable.
    Writing,
    /// Putting it aside, to be published with what follows.
    Staging,
    /// Making it visible.
    Publishing,
    /// Ended.
    Ended,
}

impl Phase {
    /// All phases, in the order in which a load first enters them.
    pub const ALL: [Self; 9] = [
        Self::Listing,
        Self::Classifying,
        Self::Downloading,
        Self::Parsing,
        Self::Preparing,
        Self::Writing,
        Self::Staging,
        Self::Publishing,
        Self::Ended,
    ];

    /// One word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Classifying => "classifying",
            Self::Downloading => "downloading",
            Self::Parsing => "parsing",
            Self::Preparing => "preparing",
            Self::Writing => "writing",
            Self::Staging => "staging",
            Self::Publishing => "publishing",
            Self::Ended => "ended",
        }
    }
}

/// A moment of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it does.
    pub phase: Phase,
    /// Bytes read from the source, as stored there. Never falls, never passes `bytes_total`.
    pub bytes_read: u64,
    /// Bytes of all files, as stored; 0 until they are listed.
    pub bytes_total: u64,
    /// Records read so far, errors included; once ended, `totalRecords`.
    pub records: u64,
    /// Errors so far.
    pub errors: u64,
    /// Records read a second, over the last ten seconds; 0 once ended.
    pub records_per_second: u64,
    /// Files that are through: all that is wanted of them is published.
    pub feeds_done: u64,
    /// Files of the load; 0 until they are listed.
    pub feeds_total: u64,
    /// Time since the files were listed.
    pub elapsed: Duration,
}

impl Progress {
    /// How long the load still takes, if the rest of the input takes as long as what is read; `None` while too little is
    /// read to tell, and when all is read: what is left to do then has no measure.
    pub fn left(&self) -> Option<Duration> {
        let (read, total) = (self.bytes_read, self.bytes_total);
        let enough = self.elapsed >= LEAST_ELAPSED && u128::from(read) * 1_000 >= u128::from(total);
        if self.phase == Phase::Ended || read == 0 || read >= total || !enough {
            return None;
        }
        let millis = self.elapsed.as_millis().saturating_mul(u128::from(total - read)) / u128::from(read);
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }
}

/// The counters behind [`Progress`].
#[derive(Debug)]
pub(crate) struct Meter {
    phase: watch::Sender<Phase>,
    /// Shared with the readers of the source, which count.
    bytes_read: Arc<AtomicU64>,
    bytes_total: AtomicU64,
    /// Records parsed since the last publish.
    records: AtomicU64,
    /// Errors found since the last publish, by kind.
    parsing_errors: AtomicU64,
    datatype_errors: AtomicU64,
    /// Records and errors parsed since the load began.
    parsed: AtomicU64,
    rate: Rate,
}

impl Meter {
    pub(crate) fn new(phase: Phase) -> Self {
        Self {
            phase: watch::Sender::new(phase),
            bytes_read: Arc::default(),
            bytes_total: AtomicU64::new(0),
            records: AtomicU64::new(0),
            parsing_errors: AtomicU64::new(0),
            datatype_errors: AtomicU64::new(0),
            parsed: AtomicU64::new(0),
            rate: Rate::default(),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|last| std::mem::replace(last, phase) != phase);
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Sees every later change of the phase, or the last of several.
    pub(crate) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Reading begins.
    pub(crate) fn begin(&self) {
        self.rate.begin(Instant::now(), self.parsed.load(Ordering::Relaxed));
    }

    /// Records read a second.
    pub(crate) fn records_per_second(&self) -> u64 {
        self.rate.per_second(Instant::now(), self.parsed.load(Ordering::Relaxed))
    }

    pub(crate) fn set_bytes_total(&self, bytes: u64) {
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    /// The counter that readers of the source add to.
    pub(crate) fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes_read)
    }

    /// Adds what a block held.
    pub(crate) fn add_rows(&self, records: u64, parsing_errors: u64, datatype_errors: u64) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.parsing_errors.fetch_add(parsing_errors, Ordering::Relaxed);
        self.datatype_errors.fetch_add(datatype_errors, Ordering::Relaxed);
        let more = records + parsing_errors + datatype_errors;
        let parsed = self.parsed.fetch_add(more, Ordering::Relaxed) + more;
        self.rate.note(Instant::now(), parsed);
    }

    /// What was read is published, or dropped: from here on the record counts it, or nothing does.
    pub(crate) fn settle(&self) {
        self.records.store(0, Ordering::Relaxed);
        self.parsing_errors.store(0, Ordering::Relaxed);
        self.datatype_errors.store(0, Ordering::Relaxed);
    }

    /// Records, parsing errors and datatype errors that are read and not yet published.
    pub(crate) fn unpublished(&self) -> (u64, u64, u64) {
        (
            self.records.load(Ordering::Relaxed),
            self.parsing_errors.load(Ordering::Relaxed),
            self.datatype_errors.load(Ordering::Relaxed),
        )
    }

    /// Bytes read and bytes of all files. What a retry reads a second time is not progress.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let total = self.bytes_total.load(Ordering::Relaxed);
        (self.bytes_read.load(Ordering::Relaxed).min(total), total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_read_back_and_a_follower_sees_it_change() {
        let meter = Meter::new(Phase::Listing);
        let mut phases = meter.phases();
        for phase in Phase::ALL {
            meter.enter(phase);
            assert_eq!(meter.phase(), phase);
            let changed = phases.has_changed().expect("the meter is there");
            assert_eq!(changed, phase != Phase::Listing, "{phase:?}");
            assert_eq!(*phases.borrow_and_update(), phase);
        }
    }

    #[test]
    fn the_time_left_is_never_a_wild_guess() {
        let at = |read, total, millis| Progress {
            phase: Phase::Parsing,
            bytes_read: read,
            bytes_total: total,
            records: 0,
            errors: 0,
            records_per_second: 0,
            feeds_done: 0,
            feeds_total: 1,
            elapsed: Duration::from_millis(millis),
        };
        let left = |read, total, millis| at(read, total, millis).left().map(|left| left.as_millis());
        assert_eq!(left(25, 100, 2_000), Some(6_000));
        assert_eq!(left(99, 100, 99_000), Some(1_000));
        assert_eq!(left(0, 100, 5_000), None, "nothing is read");
        assert_eq!(left(100, 100, 5_000), None, "everything is read");
        assert_eq!(left(0, 0, 5_000), None, "nothing is listed");
        assert_eq!(left(50, 100, 999), None, "too early");
        assert_eq!(left(1, 1 << 40, 5_000), None, "too little");
        assert_eq!(left(1 << 55, u64::MAX, u64::MAX), Some(u128::from(u64::MAX)), "no overflow");
        assert_eq!(Progress { phase: Phase::Ended, ..at(25, 100, 2_000) }.left(), None);
    }

    #[test]
    fn bytes_read_twice_do_not_pass_the_total() {
        let meter = Meter::new(Phase::Parsing);
        meter.set_bytes_total(100);
        meter.bytes_read().fetch_add(150, Ordering::Relaxed);
        assert_eq!(meter.bytes(), (100, 100));
    }
}
