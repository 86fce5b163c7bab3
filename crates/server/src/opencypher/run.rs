//! One query on its thread: parsed, allowed, planned, run, committed.

use std::io::{self, Write};
use std::time::Duration;

use auth::Language;
use cypher::explain::{Depth, Form};
use cypher::tree::Hint;
use cypher::{Prepared, Query, output};
use exec::clock::SystemClock;
use exec::context::Context;
use exec::fault;
use exec::memory::{Held, Memory};
use model::Dataset;
use store::Snapshot;
use tokio::time::Instant;

use super::protocol::Asked;
use crate::door::Door;
use crate::exception::{Exception, Failure, READ_ONLY};
use crate::identity::Identity;
use crate::stream::Sink;
use crate::watch::Watch;

/// `Content-Type` of a result.
const JSON: &str = "application/json;charset=UTF-8";

/// What one query is run with.
pub(super) struct Job<'a> {
    pub(super) door: &'a Door,
    pub(super) identity: &'a Identity,
    pub(super) asked: &'a Asked,
    /// How its plan is shown.
    pub(super) form: Form,
    pub(super) watch: &'a Watch,
    /// When the request came.
    pub(super) began: Instant,
}

/// Runs the query and writes its answer.
pub(super) fn run(job: &Job<'_>, sink: &mut Sink) -> Result<(), Failure> {
    let query = Query::parse(&job.asked.text)?;
    job.identity.may_query(Language::OpenCypher, query.accesses())?;
    if let Some(limit) = hinted_timeout(&query)
        && let Some(moment) = job.began.checked_add(limit)
    {
        job.watch.end_at(sink.runtime(), moment);
    }
    let depth = job.asked.explain.or(Depth::of(query.statement().mode));
    if let Some(depth) = depth {
        if query.is_updating() {
            let text = "Explain of a query that updates is not supported: only queries that read can be explained";
            return Err(Failure::new(Exception::UnsupportedOperation, text));
        }
        return explain(job, &query, depth, sink);
    }
    sink.set_media_type(JSON);
    let result = if query.is_updating() { update(job, &query, sink) } else { read(job, &query, sink) };
    match result {
        Err(_) if job.watch.is_silenced() => end_here(sink).map_err(|error| fault::Error::from(error).into()),
        result => result,
    }
}

/// What the query's hints allow it.
pub(crate) fn hinted_timeout(query: &Query) -> Option<Duration> {
    let millis = query.statement().hints.iter().filter_map(|hint| match hint {
        Hint::TimeoutMilliseconds(millis) => Some(*millis),
        Hint::PlanCache(_) | Hint::AssumeConsistentDataTypes(_) => None,
    });
    millis.min().map(Duration::from_millis)
}

impl Job<'_> {
    /// What a query that reads is run with.
    fn reading<'c>(&self, snapshot: Snapshot, clock: &'c SystemClock) -> Context<'c> {
        let known = self.door.store.statistics().known(Dataset::Pg);
        Context::reading(snapshot, self.watch.token.clone(), self.memory(), clock).with_statistics(known)
    }

    fn memory(&self) -> Memory {
        Memory::new(self.door.config.query_memory(self.door.store.options().memory) as u64)
    }
}

fn read(job: &Job<'_>, query: &Query, sink: &mut Sink) -> Result<(), Failure> {
    let snapshot = job.door.store.snapshot(Dataset::Pg);
    let prepared = query.prepare(&job.asked.parameters, &snapshot)?;
    let clock = SystemClock::now();
    let context = job.reading(snapshot, &clock);
    output::write_json(sink, query.columns(), &mut prepared.rows(&context), &context)?;
    Ok(())
}

fn explain(job: &Job<'_>, query: &Query, depth: Depth, sink: &mut Sink) -> Result<(), Failure> {
    let snapshot = job.door.store.snapshot(Dataset::Pg);
    let prepared = query.prepare(&job.asked.parameters, &snapshot)?;
    let clock = SystemClock::now();
    let context = job.reading(snapshot, &clock).measuring();
    sink.set_media_type(job.form.media_type());
    Ok(cypher::explain::explain(sink, query, &prepared, &context, depth, job.form)?)
}

fn update(job: &Job<'_>, query: &Query, sink: &mut Sink) -> Result<(), Failure> {
    if job.door.config.read_replica {
        return Err(Failure::new(Exception::ReadOnlyViolation, READ_ONLY));
    }
    let mut transaction = job.door.store.begin(Dataset::Pg);
    transaction.lock(&job.watch.token)?;
    let prepared = query.prepare(&job.asked.parameters, &transaction.snapshot())?;
    let clock = SystemClock::now();
    let memory = job.memory();
    let context = Context::writing(transaction, job.watch.token.clone(), memory.clone(), &clock);
    sink.hold();
    keep_rows(query, &prepared, &context, sink, memory.hold())?;
    let transaction = context.into_transaction();
    job.watch.settle()?;
    transaction.map(store::Transaction::commit).transpose()?;
    Ok(sink.release().map_err(fault::Error::from)?)
}

/// Writes the rows, which stay in memory as the query's own.
fn keep_rows(
    query: &Query,
    prepared: &Prepared,
    context: &Context<'_>,
    sink: &mut Sink,
    held: Held,
) -> fault::Result<()> {
    let mut kept = Kept { sink, held, refused: None };
    let written = output::write_json(&mut kept, query.columns(), &mut prepared.rows(context), context);
    match kept.refused {
        Some(refused) => Err(refused),
        None => written.map(drop),
    }
}

/// What is written before it may leave: it counts as memory of the query.
struct Kept<'s> {
    sink: &'s mut Sink,
    held: Held,
    refused: Option<fault::Error>,
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(refused) = self.held.grow(bytes.len() as u64) {
            self.refused = Some(refused);
            return Err(io::Error::other("out of memory"));
        }
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Ends a result that was cancelled silently: with the rows that have left, or with none.
fn end_here(sink: &mut Sink) -> io::Result<()> {
    if sink.restart() {
        sink.write_all(output::HEAD)?;
    }
    sink.write_all(output::TAIL)
}
