//! Load jobs: started, followed, listed, cancelled, remembered.
//!
//! [`Loader`] is what front doors and the command line hold. A start checks the request against what else is going on,
//! probes the source, records a job in the store's journal and hands it to a thread of its own, which runs
//! [`crate::pipeline`]. Everything a job publishes, it publishes together with its record.
//!
//! - **Invariant**: at most one load runs.
//! - **Invariant**: when a cancel has answered, the job is stopped, its threads, memory and files are given back, and
//!   that it was cancelled is durable. Exactly one of the final publish and a cancel wins ([`job`]).
//! - **Invariant**: once a job has ended, its counters are what its publishes left in the graph, and its error log
//!   holds the latest errors of those publishes.
//! - **Blocking**: [`Loader::start`], [`Loader::cancel`], [`Loader::wait`] and [`Loader::shutdown`] wait; they belong
//!   on worker threads. The others take milliseconds.
//! - **Source**: design §5, §9; spec/loader.md §2.4 to §5.

mod admission;
mod config;
mod ending;
mod error;
mod error_log;
mod id;
mod job;
mod journal;
mod ledger;
mod progress;
mod record;
mod registry;
mod state;
mod status;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use store::{Journal, JournalWrite, Store};

use crate::attempts::{Attempt, Attempts, Claim, Did, Remembered, Ticket};
use crate::pipeline::{self, Failure, Task};
use crate::request::LoadRequest;
use crate::source::{Opened, Sources};

pub use config::{LoaderConfig, LoaderMetrics, PauseHook};
pub use error::{CancelError, Error, StartError, StatusError};
pub use error_log::{ErrorCode, ErrorEntry};
pub use id::{LoadId, LoadIdError};
pub use progress::{Phase, Progress};
pub use record::{Counters, FeedRecord, JobRecord, SourceIdentity};
pub use state::{FeedState, FeedTally, JobState};
pub use status::StatusQuery;

pub(crate) use error_log::RETAINED as RETAINED_ERRORS;
pub(crate) use job::Job;
pub(crate) use ledger::{ErrorCounts, Publication};

use job::{CancelOutcome, Totals};
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
    registry: Mutex<Registry>,
    /// Held while a job is admitted: one start at a time reads the registry, writes the journal and adds its job.
    admission: Mutex<()>,
    runner: Mutex<Option<JoinHandle<()>>>,
    closing: AtomicBool,
    totals: Arc<Totals>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Loader {
    /// Reads the journal. A job that was running when the process ended is recorded as `LOAD_UNEXPECTED_ERROR`.
    ///
    /// `runtime` carries the sockets of the sources.
    ///
    /// # Errors
    /// The store's, a damaged journal, or a configuration of sources that makes no sense.
    pub fn open(store: Store, config: LoaderConfig, runtime: tokio::runtime::Handle) -> Result<Self, Error> {
        let journal = store.journal();
        let sources = Sources::new(config.sources.clone(), runtime)?;
        let (attempts, forgotten) = Attempts::restore(journal::read_attempts(&journal)?, now_seconds());
        let mut writes: Vec<JournalWrite> = forgotten.iter().map(journal::delete_attempt).collect();
        let totals = Arc::<Totals>::default();
        let mut registry = Registry::default();
        for record in journal::read_jobs(&journal)? {
            let record = if record.state.is_terminal() {
                record
            } else {
                tracing::warn!(load = %record.id, "this load was running when the process ended");
                let feeds = journal::read_feeds(&journal, &record)?;
                let logged = record.errors_logged;
                let last_chunk = logged - logged % error_log::CHUNK;
                let entries = journal::read_errors(&journal, record.id, last_chunk, logged)?;
                let (record, ended) = ledger::interrupted(record, feeds, entries);
                writes.extend(ended);
                record
            };
            registry.insert(Arc::new(Job::new(record, None, Arc::clone(&totals))));
        }
        if !writes.is_empty() {
            journal.write(writes)?;
        }
        Ok(Self(Arc::new(Inner {
            store,
            journal,
            sources,
            config,
            attempts,
            registry: Mutex::new(registry),
            admission: Mutex::new(()),
            runner: Mutex::new(None),
            closing: AtomicBool::new(false),
            totals,
        })))
    }

    /// Starts a load and answers with its id once the job is recorded. Blocks for at most the probe's five seconds and
    /// a write. A repeated `attempt` gets the id of the job that the first one started.
    ///
    /// # Errors
    /// [`StartError`]; no job is left behind then.
    pub fn start(&self, request: LoadRequest, attempt: Option<Attempt>) -> Result<LoadId, StartError> {
        let inner = &self.0;
        if inner.config.disabled {
            return Err(StartError::Unsupported("The loader is switched off by configuration".to_owned()));
        }
        let ticket = match attempt.map(|attempt| inner.attempts.claim(attempt, now_seconds())) {
            Some(Claim::Repeat(answer)) => return Ok(answer.load),
            Some(Claim::First(ticket)) => Some(ticket),
            None => None,
        };
        let uri = inner.sources.parse(&request.source, request.region.as_deref())?;
        let identity = SourceIdentity { source: uri.identity(), format: request.format };
        inner.admit(&request, &identity)?;
        let opened = inner.sources.open(&uri, request.iam_role_arn.as_deref(), request.keys.as_ref())?;
        opened.probe()?;
        self.accept(request, uri.full_uri().to_owned(), identity, opened, ticket)
    }

    /// Records the job and gives it to a thread.
    fn accept(
        &self,
        request: LoadRequest,
        source: String,
        identity: SourceIdentity,
        opened: Opened,
        ticket: Option<Ticket<'_>>,
    ) -> Result<LoadId, StartError> {
        let inner = &self.0;
        let _one_at_a_time = inner.admission.lock().unwrap_or_else(PoisonError::into_inner);
        // Others may have started while the source was probed.
        inner.admit(&request, &identity)?;
        // The last load's data may be published a moment before its thread is gone.
        if let Some(last) = inner.runner.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = last.join();
        }
        let (record, surplus) = {
            let registry = inner.registry();
            let id = LoadId::random();
            let run_number = registry.next_run(&identity);
            let mut record = JobRecord::new(id, registry.next_sequence(), source, identity, request.clone());
            record.run_number = run_number;
            record.start_seconds = now_seconds();
            (record, registry.surplus(inner.config.retained_jobs))
        };
        let id = record.id;
        let answer = Remembered { did: Did::Start, load: id, at_seconds: record.start_seconds };
        let mut writes = vec![journal::put_job(&record)];
        writes.extend(ticket.as_ref().map(|ticket| journal::put_attempt(&ticket.attempt(), &answer)));
        writes.extend(surplus.iter().flat_map(journal::delete_job));
        inner.journal.write(writes)?;
        let job = Arc::new(Job::new(record, inner.config.pause.clone(), Arc::clone(&inner.totals)));
        {
            let mut registry = inner.registry();
            for forgotten in &surplus {
                registry.remove(forgotten.id);
            }
            registry.insert(Arc::clone(&job));
        }
        if let Some(ticket) = ticket {
            let forgotten = ticket.answered(answer);
            inner.forget(&forgotten);
        }
        tracing::info!(load = %id, source = %job.with_record(|record| record.source.clone()), "load started");
        let loader = self.clone();
        let runner = std::thread::Builder::new().name("load".to_owned()).spawn({
            let job = Arc::clone(&job);
            move || loader.0.run(&job, &request, &opened)
        });
        match runner {
            Ok(runner) => {
                *inner.runner.lock().unwrap_or_else(PoisonError::into_inner) = Some(runner);
                if inner.closing.load(Ordering::SeqCst) {
                    job.close();
                }
            }
            Err(error) => {
                job.finish(Err(Failure::Internal(format!("no thread for the load: {error}"))), &inner.journal);
            }
        }
        Ok(id)
    }

    /// Stops a load. Blocks until it has stopped, has given back everything, and that is durable. A repeated `attempt`
    /// is told the same again.
    ///
    /// # Errors
    /// [`CancelError`], in the order of design §9.
    pub fn cancel(&self, id: &str, attempt: Option<Attempt>) -> Result<(), CancelError> {
        let inner = &self.0;
        if inner.config.disabled {
            return Err(CancelError::Unsupported("The loader is switched off by configuration".to_owned()));
        }
        let id = LoadId::parse(id)?;
        let ticket = match attempt.map(|attempt| inner.attempts.claim(attempt, now_seconds())) {
            Some(Claim::Repeat(_)) => return Ok(()),
            Some(Claim::First(ticket)) => Some(ticket),
            None => None,
        };
        let job = inner.job(id).ok_or(CancelError::NotFound { id })?;
        match job.cancel(ticket.as_ref().map(Ticket::attempt)) {
            CancelOutcome::Cancelled { remembered } => {
                if let Some(ticket) = ticket {
                    let answer = Remembered { did: Did::Cancel, load: id, at_seconds: now_seconds() };
                    if !remembered {
                        inner.journal.write(vec![journal::put_attempt(&ticket.attempt(), &answer)])?;
                    }
                    let forgotten = ticket.answered(answer);
                    inner.forget(&forgotten);
                }
                Ok(())
            }
            CancelOutcome::NotActive => Err(CancelError::NotFound { id }),
            CancelOutcome::NotRecorded(why) => {
                Err(CancelError::Internal(format!("The load was stopped, but this could not be recorded: {why}")))
            }
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
        if !record.state.is_terminal() {
            payload.insert("progress".to_owned(), status::progress(&job.progress()));
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

    /// Waits until the job has ended and given everything back; its record.
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
        Some(self.0.job(LoadId::parse(id).ok()?)?.progress())
    }

    /// Whether the job was told to stop and has not ended yet.
    pub fn is_stopping(&self, id: &str) -> bool {
        let job = LoadId::parse(id).ok().and_then(|id| self.0.job(id));
        job.is_some_and(|job| job.halt.is_pulled() && job.is_active())
    }

    /// Stops the running load as the end of the process would, keeping what it published, and waits for its thread.
    /// No load starts afterwards.
    pub fn shutdown(&self) {
        let inner = &self.0;
        inner.closing.store(true, Ordering::SeqCst);
        // A start that is under way has either added its job or will see the flag.
        drop(inner.admission.lock().unwrap_or_else(PoisonError::into_inner));
        let active = inner.registry().active();
        if let Some(job) = active {
            job.close();
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
    /// [`admission::admit`], unless the process is going down.
    fn admit(&self, request: &LoadRequest, identity: &SourceIdentity) -> Result<(), StartError> {
        if self.closing.load(Ordering::SeqCst) {
            return Err(StartError::ShuttingDown);
        }
        admission::admit(&self.registry(), request, identity)
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// The life of a job's thread.
    fn run(&self, job: &Job, request: &LoadRequest, opened: &Opened) {
        let task = Task {
            store: &self.store,
            journal: &self.journal,
            opened,
            request,
            job,
            threads: request.parallelism.threads(self.config.threads),
            block_bytes: self.config.block_bytes.min(bearable_block(self.store.memory())),
            publish_at: self.config.publish_at,
            stage_at: self.config.stage_at,
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pipeline::run(&task)));
        let outcome = caught.unwrap_or_else(|panic| Err(Failure::Panic(pipeline::panic_text(panic.as_ref()))));
        if let Err(failure) = &outcome {
            tracing::debug!(load = %job.id, ?failure, "load stopped");
        }
        let finished = std::panic::AssertUnwindSafe(|| job.finish(outcome, &self.journal));
        if let Err(panic) = std::panic::catch_unwind(finished) {
            job.abandon(pipeline::panic_text(panic.as_ref()));
        }
    }
}

/// Seconds since 1970.
/// Bytes of text in a block, at most, within a memory budget: parsed, a block takes ten times as much, on each thread.
fn bearable_block(memory: u64) -> usize {
    (memory / 1024).clamp(64 << 10, 1 << 20) as usize
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
