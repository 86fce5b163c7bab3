//! One load, from the list of its files to its last publish.
//!
//! ```text
//! openers ─► feeder ─► queue ─► parser threads ─► ingest      one epoch after another
//!  (files      (cuts     (in        (parse, judge,
//!   ahead)      blocks)   order)     add)
//! ```
//!
//! The feeder puts blocks of all files into one queue, in the order of their ordinals. Parser threads take from it until
//! an *epoch* ends: memory is full, a publish is worth it, the vertices are all there, or an error stops the load. Whatever
//! was taken is then parsed to the end, so an epoch is a run of neighbouring rows of the load. It is validated, and staged
//! (durable, seen by this load alone) or published with all that was staged before, so what is published is a prefix of
//! the load; an atomic load publishes once, at its end. A dry run stages like an atomic load, and its last publish is of its record alone. Nothing that is reported depends on the number of threads or on
//! where an epoch ends.
//!
//! Each publish and each stage tells the journal up to which row all is done (its position), and a stage also what was found
//! and is not told yet: it is a *seal*. After the end of the process the load goes on from its last one: its files come
//! from the journal, those before the position are through, and the one at the position is read again from its beginning,
//! to drop the rows below. Rows are dropped by number, so blocks may be of another size then.
//!
//! - **Files**: `plan` (which, in which order), `resume` (where an earlier process had come), `opening` (ahead of their
//!   turn), `feeder`, `queue`, `epoch` (parsing), `course` (what was found wrong), `findings` (what the next publish
//!   tells), `rejects`, `spool` and `again` (what becomes of bad rows), `publish` (and seal), `halt` (how all of this stops).
//! - **Invariant**: every wait ends when the load is halted.
//! - **Invariant**: a job's record changes only with a publish.
//! - **Source**: design §5, §9; spec/loader.md §2.6, §2.11.

mod again;
mod course;
mod epoch;
mod fault;
mod feeder;
mod findings;
mod halt;
mod lines;
mod opening;
mod plan;
mod publish;
mod queue;
mod rejects;
mod resume;
mod spool;

use std::collections::HashSet;
use std::thread;
use std::time::Duration;

use store::{Ingest, IngestOptions, Journal, Rules, Store};

use crate::decode::Threads;
use crate::format::FormatOptions;
use crate::jobs::{Job, Phase, part};
use crate::rejects::Folder;
use crate::request::{Format, LoadRequest};
use crate::source::Opened;

pub(crate) use halt::{Failure, Halt, panic_text};

use course::Course;
use feeder::CutOff;
use findings::Findings;
use plan::Plan;
use queue::Queue;
use rejects::Rejects;

/// What a load is given.
pub(crate) struct Task<'a> {
    pub(crate) store: &'a Store,
    pub(crate) journal: &'a Journal,
    pub(crate) opened: &'a Opened,
    pub(crate) request: &'a LoadRequest,
    pub(crate) job: &'a Job,
    /// Files that are not loaded, since loads before this one have completed them.
    pub(crate) skip: &'a HashSet<String>,
    /// Threads that parse.
    pub(crate) threads: usize,
    /// Bytes of text in a block.
    pub(crate) block_bytes: usize,
    /// Quads that are published at the latest, below the store's own choice.
    pub(crate) publish_at: Option<u64>,
    /// Quads that fill the memory, below what the store bears.
    pub(crate) stage_at: Option<u64>,
    /// Where rejected rows are kept.
    pub(crate) rejects: &'a Folder,
    /// How many bytes of them.
    pub(crate) rejects_limit: u64,
    /// How long rows that were read wait to be durable.
    pub(crate) seal_after: Duration,
}

impl Task<'_> {
    /// Looks at the token.
    fn check(&self) -> Result<(), Failure> {
        if self.job.halt.is_pulled() { Err(Failure::Halted) } else { Ok(()) }
    }

    /// Whether nothing is published before the end: of a dry run nothing ever is.
    const fn goes_at_once(&self) -> bool {
        self.request.atomic || self.request.dry_run
    }

    /// What the parsers are told.
    fn format_options(&self) -> FormatOptions {
        let parser = &self.request.parser;
        FormatOptions {
            allow_empty_strings: parser.allow_empty_strings,
            named_graph: Some(parser.named_graph_uri.clone()),
            base: Some(parser.base_uri.clone()),
            user_edge_ids: self.request.user_provided_edge_ids,
            load_id: self.job.first_of_chain().to_string(),
        }
    }
}

/// Runs a load to its end. On `Ok` the last publish has recorded the end too.
///
/// # Errors
/// What stopped it; the end is then still to be recorded. Nothing of the load runs or lies around any more.
pub(crate) fn run(task: &Task<'_>) -> Result<(), Failure> {
    let job = task.job;
    let options = IngestOptions { rules: rules(task.request), cancel: job.halt.work().clone(), threads: task.threads };
    let mut ingest = task.store.ingest(plan::dataset(task.request.format), options);
    if task.request.dry_run {
        ingest = ingest.dry_run();
    }
    let outcome = load(task, &mut ingest);
    // A failure on another thread halts this one, and is the cause.
    let outcome = match job.halt.take_failure() {
        Some(failure) => Err(failure),
        None => outcome,
    };
    match &outcome {
        Ok(()) => {}
        Err(Failure::Halted) if job.suspend() => {}
        Err(_) => ingest.discard(),
    }
    outcome
}

fn load(task: &Task<'_>, ingest: &mut Ingest) -> Result<(), Failure> {
    let job = task.job;
    let (plan, findings) = if let Some(resumed) = resume::resume(task, ingest)? {
        resumed
    } else {
        job.enter(Phase::Listing);
        task.check()?;
        let listed = plan::list(task)?;
        job.enter(Phase::Classifying);
        task.check()?;
        let (listed, skipped) = part(listed, task.skip);
        let plan = plan::arrange(task, listed)?;
        job.listed(&plan.feeds, plan.vertex_feeds, &skipped, task.journal)?;
        (plan, Findings::default())
    };
    job.working();
    epochs(task, &plan, ingest, findings)
}

fn epochs(task: &Task<'_>, plan: &Plan, ingest: &mut Ingest, mut findings: Findings) -> Result<(), Failure> {
    let halt = &task.job.halt;
    let cut_off = CutOff::default();
    let decoding = decoding(task, plan);
    let outcome = thread::scope(|scope| {
        let (sender, receiver) = crossbeam_channel::bounded(2 * task.threads);
        let queue = Queue::new(receiver, halt);
        // Dropped before the scope waits for the feeder, whatever happens here: its sends fail, its reads end.
        let _reading = StopReading(halt);
        let openers = opening::Openers::spawn(scope, task, plan, &decoding)?;
        let cut = &cut_off;
        spawn(scope, "load-feeder", move || {
            halt.guard(|| {
                feeder::feed(task, plan, openers, &sender, cut);
                Ok(())
            });
        })?;
        let mut rejects = Rejects::new(task, plan, findings.rejected());
        let keep_in = rejects.keeps().then(|| task.rejects.of(task.job.id));
        let mut course = Course::new(task.request.fail_on_error, plan.from, keep_in);
        loop {
            let end = epoch::parse(task, plan, &queue, &cut_off, ingest, &mut course)?;
            if publish::conclude(task, plan, ingest, &mut course, &mut findings, &mut rejects, end)? {
                return Ok(());
            }
        }
    });
    // Nobody reads any more, so they end, and what they hold is given back before the load has ended.
    if decoding.join() { Err(Failure::Panic("decompressing a file".to_owned())) } else { outcome }
}

/// Threads for compressed files. Files that are read whole are read side by side already, unless there is but one.
fn decoding(task: &Task<'_>, plan: &Plan) -> Threads {
    let threads = Threads::new(task.threads, task.opened.read_ahead());
    if task.request.format.cut().is_some() || plan.feeds.len() == 1 { threads } else { threads.one_each() }
}

/// Ends all reading when dropped.
struct StopReading<'a>(&'a Halt);

impl Drop for StopReading<'_> {
    fn drop(&mut self) {
        self.0.stop_reading();
    }
}

/// A named thread of the scope.
fn spawn<'scope, 'env>(
    scope: &'scope thread::Scope<'scope, 'env>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> Result<(), Failure> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, work)
        .map(drop)
        .map_err(|error| Failure::Internal(format!("no thread for the load: {error}")))
}

/// How the rows of this load are judged.
const fn rules(request: &LoadRequest) -> Rules {
    match request.format {
        Format::Csv if request.update_single_cardinality_properties => Rules::GremlinCsvReplacing,
        Format::Csv => Rules::GremlinCsv,
        Format::OpenCypher => Rules::OpenCypher,
        Format::NTriples | Format::NQuads | Format::Turtle | Format::RdfXml => Rules::Rdf,
    }
}
