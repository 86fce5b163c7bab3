//! What is found of the epochs that wait for the same publish: counts, errors in words, feeds that are through.
//!
//! An epoch that is staged leaves nothing in the job's record: it becomes part of it with the publish that makes its rows
//! visible, or of nothing if they are dropped. Violations are put into words at once, while the store still knows the
//! terms of rows that it refused. Bounded: counts are kept by feed, errors as many as a log keeps.
//! **Source**: design §5 ("Publish"); spec/loader.md §5.3.

use std::collections::{BTreeMap, VecDeque};

use model::{Quad, Term, TermId};
use store::{FeedCounts, Ingest, Ordinal, Violation};

use super::Failure;
use super::course::{self, Course, Found, Latest};
use super::fault::Fault;
use super::plan::Plan;
use crate::jobs::{ErrorCode, ErrorCounts, ErrorEntry, FeedState, Publication, RETAINED_ERRORS};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What the store makes of the rows, by feed.
    loaded: BTreeMap<u32, FeedCounts>,
    errors: BTreeMap<u32, ErrorCounts>,
    latest: Latest,
    ended: BTreeMap<u32, Option<FeedState>>,
    stopped_at: Option<u32>,
}

/// The violations of one epoch: all counted, the latest kept.
#[derive(Debug, Default)]
pub(super) struct Violations {
    counts: BTreeMap<u32, u64>,
    latest: VecDeque<Violation>,
}

impl Violations {
    pub(super) fn push(&mut self, violation: Violation) {
        *self.counts.entry(violation.ordinal().feed()).or_default() += 1;
        // They come in order.
        if self.latest.len() as u64 == RETAINED_ERRORS {
            self.latest.pop_front();
        }
        self.latest.push_back(violation);
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

    /// Adds an epoch that is prepared: what was found wrong in it, and what the store counted.
    ///
    /// # Errors
    /// The store cannot tell a term.
    pub(super) fn add(
        &mut self,
        plan: &Plan,
        ingest: &Ingest,
        course: &mut Course,
        violations: Violations,
        loaded: &BTreeMap<u32, FeedCounts>,
    ) -> Result<(), Failure> {
        let mut words = Vec::with_capacity(violations.latest.len());
        for violation in &violations.latest {
            let mut entry = entry(plan, ingest, violation)?;
            entry.line = course.line(violation.ordinal());
            words.push((violation.ordinal(), entry));
        }
        let stop = course.stop().cloned();
        let Found { counts, latest, ended } = course.take();
        course.forget_lines(ended.keys().copied());

        for (feed, counts) in loaded {
            add_counts(self.loaded.entry(*feed).or_default(), counts);
        }
        self.ended.extend(ended);
        if course.fail_on_error() {
            self.stop(words, stop);
            return Ok(());
        }
        for (feed, counts) in counts {
            let sum = self.errors.entry(feed).or_default();
            sum.parsing += counts.parsing;
            sum.datatype += counts.datatype;
        }
        for (feed, count) in violations.counts {
            self.errors.entry(feed).or_default().insert += count;
        }
        self.latest.absorb(latest);
        for (ordinal, entry) in words {
            self.latest.push(ordinal, entry);
        }
        Ok(())
    }

    /// With `failOnError` TRUE there is one error at most: the lowest. Violations at or above the stop were not looked
    /// for.
    fn stop(&mut self, words: Vec<(Ordinal, ErrorEntry)>, stop: Option<Fault>) {
        let (feed, state) = if let Some((ordinal, entry)) = words.into_iter().next() {
            self.errors.entry(ordinal.feed()).or_default().insert = 1;
            self.latest.push(ordinal, entry);
            (ordinal.feed(), None)
        } else if let Some(stop) = stop {
            course::add(&mut self.errors, &stop);
            self.latest.push(stop.ordinal, stop.entry);
            (stop.ordinal.feed(), stop.state)
        } else {
            return;
        };
        self.ended.retain(|ended, _| *ended < feed);
        self.ended.insert(feed, Some(state.unwrap_or(FeedState::Failed)));
        self.stopped_at = Some(feed);
    }

    /// What becomes true with the publish; from here on everything is found anew. `last` if nothing follows.
    pub(super) fn take(&mut self, last: bool) -> Publication {
        let Self { loaded, errors, latest, ended, stopped_at } = std::mem::take(self);
        Publication { loaded, errors, entries: latest.into_entries(), ended, stopped_at, last }
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

/// An id or a key as its user wrote it.
fn shown(term: &Term) -> String {
    match term {
        Term::Vertex(text) | Term::Edge(text) | Term::Key(text) | Term::EdgeLabel(text) | Term::Iri(text) => {
            text.clone()
        }
        other => format!("{other:?}"),
    }
}
