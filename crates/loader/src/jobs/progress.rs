//! How far a running load is: what it does, and what it has read beyond what it has published.
//!
//! Written by the pipeline's threads without a lock, read by status, by the progress bar and by tests that wait for a
//! phase. None of it decides anything: exact counts come from publishes alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

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
    /// Bytes read from the source, as stored there.
    pub bytes_read: u64,
    /// Bytes of all files, as stored; 0 until they are listed.
    pub bytes_total: u64,
    /// Records read so far, errors included; once ended, `totalRecords`.
    pub records: u64,
    /// Errors so far.
    pub errors: u64,
}

/// The counters behind [`Progress`].
#[derive(Debug)]
pub(crate) struct Meter {
    phase: AtomicU8,
    /// Shared with the readers of the source, which count.
    bytes_read: Arc<AtomicU64>,
    bytes_total: AtomicU64,
    /// Records parsed since the last publish.
    records: AtomicU64,
    /// Errors found since the last publish, by kind.
    parsing_errors: AtomicU64,
    datatype_errors: AtomicU64,
}

impl Meter {
    pub(crate) fn new(phase: Phase) -> Self {
        Self {
            phase: AtomicU8::new(phase as u8),
            bytes_read: Arc::default(),
            bytes_total: AtomicU64::new(0),
            records: AtomicU64::new(0),
            parsing_errors: AtomicU64::new(0),
            datatype_errors: AtomicU64::new(0),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn phase(&self) -> Phase {
        let number = self.phase.load(Ordering::Relaxed);
        Phase::ALL.into_iter().find(|phase| *phase as u8 == number).unwrap_or(Phase::Ended)
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

    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes_read.load(Ordering::Relaxed), self.bytes_total.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_back() {
        for phase in Phase::ALL {
            assert_eq!(Meter::new(phase).phase(), phase);
        }
    }
}
