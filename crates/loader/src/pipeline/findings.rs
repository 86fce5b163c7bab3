//! What is found of the epochs that wait for the same publish: counts, errors in words, feeds that are through.
//!
//! An epoch that is staged leaves nothing in the job's record: it becomes part of it with the publish that makes its rows
//! visible, or of nothing if they are dropped. Until then it is kept with the seal, for the case of a restart. Violations are put into words at once, while the store still knows the
//! terms of rows that it refused. Bounded: counts are kept by feed, errors as many as a log keeps.
//! **Source**: design §5 ("Publish"); spec/loader.md §5.3.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use model::{Quad, Term, TermId};
use serde::{Deserialize, Serialize};
use store::{FeedCounts, Ingest, Ordinal, Violation};

use super::Failure;
use super::course::{self, Course, Found, Latest};
use super::fault::Fault;
use super::plan::Plan;
use super::rejects::{self, Rejects};
use super::spool::{Drain, Item, Refused, Spool};
use crate::jobs::{ErrorCode, ErrorCounts, ErrorEntry, FeedState, Position, Publication, RETAINED_ERRORS, Rejected};

/// See the module.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Findings {
    /// What the store makes of the rows, by feed.
    loaded: BTreeMap<u32, FeedCounts>,
    errors: BTreeMap<u32, ErrorCounts>,
    latest: Latest,
    ended: BTreeMap<u32, Option<FeedState>>,
    stopped_at: Option<u32>,
    /// Rejected rows, all since the last publish.
    rejected: Option<Rejected>,
    /// Entries that are kept in the seals so far, superseded ones among them.
    #[serde(skip)]
    sealed: u64,
}

/// The violations of one epoch, in the order of rows.
#[derive(Debug)]
pub(super) struct Violations {
    counts: BTreeMap<u32, u64>,
    all: Spool<Violation>,
    failed: Option<io::Error>,
}

impl Violations {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { counts: BTreeMap::new(), all: Spool::new(folder), failed: None }
    }

    pub(super) fn push(&mut self, violation: &Violation) {
        *self.counts.entry(violation.ordinal().feed()).or_default() += 1;
        if self.failed.is_none() {
            self.failed = self.all.push(violation).err();
        }
    }

    /// All of them, and how many there are.
    fn drain(&mut self) -> io::Result<(Drain<Violation>, u64)> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let count = self.all.count();
        Ok((self.all.drain()?, count))
    }
}

/// Bad rows and ends of files, in the order of rows, as they go to the rejects.
struct Refusals {
    rows: Option<Drain<Item>>,
    /// The next of the rows.
    next: Option<Refused>,
    header: Vec<u8>,
    faults: std::vec::IntoIter<Refused>,
    end: Option<Refused>,
}

impl Refusals {
    fn new(rows: Option<Drain<Item>>, faults: &[Fault]) -> io::Result<Self> {
        let mut faults = faults.iter().filter_map(Fault::refused).collect::<Vec<_>>().into_iter();
        let end = faults.next();
        let mut refusals = Self { rows, next: None, header: Vec::new(), faults, end };
        refusals.advance()?;
        Ok(refusals)
    }

    fn advance(&mut self) -> io::Result<()> {
        self.next = None;
        while let Some(item) = self.rows.as_mut().and_then(Iterator::next) {
            match item? {
                Item::Header(_, line) => self.header = line,
                Item::Refused(refused) => {
                    self.next = Some(*refused);
                    break;
                }
            }
        }
        Ok(())
    }

    /// Gives all below `ordinal` to the rejects, or all there are.
    fn below(&mut self, ordinal: Option<Ordinal>, rejects: &mut Rejects<'_>) -> Result<(), Failure> {
        let is_below = |refused: &Option<Refused>| {
            refused.as_ref().map(|refused| refused.ordinal).filter(|at| ordinal.is_none_or(|ordinal| *at < ordinal))
        };
        loop {
            match (is_below(&self.next), is_below(&self.end)) {
                (None, None) => return Ok(()),
                (Some(row), end) if end.is_none_or(|end| row <= end) => {
                    if let Some(refused) = self.next.take() {
                        rejects.refused(&refused, &self.header)?;
                    }
                    self.advance().map_err(rejects::failed)?;
                }
                _ => {
                    if let Some(refused) = self.end.take() {
                        rejects.refused(&refused, &[])?;
                    }
                    self.end = self.faults.next();
                }
            }
        }
    }
}

impl Findings {
    /// Whether the record would stay as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.loaded.is_empty() && self.errors.is_empty() && self.ended.is_empty() && self.stopped_at.is_none()
    }

    /// Whether an error stops the load.
    pub(super) const fn stop_the_load(&self) -> bool {
        self.stopped_at.is_some()
    }

    /// Adds what an epoch found, and gives what the seal of that epoch keeps; also whether that is all that was found so
    /// far, and takes the place of earlier seals: each seal may bring as many entries as a log keeps, and they must not
    /// become ever more.
    ///
    /// # Errors
    /// It cannot be written down.
    pub(super) fn seal(&mut self, found: Self) -> Result<(Vec<u8>, bool), Failure> {
        let text = |found: &Self| {
            serde_json::to_vec(found)
                .map_err(|error| Failure::Internal(format!("what was found cannot be kept: {error}")))
        };
        self.sealed += found.latest.len();
        if self.sealed <= 2 * RETAINED_ERRORS {
            let kept = text(&found)?;
            self.absorb(found);
            return Ok((kept, false));
        }
        self.absorb(found);
        self.sealed = self.latest.len();
        Ok((text(self)?, true))
    }

    /// What earlier seals kept.
    pub(super) fn of_seals(seals: Vec<Self>) -> Self {
        let mut all = Self::default();
        for seal in seals {
            all.sealed += seal.latest.len();
            all.absorb(seal);
        }
        all
    }

    /// Rejected rows, all since the last publish.
    pub(super) const fn rejected(&self) -> Option<&Rejected> {
        self.rejected.as_ref()
    }

    /// Records, parsing errors and datatype errors: what was read and is not published.
    pub(super) fn read(&self) -> (u64, u64, u64) {
        let loaded = self.loaded.values();
        let records = loaded.map(|counts| counts.loaded + counts.duplicate_records + counts.ignored + counts.refused);
        let errors = |pick: fn(&ErrorCounts) -> u64| self.errors.values().map(pick).sum();
        (records.sum(), errors(|errors| errors.parsing), errors(|errors| errors.datatype))
    }

    /// Adds what a later epoch found.
    pub(super) fn absorb(&mut self, later: Self) {
        let Self { loaded, errors, latest, ended, stopped_at, rejected, sealed: _ } = later;
        for (feed, counts) in loaded {
            add_counts(self.loaded.entry(feed).or_default(), &counts);
        }
        for (feed, counts) in errors {
            let sum = self.errors.entry(feed).or_default();
            sum.parsing += counts.parsing;
            sum.datatype += counts.datatype;
            sum.insert += counts.insert;
        }
        self.latest.absorb(latest);
        self.ended.extend(ended);
        self.stopped_at = stopped_at.or(self.stopped_at);
        // It tells of all since the last publish.
        self.rejected = rejected.or(self.rejected.take());
    }

    /// What was found in an epoch that is prepared: what is wrong in it, and what the store counted. What was rejected is
    /// on disk afterwards.
    ///
    /// # Errors
    /// The store cannot tell a term, the disk fails, or the load is halted.
    pub(super) fn of_epoch(
        plan: &Plan,
        ingest: &Ingest,
        course: &mut Course,
        rejects: &mut Rejects<'_>,
        mut violations: Violations,
        loaded: &BTreeMap<u32, FeedCounts>,
    ) -> Result<Self, Failure> {
        let stop = course.stop().cloned();
        let Found { counts, latest, rows, faults, ended } = course.take().map_err(rejects::failed)?;
        let (violated, all) = violations.drain().map_err(rejects::failed)?;
        let mut words = Vec::new();
        let mut refusals = Refusals::new(rows, &faults).map_err(rejects::failed)?;
        if refusals.rows.is_none() && !course.fail_on_error() {
            for (feed, counts) in &counts {
                rejects.only_counted(*feed, counts.parsing + counts.datatype);
            }
            refusals = Refusals::new(None, &[]).map_err(rejects::failed)?;
        }
        for (number, violation) in (0..all).zip(violated) {
            let violation = violation.map_err(rejects::failed)?;
            let ordinal = violation.ordinal();
            if number % 1024 == 0 {
                rejects.check()?;
            }
            refusals.below(Some(ordinal), rejects)?;
            // Only the latest are ever shown.
            let is_shown = number + RETAINED_ERRORS >= all;
            if !is_shown && !rejects.keeps() {
                rejects.only_violated(ordinal);
                continue;
            }
            let mut entry = entry(plan, ingest, &violation)?;
            entry.line = course.line(ordinal);
            rejects.violated(ordinal, quad(&violation), &mut entry)?;
            if is_shown {
                words.push((ordinal, entry));
            }
        }
        refusals.below(None, rejects)?;
        course.told(ended.keys().copied());

        let mut found = Self { loaded: loaded.clone(), ended, ..Self::default() };
        if course.fail_on_error() {
            found.stop(words, stop, rejects)?;
        } else {
            (found.errors, found.latest) = (counts, latest);
            for (feed, count) in violations.counts {
                found.errors.entry(feed).or_default().insert += count;
            }
            for (ordinal, entry) in words {
                found.latest.push(ordinal, entry);
            }
        }
        if !rejects.keeps() {
            course.keep_no_rows();
        }
        rejects.sync()?;
        found.rejected = rejects.told();
        Ok(found)
    }

    /// With `failOnError` TRUE there is one error at most: the lowest. Violations at or above the stop were not looked
    /// for.
    fn stop(
        &mut self,
        words: Vec<(Ordinal, ErrorEntry)>,
        stop: Option<Fault>,
        rejects: &mut Rejects<'_>,
    ) -> Result<(), Failure> {
        let (feed, state) = if let Some((ordinal, entry)) = words.into_iter().next() {
            self.errors.entry(ordinal.feed()).or_default().insert = 1;
            self.latest.push(ordinal, entry);
            (ordinal.feed(), None)
        } else if let Some(stop) = stop {
            course::add(&mut self.errors, &stop);
            if let Some(refused) = stop.refused() {
                rejects.refused(&refused, stop.header())?;
            }
            self.latest.push(stop.ordinal, stop.entry);
            (stop.ordinal.feed(), stop.state)
        } else {
            return Ok(());
        };
        self.ended.retain(|ended, _| *ended < feed);
        self.ended.insert(feed, Some(state.unwrap_or(FeedState::Failed)));
        self.stopped_at = Some(feed);
        Ok(())
    }

    /// What becomes true with the publish of all rows up to `position`; from here on everything is found anew. `last` if
    /// nothing follows.
    pub(super) fn take(&mut self, position: Position, last: bool) -> Publication {
        let Self { loaded, errors, latest, ended, stopped_at, rejected, sealed: _ } = std::mem::take(self);
        let entries = latest.into_entries();
        Publication { loaded, errors, entries, ended, stopped_at, rejected, position, last }
    }
}

fn add_counts(sum: &mut FeedCounts, more: &FeedCounts) {
    let FeedCounts { loaded, duplicates, duplicate_records, ignored, refused } = more;
    sum.loaded += loaded;
    sum.duplicates += duplicates;
    sum.duplicate_records += duplicate_records;
    sum.ignored += ignored;
    sum.refused += refused;
}

/// A violation in words.
fn entry(plan: &Plan, ingest: &Ingest, violation: &Violation) -> Result<ErrorEntry, Failure> {
    let name = |id: TermId| ingest.resolve(id).map(|term| shown(&term));
    let (code, message) = match violation {
        Violation::MissingEnd { edge, .. } => (
            ErrorCode::FromOrToVertexAreMissing,
            format!("Either from vertex, '{}', or to vertex, '{}', is not present.", name(edge.s)?, name(edge.o)?),
        ),
        Violation::EdgeIdTaken { edge, .. } => (
            ErrorCode::IdAssignedToMultipleEdges,
            format!("The edge id '{}' is assigned to multiple edges.", name(edge.g)?),
        ),
        Violation::SingleValue { quad: Quad { s, p, .. }, .. } => (
            ErrorCode::SingleCardinalityViolation,
            format!(
                "The {} '{}' has an existing value for property '{}'",
                if s.is_edge() { "edge" } else { "vertex" },
                name(*s)?,
                name(*p)?
            ),
        ),
    };
    let uri = &plan.feeds[violation.ordinal().feed() as usize].uri;
    Ok(ErrorEntry::whole(code, message, uri).bounded())
}

/// What was refused of the row.
const fn quad(violation: &Violation) -> &Quad {
    match violation {
        Violation::MissingEnd { edge, .. } | Violation::EdgeIdTaken { edge, .. } => edge,
        Violation::SingleValue { quad, .. } => quad,
    }
}

/// An id or a key as its user wrote it.
fn shown(term: &Term) -> String {
    match term {
        Term::Vertex(text) | Term::Edge(text) | Term::Key(text) | Term::EdgeLabel(text) | Term::Iri(text) => {
            text.clone()
        }
        other => format!("{other:?}"),
    }
}
