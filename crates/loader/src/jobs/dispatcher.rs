//! How a load gets its turn, and what follows its end.
//!
//! Every load begins here, whoever starts it: a `POST` that finds nothing in its way, the end of the load before, a restart.
//! One thread runs loads, one after the other, for as long as there are some; it is started for the first and ends with the
//! last.
//!
//! - **Invariant**: a load has its turn from before it can be seen to run until it has given everything back and those that
//!   depended on it in vain have ended. Only then does the next one have its turn, under the same lock; so nobody who does
//!   not want to wait can come between.
//! - **Invariant**: a load waits, and shows as queued, until its source was probed; a cancel and its begin exclude each
//!   other ([`Job::begin`]).
//! - **Locks**: line, then registry, then a job's own. The line's is held while a few records are written, never while a
//!   source is asked or a load is waited for.
//! - **Source**: spec/loader.md §2.4, §2.9, §2.10, §3.2, §3.5.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use store::JournalWrite;

use super::error::StartError;
use super::id::LoadId;
use super::job::Job;
use super::journal;
use super::line::{Line, Waiting};
use super::modes;
use super::record::JobRecord;
use super::state::JobState;
use super::{Inner, Loader, bearable_block, now_seconds};
use crate::pipeline::{self, Failure, Task};
use crate::request::LoadRequest;
use crate::source::{Opened, SourceError};

/// A load that has its turn.
pub(super) struct Turn {
    pub(super) job: Arc<Job>,
    /// What was asked for, with the keys that came with it.
    pub(super) request: LoadRequest,
    pub(super) dependencies: Vec<LoadId>,
    /// Its source, if that was probed when it was accepted.
    pub(super) opened: Option<Opened>,
}

impl Loader {
    /// Takes up what the process before left: the load that ran, and those that waited. Until then they are left alone, as
    /// a command that only looks into a directory, or loads something of its own, must leave them.
    pub fn take_up(&self) {
        if self.0.config.disabled {
            return;
        }
        let mut line = self.0.line();
        line.release();
        self.0.end_doomed(&mut line);
        self.advance(&mut line);
    }

    /// Gives a load its turn: nothing else runs.
    pub(super) fn begin(&self, line: &mut Line, turn: Turn) {
        line.begin(turn.job.id);
        self.run(line, turn);
    }

    /// Lets the next load run if nothing does.
    pub(super) fn advance(&self, line: &mut Line) {
        if let Some(turn) = self.0.next(line) {
            self.run(line, turn);
        }
    }

    /// Starts the thread that runs this load and those that follow it.
    fn run(&self, line: &mut Line, turn: Turn) {
        let mut runner = self.0.runner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = runner.take() {
            // It found nothing more to do, under the lock that is held here: it is as good as gone.
            let _ = last.join();
        }
        let (inner, job) = (Arc::clone(&self.0), Arc::clone(&turn.job));
        let thread = std::thread::Builder::new().name("load".to_owned());
        match thread.spawn(move || inner.serve(turn)) {
            Ok(thread) => *runner = Some(thread),
            Err(error) => {
                self.0.finish(&job, Err(Failure::Internal(format!("no thread for the load: {error}"))));
                line.end_turn();
                self.0.end_doomed(line);
                job.release();
            }
        }
    }
}

impl Inner {
    pub(super) fn line(&self) -> MutexGuard<'_, Line> {
        // Every change of the line is whole before anything that can panic runs.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line while no load is between its recorded end and the end of its turn: whoever has seen that a load has ended
    /// finds the line without it.
    pub(super) fn line_at_rest(&self) -> MutexGuard<'_, Line> {
        let leaving = |line: &mut Line| {
            let turn = line.turn().and_then(|id| self.job(id));
            turn.is_some_and(|job| !job.is_active())
        };
        self.moved.wait_while(self.line(), leaving).unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of the thread that runs loads.
    fn serve(&self, first: Turn) {
        let mut turn = Some(first);
        while let Some(now) = turn {
            self.run(&now);
            turn = self.end_turn(now);
        }
    }

    /// Runs one load to its recorded end; or, if the process ends before it has begun, leaves it as it was.
    fn run(&self, turn: &Turn) {
        let job = &turn.job;
        let caught = catch_unwind(AssertUnwindSafe(|| self.load(turn)));
        let outcome = caught.unwrap_or_else(|panic| Err(Failure::Panic(pipeline::panic_text(panic.as_ref()))));
        if let Err(failure) = &outcome {
            tracing::debug!(load = %job.id, ?failure, "load stopped");
        }
        if job.is_put_off() {
            return;
        }
        self.finish(job, outcome);
    }

    /// Records the end of a load, with nothing left behind that only it would see; or leaves both, if it goes on later.
    fn finish(&self, job: &Job, outcome: Result<(), Failure>) {
        if !job.is_suspended() {
            self.store.drop_staged(&job.id.to_string());
        }
        let finished = AssertUnwindSafe(|| job.finish(outcome, &self.journal));
        if let Err(panic) = catch_unwind(finished) {
            job.abandon(pipeline::panic_text(panic.as_ref()));
        }
        if !job.is_active() {
            job.with_record(|record| self.rejects.trim(record));
        }
    }

    fn load(&self, turn: &Turn) -> Result<(), Failure> {
        let Turn { job, request, opened, .. } = turn;
        let opened = match opened {
            Some(opened) => opened.clone(),
            None => self.prepare(job, request)?,
        };
        let record = job.with_record(JobRecord::clone);
        let record_of = |id| Some(self.job(id)?.with_record(JobRecord::clone));
        let skip = modes::completed_before(&self.journal, record_of, &record)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        pipeline::run(&Task {
            store: &self.store,
            journal: &self.journal,
            opened: &opened,
            request,
            job,
            skip: &skip,
            threads: request.parallelism.threads(self.config.threads),
            block_bytes: self.config.block_bytes.min(bearable_block(self.store.memory())),
            publish_at: self.config.publish_at,
            stage_at: self.config.stage_at,
            rejects: &self.rejects,
            rejects_limit: self.config.rejects_limit,
            seal_after: self.config.seal_after,
        })
    }

    /// Opens the source of a load that was running when the process before ended. What became of its files is seen when
    /// they are read.
    fn reopen(&self, record: &JobRecord) -> Result<Opened, Failure> {
        let request = &record.request;
        if record.had_keys {
            return Err(Failure::KeysLost);
        }
        let uri = self.sources.parse(&request.source, request.region.as_deref()).map_err(Failure::Listing)?;
        self.sources.open(&uri, request.iam_role_arn.as_deref(), None).map_err(Failure::Listing)
    }

    /// The checks of a load that waited, now that its turn has come; it is recorded as running then.
    fn prepare(&self, job: &Job, request: &LoadRequest) -> Result<Opened, Failure> {
        let record = job.with_record(JobRecord::clone);
        if record.state == JobState::InProgress {
            return self.reopen(&record);
        }
        let refused = |error| match error {
            SourceError::Cancelled => Failure::Halted,
            error => Failure::Refused(error),
        };
        let resumption = modes::resumption(&self.registry(), request.mode, &record.identity).map_err(|_| {
            let error = StartError::NothingToResume { uri: request.source.clone() };
            Failure::Refused(SourceError::BadRequest(error.to_string()))
        });
        if record.had_keys && request.keys.is_none() {
            return Err(refused(SourceError::BadRequest(LOST_KEYS.to_owned())));
        }
        let uri = self.sources.parse(&request.source, request.region.as_deref()).map_err(refused)?;
        let opened =
            self.sources.open(&uri, request.iam_role_arn.as_deref(), request.keys.as_ref()).map_err(refused)?;
        opened.probe_unless(job.halt.reading()).map_err(refused)?;
        let resumption = resumption?;
        let begun = job.begin(&self.journal, |record| {
            record.start_seconds = now_seconds();
            modes::resume(record, resumption);
        });
        if !begun? {
            return Err(Failure::Halted);
        }
        tracing::info!(load = %job.id, source = record.source, "load started after waiting");
        Ok(opened)
    }

    /// Ends a load's turn; the next one.
    fn end_turn(&self, turn: Turn) -> Option<Turn> {
        let Turn { job, request, dependencies, .. } = turn;
        let mut line = self.line();
        if job.is_put_off() {
            line.give_back(Waiting { id: job.id, dependencies, request });
        } else {
            if job.is_active() {
                // It was put off, and cancelled before this lock was ours.
                job.finish(Err(Failure::Halted), &self.journal);
            }
            line.end_turn();
            self.end_doomed(&mut line);
        }
        let next = self.next(&mut line);
        drop(line);
        self.moved.notify_all();
        job.release();
        if next.is_none() && has_ended_by_itself(&job) {
            self.store.statistics().after_load();
        }
        next
    }

    /// Gives the next load its turn.
    fn next(&self, line: &mut Line) -> Option<Turn> {
        if self.closing.load(Ordering::SeqCst) {
            return None;
        }
        let registry = self.registry();
        let Waiting { id, dependencies, request } = line.next(|id| registry.state(id))?;
        // Loads that wait are never forgotten.
        let job = registry.get(id)?;
        Some(Turn { job, request, dependencies, opened: None })
    }

    /// Ends those who wait in vain for a load that has ended.
    pub(super) fn end_doomed(&self, line: &mut Line) {
        if let Err(error) = self.end_waiting(line, &[], Vec::new()) {
            // They stay, and `Line::next` leaves them there.
            tracing::error!(%error, "the end of loads that depended on another could not be recorded");
        }
    }

    /// Ends loads that wait: those named as cancelled, and those who depend on them or on a load that ended badly. All in
    /// one write, with others that belong to it.
    pub(super) fn end_waiting(
        &self,
        line: &mut Line,
        cancelled: &[LoadId],
        mut writes: Vec<JournalWrite>,
    ) -> Result<(), store::Error> {
        let mut ended = Vec::new();
        {
            let registry = self.registry();
            let mut end = |id, state, note| {
                let Some(job) = registry.get(id) else { return };
                let mut record = job.with_record(JobRecord::clone);
                record.state = state;
                record.note = note;
                writes.push(journal::put_job(&record));
                ended.push((job, record));
            };
            for &id in cancelled {
                end(id, JobState::CancelledByUser, None);
            }
            for (id, because) in line.doomed(cancelled, |id| registry.state(id)) {
                let state = registry.state(because).filter(|state| state.is_terminal());
                let note =
                    not_satisfied(because, state.or(cancelled.contains(&because).then_some(JobState::CancelledByUser)));
                end(id, JobState::DependencyNotSatisfied, Some(note));
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        self.journal.write(writes)?;
        for (job, record) in ended {
            line.remove(job.id);
            job.end_unrun(record);
        }
        Ok(())
    }
}

/// What a job is told that waited for its turn over a restart.
const LOST_KEYS: &str = "Couldn't find the AWS credential for iam_role_arn. The keys that came with the request are kept in \
                         memory only, and the server was restarted while the load waited: start it again";

/// Whether a job has ended by itself. What a cancel has stopped begins no other work.
fn has_ended_by_itself(job: &Job) -> bool {
    job.with_record(|record| record.state.is_terminal() && record.state != JobState::CancelledByUser)
}

/// Why a load was not executed.
pub(super) fn not_satisfied(because: LoadId, state: Option<JobState>) -> String {
    let ended = state.unwrap_or(JobState::DependencyNotSatisfied).name();
    format!("Not executed: it depends on load {because}, which ended as {ended}")
}
