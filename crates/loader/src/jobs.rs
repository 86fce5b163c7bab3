//! Load jobs: started, followed, listed, cancelled, remembered.
//!
//! [`Loader`] is what front doors and the command line hold. A start checks the request against what else is going on
//! (`admission`) and records a job in the store's journal. The job has its turn at once or waits in the `line`; the
//! `dispatcher` lets one after the other run [`crate::pipeline`]. Everything a job publishes, it publishes together with its
//! record.
//!
//! - **Invariant**: at most one load runs; those that wait run in the order in which they came, over restarts too.
//! - **Invariant**: when a cancel has answered, the job is stopped, its threads, memory and files are given back, and
//!   that it was cancelled is durable. Exactly one of the final publish and a cancel wins ([`job`]).
//! - **Invariant**: once a job has ended, its counters are what its publishes left in the graph, and its error log
//!   holds the latest errors of those publishes.
//! - **Blocking**: [`Loader::start`], [`Loader::cancel`], [`Loader::wait`] and [`Loader::shutdown`] wait; they belong
//!   on worker threads. The others take milliseconds.
//! - **Source**: design §5, §9; spec/loader.md §2.4 to §5.

mod admission;
mod cancelling;
mod config;
mod dispatcher;
mod document;
mod ending;
mod error;
mod error_log;
mod id;
mod job;
mod journal;
mod ledger;
mod line;
mod modes;
mod progress;
mod rate;
mod record;
mod registry;
mod rejects;
mod reset;
mod state;
mod status;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use store::{Journal, JournalWrite, Store};
use tokio::sync::watch;

use crate::attempts::{Attempt, Attempts, Claim, Remembered};
use crate::rejects::{Folder, RejectPart};
use crate::request::LoadRequest;
use crate::source::Sources;

pub use config::{LoaderConfig, LoaderMetrics, PauseHook};
pub use error::{CancelError, Error, StartError, StatusError};
pub use error_log::{ErrorCode, ErrorEntry};
pub use id::{LoadId, LoadIdError};
pub use progress::{Phase, Progress};
pub use record::{
    Counters, Extent, FeedRecord, FeedRejects, JobRecord, Mark, Position, RejectFiles, Sealed, SourceIdentity,
};
pub use rejects::RejectFile;
pub use reset::ResetError;
pub use state::{FeedState, FeedTally, JobState};
pub use status::StatusQuery;

pub(crate) use error_log::RETAINED as RETAINED_ERRORS;
pub(crate) use job::Job;
pub(crate) use ledger::{ErrorCounts, Publication, Rejected, Seal};
pub(crate) use modes::part;

use job::Totals;
use line::{Line, Waiting};
use registry::Registry;

/// The load jobs of one store. Clone is cheap.
#[derive(Clone)]
pub struct Loader(Arc<Inner>);

struct Inner {
    store: Store,
    journal: Journal,
    sources: Sources,
    config: LoaderConfig,
    attempts: Attempts,
    /// Where rejected rows are kept.
    rejects: Folder,
    registry: Mutex<Registry>,
    /// Held while a job is admitted or leaves: one at a time reads the registry, writes the journal and changes the line.
    line: Mutex<Line>,
    /// A load's turn has ended.
    moved: Condvar,
    /// The thread that runs loads, or did.
    runner: Mutex<Option<JoinHandle<()>>>,
    closing: AtomicBool,
    /// All data is being removed.
    resetting: AtomicBool,
    totals: Arc<Totals>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Loader {
    /// Reads the journal. A job that was running when the process ended goes on from its last seal with [`Self::take_up`].
    ///
    /// `runtime` carries the sockets of the sources.
    ///
    /// # Errors
    /// The store's, a damaged journal, or a configuration of sources that makes no sense.
    pub fn open(store: Store, config: LoaderConfig, runtime: tokio::runtime::Handle) -> Result<Self, Error> {
        let journal = store.journal();
        let sources = Sources::new(config.sources.clone(), store.memory(), runtime)?;
        let (attempts, forgotten) = Attempts::restore(journal::read_attempts(&journal)?, now_seconds());
        let writes: Vec<JournalWrite> = forgotten.iter().map(journal::delete_attempt).collect();
        let totals = Arc::<Totals>::default();
        let mut registry = Registry::default();
        let mut records = journal::read_jobs(&journal)?;
        records.sort_by_key(|record| record.sequence);
        let (mut line, mut going_on) = (Line::default(), Vec::new());
        for record in records {
            let totals = Arc::clone(&totals);
            let job = match record.state {
                JobState::InProgress => {
                    tracing::info!(load = %record.id, "this load was running when the process ended");
                    line.hold();
                    going_on.push(record.id.to_string());
                    line.give_back(Waiting {
                        id: record.id,
                        dependencies: Vec::new(), // they were satisfied when it began
                        request: record.request.clone(),
                    });
                    Job::resume(record, &journal, config.pause.clone(), totals)?
                }
                JobState::InQueue => {
                    line.hold();
                    line.queue(Waiting {
                        id: record.id,
                        // They were read when the job was accepted.
                        dependencies: admission::dependencies(&record.request).unwrap_or_default(),
                        request: record.request.clone(),
                    });
                    Job::new(record, config.pause.clone(), totals)
                }
                _ => Job::new(record, config.pause.clone(), totals),
            };
            registry.insert(Arc::new(job));
        }
        if !config.disabled {
            store.keep_staged(&going_on);
        }
        if !writes.is_empty() {
            journal.write(writes)?;
        }
        let rejects = Folder::new(store.directory());
        if !store.options().read_only {
            rejects.tidy(|id| registry.get(id).is_some());
            registry.ended().for_each(|job| job.with_record(|record| rejects.trim(record)));
        }
        Ok(Self(Arc::new(Inner {
            store,
            rejects,
            journal,
            sources,
            config,
            attempts,
            registry: Mutex::new(registry),
            line: Mutex::new(line),
            moved: Condvar::new(),
            runner: Mutex::new(None),
            closing: AtomicBool::new(false),
            resetting: AtomicBool::new(false),
            totals,
        })))
    }

    /// Starts a load, or lets it wait, and answers with its id once the job is recorded. Blocks for at most the probe's
    /// five seconds and a write. A repeated `attempt` gets the id of the job that the first one started.
    ///
    /// # Errors
    /// [`StartError`]; no job is left behind then.
    pub fn start(&self, request: LoadRequest, attempt: Option<Attempt>) -> Result<LoadId, StartError> {
        let inner = &self.0;
        if inner.config.disabled {
            return Err(StartError::Unsupported("The loader is switched off by configuration".to_owned()));
        }
        let ticket = match attempt.map(|attempt| inner.attempts.claim(attempt, now_seconds())) {
            Some(Claim::Repeat(Remembered { load: Some(load), .. })) => return Ok(load),
            Some(Claim::First(ticket)) => Some(ticket),
            // A fingerprint covers method and path: that of a start never belongs to something else.
            Some(Claim::Repeat(_)) | None => None,
        };
        self.admit(request, ticket)
    }

    /// Stops a load, or takes it out of the queue. Blocks until it has stopped, has given back everything, and that is
    /// durable. A repeated `attempt` is told the same again.
    ///
    /// # Errors
    /// [`CancelError`], in the order of design §9.
    pub fn cancel(&self, id: &str, attempt: Option<Attempt>) -> Result<(), CancelError> {
        let inner = &self.0;
        if inner.config.disabled {
            return Err(CancelError::Unsupported("The loader is switched off by configuration".to_owned()));
        }
        let id = LoadId::parse(id)?;
        inner.check_resetting()?;
        match attempt.map(|attempt| inner.attempts.claim(attempt, now_seconds())) {
            Some(Claim::Repeat(_)) => Ok(()),
            Some(Claim::First(ticket)) => inner.cancel(id, Some(ticket)),
            None => inner.cancel(id, None),
        }
    }

    /// Takes all loads out of the queue, and stops the running one if `scope` says so; how many loads that ended. Blocks,
    /// and repeats itself, as [`Self::cancel`] does.
    ///
    /// # Errors
    /// [`CancelError`]
    pub fn cancel_all(&self, scope: Scope, attempt: Option<Attempt>) -> Result<u64, CancelError> {
        let inner = &self.0;
        if inner.config.disabled {
            return Err(CancelError::Unsupported("The loader is switched off by configuration".to_owned()));
        }
        inner.check_resetting()?;
        match attempt.map(|attempt| inner.attempts.claim(attempt, now_seconds())) {
            Some(Claim::Repeat(answer)) => Ok(answer.jobs),
            Some(Claim::First(ticket)) => inner.cancel_all(scope, Some(ticket)),
            None => inner.cancel_all(scope, None),
        }
    }

    /// The ids of the jobs that are remembered: queued ones first, then the rest, each with the latest first.
    pub fn list(&self, limit: usize, include_queued: bool) -> Vec<String> {
        self.0.registry().list(limit, include_queued).iter().map(ToString::to_string).collect()
    }

    /// The `payload` of a status (spec/loader.md §4.2, §4.3).
    ///
    /// # Errors
    /// [`StatusError`]
    pub fn status(&self, id: &str, query: StatusQuery) -> Result<serde_json::Value, StatusError> {
        let id = LoadId::parse(id)?;
        let job = self.0.job(id).ok_or(StatusError::NotFound { id })?;
        let record = job.view();
        let mut payload = status::base(&record);
        if record.state == JobState::InProgress {
            payload.insert("progress".to_owned(), status::progress(&job.progress(&record)));
        }
        if query.details {
            let feeds = match job.failed_feeds() {
                Some(feeds) => feeds,
                None => journal::read_feeds(&self.0.journal, &record)?,
            };
            payload.insert("failedFeeds".to_owned(), status::failed_feeds(&record, &feeds));
        }
        if query.errors {
            let logged = record.errors_logged;
            let first = error_log::first_retained(logged);
            let page = error_log::page(query.page, query.errors_per_page.min(error_log::RETAINED), logged - first);
            let entries = if page.end == 0 {
                Vec::new()
            } else {
                journal::read_errors(&self.0.journal, id, first + page.start - 1, first + page.end)?
            };
            payload.insert("errors".to_owned(), status::errors(id, &page, &entries));
        }
        Ok(payload.into())
    }

    /// What rows of the load were rejected, as far as that is published.
    ///
    /// # Errors
    /// [`StatusError`]
    pub fn rejects(&self, id: &str) -> Result<serde_json::Value, StatusError> {
        let (id, record, feeds) = self.with_feeds(id)?;
        debug_assert_eq!(id, record.id);
        Ok(rejects::list(&record, &feeds, self.0.config.rejects_limit))
    }

    /// The rejected rows of one file of the load, numbered from 1, or what is wrong with them.
    ///
    /// # Errors
    /// [`StatusError`]
    pub fn reject_file(&self, id: &str, feed: u64, part: RejectPart) -> Result<RejectFile, StatusError> {
        let (id, _, feeds) = self.with_feeds(id)?;
        rejects::open(&self.0.rejects, id, &feeds, feed, part)
    }

    fn with_feeds(&self, id: &str) -> Result<(LoadId, JobRecord, Vec<FeedRecord>), StatusError> {
        let id = LoadId::parse(id)?;
        let job = self.0.job(id).ok_or(StatusError::NotFound { id })?;
        let feeds = job.feeds();
        let record = job.with_record(JobRecord::clone);
        let mut feeds = match feeds {
            Some(feeds) => feeds,
            None => journal::read_feeds(&self.0.journal, &record)?,
        };
        if record.forgotten {
            for feed in &mut feeds {
                feed.rejects = FeedRejects::default();
            }
        }
        Ok((id, record, feeds))
    }

    /// Waits until the job has ended and given everything back; its record. One that still waits for its turn when the
    /// process ends is given as it is.
    ///
    /// # Errors
    /// [`StatusError`] if there is no such job.
    pub fn wait(&self, id: &str) -> Result<JobRecord, StatusError> {
        let id = LoadId::parse(id)?;
        let job = self.0.job(id).ok_or(StatusError::NotFound { id })?;
        Ok(job.wait())
    }

    /// How far the job is, or `None` if there is no such job.
    pub fn progress(&self, id: &str) -> Option<Progress> {
        let job = self.0.job(LoadId::parse(id).ok()?)?;
        Some(job.progress(&job.view()))
    }

    /// The job's phase, to wait for its changes. A change may pass unseen between two later ones; the end does not.
    ///
    /// # Errors
    /// [`StatusError`] if there is no such job.
    pub fn phases(&self, id: &str) -> Result<watch::Receiver<Phase>, StatusError> {
        let id = LoadId::parse(id)?;
        let job = self.0.job(id).ok_or(StatusError::NotFound { id })?;
        Ok(job.meter.phases())
    }

    /// Whether the job was told to stop and has not ended yet.
    pub fn is_stopping(&self, id: &str) -> bool {
        let job = LoadId::parse(id).ok().and_then(|id| self.0.job(id));
        job.is_some_and(|job| job.halt.is_pulled() && job.is_active())
    }

    /// Stops the running load and waits for its thread: it goes on from its last seal when it is taken up again. Those that
    /// wait stay in the queue. No load starts afterwards.
    pub fn shutdown(&self) {
        let inner = &self.0;
        {
            // A start that is under way has either given its job a turn or will see the flag.
            let line = inner.line();
            inner.closing.store(true, Ordering::SeqCst);
            if let Some(job) = line.turn().and_then(|id| inner.job(id)) {
                job.close();
            }
            line.waiting().filter_map(|id| inner.job(id)).for_each(|job| job.release());
        }
        let runner = inner.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runner) = runner {
            let _ = runner.join();
        }
    }

    /// What the loader has done, for metrics.
    pub fn counters(&self) -> LoaderMetrics {
        let totals = &self.0.totals;
        LoaderMetrics {
            jobs: self.0.registry().by_state(),
            records_loaded: totals.loaded.load(Ordering::Relaxed),
            duplicates: totals.duplicates.load(Ordering::Relaxed),
            errors: totals.errors.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// While all data is being removed no job is stopped for its own sake.
    fn check_resetting(&self) -> Result<(), CancelError> {
        if self.resetting.load(Ordering::SeqCst) { Err(CancelError::Resetting) } else { Ok(()) }
    }

    fn job(&self, id: LoadId) -> Option<Arc<Job>> {
        self.registry().get(id)
    }

    /// Deletes answers that are no longer remembered. That they stay a while longer in the journal harms nobody.
    fn forget(&self, attempts: &[Attempt]) {
        if attempts.is_empty() {
            return;
        }
        if let Err(error) = self.journal.write(attempts.iter().map(journal::delete_attempt).collect()) {
            tracing::warn!(%error, "old answers stay in the journal");
        }
    }
}

/// Which loads a cancel of all means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those that wait.
    Queue,
    /// The running one, too.
    Running,
}

/// Bytes of text in a block, at most, within a memory budget: parsed, a block takes ten times as much, on each thread.
fn bearable_block(memory: u64) -> usize {
    (memory / 1024).clamp(64 << 10, 1 << 20) as usize
}

/// Seconds since 1970.
fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
