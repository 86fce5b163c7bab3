//! What was found wrong in an epoch, and where the load stops because of it.
//!
//! With `failOnError` TRUE only the lowest error counts: rows below it stay, none after. Otherwise errors are counted by
//! feed and the latest are kept for the log; an error that ends its feed cuts the feed off there, whatever other threads
//! have already made of what follows.
//! **Source**: spec/loader.md §2.6; design §5 ("Validate"), §9 ("Counters").

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::path::PathBuf;
use std::{io, mem};

use serde::{Deserialize, Serialize};
use store::Ordinal;

use super::fault::Fault;
use super::lines::Lines;
use super::spool::{self, Drain, Item, Spool};
use crate::format::RowErrorKind;
use crate::jobs::{ErrorCounts, ErrorEntry, FeedState, Position, RETAINED_ERRORS};

/// The course of a load.
#[derive(Debug)]
pub(super) struct Course {
    fail_on_error: bool,
    /// With `failOnError` TRUE: the lowest error.
    stop: Option<Fault>,
    counts: BTreeMap<u32, ErrorCounts>,
    latest: Latest,
    /// Feeds that are cut off, and where.
    cut: HashMap<u32, Ordinal>,
    /// Feeds that are through, with the fault that ended them.
    ended: BTreeMap<u32, Option<Fault>>,
    lines: HashMap<u32, Lines>,
    /// Rows that could not be read, if they are to be kept.
    spool: Option<Spool<Item>>,
    /// The feed whose header is in there last.
    headed: Option<u32>,
    /// All rows below were taken.
    position: Position,
}

/// What an epoch has to say about errors and feeds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) counts: BTreeMap<u32, ErrorCounts>,
    pub(super) latest: Latest,
    /// Rows that could not be read, if they were kept.
    pub(super) rows: Option<Drain<Item>>,
    /// Ends of files that count as records, in order.
    pub(super) faults: Vec<Fault>,
    /// Feeds that are through, with the state that they must have if they were not read to their end.
    pub(super) ended: BTreeMap<u32, Option<FeedState>>,
}

impl Course {
    /// The course of a load that begins here, with the folder in which bad rows are kept, if they are.
    pub(super) fn new(fail_on_error: bool, position: Position, keep_in: Option<PathBuf>) -> Self {
        Self {
            fail_on_error,
            stop: None,
            counts: BTreeMap::new(),
            latest: Latest::default(),
            cut: HashMap::new(),
            ended: BTreeMap::new(),
            lines: HashMap::new(),
            spool: keep_in.filter(|_| !fail_on_error).map(Spool::new),
            headed: None,
            position,
        }
    }

    /// No more bad rows are kept.
    pub(super) fn keep_no_rows(&mut self) {
        self.spool = None;
    }

    /// Whether so many bad rows are kept that the epoch should end.
    pub(super) fn is_full(&self) -> bool {
        self.spool.as_ref().is_some_and(|spool| spool.bytes() >= spool::FULL)
    }

    /// Rows up to this record of a feed were taken.
    pub(super) const fn reach(&mut self, feed: u32, records: u64) {
        self.position = Position { feed, records };
    }

    /// Behind the rows that were taken. Of a feed that is cut off there is nothing more to take: then it ends here.
    pub(super) fn position(&mut self) -> Position {
        let Position { feed, .. } = self.position;
        if self.cut.contains_key(&feed) {
            self.ended.entry(feed).or_default();
            return Position { feed: feed + 1, records: 0 };
        }
        self.position
    }

    pub(super) const fn fail_on_error(&self) -> bool {
        self.fail_on_error
    }

    /// Where the load stops.
    pub(super) const fn stop(&self) -> Option<&Fault> {
        self.stop.as_ref()
    }

    /// An error becomes known: of `failOnError` TRUE the lowest one, else one that ends its feed.
    pub(super) fn learn(&mut self, fault: Fault) {
        if self.fail_on_error {
            if self.stop.as_ref().is_none_or(|stop| fault.ordinal < stop.ordinal) {
                self.stop = Some(fault);
            }
        } else {
            let cut = self.cut.entry(fault.ordinal.feed()).or_insert(fault.ordinal);
            *cut = fault.ordinal.min(*cut);
        }
    }

    /// Whether a row with this ordinal, or an error, is beyond where the load or its feed stops.
    pub(super) fn is_beyond(&self, ordinal: Ordinal) -> bool {
        let stop = self.stop.as_ref().map(|stop| stop.ordinal);
        stop.or_else(|| self.cut.get(&ordinal.feed()).copied()).is_some_and(|limit| ordinal > limit)
    }

    /// Counts the error of a row, in the order of rows (`failOnError` FALSE; with TRUE there is nothing to count but the
    /// stop).
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn count(&mut self, fault: Fault) -> io::Result<()> {
        if self.fail_on_error || self.is_beyond(fault.ordinal) {
            return Ok(());
        }
        add(&mut self.counts, &fault);
        let feed = fault.ordinal.feed();
        if let (Some(spool), Some(refused)) = (&mut self.spool, fault.refused()) {
            if self.headed.replace(feed) != Some(feed) {
                spool.push(&Item::Header(feed, fault.header().to_vec()))?;
            }
            spool.push(&Item::Refused(Box::new(refused)))?;
        }
        self.latest.push(fault.ordinal, fault.entry);
        Ok(())
    }

    /// A feed is through.
    pub(super) fn end(&mut self, feed: u32, fault: Option<Fault>) {
        if let (true, Some(fault)) = (self.fail_on_error, &fault) {
            self.learn(fault.clone());
        }
        self.ended.insert(feed, fault);
    }

    /// A block of a feed begins, or the feed ends, at this record and line.
    pub(super) fn note(&mut self, feed: u32, record: u64, line: u64) {
        self.lines.entry(feed).or_default().note(record, line);
    }

    /// The line of a record, if it is known.
    pub(super) fn line(&self, ordinal: Ordinal) -> Option<u64> {
        self.lines.get(&ordinal.feed())?.line(ordinal.record())
    }

    /// Whether there is nothing to publish but data.
    pub(super) fn is_empty(&self) -> bool {
        self.stop.is_none() && self.counts.is_empty() && self.ended.is_empty()
    }

    /// What was found. What follows is found anew. Lines are known until [`Self::told`].
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn take(&mut self) -> io::Result<Found> {
        let ended = mem::take(&mut self.ended);
        let (mut states, mut faults) = (BTreeMap::new(), Vec::new());
        for (feed, fault) in ended {
            let mut state = None;
            if let Some(fault) = fault {
                // An error found in the feed's own rows may have cut it off before its stream failed.
                let counts = !self.fail_on_error && !self.is_beyond(fault.ordinal);
                if counts {
                    // Whatever the counters say, the file was not read to its end.
                    state = Some(fault.state.unwrap_or(FeedState::Failed));
                    add(&mut self.counts, &fault);
                    self.latest.push(fault.ordinal, fault.entry.clone());
                    faults.push(fault);
                }
            }
            if state.is_none() && self.cut.contains_key(&feed) {
                state = Some(FeedState::Failed);
            }
            states.insert(feed, state);
        }
        self.headed = None;
        let (counts, latest) = (mem::take(&mut self.counts), mem::take(&mut self.latest));
        let rows = self.spool.as_mut().map(Spool::drain).transpose()?;
        Ok(Found { counts, latest, rows, faults, ended: states })
    }

    /// All that was found is told: forgets lines but for what is needed to go on, and all of the feeds that are through.
    pub(super) fn told(&mut self, ended: impl Iterator<Item = u32>) {
        self.lines.values_mut().for_each(Lines::told);
        for feed in ended {
            self.lines.remove(&feed);
        }
    }
}

/// Adds one fault to the counters it belongs to.
pub(super) fn add(counts: &mut BTreeMap<u32, ErrorCounts>, fault: &Fault) {
    let counts = counts.entry(fault.ordinal.feed()).or_default();
    match fault.counter {
        Some(RowErrorKind::Parse) => counts.parsing += 1,
        Some(RowErrorKind::Datatype) => counts.datatype += 1,
        None => {}
    }
}

/// The latest entries by ordinal, as many as a job keeps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Latest(BinaryHeap<Reverse<Numbered>>);

#[derive(Debug, Serialize, Deserialize)]
struct Numbered(Ordinal, ErrorEntry);

impl Latest {
    pub(super) fn push(&mut self, ordinal: Ordinal, entry: ErrorEntry) {
        self.0.push(Reverse(Numbered(ordinal, entry)));
        if self.0.len() as u64 > RETAINED_ERRORS {
            self.0.pop();
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Takes another's entries too.
    pub(super) fn absorb(&mut self, other: Self) {
        for Reverse(Numbered(ordinal, entry)) in other.0 {
            self.push(ordinal, entry);
        }
    }

    /// In order.
    pub(super) fn into_entries(self) -> Vec<ErrorEntry> {
        let sorted = self.0.into_sorted_vec();
        sorted.into_iter().rev().map(|Reverse(Numbered(_, entry))| entry).collect()
    }
}

impl Ord for Numbered {
    /// By place, then by column and message: the order must not depend on who came first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |entry: &'_ Self| (entry.0, entry.1.code);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.1.column.cmp(&other.1.column))
            .then_with(|| self.1.message.cmp(&other.1.message))
    }
}

impl PartialOrd for Numbered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Numbered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Numbered {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::ErrorCode;

    fn fault(feed: u32, record: u64, counter: RowErrorKind) -> Fault {
        Fault {
            ordinal: Ordinal::new(feed, record),
            counter: Some(counter),
            state: None,
            entry: ErrorEntry { record, ..ErrorEntry::whole(ErrorCode::ParsingError, "x", format!("f{feed}")) },
            text: Some(b"row".to_vec()),
            parser: None,
            is_end: false,
        }
    }

    #[test]
    fn a_strict_load_stops_at_its_lowest_error() {
        let mut course = Course::new(true, Position::default(), None);
        for (feed, record) in [(1, 9), (0, 7), (0, 8), (1, 1)] {
            course.learn(fault(feed, record, RowErrorKind::Parse));
        }
        assert_eq!(course.stop().map(|stop| stop.ordinal), Some(Ordinal::new(0, 7)));
        assert!(!course.is_beyond(Ordinal::new(0, 7)));
        assert!(course.is_beyond(Ordinal::new(0, 8)) && course.is_beyond(Ordinal::new(1, 0)));
        course.end(0, Some(fault(0, 3, RowErrorKind::Parse)));
        assert_eq!(course.stop().map(|stop| stop.ordinal), Some(Ordinal::new(0, 3)));
        let found = course.take().expect("memory");
        assert!(found.counts.is_empty() && found.latest.into_entries().is_empty());
    }

    #[test]
    fn a_lenient_load_counts_up_to_where_a_feed_is_cut_off() {
        let mut course = Course::new(false, Position::default(), Some(PathBuf::from("/nowhere")));
        course.learn(fault(2, 5, RowErrorKind::Parse));
        for (feed, record, kind) in [
            (3, 1, RowErrorKind::Datatype),
            (2, 6, RowErrorKind::Parse),
            (2, 5, RowErrorKind::Parse),
            (2, 4, RowErrorKind::Datatype),
        ] {
            course.count(fault(feed, record, kind)).expect("memory");
        }
        assert!(course.stop().is_none());
        // Its stream failed too, but after the place where it was cut off.
        course.end(2, Some(Fault { state: Some(FeedState::S3ReadError), ..fault(2, 9, RowErrorKind::Parse) }));
        course.end(
            3,
            Some(Fault { counter: None, state: Some(FeedState::S3ReadError), ..fault(3, 2, RowErrorKind::Parse) }),
        );
        let found = course.take().expect("memory");
        assert_eq!(found.counts[&2], ErrorCounts { parsing: 1, datatype: 1, insert: 0 });
        assert_eq!(found.counts[&3], ErrorCounts { parsing: 0, datatype: 1, insert: 0 });
        assert_eq!(found.ended, BTreeMap::from([(2, Some(FeedState::Failed)), (3, Some(FeedState::S3ReadError))]));
        let logged: Vec<_> =
            found.latest.into_entries().iter().map(|entry| (entry.file.clone(), entry.record)).collect();
        assert_eq!(logged, [("f2".into(), 4), ("f2".into(), 5), ("f3".into(), 1), ("f3".into(), 2)]);
        let kept = found.rows.expect("rows are kept").map(|item| match item.expect("memory") {
            Item::Header(feed, _) => (feed, 0),
            Item::Refused(refused) => (refused.ordinal.feed(), refused.ordinal.record()),
        });
        assert_eq!(
            kept.collect::<Vec<_>>(),
            [(3, 0), (3, 1), (2, 0), (2, 5), (2, 4)],
            "each with its header before it"
        );
        assert_eq!(found.faults.len(), 1, "what ends a feed behind its rows");
        assert!(course.is_empty());
        assert!(course.is_beyond(Ordinal::new(2, 6)), "the cut outlives the publish");
    }

    #[test]
    fn the_latest_are_kept_whatever_the_order() {
        let mut latest = Latest::default();
        for record in (1..=RETAINED_ERRORS + 5).rev() {
            let fault = fault(0, record, RowErrorKind::Parse);
            latest.push(fault.ordinal, fault.entry);
        }
        let entries = latest.into_entries();
        assert_eq!(entries.len() as u64, RETAINED_ERRORS);
        assert_eq!((entries[0].record, entries[9_999].record), (6, 10_005));
    }
}
