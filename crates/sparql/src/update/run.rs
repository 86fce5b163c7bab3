//! Operations, one after the other, in one transaction.
//!
//! An operation reads what was there before it and nothing of what it writes: its snapshot does not change. So rows are
//! written in pieces as they come, but for one case: with DELETE and INSERT together, an insert wins over a delete of any
//! row, and so all inserts wait for the last row, within the limit of memory.

use std::time::{Duration, Instant};

use model::{TermId, TermRef};
use oxrdf::{NamedNode, Quad, Term};
use serde_json::{Value, json};
use spareval::QueryResults;
use spargebra::algebra::GraphTarget;
use store::{CancelToken, Order, Pattern, Snapshot, Transaction};

use super::document::{self, Fetch};
use super::template::{self, Blanks};
use super::{Modify, Operation, Update};
use crate::dataset::View;
use crate::service::Asker;
use crate::{Error, limits, terms};

/// Quads that are written at once.
const PIECE: usize = 1024;

/// What an update is run with.
pub struct Surroundings<'a> {
    /// Where documents come from.
    pub fetch: &'a dyn Fetch,
    /// Makes blank nodes that nobody else makes: random, and another one for each run.
    pub seed: [u8; 16],
    /// Ends the update.
    pub cancel: &'a CancelToken,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

/// What one operation did, and how long it took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Applied {
    /// Quads that were not there before.
    pub inserted: u64,
    /// Quads that were there before.
    pub deleted: u64,
    /// From its begin to its end.
    pub elapsed: Duration,
    /// Of these, in its inserts.
    pub inserting: Duration,
    /// And in its deletes.
    pub deleting: Duration,
}

impl Applied {
    /// What a client is told of operations, and of the commit that took so long.
    pub fn events(all: &[Self], commit: Duration) -> Value {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let event = |applied: &Self| {
            json!({
                "type": "UpdateEvent",
                "totalElapsedMillis": millis(applied.elapsed),
                "elapsedMillis": millis(applied.elapsed),
                "connFlush": 0,
                "batchResolve": 0,
                "whereClause": millis(applied.elapsed.saturating_sub(applied.inserting + applied.deleting)),
                "deleteClause": millis(applied.deleting),
                "insertClause": millis(applied.inserting),
            })
        };
        let commit = json!({"type": "Commit", "totalElapsedMillis": millis(commit)});
        all.iter().map(event).chain([commit]).collect()
    }
}

impl Update {
    /// Does all operations in `transaction`, which is the caller's to commit, or, after an error, to drop. Returns what each
    /// of them did. Call it on a thread that may wait.
    ///
    /// # Errors
    ///
    /// Any but [`Error::Syntax`], [`Error::NotAcceptable`] and [`Error::Output`].
    pub fn run(&self, transaction: &mut Transaction, surroundings: &Surroundings<'_>) -> Result<Vec<Applied>, Error> {
        limits::on_deep_stack(self.stack, || {
            transaction.lock(surroundings.cancel)?;
            let operations = self.operations.iter().enumerate();
            operations.map(|(number, operation)| self.apply(number, operation, transaction, surroundings)).collect()
        })
    }

    fn apply(
        &self,
        number: usize,
        operation: &Operation,
        transaction: &mut Transaction,
        surroundings: &Surroundings<'_>,
    ) -> Result<Applied, Error> {
        let Surroundings { fetch, seed, cancel } = surroundings;
        let began = Instant::now();
        cancel.check()?;
        transaction.lock(cancel)?; // it works, and is not idle, whatever the operation reads first
        let blanks = Blanks::of(*seed, number);
        let mut writer = Writer::new(transaction, cancel, self.is_strict);
        match operation {
            Operation::InsertData(data) => {
                for piece in data.chunks(PIECE) {
                    writer.insert(piece.iter().map(|quad| blanks.rename(template::data(quad))))?;
                }
            }
            Operation::DeleteData(data) => {
                for piece in data.chunks(PIECE) {
                    writer.delete(piece.iter().map(template::ground))?;
                }
            }
            Operation::Modify(modify) => self.modify(modify, &blanks, &mut writer)?,
            Operation::Load { silent, source, graph } => {
                let load = |writer: &mut Writer<'_>| {
                    document::read(*fetch, source.as_str(), cancel, |quad| {
                        writer.insert([into_graph(blanks.rename(quad), graph.as_ref())])
                    })
                };
                // A document that breaks off leaves nothing: whoever asked for silence gets it checked first.
                if !silent || document::read(*fetch, source.as_str(), cancel, |_| Ok(())).is_ok() {
                    load(&mut writer)?;
                }
            }
            Operation::Unload { silent, source, graph } => {
                let unload = |writer: &mut Writer<'_>| {
                    document::read(*fetch, source.as_str(), cancel, |quad| {
                        ground_only(&quad)?;
                        writer.delete([into_graph(quad, graph.as_ref())])
                    })
                };
                if !silent || document::read(*fetch, source.as_str(), cancel, |quad| ground_only(&quad)).is_ok() {
                    unload(&mut writer).map_err(Error::of_unload)?;
                }
            }
            Operation::Clear(target) => writer.clear(target)?,
            Operation::Create => {}
        }
        cancel.check()?; // a silent operation may have passed over it
        Ok(Applied { elapsed: began.elapsed(), ..writer.applied })
    }

    fn modify(&self, modify: &Modify, blanks: &Blanks, writer: &mut Writer<'_>) -> Result<(), Error> {
        let view = View::new(&writer.before.clone(), &modify.graphs, self.memory, writer.cancel);
        let asker = Asker::new(self.services.as_ref(), &modify.templates, &view, self.memory);
        let work = |view: &View| asker.outcome(rows(view, modify, blanks, &asker, self.memory, writer));
        let done = view.check().and_then(|()| view.until_stopped(work));
        match view.into_failure() {
            Some(failure) => Err(failure),
            None => done,
        }
    }
}

/// Deletes and inserts what each row of the pattern makes of the templates.
fn rows(
    view: &View,
    modify: &Modify,
    blanks: &Blanks,
    asker: &Asker,
    memory: usize,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    let evaluator = asker.evaluator();
    let algebra = view.amended(&modify.rows, modify.has_zero_paths);
    let algebra = asker.bound(algebra, view, &evaluator)?;
    let QueryResults::Solutions(solutions) = evaluator.prepare(&algebra).execute(view)? else {
        return Err(Error::Evaluation("a pattern has rows".to_owned()));
    };
    let inserts_wait = !modify.delete.is_empty();
    let (mut deletes, mut inserts, mut held) = (Vec::new(), Vec::new(), 0);
    for (row, number) in solutions.zip(0..) {
        let row = row?;
        deletes.extend(modify.delete.iter().filter_map(|template| template::fill_ground(template, &row)));
        for template in &modify.insert {
            if let Some(quad) = template::fill(template, &row, number, blanks) {
                held += if inserts_wait { weight(&quad) } else { 0 };
                inserts.push(quad);
            }
        }
        if held > memory {
            return Err(Error::MemoryLimit { limit: memory });
        }
        if deletes.len() >= PIECE {
            writer.delete(deletes.drain(..))?;
        }
        if inserts.len() >= PIECE && !inserts_wait {
            writer.insert(inserts.drain(..))?;
        }
        view.check()?;
    }
    view.check()?;
    writer.delete(deletes)?;
    while !inserts.is_empty() {
        let piece = inserts.split_off(inserts.len().saturating_sub(PIECE));
        writer.insert(piece)?;
    }
    Ok(())
}

/// About the bytes that a waiting quad takes.
fn weight(quad: &Quad) -> usize {
    let term = match &quad.object {
        Term::NamedNode(iri) => iri.as_str().len(),
        Term::BlankNode(_) => 0,
        Term::Literal(literal) => literal.value().len() + literal.datatype().as_str().len(),
    };
    size_of::<Quad>() + 64 + quad.predicate.as_str().len() + term
}

/// A statement that names no graph, in the graph that the operation names.
fn into_graph(quad: Quad, graph: Option<&NamedNode>) -> Quad {
    match graph {
        Some(graph) if quad.graph_name.is_default_graph() => Quad { graph_name: graph.clone().into(), ..quad },
        _ => quad,
    }
}

fn ground_only(quad: &Quad) -> Result<(), Error> {
    if quad.subject.is_blank_node() || quad.object.is_blank_node() || quad.graph_name.is_blank_node() {
        return Err(Error::Document("Blank nodes are not allowed for UNLOAD".to_owned()));
    }
    Ok(())
}

/// Writes for one operation.
pub(super) struct Writer<'a> {
    transaction: &'a mut Transaction,
    /// What was there before the operation.
    before: Snapshot,
    cancel: &'a CancelToken,
    is_strict: bool,
    pub(super) applied: Applied,
}

impl<'a> Writer<'a> {
    pub(super) fn new(transaction: &'a mut Transaction, cancel: &'a CancelToken, is_strict: bool) -> Self {
        let before = transaction.snapshot();
        Self { transaction, before, cancel, is_strict, applied: Applied::default() }
    }

    pub(super) fn insert(&mut self, quads: impl IntoIterator<Item = Quad>) -> Result<(), Error> {
        let began = Instant::now();
        self.cancel.check()?;
        let mut normalised = String::new();
        for quad in quads {
            terms::check_number(&quad.object)?;
            let (subject, graph) = (Term::from(quad.subject), terms::of_graph(quad.graph_name));
            let (s, o) = (terms::to_model(&subject), terms::to_stored(&quad.object, &mut normalised));
            let g = graph.as_ref().map_or(TermRef::DefaultGraph, terms::to_model);
            let new = self.transaction.insert(s, TermRef::Iri(quad.predicate.as_str()), o, g)?;
            self.applied.inserted += u64::from(new);
        }
        self.rested()?;
        self.applied.inserting += began.elapsed();
        Ok(())
    }

    pub(super) fn delete(&mut self, quads: impl IntoIterator<Item = Quad>) -> Result<(), Error> {
        let began = Instant::now();
        self.cancel.check()?;
        for quad in quads {
            let encode = |term: &Term| self.before.encode(terms::to_stored(term, &mut String::new()));
            let (s, p, o) = (encode(&quad.subject.into()), encode(&quad.predicate.into()), encode(&quad.object));
            match terms::of_graph(quad.graph_name) {
                None if !self.is_strict => {
                    self.delete_all(Pattern { s: Some(s), p: Some(p), o: Some(o), g: None }, Order::Spog)?;
                }
                graph => {
                    let g = graph.as_ref().map_or(TermId::DEFAULT_GRAPH, encode);
                    self.applied.deleted += u64::from(self.transaction.delete(&model::Quad::new(s, p, o, g))?);
                }
            }
        }
        self.rested()?;
        self.applied.deleting += began.elapsed();
        Ok(())
    }

    /// CLEAR and DROP.
    pub(super) fn clear(&mut self, target: &GraphTarget) -> Result<(), Error> {
        let began = Instant::now();
        let of = |graph| Pattern { g: Some(graph), ..Pattern::ALL };
        match target {
            GraphTarget::NamedNode(iri) => {
                let graph = self.before.encode(TermRef::Iri(iri.as_str()));
                self.delete_all(of(graph), of(graph).best_order())?;
            }
            GraphTarget::DefaultGraph => {
                let pattern = of(TermId::DEFAULT_GRAPH);
                self.delete_all(pattern, pattern.best_order())?;
            }
            GraphTarget::NamedGraphs if self.is_strict => self.delete_all(Pattern::ALL, Order::Gspo)?,
            GraphTarget::NamedGraphs | GraphTarget::AllGraphs => self.delete_all(Pattern::ALL, Order::Spog)?,
        }
        self.applied.deleting += began.elapsed();
        Ok(())
    }

    /// Deletes what was there before the operation and matches.
    fn delete_all(&mut self, pattern: Pattern, order: Order) -> Result<(), Error> {
        for batch in self.before.scan(pattern, order).until(self.cancel) {
            for quad in batch?.quads() {
                self.applied.deleted += u64::from(self.transaction.delete(&quad)?);
            }
        }
        Ok(())
    }

    /// After a write the transaction is idle; what follows is work.
    fn rested(&mut self) -> Result<(), Error> {
        Ok(self.transaction.lock(self.cancel)?)
    }
}
