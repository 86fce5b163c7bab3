//! From a request to a job: where it goes in the line, and what is recorded of it.
//!
//! **Source**: spec/loader.md §2.4 (the order of the checks), §2.5, §2.9, §2.10, §3.6.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};

use super::dispatcher::{Turn, not_satisfied};
use super::error::StartError;
use super::id::LoadId;
use super::job::Job;
use super::journal;
use super::line::{Line, Place, Refusal, Waiting};
use super::modes::{self, Resumption};
use super::record::{JobRecord, SourceIdentity};
use super::state::JobState;
use super::{Inner, Loader, now_seconds};
use crate::attempts::{Did, Remembered, Ticket};
use crate::request::LoadRequest;
use crate::source::Opened;

/// A request that is being looked at.
struct Applicant {
    request: LoadRequest,
    /// The source as the status shows it.
    source: String,
    identity: SourceIdentity,
    dependencies: Vec<LoadId>,
}

impl Loader {
    /// Records a job for the request, and lets it run or wait. The source is probed only if the job would run at once,
    /// and without keeping others from starting meanwhile.
    pub(super) fn admit(&self, request: LoadRequest, ticket: Option<Ticket<'_>>) -> Result<LoadId, StartError> {
        let inner = &self.0;
        let uri = inner.sources.parse(&request.source, request.region.as_deref())?;
        let identity = SourceIdentity { source: uri.identity(), format: request.format };
        let dependencies = dependencies(&request).map_err(StartError::Dependency)?;
        let applicant = Applicant { request, source: uri.full_uri().to_owned(), identity, dependencies };
        let mut opened = None;
        loop {
            let line = inner.line_at_rest();
            let (place, resumption) = inner.place(&line, &applicant)?;
            if place == Place::Turn && opened.is_none() {
                drop(line);
                let request = &applicant.request;
                let source = inner.sources.open(&uri, request.iam_role_arn.as_deref(), request.keys.as_ref())?;
                source.probe()?;
                opened = Some(source);
                continue; // others may have started while the source was probed
            }
            return self.accept(line, place, resumption, applicant, opened, ticket);
        }
    }

    /// Makes the job.
    fn accept(
        &self,
        mut line: MutexGuard<'_, Line>,
        place: Place,
        resumption: Option<Resumption>,
        applicant: Applicant,
        opened: Option<Opened>,
        ticket: Option<Ticket<'_>>,
    ) -> Result<LoadId, StartError> {
        let inner = &self.0;
        let (record, surplus) = inner.record(place, resumption, &applicant);
        let id = record.id;
        let answer = Remembered::one(Did::Start, id, record.start_seconds);
        let mut writes = vec![journal::put_job(&record)];
        writes.extend(ticket.as_ref().map(|ticket| journal::put_attempt(&ticket.attempt(), &answer)));
        writes.extend(surplus.iter().flat_map(journal::delete_job));
        inner.journal.write(writes)?;
        tracing::info!(load = %id, source = record.source, state = record.state.name(), "load accepted");
        let job = Arc::new(Job::new(record, inner.config.pause.clone(), Arc::clone(&inner.totals)));
        {
            let mut registry = inner.registry();
            for forgotten in &surplus {
                registry.remove(forgotten.id);
                inner.rejects.remove(forgotten.id);
            }
            registry.insert(Arc::clone(&job));
        }
        let Applicant { request, dependencies, .. } = applicant;
        match place {
            Place::Turn => self.begin(&mut line, Turn { job, request, dependencies, opened }),
            Place::Queue => {
                line.queue(Waiting { id, dependencies, request });
                self.advance(&mut line);
            }
            Place::Nowhere { .. } => {}
        }
        drop(line);
        if let Some(ticket) = ticket {
            let forgotten = ticket.answered(answer);
            inner.forget(&forgotten);
        }
        Ok(id)
    }
}

impl Inner {
    /// Where the job goes, and what it goes on with if it runs at once.
    fn place(&self, line: &Line, applicant: &Applicant) -> Result<(Place, Option<Resumption>), StartError> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(StartError::ShuttingDown);
        }
        if self.resetting.load(Ordering::SeqCst) {
            return Err(StartError::Resetting);
        }
        let Applicant { request, identity, dependencies, .. } = applicant;
        let uri = || request.source.clone();
        let registry = self.registry();
        let place =
            line.admit(request.queue_request, dependencies, |id| registry.state(id)).map_err(
                |refusal| match refusal {
                    Refusal::Unknown { dependency } => StartError::UnknownDependency { id: dependency },
                    Refusal::Unsatisfied { dependency, state } => {
                        StartError::Unsatisfied { uri: uri(), id: dependency, state }
                    }
                    Refusal::Busy => StartError::ConcurrentLimit { uri: uri() },
                    Refusal::Full => StartError::QueueLimit { uri: uri() },
                },
            )?;
        let resumption = modes::resumption(&registry, request.mode, identity);
        match (place, resumption) {
            (Place::Turn, Ok(resumption)) => Ok((place, resumption)),
            (Place::Turn, Err(_)) => Err(StartError::NothingToResume { uri: uri() }),
            // What it goes on with is seen when its turn comes. There may be something by then.
            (_, Err(_)) if !registry.is_under_way(identity) => Err(StartError::NothingToResume { uri: uri() }),
            (Place::Queue | Place::Nowhere { .. }, _) => Ok((place, None)),
        }
    }

    /// The record of a job that is accepted, and those that are forgotten for it.
    fn record(
        &self,
        place: Place,
        resumption: Option<Resumption>,
        applicant: &Applicant,
    ) -> (JobRecord, Vec<JobRecord>) {
        let Applicant { request, source, identity, .. } = applicant;
        let registry = self.registry();
        let sequence = registry.next_sequence();
        let mut record = JobRecord::new(LoadId::random(), sequence, source.clone(), identity.clone(), request.clone());
        record.run_number = registry.next_run(identity);
        record.start_seconds = now_seconds();
        match place {
            Place::Turn => modes::resume(&mut record, resumption),
            Place::Queue => {
                record.state = JobState::InQueue;
                record.never_ran = true;
            }
            Place::Nowhere { because } => {
                record.state = JobState::DependencyNotSatisfied;
                record.never_ran = true;
                record.note = Some(not_satisfied(because, registry.state(because)));
            }
        }
        (record, registry.surplus(self.config.retained_jobs))
    }
}

/// The loads that a request depends on.
pub(super) fn dependencies(request: &LoadRequest) -> Result<Vec<LoadId>, super::LoadIdError> {
    request.dependencies.iter().map(|text| LoadId::parse(text)).collect()
}
