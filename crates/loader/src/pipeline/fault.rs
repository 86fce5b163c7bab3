//! What ends a feed before its end: a stream that fails, a header or a file that cannot be read on.

use std::io;
use std::sync::Arc;

use store::Ordinal;

use super::spool::Refused;

use crate::blocks::BlockError;
use crate::format::{FeedParser, RowError, RowErrorKind};
use crate::jobs::{ErrorCode, ErrorEntry, FeedState, Position};
use crate::source::ReadError;

/// An error at a place of the load: of a row, or of the feed from there on.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    /// Where.
    pub(super) ordinal: Ordinal,
    /// The counter that it belongs to, if it counts as a record.
    pub(super) counter: Option<RowErrorKind>,
    /// The state of the feed that it ends, if that does not follow from the counters.
    pub(super) state: Option<FeedState>,
    /// The entry of the log.
    pub(super) entry: ErrorEntry,
    /// The row as it stands, if that is known.
    pub(super) text: Option<Vec<u8>>,
    /// What read the row: it knows the line that names the columns.
    pub(super) parser: Option<Arc<FeedParser>>,
    /// Whether nothing of the file follows.
    pub(super) is_end: bool,
}

/// The place of the next record that a feed would have given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) feed: u32,
    /// From 1.
    pub(super) record: u64,
    /// From 1; `None` if it is not known.
    pub(super) line: Option<u64>,
}

impl Fault {
    /// A row that was refused, or a header.
    pub(super) fn of_row(error: RowError, uri: &str, parser: Option<&Arc<FeedParser>>) -> Self {
        let entry = ErrorEntry {
            code: ErrorCode::ParsingError,
            message: error.message,
            file: uri.to_owned(),
            record: error.record,
            line: (error.line > 0).then_some(error.line),
            column: error.column,
        };
        Self {
            ordinal: error.ordinal,
            counter: Some(error.kind),
            state: None,
            entry: entry.bounded(),
            // A header is no row.
            text: (error.record > 0 && !error.raw.is_empty()).then_some(error.raw),
            parser: parser.map(Arc::clone),
            is_end: error.fatal,
        }
    }

    /// The line that names the columns.
    pub(super) fn header(&self) -> &[u8] {
        self.parser.as_deref().map(FeedParser::header).unwrap_or_default()
    }

    /// What becomes of it among the rejects; nothing if it counts no record.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.counter?;
        let note = match (self.entry.record, &self.text, self.is_end) {
            (0, ..) => Some("No row of the file was read: mend it and load the whole file again"),
            (_, Some(_), false) => None,
            (_, None, false) => Some("The parser of this format does not tell the text"),
            (_, _, true) => Some("The file was not read any further: mend it and load the whole file again"),
        };
        let (ordinal, entry, text) = (self.ordinal, self.entry.clone(), self.text.clone());
        Some(Refused { ordinal, entry, text, note: note.map(ToOwned::to_owned) })
    }

    /// The same behind all rows that were through before the load went on: those stay.
    pub(super) fn behind(mut self, through: Position) -> Self {
        if self.ordinal.feed() == through.feed {
            self.ordinal = self.ordinal.max(Ordinal::new(through.feed, through.records + 1));
        }
        self
    }

    /// A stream that failed at `place`: its source, or its decompression.
    pub(super) fn of_stream(error: &io::Error, place: Place, uri: &str) -> Self {
        let ordinal = Ordinal::new(place.feed, place.record);
        let whole = |code, state| Self {
            ordinal,
            counter: None,
            state: Some(state),
            entry: ErrorEntry::whole(code, error.to_string(), uri).bounded(),
            text: None,
            parser: None,
            is_end: true,
        };
        match ReadError::of(error) {
            Some(ReadError::AccessDenied(_)) => whole(ErrorCode::S3AccessDeniedError, FeedState::S3AccessDenied),
            Some(ReadError::ModifiedOrDeleted(_)) => {
                whole(ErrorCode::FileModificationOrDeletionError, FeedState::ModifiedOrDeleted)
            }
            Some(ReadError::Failed(_) | ReadError::Cancelled) => {
                whole(ErrorCode::InternalError, FeedState::S3ReadError)
            }
            None => Self::unreadable(place, error.to_string(), uri),
        }
    }

    /// A file that cannot be cut into records any further.
    pub(super) fn of_block(error: &BlockError, place: Place, uri: &str) -> Self {
        match error {
            BlockError::Io(error) => Self::of_stream(error, place, uri),
            BlockError::TooLong { .. } => Self::unreadable(place, error.to_string(), uri),
        }
    }

    fn unreadable(place: Place, message: String, uri: &str) -> Self {
        Self {
            ordinal: Ordinal::new(place.feed, place.record),
            counter: Some(RowErrorKind::Parse),
            state: None,
            entry: ErrorEntry {
                record: place.record,
                line: place.line,
                ..ErrorEntry::whole(ErrorCode::ParsingError, message, uri)
            }
            .bounded(),
            text: None,
            parser: None,
            is_end: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { feed: 3, record: 7, line: Some(8) };

    #[test]
    fn a_source_that_fails_counts_no_record() {
        for (error, code, state) in [
            (ReadError::AccessDenied("no".into()), ErrorCode::S3AccessDeniedError, FeedState::S3AccessDenied),
            (
                ReadError::ModifiedOrDeleted("gone".into()),
                ErrorCode::FileModificationOrDeletionError,
                FeedState::ModifiedOrDeleted,
            ),
            (ReadError::Failed("reset".into()), ErrorCode::InternalError, FeedState::S3ReadError),
        ] {
            let fault = Fault::of_stream(&io::Error::other(error.clone()), PLACE, "s3://b/k");
            assert_eq!((fault.entry.code, fault.state, fault.counter), (code, Some(state), None), "{error}");
            assert_eq!((fault.entry.record, fault.ordinal), (0, Ordinal::new(3, 7)));
        }
    }

    #[test]
    fn damage_is_a_parsing_error_at_the_next_record() {
        let error = io::Error::new(io::ErrorKind::InvalidData, "gzip: corrupt deflate stream");
        let fault = Fault::of_stream(&error, PLACE, "s3://b/k");
        assert_eq!(fault.counter, Some(RowErrorKind::Parse));
        assert_eq!(fault.entry.code, ErrorCode::ParsingError);
        assert_eq!((fault.entry.record, fault.entry.line), (7, Some(8)));
        assert_eq!(fault.entry.message, "gzip: corrupt deflate stream");
    }
}
