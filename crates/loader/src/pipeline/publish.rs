//! The end of an epoch: validate, put the violations into words, publish.
//!
//! Rows and errors, counters and the states of feeds become true in one write; between the decision and that write
//! nothing can cancel ([`crate::jobs`]).
//! **Source**: design §5 ("Validate", "Publish"); spec/loader.md §5.3.

use std::collections::{BTreeMap, VecDeque};

use model::{Quad, Term, TermId};
use store::{Ingest, Violation};

use super::course::{self, Course, Found};
use super::plan::Plan;
use super::{Failure, Task};
use crate::jobs::{ErrorCode, ErrorEntry, FeedState, Phase, Publication, RETAINED_ERRORS};

/// How often a load asks again for the writer slot, each time for a minute. A transaction that idles while others wait
/// is rolled back, so more than a few tries mean that writers come thick and fast.
const RETRIES: u32 = 60;

/// Publishes what is pending and what was found; `last` if nothing follows. Whether the load has ended with it, as it
/// has too when validation found what stops it.
///
/// # Errors
/// The load is halted (then nothing is published), or the store refuses.
pub(super) fn publish(
    task: &Task<'_>,
    plan: &Plan,
    ingest: &mut Ingest,
    course: &mut Course,
    last: bool,
) -> Result<bool, Failure> {
    if !last && ingest.pending() == 0 && course.is_empty() {
        return Ok(false);
    }
    let job = task.job;
    job.enter(Phase::Preparing);
    task.check()?;
    let mut violations = Violations::default();
    let stop = course.stop().map(|stop| stop.ordinal);
    let mut tries = 0;
    let prepared = loop {
        let prepared = ingest.prepare(stop, course.fail_on_error(), &mut |violation| {
            violations.push(violation, course.fail_on_error());
        });
        match prepared {
            // The slot is the first thing it asks for: nothing was taken from what is pending.
            Err(store::Error::WriterBusy { .. }) if tries < RETRIES => {
                tries += 1;
                job.retried();
            }
            prepared => break prepared?,
        }
    };
    job.enter(Phase::Writing);
    task.check()?;
    let publication = publication(plan, ingest, course, violations, last)?;
    let published = ingest.publish(prepared, &mut |prepared| {
        job.enter(Phase::Publishing);
        job.decide(&prepared.feeds, &publication)
    });
    job.decided(matches!(published, Ok(true)));
    if published? { Ok(publication.last) } else { Err(Failure::Halted) }
}

/// The violations of one publish: all counted, the latest kept.
#[derive(Debug, Default)]
struct Violations {
    counts: BTreeMap<u32, u64>,
    latest: VecDeque<Violation>,
}

impl Violations {
    fn push(&mut self, violation: Violation, only_the_first: bool) {
        if only_the_first && !self.latest.is_empty() {
            return;
        }
        *self.counts.entry(violation.ordinal().feed()).or_default() += 1;
        // They come in order.
        if self.latest.len() as u64 == RETAINED_ERRORS {
            self.latest.pop_front();
        }
        self.latest.push_back(violation);
    }
}

fn publication(
    plan: &Plan,
    ingest: &Ingest,
    course: &mut Course,
    violations: Violations,
    last: bool,
) -> Result<Publication, Failure> {
    let mut words = Vec::with_capacity(violations.latest.len());
    for violation in &violations.latest {
        let mut entry = entry(plan, ingest, violation)?;
        entry.line = course.line(violation.ordinal());
        words.push((violation.ordinal(), entry));
    }
    let stop = course.stop().cloned();
    let Found { mut counts, mut latest, mut ended } = course.take();
    course.forget_lines(ended.keys().copied());

    let mut publication = Publication { last, ..Publication::default() };
    if course.fail_on_error() {
        // One error at most: the lowest. Violations at or above the stop were not looked for.
        let stopped_at = if let Some((ordinal, entry)) = words.pop() {
            counts.entry(ordinal.feed()).or_default().insert = 1;
            publication.entries.push(entry);
            Some((ordinal.feed(), None))
        } else if let Some(stop) = stop {
            course::add(&mut counts, &stop);
            publication.entries.push(stop.entry);
            Some((stop.ordinal.feed(), stop.state))
        } else {
            None
        };
        if let Some((feed, state)) = stopped_at {
            ended.retain(|ended, _| *ended < feed);
            ended.insert(feed, Some(state.unwrap_or(FeedState::Failed)));
            publication.stopped_at = Some(feed);
            publication.last = true;
        }
    } else {
        for (feed, count) in violations.counts {
            counts.entry(feed).or_default().insert += count;
        }
        for (ordinal, entry) in words {
            latest.push(ordinal, entry);
        }
        publication.entries = latest.into_entries();
    }
    publication.errors = counts;
    publication.ended = ended;
    Ok(publication)
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
