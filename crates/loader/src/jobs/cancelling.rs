//! Ending loads by their users' wish: one, all that wait, or the running one besides.
//!
//! A load that waits leaves the line at once, in one write with those who depend on it. One that has its turn is asked to
//! stop under the lock of the line, so that it is either asked or back in the line, and waited for without it.
//! **Source**: spec/loader.md §3.3; design §9, "Cancel", "Our own paths".

use super::error::CancelError;
use super::id::LoadId;
use super::job::CancelOutcome;
use super::journal;
use super::state::JobState;
use super::{Inner, Scope, now_seconds};
use crate::attempts::{Did, Remembered, Ticket};

impl Inner {
    /// Cancels one load.
    pub(super) fn cancel(&self, id: LoadId, ticket: Option<Ticket<'_>>) -> Result<(), CancelError> {
        let answer = Remembered::one(Did::Cancel, id, now_seconds());
        let mut line = self.line();
        let job = self.job(id).ok_or(CancelError::NotFound { id })?;
        let waits = line.waiting().any(|waiting| waiting == id);
        let remembered = if waits {
            let remember = ticket.as_ref().map(|ticket| journal::put_attempt(&ticket.attempt(), &answer));
            self.end_waiting(&mut line, &[id], remember.into_iter().collect())?;
            drop(line);
            true
        } else if line.turn() == Some(id) {
            let asked = job.ask(ticket.as_ref().map(Ticket::attempt));
            drop(line);
            stopped(job.stopped(asked))?.ok_or(CancelError::NotFound { id })?
        } else if job.is_suspended() {
            return Err(CancelError::ShuttingDown);
        } else {
            return Err(CancelError::NotFound { id });
        };
        self.remember(ticket, answer, remembered)
    }

    /// Cancels all that wait, and the running load if `scope` says so; how many.
    pub(super) fn cancel_all(&self, scope: Scope, ticket: Option<Ticket<'_>>) -> Result<u64, CancelError> {
        let mut line = self.line();
        let waiting: Vec<LoadId> = line.waiting().collect();
        let turn = line.turn().and_then(|id| self.job(id));
        // The load whose turn has come still waits while its source is looked at.
        let turn = turn.filter(|job| scope == Scope::Running || job.state() == JobState::InQueue);
        let mut jobs = waiting.len() as u64;
        self.end_waiting(&mut line, &waiting, Vec::new())?;
        let asked = turn.map(|job| (job.ask(None), job));
        drop(line);
        if let Some((asked, job)) = asked {
            jobs += u64::from(stopped(job.stopped(asked))?.is_some());
        }
        let answer = Remembered { did: Did::CancelAll, load: None, jobs, at_seconds: now_seconds() };
        self.remember(ticket, answer, false)?;
        Ok(jobs)
    }

    /// Keeps the answer for the call's other attempts.
    fn remember(&self, ticket: Option<Ticket<'_>>, answer: Remembered, is_recorded: bool) -> Result<(), CancelError> {
        let Some(ticket) = ticket else { return Ok(()) };
        if !is_recorded {
            self.journal.write(vec![journal::put_attempt(&ticket.attempt(), &answer)])?;
        }
        let forgotten = ticket.answered(answer);
        self.forget(&forgotten);
        Ok(())
    }
}

/// Whether the load was cancelled, and if so, whether that is remembered for the call.
fn stopped(outcome: CancelOutcome) -> Result<Option<bool>, CancelError> {
    match outcome {
        CancelOutcome::Cancelled { remembered } => Ok(Some(remembered)),
        CancelOutcome::NotActive => Ok(None),
        CancelOutcome::Suspended => Err(CancelError::ShuttingDown),
        CancelOutcome::NotRecorded(why) => {
            Err(CancelError::Internal(format!("The load was stopped, but this could not be recorded: {why}")))
        }
    }
}
