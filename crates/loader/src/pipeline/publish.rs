//! The end of an epoch: validate, then stage what is new, or publish it with all that was staged before.
//!
//! Rows and errors, counters and the states of feeds become true in one write; between the decision and that write
//! nothing can cancel ([`crate::jobs`]). An epoch that ended only because memory is full is staged: durable, and seen by
//! this load alone. So is every epoch of an atomic load, or of a dry run, but the last. Stages are seals: with the rows, the
//! journal gets what was found, and how far the load is.
//! **Source**: design §5 ("Seal", "Validate", "Publish").

use store::{Ingest, Prepared};

use super::course::Course;
use super::findings::{Findings, Violations};
use super::plan::Plan;
use super::rejects::Rejects;
use super::{Failure, Task};
use crate::jobs::{Phase, Position, Seal};

/// How often a load asks again for the writer slot, each time for a minute. A transaction that idles while others wait
/// is rolled back, so more than a few tries mean that writers come thick and fast.
pub(super) const RETRIES: u32 = 60;

/// Why an epoch is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Memory is full.
    Full,
    /// Enough is there to be worth a publish, or the vertices are.
    Due,
    /// Nothing follows.
    Last,
}

/// Stages or publishes what is pending and what was found. Whether the load has ended with it, as it has too when
/// validation found what stops it.
///
/// # Errors
/// The load is halted (then nothing is published), an error stops an atomic load, or the store refuses.
pub(super) fn conclude(
    task: &Task<'_>,
    plan: &Plan,
    ingest: &mut Ingest,
    course: &mut Course,
    findings: &mut Findings,
    rejects: &mut Rejects<'_>,
    end: End,
) -> Result<bool, Failure> {
    let nothing_new = ingest.pending() == 0 && ingest.staged() == 0 && course.is_empty() && findings.is_empty();
    if end != End::Last && nothing_new {
        return Ok(false);
    }
    let job = task.job;
    job.enter(Phase::Preparing);
    task.check()?;
    if end == End::Last {
        ingest.last();
    }
    let mut violations = Violations::new(task.rejects.of(job.id));
    let prepared = prepare(task, ingest, course, &mut violations)?;
    job.enter(Phase::Writing);
    task.check()?;
    let position = course.position();
    let found = Findings::of_epoch(plan, ingest, course, rejects, violations, &prepared.feeds)?;
    let last = end == End::Last || found.stop_the_load();
    if !last && (task.goes_at_once() || end == End::Full) {
        seal(task, ingest, findings, found, prepared, position)?;
        return Ok(false);
    }
    findings.absorb(found);
    if task.request.atomic && findings.stop_the_load() {
        return Err(Failure::Rejected(Box::new(findings.take(position, last))));
    }
    let publication = findings.take(position, last);
    let published = ingest.publish(prepared, &mut |_| {
        job.enter(Phase::Publishing);
        job.decide(&publication)
    });
    job.decided(matches!(published, Ok(true)));
    rejects.published();
    if published? { Ok(publication.last) } else { Err(Failure::Halted) }
}

/// Stages what is prepared, with what was found on the way to `position`.
fn seal(
    task: &Task<'_>,
    ingest: &mut Ingest,
    findings: &mut Findings,
    found: Findings,
    prepared: Prepared,
    position: Position,
) -> Result<(), Failure> {
    let job = task.job;
    job.enter(Phase::Staging);
    task.check()?;
    if task.request.dry_run {
        // Nothing of it is durable: after a restart it begins anew.
        findings.absorb(found);
        return Ok(ingest.stage(prepared, Vec::new())?);
    }
    let (found, whole) = findings.seal(found)?;
    let sets = ingest.staged_sets() + prepared.sets();
    let writes = job.seal(Seal { position, sets, found, whole }).ok_or(Failure::Halted)?;
    let staged = ingest.stage(prepared, writes);
    job.sealed(staged.is_ok());
    Ok(staged?)
}

/// Validates what is pending, and waits for the writer slot if that is not ours yet.
fn prepare(
    task: &Task<'_>,
    ingest: &mut Ingest,
    course: &Course,
    violations: &mut Violations,
) -> Result<Prepared, Failure> {
    let stop = course.stop().map(|stop| stop.ordinal);
    let mut tries = 0;
    loop {
        match ingest.prepare(stop, course.fail_on_error(), &mut |violation| violations.push(&violation)) {
            // The slot is the first thing it asks for: nothing was taken from what is pending.
            Err(store::Error::WriterBusy { .. }) if tries < RETRIES => {
                tries += 1;
                task.job.retried();
            }
            prepared => return Ok(prepared?),
        }
    }
}
