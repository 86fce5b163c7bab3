//! The jobs that are remembered: found by id, listed by age, bounded in number.
//!
//! **Source**: spec/loader.md §2.5 (run numbers), §3.6 (retention), §4.1 (order of the list).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::id::LoadId;
use super::job::Job;
use super::record::{JobRecord, SourceIdentity};
use super::state::JobState;

/// How many jobs are remembered.
pub(super) const RETAINED_JOBS: usize = 1_024;

/// All jobs that are remembered.
#[derive(Default)]
pub(super) struct Registry {
    jobs: BTreeMap<u64, Arc<Job>>,
    sequences: HashMap<LoadId, u64>,
}

impl Registry {
    /// Adds a job.
    pub(super) fn insert(&mut self, job: Arc<Job>) {
        let sequence = job.with_record(|record| record.sequence);
        self.sequences.insert(job.id, sequence);
        self.jobs.insert(sequence, job);
    }

    /// The job with this id.
    pub(super) fn get(&self, id: LoadId) -> Option<Arc<Job>> {
        self.jobs.get(self.sequences.get(&id)?).cloned()
    }

    /// All jobs, latest first.
    pub(super) fn latest_first(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.jobs.values().rev()
    }

    /// The state of the job with this id.
    pub(super) fn state(&self, id: LoadId) -> Option<JobState> {
        self.get(id).map(|job| job.state())
    }

    /// The jobs that have ended.
    pub(super) fn ended(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.latest_first().filter(|job| !job.is_active())
    }

    /// The number of the next job.
    pub(super) fn next_sequence(&self) -> u64 {
        self.jobs.keys().next_back().map_or(1, |last| last + 1)
    }

    /// The run number of the next job of this source.
    pub(super) fn next_run(&self, identity: &SourceIdentity) -> u64 {
        self.of_source(identity).map(|job| job.with_record(|record| record.run_number)).max().map_or(1, |last| last + 1)
    }

    /// The latest job of this source that ran and has ended, and whose files are not forgotten. A dry run loads nothing.
    pub(super) fn previous(&self, identity: &SourceIdentity) -> Option<&Arc<Job>> {
        self.of_source(identity).find(|job| {
            job.with_record(|record| {
                record.state.is_terminal() && !record.never_ran && !record.forgotten && !record.is_dry_run()
            })
        })
    }

    /// Whether a job of this source runs, or waits.
    pub(super) fn is_under_way(&self, identity: &SourceIdentity) -> bool {
        self.of_source(identity).any(|job| job.is_active())
    }

    fn of_source(&self, identity: &SourceIdentity) -> impl Iterator<Item = &Arc<Job>> {
        self.latest_first().filter(move |job| job.with_record(|record| record.identity == *identity))
    }

    /// The ended jobs that must go, oldest first, for one more to be remembered among `limit`.
    pub(super) fn surplus(&self, limit: usize) -> Vec<JobRecord> {
        let many = (self.jobs.len() + 1).saturating_sub(limit);
        let ended = self.jobs.values().filter(|job| !job.is_active());
        ended.take(many).map(|job| job.with_record(JobRecord::clone)).collect()
    }

    /// Forgets a job.
    pub(super) fn remove(&mut self, id: LoadId) {
        if let Some(sequence) = self.sequences.remove(&id) {
            self.jobs.remove(&sequence);
        }
    }

    /// The ids as the list shows them: queued jobs first, then the rest, each with the latest first.
    pub(super) fn list(&self, limit: usize, include_queued: bool) -> Vec<LoadId> {
        let (queued, rest): (Vec<_>, Vec<_>) =
            self.latest_first().partition(|job| job.with_record(|record| record.state == JobState::InQueue));
        let queued = queued.into_iter().filter(|_| include_queued);
        queued.chain(rest).map(|job| job.id).take(limit).collect()
    }

    /// How many jobs are in each state.
    pub(super) fn by_state(&self) -> BTreeMap<JobState, u64> {
        let mut counts: BTreeMap<JobState, u64> = JobState::ALL.into_iter().map(|state| (state, 0)).collect();
        for job in self.jobs.values() {
            *counts.entry(job.with_record(|record| record.state)).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Format, LoadRequest};

    fn identity(source: &str) -> SourceIdentity {
        SourceIdentity { source: source.to_owned(), format: Format::Csv }
    }

    fn add(registry: &mut Registry, source: &str, state: JobState) -> LoadId {
        let request = LoadRequest::new(source, Format::Csv);
        let sequence = registry.next_sequence();
        let mut record = JobRecord::new(LoadId::random(), sequence, source.to_owned(), identity(source), request);
        record.run_number = registry.next_run(&record.identity);
        record.state = state;
        record.never_ran = state.never_ran();
        let id = record.id;
        registry.insert(Arc::new(Job::new(record, None, Arc::default())));
        id
    }

    #[test]
    fn the_list_has_the_queued_first_and_the_latest_first() {
        let mut registry = Registry::default();
        let done = add(&mut registry, "s3://b/1", JobState::Completed);
        let queued = add(&mut registry, "s3://b/2", JobState::InQueue);
        let failed = add(&mut registry, "s3://b/3", JobState::Failed);
        let queued_later = add(&mut registry, "s3://b/4", JobState::InQueue);
        assert_eq!(registry.list(100, true), [queued_later, queued, failed, done]);
        assert_eq!(registry.list(100, false), [failed, done]);
        assert_eq!(registry.list(1, true), [queued_later]);
        assert_eq!(Registry::default().list(100, true), []);
    }

    #[test]
    fn runs_of_one_source_are_numbered() {
        let mut registry = Registry::default();
        add(&mut registry, "s3://b/1", JobState::Completed);
        let second = add(&mut registry, "s3://b/1", JobState::Failed);
        add(&mut registry, "s3://b/1/", JobState::Completed);
        assert_eq!(registry.get(second).map(|job| job.with_record(|record| record.run_number)), Some(2));
        assert_eq!(registry.next_run(&identity("s3://b/1")), 3);
        assert_eq!(registry.next_run(&identity("s3://b/1/")), 2);
    }

    #[test]
    fn the_previous_job_is_the_latest_that_ran_and_ended() {
        let mut registry = Registry::default();
        let identity = identity("s3://b/1");
        let previous = |registry: &Registry| registry.previous(&identity).map(|job| job.id);
        assert!(previous(&registry).is_none() && !registry.is_under_way(&identity));
        add(&mut registry, "s3://b/1", JobState::InvalidRequest);
        assert_eq!(previous(&registry), None);
        let failed = add(&mut registry, "s3://b/1", JobState::Failed);
        assert!(!registry.is_under_way(&identity));
        add(&mut registry, "s3://b/1", JobState::DependencyNotSatisfied);
        add(&mut registry, "s3://b/1", JobState::InProgress);
        add(&mut registry, "s3://b/1", JobState::InQueue);
        add(&mut registry, "s3://b/2", JobState::Completed);
        assert_eq!(previous(&registry), Some(failed));
        assert!(registry.is_under_way(&identity));
    }

    #[test]
    fn the_oldest_ended_job_goes_first() {
        let mut registry = Registry::default();
        let running = add(&mut registry, "s3://b/1", JobState::InProgress);
        let oldest = add(&mut registry, "s3://b/2", JobState::Completed);
        add(&mut registry, "s3://b/3", JobState::Completed);
        assert!(registry.surplus(4).is_empty());
        let surplus: Vec<LoadId> = registry.surplus(3).into_iter().map(|record| record.id).collect();
        assert_eq!(surplus, [oldest]);
        registry.remove(oldest);
        assert!(registry.get(oldest).is_none() && registry.get(running).is_some());
        assert_eq!(registry.state(running), Some(JobState::InProgress));
    }
}
