//! A job's error log: the latest 10,000 entries, kept in the journal in chunks.
//!
//! Entries are numbered from 0 as they are logged; entry `n` is in chunk `n / 256`. Appending rewrites the last, partly
//! filled chunk, adds new ones and deletes those that hold only entries that are no longer among the latest.
//!
//! **Source**: spec/loader.md §3.6, §4.3, §5.3.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How many entries of a job are kept.
pub(crate) const RETAINED: u64 = 10_000;
/// Entries in one value of the journal.
pub(super) const CHUNK: u64 = 256;
/// A longer message is cut, so that a log is bounded in bytes too.
const LONGEST_MESSAGE: usize = 1024;

/// `errorCode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// A row, statement, header or value cannot be read.
    ParsingError,
    /// The object may not be read.
    S3AccessDeniedError,
    /// An end of an edge is not in the graph.
    FromOrToVertexAreMissing,
    /// An edge id names two different edges.
    IdAssignedToMultipleEdges,
    /// A second, different value of a single-valued property.
    SingleCardinalityViolation,
    /// The object changed or vanished after it was listed.
    FileModificationOrDeletionError,
    /// A memory limit.
    OutOfMemoryError,
    /// Anything else; the message says what.
    InternalError,
}

impl ErrorCode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ParsingError => "PARSING_ERROR",
            Self::S3AccessDeniedError => "S3_ACCESS_DENIED_ERROR",
            Self::FromOrToVertexAreMissing => "FROM_OR_TO_VERTEX_ARE_MISSING",
            Self::IdAssignedToMultipleEdges => "ID_ASSIGNED_TO_MULTIPLE_EDGES",
            Self::SingleCardinalityViolation => "SINGLE_CARDINALITY_VIOLATION",
            Self::FileModificationOrDeletionError => "FILE_MODIFICATION_OR_DELETION_ERROR",
            Self::OutOfMemoryError => "OUT_OF_MEMORY_ERROR",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorEntry {
    /// What kind of error.
    pub code: ErrorCode,
    /// What is wrong, where, what was expected.
    pub message: String,
    /// The feed, or the job's source for an error of the whole load.
    pub file: String,
    /// The record's number in the file, from 1; 0 for errors of headers and inserts.
    pub record: u64,
    /// The line on which the record begins, from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column, where the error is one column's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

impl ErrorEntry {
    /// An entry about a whole file or load.
    pub fn whole(code: ErrorCode, message: impl Into<String>, file: impl Into<String>) -> Self {
        Self { code, message: message.into(), file: file.into(), record: 0, line: None, column: None }
    }

    /// The entry with its message cut to what is kept.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        if self.message.len() > LONGEST_MESSAGE {
            let end = self.message.floor_char_boundary(LONGEST_MESSAGE);
            self.message.truncate(end);
            self.message.push('…');
        }
        self
    }
}

/// The end of a running job's log: enough to append to it.
#[derive(Clone, Debug, Default)]
pub(super) struct LogTail {
    /// Entries ever logged.
    logged: u64,
    /// The entries of the last chunk, if that is not full.
    partial: Vec<ErrorEntry>,
}

/// What appending changes in the journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Appended {
    /// Chunks to write, by number.
    pub(super) written: Vec<(u64, Vec<ErrorEntry>)>,
    /// Chunks to delete.
    pub(super) dropped: Range<u64>,
}

impl LogTail {
    /// The end of a log of `logged` entries, whose last chunk holds `last_chunk`.
    pub(super) fn resume(logged: u64, last_chunk: Vec<ErrorEntry>) -> Self {
        let partial = if logged.is_multiple_of(CHUNK) { Vec::new() } else { last_chunk };
        Self { logged, partial }
    }

    /// Entries ever logged.
    pub(super) const fn logged(&self) -> u64 {
        self.logged
    }

    /// Takes entries in; of more than [`RETAINED`] at once only the latest ever reach the journal.
    pub(super) fn append(&mut self, entries: Vec<ErrorEntry>) -> Appended {
        if entries.is_empty() {
            return Appended::default();
        }
        let first_kept_before = first_retained(self.logged) / CHUNK;
        let mut chunk = self.logged / CHUNK;
        let mut written = Vec::new();
        for entry in entries {
            self.partial.push(entry.bounded());
            self.logged += 1;
            if self.partial.len() as u64 == CHUNK {
                written.push((chunk, std::mem::take(&mut self.partial)));
                chunk += 1;
            }
        }
        if !self.partial.is_empty() {
            written.push((chunk, self.partial.clone()));
        }
        let first_kept = first_retained(self.logged) / CHUNK;
        written.retain(|(chunk, _)| *chunk >= first_kept);
        Appended { written, dropped: first_kept_before..first_kept }
    }
}

/// The number of the first entry that is still shown.
pub(super) const fn first_retained(logged: u64) -> u64 {
    logged.saturating_sub(RETAINED)
}

/// The numbers of the chunks that hold what is shown of a log.
pub(super) const fn chunks(logged: u64) -> Range<u64> {
    first_retained(logged) / CHUNK..logged.div_ceil(CHUNK)
}

/// One page of a log: which entries, and their positions among those that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// `startIndex`: from 1, or 0 for an empty page.
    pub(super) start: u64,
    /// `endIndex`: inclusive, or 0 for an empty page.
    pub(super) end: u64,
}

/// Page `page` (from 1) of `size` entries of a log that shows `shown`.
pub(super) const fn page(page: u64, size: u64, shown: u64) -> Page {
    let before = page.saturating_sub(1).saturating_mul(size);
    if before >= shown || size == 0 {
        return Page { start: 0, end: 0 };
    }
    let end = before.saturating_add(size);
    Page { start: before + 1, end: if end < shown { end } else { shown } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn entry(number: u64) -> ErrorEntry {
        ErrorEntry { record: number, ..ErrorEntry::whole(ErrorCode::ParsingError, "x", "s3://b/k") }
    }

    #[test]
    fn names_are_the_kept_ones() {
        for code in [
            ErrorCode::ParsingError,
            ErrorCode::S3AccessDeniedError,
            ErrorCode::FromOrToVertexAreMissing,
            ErrorCode::IdAssignedToMultipleEdges,
            ErrorCode::SingleCardinalityViolation,
            ErrorCode::FileModificationOrDeletionError,
            ErrorCode::OutOfMemoryError,
            ErrorCode::InternalError,
        ] {
            assert_eq!(serde_json::to_value(code).expect("a name"), code.name());
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let long = ErrorEntry::whole(ErrorCode::ParsingError, "ä".repeat(1000), "f").bounded();
        assert_eq!(long.message, format!("{}…", "ä".repeat(512)));
    }

    #[test]
    fn pages_are_one_based_and_inclusive() {
        for (number, size, shown, expected) in [
            (1, 3, 5, (1, 3)),
            (2, 3, 5, (4, 5)),
            (3, 3, 5, (0, 0)),
            (1, 10, 0, (0, 0)),
            (1, 5, 5, (1, 5)),
            (u64::MAX, u64::MAX, 5, (0, 0)),
            (1, u64::MAX, 5, (1, 5)),
        ] {
            let found = page(number, size, shown);
            assert_eq!((found.start, found.end), expected, "page {number} of {size} of {shown}");
        }
    }

    proptest! {
        /// Whatever the sizes of the publishes, the journal holds the latest entries and nothing that is not needed.
        #[test]
        fn the_latest_entries_are_kept(sizes in prop::collection::vec(0u64..12_000, 1..8)) {
            let mut tail = LogTail::default();
            let mut journal: BTreeMap<u64, Vec<ErrorEntry>> = BTreeMap::new();
            for size in sizes {
                let first = tail.logged();
                let appended = tail.append((first..first + size).map(entry).collect());
                journal.retain(|chunk, _| !appended.dropped.contains(chunk));
                journal.extend(appended.written);
            }
            prop_assert_eq!(
                journal.keys().copied().collect::<Vec<_>>(),
                chunks(tail.logged()).collect::<Vec<_>>()
            );
            let kept: Vec<u64> = journal.values().flatten().map(|entry| entry.record).collect();
            let expected: Vec<u64> = (first_retained(tail.logged()) / CHUNK * CHUNK..tail.logged()).collect();
            prop_assert_eq!(kept, expected);
        }
    }
}
